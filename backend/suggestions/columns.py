"""From rows in PostgreSQL to rows of the candidate index, for everything or for some ids. A constant number of queries."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from functools import cached_property
from hashlib import blake2b
from typing import Any

from backend.offers.models import Offer
from backend.reference.enums import AgeClass, Verdict
from backend.reference.languages import LANGUAGES
from backend.reference.models import (
    HazardRule,
    OccupationGroup,
    PlacementForm,
    PlacementFormVersion,
    Programme,
    ProgrammeOccupation,
)
from backend.reference.work_rules import Rule, age_class, judge_class
from backend.students.enums import Studies
from backend.students.models import Alert, Student

AGE_CODES = {AgeClass.UNDER_13: 0, AgeClass.CHILD: 1, AgeClass.YOUTH: 2, AgeClass.ADULT: 3}
BIT_OF_LANGUAGE = {code: 1 << number for number, code in enumerate(LANGUAGES)}
NO_PROGRAMME, UNKNOWN_PROGRAMME = -1, -2
EVERY_LANGUAGE = sum(BIT_OF_LANGUAGE.values())
CHUNK = 2_000
# A place may be posted for a day so far ahead; see the form of places.
HORIZON = timedelta(days=5 * 366)
# An alert that names a municipality but no radius means "around there".
MUNICIPALITY_RADIUS_KM = 30


def word_token(word: str) -> int:
    """A stable number for a word, so that processes need no shared dictionary."""
    return int.from_bytes(blake2b(word.casefold().encode(), digest_size=7).digest())


def language_bits(codes: Iterable[str]) -> int:
    return sum(BIT_OF_LANGUAGE[code] for code in set(codes) if code in BIT_OF_LANGUAGE)


def _known_languages(student: Student) -> int:
    """Who has not said which languages they know is shut out by none: a place's demand becomes a hint beside it."""
    return language_bits(student.languages) if student.languages else EVERY_LANGUAGE


class Vocabulary:
    """Numbers for the codes of the reference tables, and the rules in force on one day. Read once per build."""

    def __init__(self, on: date) -> None:
        self.on = on

    @cached_property
    def forms(self) -> dict[str, int]:
        return {
            code: number
            for number, code in enumerate(PlacementForm.objects.order_by("pk").values_list("pk", flat=True))
        }

    def form_bits(self, codes: Iterable[str]) -> int:
        return sum(1 << self.forms[code] for code in set(codes))

    @cached_property
    def programmes(self) -> dict[str, int]:
        """Programme code to token. A programme and its successors in the newer series share one: IN and IN25."""
        pairs: dict[str, str | None] = {row.pk: row.successor_id for row in Programme.objects.all()}
        last = {code: self._end_of_line(code, pairs) for code in pairs}
        tokens = {code: number for number, code in enumerate(sorted(set(last.values())))}
        return {code: tokens[last[code]] for code in pairs}

    @staticmethod
    def _end_of_line(code: str, successors: dict[str, str | None]) -> str:
        seen = {code}
        while (following := successors.get(code)) and following not in seen:
            seen.add(following)
            code = following
        return code

    @cached_property
    def groups_of_programme(self) -> dict[int, list[str]]:
        """Programme token to the occupation groups the programme commonly leads to."""
        found: dict[int, set[str]] = {}
        for programme, group in ProgrammeOccupation.objects.values_list("programme_id", "group_id"):
            found.setdefault(self.programmes[programme], set()).add(group)
        return {token: sorted(groups) for token, groups in found.items()}

    @cached_property
    def field_of_group(self) -> dict[str, int]:
        """Occupation group to a token of its field: what an interest in the trade as a whole matches on."""
        return {pk: word_token(f"field:{field}") for pk, field in OccupationGroup.objects.values_list("pk", "field_id")}

    @cached_property
    def _rules(self) -> dict[str, list[Rule]]:
        """By hazard, those that come into force later included."""
        found: dict[str, list[Rule]] = {}
        for row in HazardRule.objects.all():
            rule = Rule(row.hazard_id, AgeClass(row.age_class), row.form_id, Verdict(row.verdict), row.valid_from)
            found.setdefault(row.hazard_id, []).append(rule)
        return found

    @cached_property
    def _versions(self) -> dict[str, list[PlacementFormVersion]]:
        found: dict[str, list[PlacementFormVersion]] = {}
        for version in PlacementFormVersion.objects.all():
            found.setdefault(version.form_id, []).append(version)
        return found

    def offer_age_bits(self, form: str, hazards: Sequence[str], first_days: Collection[date]) -> int:
        """Bit set of the age classes that may do the work from at least one of the days on."""
        rules = [rule for hazard in hazards for rule in self._rules.get(hazard, ())]
        bits = 0
        for day in set(first_days):
            version = next((each for each in self._versions.get(form, ()) if each.is_valid_on(day)), None)
            bits |= sum(
                1 << code
                for each, code in AGE_CODES.items()
                if judge_class(version, rules, hazards, each, day) != Verdict.FORBIDDEN
            )
        return bits

    def student_age_bits(self, student: Student) -> int:
        """Bit set of the age classes from today until the last day on which a place may begin. Nobody gets younger, so it is
        a row of neighbours; which one counts for a place is judged on the place's first day (`backend.offers.work`)."""
        first, last = (
            AGE_CODES[age_class(student.birth_date, day, student.has_finished_compulsory_school)]
            for day in (self.on, self.on + HORIZON)
        )
        return (1 << last + 1) - (1 << first)


