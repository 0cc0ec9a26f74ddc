"""What the rules on work at a student's age mean for the pages: the reason in words, and which places are allowed instead."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from backend.offers.models import Offer, OfferPeriod
from backend.offers.search import Search, find_page
from backend.offers.work import WorkRules, WorkVerdict
from backend.reference.enums import Verdict
from backend.students.models import Student
from backend.web.offer_rows import periods_ahead

ALLOWED_SHOWN = 3
LOOKED_AT = 40


def judge_periods(student: Student | None, place: Offer, periods: Sequence[OfferPeriod]) -> dict[int, WorkVerdict]:
    """By period; {} for somebody without a profile as a student."""
    if student is None or not periods:
        return {}
    rules = WorkRules([place])
    return {period.pk: rules.judge(student, place, period.start) for period in periods}


def verdict_text(place: Offer, verdict: WorkVerdict | None) -> str:
    """What a student is told of it, "" where nothing is to be minded."""
    if verdict is None or verdict.verdict == Verdict.ALLOWED:
        return ""
    names = ", ".join(name.lower() for name in verdict.hazards)
    if verdict.verdict == Verdict.SUPERVISED:
        return _("At your age you do this work with a supervisor beside you: %(names)s.") % {"names": names}
    if names:
        return _("Some of the work is not allowed at your age: %(names)s.") % {"names": names}
    return _("%(form)s is not for your age.") % {"form": place.form.name}


def forbidden_text(place: Offer, verdicts: Mapping[int, WorkVerdict]) -> str:
    """Why the student may take none of the periods; "" where one is allowed."""
    if not verdicts or not all(verdict.is_forbidden for verdict in verdicts.values()):
        return ""
    return verdict_text(place, next(iter(verdicts.values())))


def mark_forbidden(student: Student | None, offers: Iterable[Offer]) -> None:
    """Sets `is_forbidden` on each offer of a list: whether none of its periods ahead is allowed for the student."""
    found = list(offers)
    if student is None or not found:
        return
    rules = WorkRules(found)
    for offer in found:
        days = [period.start for period in periods_ahead(offer)]
        offer.is_forbidden = rules.is_forbidden_throughout(student, offer, days)  # type: ignore[attr-defined]


def list_allowed_instead(student: Student, similar: Iterable[Offer], *, besides: int) -> list[Offer]:
    """Three places that the student may take: similar ones first, else the newest with a free seat. Never `besides`."""
    point = (student.lat, student.lon) if student.lat is not None and student.lon is not None else None
    near: Any = Search(only_free=True, point=point, order="distance" if point else "newest")
    seen = {offer.pk: offer for offer in [*similar, *find_page(near, size=LOOKED_AT).rows] if offer.pk != besides}
    mark_forbidden(student, seen.values())
    return [offer for offer in seen.values() if not offer.is_forbidden][:ALLOWED_SHOWN]  # type: ignore[attr-defined]
