"""Whether the machinery runs: scheduled jobs, the nightly check, and messages that did not arrive."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from backend.common import clock
from backend.common.errors import Conflict, Invalid
from backend.common.models import PeriodicRun, WorkState
from backend.common.schedule import Job, jobs, slot_at
from backend.exchange.tables import Column
from backend.notifications.enums import ChannelName, DeliveryState, is_resendable
from backend.notifications.models import Delivery
from backend.notifications.selectors import (
    count_by_state,
    last_reconciliation,
    list_ended_badly,
    list_undelivered,
    reason_label,
    reasons_of_undelivered,
    state_label,
)
from backend.notifications.services import resend_delivery
from backend.web.access import network
from backend.web.coordinator_words import in_words
from backend.web.cursors import page_of
from backend.web.employer import person
from backend.web.exports import TableExport
from backend.web.weeks import format_recent

LATE_AFTER = 2
LOOK_BACK = timedelta(days=7)
MOST_EXPORTED = 5_000
COLORS = {DeliveryState.UNCERTAIN: "warning", DeliveryState.DEAD: "danger", DeliveryState.BOUNCED: "danger"}


def job_rows() -> list[dict[str, Any]]:
    """Each scheduled job with its last finished run, its next slot, and its last week. Three queries.

    Late: the last finished slot lies more than two intervals back, or there is none although slots were written.
    missed: slots of the week that were never written because nothing ran then; the next run handled what they left.
    """
    now = clock.now()
    newest = PeriodicRun.objects.order_by("name", "-slot").distinct("name")
    finished = {run.name: run for run in newest.filter(state=WorkState.DONE)}
    last = {run.name: run for run in newest}
    week: dict[str, dict[str, Any]] = {
        row["name"]: dict(row)
        for row in PeriodicRun.objects.filter(slot__gt=now - LOOK_BACK)
        .values("name")
        .annotate(
            runs=Count("pk"),
            rows=Sum("handled"),
            failed=Count("pk", filter=Q(state=WorkState.DEAD)),
            first=Min("slot"),
            latest=Max("slot"),
        )
        .order_by()
    }
    return [_job_row(job, finished.get(job.name), last.get(job.name), week.get(job.name), now) for job in jobs()]


def _job_row(
    job: Job, finished: PeriodicRun | None, last: PeriodicRun | None, week: dict[str, Any] | None, now: datetime
) -> dict[str, Any]:
    slot = slot_at(job, now)
    late = finished is None or finished.slot < slot - LATE_AFTER * job.every
    missed = (week["latest"] - week["first"]) // job.every + 1 - week["runs"] if week else 0
    return {
        "name": job.name,
        "every": interval_text(job.every),
        "last": finished.started_at if finished else None,
        "last_text": format_recent(finished.started_at) if finished and finished.started_at else "",
        "handled": finished.handled if finished else None,
        "next": slot + job.every,
        "next_text": format_recent(slot + job.every),
        "error": last.last_error if last else "",
        "state": last.state if last else "",
        "is_late": late,
        "rows": (week["rows"] or 0) if week else 0,
        "failed": week["failed"] if week else 0,
        "missed": max(missed, 0),
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
    rows = sorted(job_rows(), key=lambda row: (row["state"] != WorkState.DEAD, not row["is_late"], row["name"]))
    context = {"rows": rows, "late": sum(row["is_late"] for row in rows), "night": _night()}
    return render(request, "pages/network/jobs.html", context)


OTHER_STATES: dict[str, "str | Promise"] = {
    DeliveryState.EXPIRED: gettext_lazy("Given up"),
    DeliveryState.SUPPRESSED: gettext_lazy("Not sent, can be mended"),
}


def _filtered(request: HttpRequest) -> "tuple[QuerySet[Delivery], dict[str, str]]":
    """The deliveries that are asked for, and the filters that hold. A value that does not exist is no filter."""
    asked = {name: request.GET.get(name, "") for name in ("state", "channel", "reason")}
    found = list_undelivered()
    chosen: dict[str, str] = {}
    if asked["state"] in {*COLORS, *OTHER_STATES}:
        chosen["state"] = asked["state"]
        found = list_ended_badly().filter(state=asked["state"])
    if asked["channel"] in ChannelName.values:
        chosen["channel"] = asked["channel"]
        found = found.filter(channel=asked["channel"])
    if asked["reason"] in dict(reasons_of_undelivered()):
        chosen["reason"] = asked["reason"]
        found = found.filter(reason__startswith=asked["reason"])
    return found, chosen


@network
@require_safe
def undelivered(request: HttpRequest) -> HttpResponse:
    """Deliveries that ask for action, without names and without texts."""
    found, chosen = _filtered(request)
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


@network
@require_POST
def resend(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Makes one due again; logged with the reason. A second press finds it on its way and changes nothing."""
    get_object_or_404(Delivery, pk=delivery_id)
    try:
        resend_delivery(actor=person(request), delivery_id=delivery_id, reason=request.POST.get("reason", "")[:500])
    except Invalid as error:
        messages.error(request, str(error.message))
    except Conflict as error:
        messages.info(request, str(error.message))
    else:
        messages.success(request, _("It is due again and goes out in a moment."))
    return redirect("network_undelivered")


UNDELIVERED: TableExport[Delivery] = TableExport(
    "undelivered",
    [
        Column(gettext_lazy("When"), lambda row: row.notification.created_at),
        Column(gettext_lazy("About"), lambda row: in_words(row.notification.kind)),
        Column(gettext_lazy("How"), lambda row: row.get_channel_display()),
        Column(gettext_lazy("State"), state_label),
        Column(gettext_lazy("Reason"), lambda row: reason_label(row.reason) if row.reason else ""),
        Column(gettext_lazy("Answer of the provider"), lambda row: row.provider_answer),
        Column(gettext_lazy("Attempts"), lambda row: row.attempts),
    ],
    lambda request: _filtered(request)[0][:MOST_EXPORTED],
    is_personal=False,
)
