"""Whether the machinery runs: scheduled jobs, the nightly check, and messages that did not arrive."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from backend.common.invariants import check
from backend.common.models import WorkState
from backend.exchange.network_figures import job_figures
from backend.exchange.words import in_words
from backend.notifications.enums import ChannelName, DeliveryState, is_resendable
from backend.notifications.models import Delivery
from backend.notifications.selectors import (
    count_by_state,
    last_reconciliation,
    narrowed_undelivered,
    reason_label,
    reasons_of_undelivered,
    state_label,
)
from backend.notifications.services import resend_delivery
from backend.web.access import network
from backend.web.cursors import page_of
from backend.web.employer import person
from backend.web.form_errors import takes_form
from backend.web.forms.reasons import ReasonForm
from backend.web.network_words import JOBS_IN_WORDS
from backend.web.weeks import format_recent

COLORS = {DeliveryState.UNCERTAIN: "warning", DeliveryState.DEAD: "danger", DeliveryState.BOUNCED: "danger"}


def _job_row(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures of a job with what the page says in words."""
    return {
        **figures,
        "does": JOBS_IN_WORDS.get(figures["name"], ""),
        "every": interval_text(figures["every"]),
        "last_text": format_recent(figures["last"]) if figures["last"] else "",
        "next_text": format_recent(figures["next"]),
    }


def interval_text(every: timedelta) -> str:
    """ "1 min", "2 h", "7 d"."""
    minutes = int(every.total_seconds()) // 60
    if minutes < 1:
        return _("%(number)d s") % {"number": int(every.total_seconds())}
    if minutes < 60:
        return _("%(number)d min") % {"number": minutes}
    return (
        _("%(number)d h") % {"number": minutes // 60}
        if minutes < 1440
        else _("%(number)d d") % {"number": minutes // 1440}
    )


def _night() -> dict[str, Any]:
    """The result of the nightly check: every message has its deliveries, expected difference 0."""
    run = last_reconciliation()
    return {
        "when": format_recent(run.started_at) if run and run.started_at else "",
        "missing": run.handled if run else None,
    }


@network
@require_safe
def scheduled(request: HttpRequest) -> HttpResponse:
    """Every scheduled job: last run, next run, how much it handled, what it missed, whether it failed."""
    rows = sorted(
        map(_job_row, job_figures()), key=lambda row: (row["state"] != WorkState.DEAD, not row["is_late"], row["name"])
    )
    context = {"rows": rows, "late": sum(row["is_late"] for row in rows), "night": _night()}
    return render(request, "pages/network/jobs.html", context)


@network
@require_safe
def invariants(request: HttpRequest) -> HttpResponse:
    """What must be true of all data together, counted now; what does not hold is first."""
    rows = [{"says": gettext(each.says), "name": each.name, "count": each.count} for each in check()]
    broken = sum(bool(row["count"]) for row in rows)
    rows.sort(key=lambda row: not row["count"])
    return render(request, "pages/network/invariants.html", {"rows": rows, "broken": broken, "night": _night()})


OTHER_STATES: dict[str, "str | Promise"] = {
    DeliveryState.EXPIRED: gettext_lazy("Given up"),
    DeliveryState.SUPPRESSED: gettext_lazy("Not sent, can be mended"),
}


@network
@require_safe
def undelivered(request: HttpRequest) -> HttpResponse:
    """Deliveries that ask for action, without names and without texts."""
    found, chosen = narrowed_undelivered(request.GET.dict())
    page = page_of(found, ("-pk",), request.GET.get("after", ""))
    labels = dict(DeliveryState.choices)
    states = [{"label": labels[state], "number": number} for state, number in count_by_state().items()]
    wanted = [(state.value, state.label) for state in COLORS]
    return render(
        request,
        "pages/network/undelivered.html",
        {
            "rows": list(_delivery_rows(page.rows)),
            "next_cursor": page.next_cursor,
            "states": states,
            "night": _night(),
            "query": urlencode(chosen),
            "chosen": len(chosen),
            "fields": [
                {
                    "name": "state",
                    "label": _("State"),
                    "value": chosen.get("state", ""),
                    "options": [("", _("All that need action")), *wanted, *OTHER_STATES.items()],
                },
                {
                    "name": "channel",
                    "label": _("How"),
                    "value": chosen.get("channel", ""),
                    "options": [("", _("All")), *ChannelName.choices],
                },
                {
                    "name": "reason",
                    "label": _("Reason"),
                    "value": chosen.get("reason", ""),
                    "options": [("", _("All")), *reasons_of_undelivered()],
                },
            ],
        },
    )


def _delivery_rows(deliveries: Iterable[Delivery]) -> Iterable[dict[str, Any]]:
    for delivery in deliveries:
        may = is_resendable(delivery)
        yield {
            "pk": delivery.pk,
            "kind": in_words(delivery.notification.kind),
            "channel": delivery.get_channel_display(),
            "state": state_label(delivery),
            "color": COLORS.get(DeliveryState(delivery.state), "neutral"),
            "reason": reason_label(delivery.reason) if delivery.reason else "",
            "answer": delivery.provider_answer,
            "created": format_recent(delivery.notification.created_at),
            "attempts": delivery.attempts,
            "can_resend": may and not delivery.is_bounced,  # type: ignore[attr-defined]
            "is_bounced": may and delivery.is_bounced,  # type: ignore[attr-defined]
            "may_have_arrived": delivery.state == DeliveryState.UNCERTAIN,
        }


def _page_of_delivery(request: HttpRequest, delivery_id: int) -> str:
    get_object_or_404(Delivery, pk=delivery_id)
    return reverse("network_undelivered")


@network
@takes_form(ReasonForm, page=_page_of_delivery)
def resend(request: HttpRequest, form: ReasonForm, delivery_id: int) -> HttpResponse:
    """Makes one due again; logged with the reason. A second press finds it on its way and changes nothing."""
    resend_delivery(actor=person(request), delivery_id=delivery_id, reason=form.cleaned_data["reason"])
    messages.success(request, _("It is due again and goes out in a moment."))
    return redirect("network_undelivered")
