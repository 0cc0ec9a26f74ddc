"""School years: from 1 August to 31 July, named by the year they start in (2026 = 2026/27)."""

from datetime import date

FIRST_MONTH = 8


def school_year_on(day: date) -> int:
    return day.year if day.month >= FIRST_MONTH else day.year - 1


def dates_of(school_year: int) -> tuple[date, date]:
    """The first and the last day, both included."""
    return date(school_year, FIRST_MONTH, 1), date(school_year + 1, FIRST_MONTH - 1, 31)
