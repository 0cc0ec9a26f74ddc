"""The network office: members and municipalities in figures, scheduled jobs, and what could not be delivered."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, F, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from backend.accounts.enums import RoleKind
from backend.accounts.models import Role
from backend.common import clock
from backend.common.errors import DomainError
from backend.common.models import PeriodicRun, WorkState
from backend.common.schedule import Job, jobs, slot_at
from backend.notifications.enums import DeliveryState, is_resendable
from backend.notifications.models import Delivery
from backend.notifications.selectors import count_by_state, list_undelivered, reason_label
from backend.notifications.services import resend_delivery
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferPeriod
from backend.offers.queues import list_offers_to_review
from backend.placements.enums import PlacementState
from backend.placements.models import Placement
from backend.reference.enums import EvidenceGrade
from backend.reference.models import Municipality, NetworkMembership
from backend.students.models import Student
from backend.web.access import network
from backend.web.coordinator_words import in_words
from backend.web.cursors import page_of
from backend.web.employer import person

FEWEST_SHOWN = 5
LATE_AFTER = 2


def suppressed(number: int, *, of: int | None = None) -> str:
    """A count of people as text; below five somebody could be picked out of it.

    0 reads the same as 1 to 4: that nobody of a known group is placed says something about every one of them. Only
    where the group itself is empty is 0 about nobody, and then it stands there. of: the size of that group with
    everyone in it, protected ones too, so that nobody can be seen to leave it by being protected.
    """
    if of == 0:
        return "0"
    return str(number) if number >= FEWEST_SHOWN else _("under 5")


@network
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Members, and every municipality where something happens, in figures without personal data."""
    today = clock.today()
    memberships = {each.municipality_id: each for each in NetworkMembership.objects.active(today)}
    coordinators = _by_code(
        Role.objects.filter(kind=RoleKind.COORDINATOR), "municipality", Count("user", distinct=True)
    )
    offers = _by_code(Offer.objects.filter(state=OfferState.PUBLISHED), "workplace__municipality", Count("pk"))
    seats = _by_code(
        OfferPeriod.objects.filter(offer__state=OfferState.PUBLISHED, end__gte=today),
        "offer__workplace__municipality",
        Sum(F("capacity") - F("taken")),
    )
    everyone = _by_code(Student.objects.all(), "municipality", Count("pk"))
    students = _by_code(Student.objects.unprotected(), "municipality", Count("pk"))
    placed = _by_code(
        Placement.objects.filter(
            student__is_protected=False, state__in=[PlacementState.UPCOMING, PlacementState.ONGOING]
        ),
        "student__municipality",
        Count("student", distinct=True),
    )
    confirmed = sum(each.evidence == EvidenceGrade.CONFIRMED for each in memberships.values())
    codes = set(memberships) | set(coordinators) | set(offers)
    rows = [
        {
            "name": place.name,
            "county": place.county.name,
            "membership": memberships[place.pk].get_evidence_display() if place.pk in memberships else "",
            "since": memberships[place.pk].valid_from if place.pk in memberships else None,
            "coordinators": coordinators.get(place.pk, 0),
            "offers": offers.get(place.pk, 0),
            "seats": seats.get(place.pk, 0),
            "students": suppressed(students.get(place.pk, 0), of=everyone.get(place.pk, 0)),
            "placed": suppressed(placed.get(place.pk, 0), of=everyone.get(place.pk, 0)),
        }
        for place in Municipality.objects.filter(pk__in=codes).select_related("county")
    ]
    review = list_offers_to_review(person(request)).filter(workplace__municipality__isnull=True).count()
    return render(
        request,
        "pages/network/home.html",
        {
            "rows": rows,
            "figures": [
                {"value": confirmed, "label": _("confirmed members"), "kind": "", "mark": False},
                {"value": sum(offers.values()), "label": _("published places"), "kind": "", "mark": False},
                {"value": sum(seats.values()), "label": _("free seats"), "kind": "", "mark": False},
            ],
            "review": review,
            "undelivered": list_undelivered().count(),
            "late": sum(row["is_late"] for row in job_rows()),
        },
    )


def _by_code(queryset: Any, field: str, aggregate: Any) -> dict[str, int]:
    """Figures per municipality code, in one query."""
    rows = queryset.filter(~Q(**{field: None})).order_by().values_list(field).annotate(number=aggregate)
    return {code: number or 0 for code, number in rows}


def job_rows() -> list[dict[str, Any]]:
    """Each scheduled job with its last finished run and its next slot. Two queries.

    Late: the last finished slot lies more than two intervals back, or there is none although slots were written.
    """
    now = clock.now()
    newest = PeriodicRun.objects.order_by("name", "-slot").distinct("name")
    finished = {run.name: run for run in newest.filter(state=WorkState.DONE)}
    last = {run.name: run for run in newest}
    return [_job_row(job, finished.get(job.name), last.get(job.name), now) for job in jobs()]


def _job_row(job: Job, finished: PeriodicRun | None, last: PeriodicRun | None, now: Any) -> dict[str, Any]:
    slot = slot_at(job, now)
    late = finished is None or finished.slot < slot - LATE_AFTER * job.every
    return {
        "name": job.name,
        "every": interval_text(job.every),
        "last": finished.started_at if finished else None,
        "handled": finished.handled if finished else None,
        "next": slot + job.every,
        "error": last.last_error if last else "",
        "state": last.state if last else "",
        "is_late": late,
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


@network
@require_safe
def scheduled(request: HttpRequest) -> HttpResponse:
    """Every scheduled job: last run, next run, how much it handled."""
    rows = job_rows()
    return render(request, "pages/network/jobs.html", {"rows": rows, "late": sum(row["is_late"] for row in rows)})


@network
@require_safe
def undelivered(request: HttpRequest) -> HttpResponse:
    """Deliveries that ask for action, without names and without texts."""
    page = page_of(list_undelivered(), ("-pk",), request.GET.get("after", ""))
    labels = dict(DeliveryState.choices)
    states = [{"label": labels[state], "number": number} for state, number in count_by_state().items()]
    return render(
        request,
        "pages/network/undelivered.html",
        {"rows": list(_delivery_rows(page.rows)), "next_cursor": page.next_cursor, "states": states},
    )


def _delivery_rows(deliveries: Iterable[Delivery]) -> Iterable[dict[str, Any]]:
    for delivery in deliveries:
        yield {
            "pk": delivery.pk,
            "kind": in_words(delivery.notification.kind),
            "channel": delivery.get_channel_display(),
            "state": delivery.get_state_display(),
            "reason": reason_label(delivery.reason) if delivery.reason else "",
            "created": delivery.notification.created_at,
            "attempts": delivery.attempts,
            "can_resend": is_resendable(delivery),
        }


@network
@require_POST
def resend(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Makes one due again; logged with the reason."""
    get_object_or_404(list_undelivered(), pk=delivery_id)
    try:
        resend_delivery(actor=person(request), delivery_id=delivery_id, reason=request.POST.get("reason", "")[:500])
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("It is due again and goes out in a moment."))
    return redirect("network_undelivered")
