"""Who was told what about a case, and sending again what did not arrive."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from backend.exchange.network_figures import suppressed
from backend.exchange.words import in_words
from backend.notifications import registry
from backend.notifications.enums import ChannelName, DeliveryState, is_resendable
from backend.notifications.ledger import Reading, open_ledger
from backend.notifications.models import Delivery, Notification
from backend.notifications.selectors import reason_label, state_label
from backend.notifications.services import resend_delivery
from backend.students.protection import record_look
from backend.web.access import coordinator
from backend.web.cursors import page_of
from backend.web.employer import person
from backend.web.form_errors import takes_form
from backend.web.forms.reasons import ReasonForm
from backend.web.weeks import format_recent

COLORS = {
    DeliveryState.SENT: "success",
    DeliveryState.DELIVERED: "success",
    DeliveryState.UNCERTAIN: "warning",
    DeliveryState.DEAD: "danger",
    DeliveryState.BOUNCED: "danger",
    DeliveryState.COMPLAINED: "danger",
}


def _reading(request: HttpRequest, subject_type: str, subject_id: int) -> Reading:
    reading = open_ledger(person(request), subject_type, subject_id)
    if reading is None:
        raise Http404
    return reading


@coordinator
@require_safe
def ledger(request: HttpRequest, subject_type: str, subject_id: int) -> HttpResponse:
    """Who was told what about a case, when, what came of it, and why not. Never the text of a message.

    Opening the one of a protected identity is a row in the log.
    """
    reading = _reading(request, subject_type, subject_id)
    student = getattr(reading.subject, "student", None)
    if student is not None and student.is_protected:
        record_look(actor=reading.reader, student=student)
    page = page_of(reading.entries(), ("-pk",), request.GET.get("after", ""))
    title, back = _heading(reading, student)
    others = reading.count_others()
    return render(
        request,
        "pages/coordinator/ledger.html",
        {
            "rows": [_row(each, student) for each in page.rows],
            "next_cursor": page.next_cursor,
            "title": title,
            "back": back,
            "subject_type": subject_type,
            "subject_id": subject_id,
            # On a place the line always stands there: a missing one would say that nobody elsewhere was told.
            "others": suppressed(others) if others or student is None else "",
        },
    )


def _heading(reading: Reading, student: Any) -> tuple[str, str]:
    """The case in words, and the page it belongs to."""
    if student is None:
        return str(reading.subject), reverse("coordinator_offer", args=[reading.subject.pk])
    page = "coordinator_protected_student" if student.is_protected else "coordinator_student"
    name = student.alias if student.is_protected else student.user.name
    return f"{name}, {reading.subject.period.offer.title}", reverse(page, args=[student.pk])


def _row(entry: Notification, student: Any) -> dict[str, Any]:
    hidden = student is not None and student.is_protected and entry.recipient_id == student.user_id
    kind = registry.find(entry.kind)
    acted_at = entry.acted_at  # type: ignore[attr-defined]
    return {
        "kind": in_words(entry.kind),
        "who": student.alias if hidden else entry.recipient.name,
        "when": format_recent(entry.created_at),
        "read": format_recent(entry.read_at) if entry.read_at else "",
        "acted": format_recent(acted_at) if acted_at else "",
        "is_asked": kind is not None and kind.acted is not None,
        "ways": list(_ways(entry.told_by)),  # type: ignore[attr-defined]
    }


def _ways(deliveries: Iterable[Delivery]) -> Iterable[dict[str, Any]]:
    for delivery in deliveries:
        went = delivery.carried_by or delivery
        yield {
            "pk": delivery.pk,
            "channel": delivery.get_channel_display(),
            "state": state_label(delivery),
            "color": COLORS.get(DeliveryState(delivery.state), "neutral"),
            "reason": "" if delivery.reason == "in_digest" else reason_label(delivery.reason),
            # On the site a message is there the moment it is written, which stands beside it already.
            "when": format_recent(went.done_at) if went.done_at and delivery.channel != ChannelName.IN_APP else "",
            "due": format_recent(delivery.due_at) if delivery.state == DeliveryState.PENDING else "",
            "can_resend": is_resendable(delivery) and not delivery.is_bounced,  # type: ignore[attr-defined]
            "is_bounced": is_resendable(delivery) and delivery.is_bounced,  # type: ignore[attr-defined]
            "may_have_arrived": delivery.state == DeliveryState.UNCERTAIN,
        }


@coordinator
@takes_form(
    ReasonForm,
    page=lambda request, subject_type, subject_id, delivery_id: reverse(
        "coordinator_ledger", args=[subject_type, subject_id]
    ),
)
def resend(
    request: HttpRequest, form: ReasonForm, subject_type: str, subject_id: int, delivery_id: int
) -> HttpResponse:
    """Makes one due again; logged with the reason. A second press finds it on its way and changes nothing."""
    _reading(request, subject_type, subject_id)
    resend_delivery(actor=person(request), delivery_id=delivery_id, reason=form.cleaned_data["reason"])
    messages.success(request, _("It is due again and goes out in a moment."))
    return redirect("coordinator_ledger", subject_type, subject_id)
