"""What the index only narrows down: whether the work is allowed at the student's age on the first day of a period.

The index keeps everybody who may be allowed on some day, since a place can begin years after today. Here each pair gets the
verdict that its page, the application and the coordinator's desk get (`backend.offers.work`).
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from backend.common import clock
from backend.offers.models import Offer
from backend.offers.work import WorkRules
from backend.students.models import Alert, Student

if TYPE_CHECKING:
    from backend.suggestions.engine import AlertCandidate, Candidate


def keep_allowed_students(offer_id: int, candidates: Sequence["Candidate"]) -> list["Candidate"]:
    """Those who may do the work from the first day of a free period. Seven queries, however many there are."""
    offers = _offers([offer_id])
    if not candidates or not offers:
        return []
    students = Student.objects.in_bulk([each.id for each in candidates])
    rules = WorkRules(offers.values())
    judged = (_judged(each, students.get(each.id), offers[offer_id], rules) for each in candidates)
    return [each for each in judged if each is not None]


def keep_allowed_offers(student_id: int, candidates: Sequence["Candidate"]) -> list["Candidate"]:
    """The places whose work the student may do from the first day of a free period."""
    student = Student.objects.filter(pk=student_id).first()
    if not candidates or student is None:
        return []
    offers = _offers([each.id for each in candidates])
    rules = WorkRules(offers.values())
    judged = (_judged(each, student, offers.get(each.id), rules) for each in candidates)
    return [each for each in judged if each is not None]


def keep_allowed_alerts(offer_id: int, candidates: Sequence["AlertCandidate"]) -> list["AlertCandidate"]:
    """The alerts whose owners may do the work from the first day of a free period."""
    offers = _offers([offer_id])
    if not candidates or not offers:
        return []
    owners = {
        alert.pk: alert.student
        for alert in Alert.objects.filter(pk__in=[each.id for each in candidates]).select_related("student")
    }
    rules, offer = WorkRules(offers.values()), offers[offer_id]
    days = _first_days(offer)
    return [
        each
        for each in candidates
        if each.id in owners and not rules.is_forbidden_throughout(owners[each.id], offer, days)
    ]


def _offers(ids: Collection[int]) -> dict[int, Offer]:
    return Offer.objects.prefetch_related("periods").in_bulk(ids)


def _first_days(offer: Offer) -> list[date]:
    return [period.start for period in offer.periods.all() if period.end >= clock.today() and period.free > 0]


def _judged(
    candidate: "Candidate", student: Student | None, offer: Offer | None, rules: WorkRules
) -> "Candidate | None":
    """The candidate; without the period it was found for, where the work is allowed in another one only; None where it is
    allowed in none. A row that is gone since the index read it counts as none."""
    if student is None or offer is None:
        return None
    if not rules.judge(student, offer, date.fromordinal(candidate.period_start)).is_forbidden:
        return candidate
    days = _first_days(offer)
    if not days or rules.is_forbidden_throughout(student, offer, days):
        return None
    return replace(candidate, parts=candidate.parts | {"period": 0.0})
