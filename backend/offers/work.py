"""May this student do this work? One answer for the search, the place's page, suggestions, applications and desks."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from backend.offers.models import Offer
from backend.reference.enums import Verdict
from backend.reference.models import PlacementFormVersion
from backend.reference.work_rules import age_class, is_age_taken, judge_class, rules_in_force, strictest
from backend.students.models import Student


@dataclass(frozen=True)
class WorkVerdict:
    """verdict: over the form and all risks. hazards: names of the risks that it comes from; () where the form takes nobody of
    that age, or nothing is in the way.
    """

    verdict: Verdict
    hazards: tuple[str, ...] = ()

    @property
    def is_forbidden(self) -> bool:
        return self.verdict == Verdict.FORBIDDEN


class WorkRules:
    """The rules for some offers, with three queries however many there are."""

    def __init__(self, offers: Iterable[Offer]) -> None:
        found = list(offers)
        self._forms = {offer.pk: offer.form_id for offer in found}
        self._hazards: dict[int, dict[str, str]] = defaultdict(dict)
        links = Offer.hazards.through.objects.filter(offer__in=list(self._forms)).select_related("hazardflag")
        for link in links.order_by("hazardflag"):
            self._hazards[link.offer_id][link.hazardflag_id] = link.hazardflag.name
        self._versions: dict[str, list[PlacementFormVersion]] = defaultdict(list)
        for version in PlacementFormVersion.objects.filter(form__in=set(self._forms.values())):
            self._versions[version.form_id].append(version)
        codes = {code for named in self._hazards.values() for code in named}
        self._rules = rules_in_force(codes, date.max) if codes else []

    def judge(self, student: Student, offer: Offer, first_day: date) -> WorkVerdict:
        """On the first day of a period: the age is that of this day, and so are the rules."""
        form, named = self._forms[offer.pk], self._hazards[offer.pk]
        who = age_class(student.birth_date, first_day, student.has_finished_compulsory_school)
        version = next((each for each in self._versions[form] if each.is_valid_on(first_day)), None)
        if version is not None and not is_age_taken(version, student.birth_date, first_day):
            return WorkVerdict(Verdict.FORBIDDEN)
        verdict = judge_class(version, self._rules, named, who, first_day)
        if verdict == Verdict.ALLOWED:
            return WorkVerdict(verdict)
        causes = [
            name for code, name in named.items() if strictest(self._rules, [code], who, form, first_day) == verdict
        ]
        return WorkVerdict(verdict, tuple(causes))

    def is_forbidden_throughout(self, student: Student, offer: Offer, first_days: Sequence[date]) -> bool:
        """Whether none of the periods is allowed; False for an offer without any."""
        return bool(first_days) and all(self.judge(student, offer, day).is_forbidden for day in first_days)
