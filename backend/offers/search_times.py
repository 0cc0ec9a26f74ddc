"""Weeks, months and school breaks in a search text: "v. 6", "januari", "sportlov"."""

import csv
import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from holidays import country_holidays

from backend.common import clock

FILE = Path(__file__).parent / "data" / "search_times.csv"
KINDS = ("month", "week", "easter")
LAST_WEEK = 53
WEEK = re.compile(r"\b(?:v\.?|veckor|veckorna|vecka|weeks?|wk)\s*(\d{1,2})(?:\s*[-–]\s*(\d{1,2}))?\b(?!\w)")
# First and last day of what is asked for, both included.
Span = tuple[date, date]


@dataclass(frozen=True)
class Named:
    """A word for a time. kind month, week: their numbers, the last may lie in the next year. kind easter: weeks from the one
    that ends with Easter Sunday.
    """

    kind: str
    first: int
    last: int


@cache
def load_times() -> dict[str, Named]:
    """The words of the file. Raises ValueError for a row that says no time."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        rows = {row["word"]: Named(row["kind"], int(row["first"]), int(row["last"])) for row in csv.DictReader(lines)}
    for word, named in rows.items():
        if named.kind not in KINDS:
            raise ValueError(f"{FILE.name}: {word} is of no known kind")
    return rows


def read_times(text: str) -> tuple[str, tuple[Span, ...]]:
    """The lower-case text without its words for times, and the next time each of them comes."""
    spans: list[Span] = []

    def week(found: re.Match[str]) -> str:
        first, last = int(found[1]), int(found[2] or found[1])
        if not (1 <= first <= LAST_WEEK and 1 <= last <= LAST_WEEK):
            return found[0]
        spans.append(_next(Named("week", first, last)))
        return " "

    def word(found: re.Match[str]) -> str:
        name = found[0]
        named = next((known for known in (_known(name, ending) for ending in ("", "et", "en", "s")) if known), None)
        if named is None:
            return name
        spans.append(_next(named))
        return " "

    rest = re.sub(r"[^\W\d_]+", word, WEEK.sub(week, text))
    return rest, tuple(dict.fromkeys(spans))


def _known(word: str, ending: str) -> Named | None:
    return load_times().get(word.removesuffix(ending)) if word.endswith(ending) else None


def _next(named: Named) -> Span:
    """The first of these times that is not over today."""
    today = clock.today()
    years = range(today.year - 1, today.year + 3)
    return next(span for span in (_in_year(named, year) for year in years) if span[1] >= today)


def _in_year(named: Named, year: int) -> Span:
    if named.kind == "month":
        following = date(year + named.last // 12, named.last % 12 + 1, 1)
        return date(year, named.first, 1), following - timedelta(days=1)
    if named.kind == "easter":
        monday = easter_sunday(year) - timedelta(days=6)
        return monday + timedelta(weeks=named.first), monday + timedelta(weeks=named.last, days=6)
    return _monday(year, named.first), _monday(year + (named.last < named.first), named.last) + timedelta(days=6)


@cache
def easter_sunday(year: int) -> date:
    return min(day for day, name in country_holidays("SE", years=year, language="sv").items() if "Påskdagen" in name)


def _monday(year: int, week: int) -> date:
    """Week 53 of a year without one is the first of the next."""
    return date.fromisocalendar(year, 1, 1) + timedelta(weeks=week - 1)
