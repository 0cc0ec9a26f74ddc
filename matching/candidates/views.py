"""One student or one offer, as the other side of a query sees it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.candidates.columns import UNKNOWN_PROGRAMME
from matching.candidates.geo import Point, kilometres
from matching.candidates.periods import shares_of_rows
from matching.candidates.ragged import I64, Intervals, Periods
from matching.candidates.reasons import Reason
from matching.candidates.weights import Weights


@dataclass(frozen=True, eq=False, slots=True)
class StudentView:
    """A student; tokens sorted and distinct, `availability` one merged row."""

    forms: int
    age_classes: int
    programme: int
    point: Point | None
    max_km: float
    availability: Intervals
    occupations: I64
    skills: I64
    interests: I64
    languages: int


@dataclass(frozen=True, eq=False, slots=True)
class OfferView:
    """An offer; tokens sorted and distinct, `periods` one row as given."""

    form: int
    age_classes: int
    programmes: I64
    point: Point | None
    occupation: int
    skills: I64
    interests: I64
    periods: Periods
    languages: int
    remote: bool

    @property
    def place(self) -> Point | None:
        """Where distance is measured to: nowhere for a remote offer."""
        return None if self.remote else self.point


def why_not(student: StudentView, offer: OfferView, weights: Weights) -> list[Reason]:
    """Every hard rule that keeps the two apart, in the order of `Reason`."""
    broken = []
    if not student.forms >> offer.form & 1:
        broken.append(Reason.FORM)
    if not offer.age_classes & student.age_classes:
        broken.append(Reason.AGE_HAZARD)
    if len(offer.programmes) and student.programme not in (UNKNOWN_PROGRAMME, *offer.programmes):
        broken.append(Reason.PROGRAMME)
    free = np.flatnonzero(offer.periods.seats > 0)
    # A full offer may fit in time all the same: then its full periods tell.
    told = free if len(free) else np.arange(len(offer.periods.seats))
    if len(told):
        share, _ = shares_of_rows(student.availability, offer.periods.start[told], offer.periods.end[told])
        if share[0] < weights.min_period_share:
            broken.append(Reason.DATES)
    if student.point is not None and offer.place is not None:
        x, y, z = (np.array([value], np.int32) for value in (student.point.x, student.point.y, student.point.z))
        if kilometres(x, y, z, offer.place)[0] > student.max_km:
            broken.append(Reason.DISTANCE)
    if offer.languages & ~student.languages:
        broken.append(Reason.LANGUAGE)
    if not len(free):
        broken.append(Reason.NO_SEATS)
    return broken
