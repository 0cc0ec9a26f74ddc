"""The numbers beside the filters: one grouped query for all of them."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
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
    has_free_seats,
    is_in_current_month,
    months_ahead,
)
from backend.reference.models import Municipality, OccupationField, PlacementForm, Programme
from backend.reference.models.mixins import TranslatedName

BIT = {group: 1 << number for number, group in enumerate(GROUPS)}
# A row that misses one group of filters counts beside the values of that group and nowhere else.
# OFFSET 0 keeps the planner from asking for free seats again wherever the answer is used.
COUNT = """
SELECT grouping(form, field, programmes_text, months_text, municipality, is_free), failed, form, field,
    programmes_text, months_text, municipality, is_free, is_current, count(*)
FROM (SELECT *, {failed} AS failed FROM ({base} OFFSET 0) AS base) AS judged
WHERE failed IN ({allowed})
GROUP BY GROUPING SETS ((failed, form), (failed, field), (failed, programmes_text), (failed, months_text),
    (failed, municipality), (failed, is_free, is_current))
"""
COUNTED = ("form", "field", "programmes_text", "months_text", "municipality")
COLUMNS = ("forms", "fields", "programmes", "months", "municipalities", "only_free")


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
    """All numbers with one grouped query, and four short ones for the names."""
    counts, free, current, totals = _count(search)
    programmes, everyone = _programmes(counts["programmes"])
    asked = conditions(search)
    return Facets(
        forms=_named(counts["forms"], PlacementForm.objects.order_by("position", "code").values_list),
        municipalities=_municipalities(counts["municipalities"]),
        fields=_named(counts["fields"], OccupationField.objects.order_by("sort_key").values_list),
        programmes=programmes,
        programmes_for_everyone=everyone,
        months=_months(counts["months"], current),
        free=free,
        total=totals[0],
        base=totals.total(),
        dropped={group: totals[0] + totals[BIT[group]] for group in GROUPS if group in asked},
    )


def _count(search: Search) -> tuple[dict[str, Counter[Any]], int, int, Counter[int]]:
    """Per group the counts of its values; places with free seats; places in this month; places by what they miss."""
    asked = conditions(search)
    judged = {f"ok_{group}": Case(When(condition, then=True), default=False) for group, condition in asked.items()}
    base = entries_around(search).annotate(
        **judged, is_free=has_free_seats(), is_current=Case(When(is_in_current_month(), then=True), default=False)
    )
    base = base.values(*COUNTED, *judged, "is_free", "is_current")
    sql, parameters = base.query.sql_with_params()
    failed = " + ".join(["0", *(f"CASE WHEN ok_{group} THEN 0 ELSE {BIT[group]} END" for group in asked)])
    allowed = ", ".join(str(bit) for bit in (0, *BIT.values()))
    counts: dict[str, Counter[Any]] = {group: Counter() for group in COLUMNS}
    free = current = 0
    totals: Counter[int] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(COUNT.format(base=sql, failed=failed, allowed=allowed), parameters)
        for mask, missed, *values, is_current, number in cursor.fetchall():
            column = _column_of(mask)
            group = COLUMNS[column]
            counted_here = missed in {0, BIT[group]}
            if group == "only_free":
                totals[missed] += number
                free += number if counted_here and values[column] else 0
                current += number if missed in {0, BIT["months"]} and is_current else 0
            elif counted_here:
                counts[group][values[column]] += number
    return counts, free, current, totals


def _column_of(mask: int) -> int:
    """Which column a row of a grouping set is about: the one whose bit is not set, the first column highest."""
    return next(number for number in range(len(COLUMNS)) if not mask >> (len(COLUMNS) - 1 - number) & 1)


def _named(counts: Counter[Hashable], rows: Callable[..., Iterable[tuple[str, str, str]]]) -> list[FacetValue]:
    return [
        FacetValue(code, TranslatedName.in_active_language(swedish, english), counts[code])
        for code, swedish, english in rows("pk", "name_sv", "name_en")
        if counts[code]
    ]


def _municipalities(counts: Counter[Hashable]) -> list[FacetValue]:
    rows = Municipality.objects.order_by("sort_key").values_list("pk", "name")
    return [FacetValue(code, name, counts[code]) for code, name in rows if counts[code]]


def _programmes(counts: Counter[str]) -> tuple[list[FacetValue], int]:
    """One value per programme name, whatever the series; places for everyone count for each of them."""
    everyone = counts[""]
    counted = {code for together in counts for code in together.split()}
    named: dict[str, tuple[str, str]] = {}
    names: dict[str, str] = {}
    for code, swedish, english in Programme.objects.order_by("pk").values_list("pk", "name_sv", "name_en"):
        names[code] = swedish
        if code in counted:
            named.setdefault(swedish, (code, english))
    numbers: Counter[str] = Counter()
    for together, number in counts.items():
        for name in {names[code] for code in together.split()}:
            numbers[name] += number
    values = [
        FacetValue(named[name][0], TranslatedName.in_active_language(name, named[name][1]), numbers[name] + everyone)
        for name in sorted(numbers)
    ]
    return values, everyone


def _months(counts: Counter[str], current: int) -> list[tuple[date, int]]:
    """This month is counted apart, since a part of it has passed."""
    numbers: Counter[str] = Counter()
    for together, number in counts.items():
        for month in together.split():
            numbers[month] += number
    this = clock.today().replace(day=1)
    return [(first, current if first == this else numbers[f"{first:%Y%m}"]) for first in months_ahead()]
