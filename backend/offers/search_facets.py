"""The numbers beside the filters: one grouped query for all of them."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Case, When

from backend.common import clock
from backend.offers.search import (
    GROUPS,
    Search,
    conditions,
    entries_around,
    is_in_current_month,
    months_ahead,
)
from backend.offers.search_seats import has_free_seats
from backend.reference.models.mixins import TranslatedName

# Each place counts in six sets, beside one value of each column. One that misses a group of filters counts beside the
# values of that group alone: in the other columns it has none. The last column tells all that is asked of seats, and the
# groups that are missed: sets of one short column cost half of what sets of several do.
# OFFSET 0 keeps the planner from asking for free seats again wherever the answer is used.
COUNT = """
SELECT grouping(form, field, programmes_text, months_text, municipality, seats), form, field, programmes_text,
    months_text, municipality, seats, count(*)
FROM (
    SELECT {columns}, is_free::int * {free} + is_current::int * {current} + missed * {missing} AS seats
    FROM (SELECT *, {missed} AS missed FROM ({base} OFFSET 0) AS base) AS judged
    WHERE missed IN (0, {bits})
) AS counted
GROUP BY GROUPING SETS ((form), (field), (programmes_text), (months_text), (municipality), (seats))
"""
COLUMN = dict(zip(GROUPS, ("form", "field", "programmes_text", "months_text", "municipality", "seats"), strict=True))
# PostgreSQL's grouping() has a bit for each column that a row is not about, the first column highest.
GROUP_OF = {0b111111 ^ (0b100000 >> number): group for number, group in enumerate(GROUPS)}
BIT = {group: 1 << number for number, group in enumerate(GROUPS)}
FREE, CURRENT, MISSING = 1, 2, 4
# Beside the months of the entries: places with days of this month that are still ahead.
THIS_MONTH = "this"

NAMES = """
SELECT 'forms', code, name_sv, name_en, to_char(position, 'FM000000') || code FROM reference_placementform
UNION ALL SELECT 'fields', code, name_sv, name_en, sort_key FROM reference_occupationfield
UNION ALL SELECT 'programmes', code, name_sv, name_en, code FROM reference_programme
UNION ALL SELECT 'municipalities', code, name, '', sort_key FROM reference_municipality
ORDER BY 1, 5
"""
# Code, Swedish name, English name ("" where there is none).
Named = tuple[str, str, str]


@dataclass(frozen=True)
class FacetValue:
    """A filter value, its name in the active language, and how many places it would leave."""

    value: str
    label: str
    count: int


@dataclass(frozen=True)
class Facets:
    """For each filter value how many places it would leave with the other groups of filters as they are.

    total: places that answer the whole search. base: places that were looked at for the counters.
    dropped: for each group in which something is chosen (a name of GROUPS) how many places there would be without it.
    """

    forms: list[FacetValue]
    municipalities: list[FacetValue]
    fields: list[FacetValue]
    programmes: list[FacetValue]
    programmes_for_everyone: int
    months: list[tuple[date, int]]
    free: int
    total: int
    base: int
    dropped: dict[str, int]


def count_facets(search: Search) -> Facets:
    """All numbers with one grouped query, and all names with another."""
    counts, totals = _count(search)
    names = _names()
    programmes, everyone = _programmes(counts["programmes"], names["programmes"])
    return Facets(
        forms=_named(counts["forms"], names["forms"]),
        municipalities=_named(counts["municipalities"], names["municipalities"]),
        fields=_named(counts["fields"], names["fields"]),
        programmes=programmes,
        programmes_for_everyone=everyone,
        months=_months(counts["months"]),
        free=counts["only_free"][FREE],
        total=totals[0],
        base=totals.total(),
        dropped={group: totals[0] + totals[BIT[group]] for group in conditions(search)},
    )


def _query(search: Search) -> tuple[str, Any]:
    """COUNT for this search, and its parameters."""
    asked = conditions(search)
    judged = {f"ok_{group}": Case(When(condition, then=True), default=False) for group, condition in asked.items()}
    base = entries_around(search).annotate(
        **judged,
        is_free=Case(When(has_free_seats(), then=True), default=False),
        is_current=Case(When(is_in_current_month(), then=True), default=False),
    )
    plain = {group: column for group, column in COLUMN.items() if group != "only_free"}
    sql, parameters = base.values(*plain.values(), *judged, "is_free", "is_current").query.sql_with_params()
    counted = [
        f"CASE WHEN missed IN (0, {BIT[group]}) THEN {column} END AS {column}" if asked else column
        for group, column in plain.items()
    ]
    missed = ["0", *(f"CASE WHEN ok_{group} THEN 0 ELSE {BIT[group]} END" for group in asked)]
    query = COUNT.format(
        base=sql,
        columns=", ".join(counted),
        missed=" + ".join(missed),
        bits=", ".join(str(bit) for bit in BIT.values()),
        free=FREE,
        current=CURRENT,
        missing=MISSING,
    )
    return query, parameters


def _count(search: Search) -> tuple[dict[str, Counter[Any]], Counter[int]]:
    """Per group the counts of its values, and how many places miss nothing (0) or one group (its BIT)."""
    counts: dict[str, Counter[Any]] = {group: Counter() for group in GROUPS}
    totals: Counter[int] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(*_query(search))
        for mask, *values, number in cursor.fetchall():
            group = GROUP_OF[mask]
            value = values[GROUPS.index(group)]
            if group == "only_free":
                missed = value // MISSING
                totals[missed] += number
                if value & FREE and missed in {0, BIT["only_free"]}:
                    counts["only_free"][FREE] += number
                if value & CURRENT and missed in {0, BIT["months"]}:
                    counts["months"][THIS_MONTH] += number
            elif value is not None:
                counts[group][value] += number
    return counts, totals


def _names() -> dict[str, list[Named]]:
    """By group the values there are, in the order in which they are shown."""
    names: dict[str, list[Named]] = {}
    with connection.cursor() as cursor:
        cursor.execute(NAMES)
        for group, code, swedish, english, _order in cursor.fetchall():
            names.setdefault(group, []).append((code, swedish, english))
    return names


def _named(counts: Counter[str], names: list[Named]) -> list[FacetValue]:
    return [
        FacetValue(code, TranslatedName.in_active_language(swedish, english), counts[code])
        for code, swedish, english in names
        if counts[code]
    ]


def _programmes(counts: Counter[str], named: list[Named]) -> tuple[list[FacetValue], int]:
    """One value per programme name, whatever the series; places for everyone count for each of them."""
    everyone = counts[""]
    counted = {code for together in counts for code in together.split()}
    names = {code: swedish for code, swedish, _english in named}
    first: dict[str, tuple[str, str]] = {}
    for code, swedish, english in named:
        if code in counted:
            first.setdefault(swedish, (code, english))
    numbers: Counter[str] = Counter()
    for together, number in counts.items():
        for name in {names[code] for code in together.split()}:
            numbers[name] += number
    values = [
        FacetValue(first[name][0], TranslatedName.in_active_language(name, first[name][1]), numbers[name] + everyone)
        for name in sorted(numbers)
    ]
    return values, everyone


def _months(counts: Counter[str]) -> list[tuple[date, int]]:
    """This month is counted apart, since a part of it has passed."""
    numbers: Counter[str] = Counter()
    for together, number in counts.items():
        for month in together.split():
            numbers[month] += number
    this = clock.today().replace(day=1)
    return [(first, counts[THIS_MONTH] if first == this else numbers[f"{first:%Y%m}"]) for first in months_ahead()]
