"""Who may do what: the age classes of the rules on minors' work, and hazards judged for them.

`age_class`, `strictest` and `judge_class` are pure. `verdict` and `allowed_age_classes` read the rules in force from the database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from backend.reference.enums import AgeClass, Verdict
from backend.reference.models import HazardRule, PlacementFormVersion
from backend.reference.selectors import form_on

__all__ = [
    "AgeClass",
    "Rule",
    "Verdict",
    "age_class",
    "age_on",
    "allowed_age_classes",
    "is_age_taken",
    "judge_class",
    "strictest",
    "verdict",
]

ADULT_AGE = 18
CHILD_AGE = 13
YOUTH_TURNS = 16


@dataclass(frozen=True, slots=True)
class Rule:
    """A hazard rule without the database: `form` None means every form."""

    hazard: str
    age_class: AgeClass
    form: str | None
    verdict: Verdict
    valid_from: dt.date


def age_on(birth_date: dt.date, on: dt.date) -> int:
    """Completed years. Someone born on 29 February turns a year older on 1 March of a common year: the later of the
    two possible days, so that the protection of minors never ends early. Raises ValueError for a date before birth.
    """
    if on < birth_date:
        raise ValueError("the date is before birth")
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def age_class(birth_date: dt.date, on: dt.date, finished_compulsory_school: bool) -> AgeClass:
    """The class on the day: adult from 18; youth = has finished compulsory school and turns 16 or more in the calendar
    year; child = from 13 and not youth; otherwise under 13. Raises ValueError for a date before birth.
    """
    age = age_on(birth_date, on)
    if age >= ADULT_AGE:
        return AgeClass.ADULT
    if finished_compulsory_school and on.year - birth_date.year >= YOUTH_TURNS:
        return AgeClass.YOUTH
    return AgeClass.CHILD if age >= CHILD_AGE else AgeClass.UNDER_13


def is_age_taken(version: PlacementFormVersion, birth_date: dt.date, on: dt.date) -> bool:
    """Whether the form takes those who turn so many years in the calendar year of the day, as such forms are announced."""
    turns = on.year - birth_date.year
    return (version.min_age is None or version.min_age <= turns) and (
        version.max_age is None or turns <= version.max_age
    )


def strictest(
    rules: Iterable[Rule], hazards: Iterable[str], age_class: AgeClass, form: str | None, on: dt.date
) -> Verdict:
    """The verdict over all hazards: per hazard the most specific rule in force, then the strictest of them.

    A rule for the form beats one for every form, whatever their dates; among equals the newest in force counts.
    A hazard that no rule judges is forbidden: nobody has decided that it is safe. No hazards: allowed.
    """
    in_force: dict[str, Rule] = {}
    for rule in rules:
        if rule.age_class != age_class or rule.form not in (None, form) or rule.valid_from > on:
            continue
        known = in_force.get(rule.hazard)
        if known is None or _rank(rule) > _rank(known):
            in_force[rule.hazard] = rule
    verdicts = [in_force[hazard].verdict if hazard in in_force else Verdict.FORBIDDEN for hazard in hazards]
    return max(verdicts, key=lambda verdict: verdict.severity, default=Verdict.ALLOWED)


def judge_class(
    version: PlacementFormVersion | None,
    rules: Iterable[Rule],
    hazards: Iterable[str],
    age_class: AgeClass,
    on: dt.date,
) -> Verdict:
    """The verdict that counts everywhere: forbidden where the form is not in use on the day (version None) or does not take
    the class, else the strictest over all hazards.
    """
    if version is None or age_class not in version.allowed_age_classes:
        return Verdict.FORBIDDEN
    return strictest(rules, hazards, age_class, version.form_id, on)


def _rank(rule: Rule) -> tuple[bool, dt.date]:
    return rule.form is not None, rule.valid_from


def rules_in_force(hazards: Iterable[str], on: dt.date) -> list[Rule]:
    """The rules of the hazards that have started on the day, newer and older ones alike."""
    return [
        Rule(row.hazard_id, AgeClass(row.age_class), row.form_id, Verdict(row.verdict), row.valid_from)
        for row in HazardRule.objects.started(on).filter(hazard__in=list(hazards))
    ]


def verdict(hazards: Iterable[str], age_class: AgeClass, form: str | None, on: dt.date) -> Verdict:
    """The verdict on hazard codes for an age class in a placement form (its code) on a day."""
    codes = set(hazards)
    return strictest(rules_in_force(codes, on), codes, AgeClass(age_class), form, on)


def verdicts(hazards: Iterable[str], form: str | None, on: dt.date) -> Mapping[AgeClass, Verdict]:
    """The verdict for every age class, with one query."""
    codes = set(hazards)
    rules = rules_in_force(codes, on)
    return {each: strictest(rules, codes, each, form, on) for each in AgeClass}


def allowed_age_classes(hazards: Iterable[str], form: str, on: dt.date) -> set[AgeClass]:
    """The age classes that the form takes on the day and that no hazard forbids (supervised ones included).

    Raises NotFound when the form is unknown or not in use on the day.
    """
    taken = {AgeClass(value) for value in form_on(form, on).allowed_age_classes}
    return {
        each for each, judged in verdicts(hazards, form, on).items() if each in taken and judged != Verdict.FORBIDDEN
    }
