"""Dates as people and school systems write them, and what is doubtful about them.

A date that can only be meant in one way is taken. One that can be meant in two is not guessed: the person is asked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

FRIDAY = 4
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "januari", "january"),
            ("feb", "februari", "february"),
            ("mar", "mars", "march"),
            ("apr", "april"),
            ("maj", "may"),
            ("jun", "juni", "june"),
            ("jul", "juli", "july"),
            ("aug", "augusti", "august"),
            ("sep", "sept", "september"),
            ("okt", "oct", "oktober", "october"),
            ("nov", "november"),
            ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}
WEEKDAY = re.compile(
    r"^(den|on|mån|tis|ons|tors|fre|lör|sön|mon|tue|wed|thu|fri|sat|sun)[a-zåäö]*\.?,?\s+", re.IGNORECASE
)
TIME_OF_DAY = re.compile(r"[T ]\d{1,2}[:.]\d{2}([:.]\d{2})?(\.\d+)?(Z|[+-]\d{2}:?\d{2})?$")
YEAR_FIRST = re.compile(r"^(\d{4})\s?[-/.]\s?(\d{1,2})\s?[-/.]\s?(\d{1,2})$")
YEAR_LAST = re.compile(r"^(\d{1,2})\s?[-/.]\s?(\d{1,2})\s?[-/. ]\s?(\d{4})$")
EIGHT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
SIX = re.compile(r"^(\d{2})(\d{2})(\d{2})$")
TWO_DIGITS = re.compile(r"^(\d{1,2})\s?[-/.]\s?(\d{1,2})\s?[-/. ]\s?(\d{2})$")
DAY_MONTH_NAME = re.compile(r"^(\d{1,2})(?::?e|:a|st|nd|rd|th|\.)?\s*([a-zåäö]+)\.?,?\s+(\d{4})$", re.IGNORECASE)
MONTH_NAME_DAY = re.compile(r"^([a-zåäö]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})$", re.IGNORECASE)
WEEK_WORD = r"(?:v|w|vecka|week|wk)\.?"
WEEKS = (
    re.compile(rf"^(?P<year>\d{{4}})[\s/-]*{WEEK_WORD}\s?(?P<week>\d{{1,2}})$", re.IGNORECASE),
    re.compile(rf"^{WEEK_WORD}\s?(?P<week>\d{{1,2}})[\s,/-]+(?P<year>\d{{4}})$", re.IGNORECASE),
)
BARE_WEEK = re.compile(rf"^{WEEK_WORD}\s?\d{{1,2}}$", re.IGNORECASE)
# A date of birth that goes on with four more signs is a personal identity number, or one that stands in for it.
PERSONAL_NUMBER = re.compile(r"(?<!\d)(?:19|20)?\d{2}-?\d{2}-?\d{2}[-–+ ]{0,3}(?:\d{4}|[A-Za-z]{1,2}\d{2,3})(?!\w)")


class DateProblemError(Exception):
    """A text that is no date, or more than one. message: a sentence for the person."""

    def __init__(self, message: Any) -> None:
        super().__init__(message)
        self.message = message


class NoDateError(DateProblemError):
    """A text that is no date at all."""


@dataclass(frozen=True)
class Window:
    """Between which days, both included, a date with two digits for its year must lie."""

    first: date
    last: date

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


def hide_personal_numbers(text: str) -> str:
    """The text with what follows a date of birth in a personal identity number taken out."""
    return PERSONAL_NUMBER.sub(lambda found: f"{found[0][:-4]}••••", text)


def has_personal_number(text: str) -> bool:
    return PERSONAL_NUMBER.search(text) is not None


def is_week(text: str) -> bool:
    return any(pattern.match(text.strip()) for pattern in (*WEEKS, BARE_WEEK))


def parse_day(text: str, window: Window) -> date:
    """The day. Raises DateProblemError for a text that is none or may be several."""
    day = WEEKDAY.sub("", TIME_OF_DAY.sub("", text.strip())).strip()
    found = set(_full(day))
    if not found:
        found = {candidate for candidate in _short(day) if window.holds(candidate)}
        if not found and (SIX.match(day) or TWO_DIGITS.match(day)):
            raise DateProblemError(_("Write the year with four digits, as in 2027-01-25."))
    if len(found) > 1:
        raise DateProblemError(_("This can be read as more than one day. Write it as 2027-01-25."))
    if not found:
        raise NoDateError(_("This is no date. Write it as 2027-01-25."))
    return found.pop()


def parse_period_day(text: str, window: Window, *, last_of_week: bool) -> date:
    """The same, or a week with its year: its Monday, or its Friday with last_of_week."""
    wanted = text.strip()
    if BARE_WEEK.match(wanted):
        raise DateProblemError(_("Write the year of the week as well, as in v. 4 2027 or 2027-W04."))
    for pattern in WEEKS:
        if week := pattern.match(wanted):
            try:
                monday = date.fromisocalendar(int(week["year"]), int(week["week"]), 1)
            except ValueError as error:
                raise DateProblemError(_("The year has no such week.")) from error
            return monday + timedelta(days=FRIDAY) if last_of_week else monday
    try:
        return parse_day(wanted, window)
    except NoDateError as problem:
        raise DateProblemError(_("Write the date as 2027-01-25, or the week as 2027-W04.")) from problem


def _full(text: str) -> Iterator[date]:
    """With all four digits of the year: year first, or day before month."""
    for pattern in (YEAR_FIRST, EIGHT):
        if match := pattern.match(text):
            yield from _dates(match[1], match[2], match[3])
    if match := YEAR_LAST.match(text):
        yield from _dates(match[3], match[2], match[1])
    if match := DAY_MONTH_NAME.match(text):
        yield from _dates(match[3], MONTHS.get(match[2].lower(), 0), match[1])
    if match := MONTH_NAME_DAY.match(text):
        yield from _dates(match[3], MONTHS.get(match[1].lower(), 0), match[2])


def _short(text: str) -> Iterator[date]:
    """With two digits for the year: first as in 120501, or last as in 1/5 12. Every century that there may be."""
    readings = []
    if match := SIX.match(text):
        readings.append((match[1], match[2], match[3]))
    elif match := TWO_DIGITS.match(text):
        first, last = (match[1].zfill(2), match[2], match[3]), (match[3], match[2], match[1])
        # With hyphens the year is meant to be first; that it could be last only makes it doubtful.
        is_year_first = "-" not in text or any(True for _day in _in_centuries(*first))
        readings = [first, last] if is_year_first else []
    for year, month, day in readings:
        yield from _in_centuries(year, month, day)


def _in_centuries(year: str, month: str, day: str) -> Iterator[date]:
    for century in (1900, 2000):
        yield from _dates(century + int(year), month, day)


def _dates(year: Any, month: Any, day: Any) -> Iterator[date]:
    try:
        yield date(int(year), int(month), int(day))
    except ValueError:
        return
