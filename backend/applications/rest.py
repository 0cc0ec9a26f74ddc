"""The rest of a period that somebody left early goes to those who waited for the whole of it.

Who is offered the rest gets an application of their own for it, so that a no keeps the place on the waiting list, and a yes
releases it like any other for the same days.
"""

from django.db import transaction

from backend.applications.enums import ApplicationState
from backend.applications.models import Application
from backend.applications.services import RELATED, _offer_seat, check_allowed
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, Invalid
from backend.common.transitions import log
from backend.offers.facts import facts_of
from backend.offers.models import OfferPeriod
from backend.placements.selectors import has_place_between
from backend.students.models import Student


def whole_periods_of(period: OfferPeriod) -> list[int]:
    """The periods whose rest this is: its own, and theirs, nearest first. Empty for a period that is no rest."""
    found: list[int] = []
    each: OfferPeriod | None = period
    while each is not None and each.rest_of_id is not None:
        found.append(each.rest_of_id)
        each = OfferPeriod.objects.filter(pk=each.rest_of_id).first()
    return found


@transaction.atomic
def offer_rest_to_waiting(*, period_id: int) -> Application | None:
    """Offers a free seat of a rest to the first who waits for the whole period and can have it.

    With nobody there the event `rest.unclaimed` asks the apps above, that is the round's order. None then.
    """
    period = OfferPeriod.objects.select_related("offer").get(pk=period_id)
    whole = whole_periods_of(period)
    if not whole or not period.free:
        return None
    waiting = Application.objects.filter(period__in=whole, state=ApplicationState.WAITLISTED)
    for row in waiting.order_by("waiting_rank", "pk"):
        offered = offer_rest(period_id=period_id, student_id=row.student_id, motivation=row.motivation)
        if offered is not None:
            return offered
    events.record("rest.unclaimed", period, {"offer": period.offer_id})
    outbox.wake()
    return None


@transaction.atomic
def offer_rest(*, period_id: int, student_id: int, motivation: str = "") -> Application | None:
    """Offers the rest to one student, with the short hold of a refilled seat.

    None when the student cannot have it: placed in these days, too young for the work, asked before, or no seat or time left.
    """
    student = Student.objects.select_for_update(of=("self",)).select_related("user").get(pk=student_id)
    period = OfferPeriod.objects.select_related("offer__workplace", "offer__form").get(pk=period_id)
    if student.applications.filter(period=period).exists() or has_place_between(student, period.start, period.end):
        return None
    try:
        with transaction.atomic():
            check_allowed(student, period)
            now = clock.now()
            made = Application.objects.create(
                student=student,
                period=period,
                motivation=motivation,
                asked_for=facts_of(period),
                submitted_at=now,
                answer_due_at=now,
            )
            log("application.submitted", made, actor=None, data={"rest_of": period.rest_of_id})
            events.record("application.submitted", made, {"rest_of": period.rest_of_id})
            made = Application.objects.select_related(*RELATED).select_for_update(of=("self",)).get(pk=made.pk)
            _offer_seat(made, None, refill=True)
    except (Conflict, Invalid):
        return None
    return made