def read_students(vocabulary: Vocabulary, ids: Collection[int] | None = None) -> list[dict[str, Any]]:
    """Students who may be suggested: not protected, and not those who asked to be left alone."""
    students = Student.objects.unprotected().filter(wants_suggestions=True, user__is_active=True)
    if ids is not None:
        students = students.filter(pk__in=ids)
    rows = students.prefetch_related("forms", "interests", "availabilities").order_by("pk")
    return [_student_facts(student, vocabulary) for student in rows.iterator(chunk_size=CHUNK)]


def read_offers(vocabulary: Vocabulary, ids: Collection[int] | None = None) -> list[dict[str, Any]]:
    """Published offers that still take applications."""
    offers = Offer.objects.published().exclude(apply_by__lt=vocabulary.on)
    if ids is not None:
        offers = offers.filter(pk__in=ids)
    rows = offers.select_related("workplace").prefetch_related("periods", "programmes", "hazards").order_by("pk")
    return [_offer_facts(offer, vocabulary) for offer in rows.iterator(chunk_size=CHUNK)]


def read_alerts(vocabulary: Vocabulary, ids: Collection[int] | None = None) -> list[dict[str, Any]]:
    """Active alerts of students who may be told."""
    alerts = Alert.objects.filter(is_active=True, student__is_protected=False, student__user__is_active=True)
    if ids is not None:
        alerts = alerts.filter(pk__in=ids)
    rows = alerts.select_related("student", "municipality").order_by("pk")
    return [_alert_facts(alert, vocabulary) for alert in rows.iterator(chunk_size=CHUNK)]


def _student_facts(student: Student, vocabulary: Vocabulary) -> dict[str, Any]:
    programme = vocabulary.programmes.get(student.programme_id or "", _without_programme(student))
    # Who has named no interest is taken to want what the programme leads to.
    interests = [group.pk for group in student.interests.all()] or vocabulary.groups_of_programme.get(programme, [])
    return {
        "id": student.pk,
        "forms": vocabulary.form_bits(form.pk for form in student.forms.all()),
        "age_classes": vocabulary.student_age_bits(student),
        "programme": programme,
        "availability": [(span.start.toordinal(), span.end.toordinal()) for span in student.availabilities.all()],
        "occupations": [int(code) for code in interests],
        "skills": [word_token(word) for word in student.skills],
        "interests": sorted({vocabulary.field_of_group[code] for code in interests}),
        "languages": _known_languages(student),
        **_position(student.lat, student.lon),
        **({} if student.max_distance_km is None else {"max_km": float(student.max_distance_km)}),
    }


def _without_programme(student: Student) -> int:
    """Who may well have a programme that nobody has stated is shut out of no programme's places."""
    return UNKNOWN_PROGRAMME if programme_is_unknown(student) else NO_PROGRAMME


def programme_is_unknown(student: Student) -> bool:
    return student.programme_id is None and student.studies in {"", Studies.UPPER_SECONDARY}


def _offer_facts(offer: Offer, vocabulary: Vocabulary) -> dict[str, Any]:
    hazards = [hazard.pk for hazard in offer.hazards.all()]
    periods = [period for period in offer.periods.all() if period.end >= vocabulary.on]
    return {
        "id": offer.pk,
        "form": vocabulary.forms[offer.form_id],
        "age_classes": vocabulary.offer_age_bits(offer.form_id, hazards, [period.start for period in periods]),
        "programmes": sorted({vocabulary.programmes[programme.pk] for programme in offer.programmes.all()}),
        "occupation": int(offer.occupation_id) if offer.occupation_id else -1,
        "skills": [word_token(word) for word in offer.skills],
        "interests": [vocabulary.field_of_group[offer.occupation_id]] if offer.occupation_id else [],
        "periods": [(period.start.toordinal(), period.end.toordinal(), period.free) for period in periods],
        "languages": language_bits(offer.languages),
        "remote": offer.is_remote,
        **_position(offer.workplace.lat, offer.workplace.lon),
    }


def _alert_facts(alert: Alert, vocabulary: Vocabulary) -> dict[str, Any]:
    student, place = alert.student, alert.municipality
    facts: dict[str, Any] = {
        "id": alert.pk,
        "owner": alert.student_id,
        "forms": vocabulary.form_bits([alert.form_id] if alert.form_id else []),
        "age_classes": vocabulary.student_age_bits(student),
        "occupations": [(int(alert.group_id), 4)] if alert.group_id else [],
    }
    if place is not None:
        facts |= _position(place.lat, place.lon)
        facts["radius_km"] = float(alert.radius_km or MUNICIPALITY_RADIUS_KM)
    return facts


def _position(lat: float | None, lon: float | None) -> dict[str, float]:
    return {} if lat is None or lon is None else {"lat": lat, "lon": lon}
