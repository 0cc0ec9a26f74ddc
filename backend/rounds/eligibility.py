"""Which places of a round a student may have: age and risks, form, dates, whether the place still stands, the journey.

The law and the round's own frame are hard; the journey is what the round promises, and a coordinator may see it otherwise.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.reference.enums import AgeClass, Verdict
from backend.reference.geo import distance_km
from backend.reference.models import PlacementFormVersion
from backend.reference.work_rules import Rule, age_class, is_age_taken, judge_class, rules_in_force
from backend.rounds.models import Round, RoundSeat
from backend.students.models import Student

STANDING = frozenset({OfferState.PUBLISHED, OfferState.PAUSED})


@dataclass(frozen=True)
class Problem:
    """Why a student should not have a place. A hard one cannot be overridden by anybody."""

    code: str
    text: "str | Promise"
    is_hard: bool


class WorkRules:
    """Which age classes may work at which rows of seats, with three queries however many there are."""

    def __init__(self, seats: Sequence[RoundSeat]) -> None:
        offers = {seat.period.offer_id for seat in seats}
        self._hazards: dict[int, list[str]] = defaultdict(list)
        for offer, code in Offer.hazards.through.objects.filter(offer__in=offers).values_list("offer", "hazardflag"):
            self._hazards[offer].append(code)
        self._versions = list(
            PlacementFormVersion.objects.filter(form__in={seat.period.offer.form_id for seat in seats})
        )
        codes = {code for found in self._hazards.values() for code in found}
        last = max((seat.period.start for seat in seats), default=date.min)
        self._rules: list[Rule] = rules_in_force(codes, last) if codes else []
        self._known: dict[tuple[frozenset[str], str, date], frozenset[AgeClass]] = {}

    def takes(self, student: Student, seat: RoundSeat) -> bool:
        """Whether the student may work there from the first day: by the form's years, the class of the law and the risks."""
        who = self.class_of(student.birth_date, student.has_finished_compulsory_school, seat)
        return who in self.allowed_at(seat)

    def class_of(self, birth_date: date, has_finished_compulsory_school: bool, seat: RoundSeat) -> AgeClass | None:
        """The class on the first day; None for somebody whose age the form does not take, and where it is not in use."""
        start = seat.period.start
        version = self._version(seat.period.offer.form_id, start)
        if version is None or not is_age_taken(version, birth_date, start):
            return None
        return age_class(birth_date, start, has_finished_compulsory_school)

    def allowed_at(self, seat: RoundSeat) -> frozenset[AgeClass]:
        """Nobody at all when the form is not in use on the first day."""
        offer, start = seat.period.offer, seat.period.start
        key = (frozenset(self._hazards.get(offer.pk, ())), offer.form_id, start)
        if key not in self._known:
            self._known[key] = frozenset(self._judge(*key))
        return self._known[key]

    def _judge(self, hazards: frozenset[str], form: str, start: date) -> Iterable[AgeClass]:
        version = self._version(form, start)
        for value in version.allowed_age_classes if version else ():
            each = AgeClass(value)
            if judge_class(version, self._rules, hazards, each, start) != Verdict.FORBIDDEN:
                yield each

    def _version(self, form: str, on: date) -> PlacementFormVersion | None:
        return next((each for each in self._versions if each.form_id == form and each.is_valid_on(on)), None)


def is_standing(seat: RoundSeat) -> bool:
    """Whether the place can take anyone: a place that a student found is never shown to others, so it is paused."""
    state = seat.period.offer.state
    return state == OfferState.PUBLISHED or (seat.is_own_place and state in STANDING)


def problems_for(student: Student, seats: Sequence[RoundSeat], the_round: Round) -> Mapping[int, Sequence[Problem]]:
    """Every problem of the student with each row of seats, by its key. seats need period, offer and workplace loaded."""
    rules = WorkRules(seats)
    return {seat.pk: list(_problems(student, seat, the_round, rules)) for seat in seats}


def _problems(student: Student, seat: RoundSeat, the_round: Round, rules: WorkRules) -> Iterable[Problem]:
    period, offer = seat.period, seat.period.offer
    if not is_standing(seat) or seat.is_excluded:
        yield Problem("offer_closed", _("The place can no longer be chosen."), is_hard=True)
    if offer.form_id != the_round.form_id:
        yield Problem("other_form", _("The place is of another form than the round."), is_hard=True)
    if period.start < the_round.start or period.end > the_round.end:
        yield Problem("other_dates", _("The dates of the place lie outside the round."), is_hard=True)
    if not rules.takes(student, seat):
        yield Problem("age", _("The work at this place is not allowed at this age."), is_hard=True)
    km = km_between(student, seat)
    limits = [limit for limit in (the_round.max_distance_km, student.max_distance_km) if limit is not None]
    if km is not None and limits and km > min(limits) and not offer.is_remote:
        yield Problem("distance", _("The journey is longer than allowed."), is_hard=False)


def km_between(student: Student, seat: RoundSeat) -> float | None:
    """Straight-line distance, None when either end is not known."""
    place = seat.period.offer.workplace
    if student.lat is None or student.lon is None or place.lat is None or place.lon is None:
        return None
    return distance_km(student.lat, student.lon, place.lat, place.lon)
