"""Placed students, without the way that leads there."""

from datetime import date
from typing import Any

from backend.common import clock
from backend.offers.models import Offer
from backend.placements.models import Match, Placement
from backend.students.models import Student
from tests.factories import StudentFactory


def placed(
    offer: Offer, student: Student | None = None, start: date = date(2027, 1, 25), end: date = date(2027, 2, 19)
) -> Placement:
    """A student (a new one unless given) on the offer's first period."""
    person: Any = student or StudentFactory()
    period = offer.periods.first()
    match = Match.objects.create(
        student=person, period=period, state="approved", start=start, end=end, proposed_at=clock.now()
    )
    return Placement.objects.create(match=match, student=person, period=period, start=start, end=end)
