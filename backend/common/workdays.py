"""Working days as Swedish offices count them: Monday to Friday, without public holidays and the eves everybody has off.

Midsummer Eve, Christmas Eve and New Year's Eve are no public holidays by law; agreements and the law on time limits treat
them like one, and nobody answers a letter then. Days with a shorter afternoon are working days.
"""

from datetime import date, datetime, time, timedelta
from functools import cache

import holidays
from django.utils import timezone

SATURDAY = 5
NEXT_DAY = timedelta(days=1)
# The last minute that a person still reads as that day.
LAST_MINUTE = time(23, 59)


@cache
def _days_off(year: int) -> frozenset[date]:
    found = holidays.country_holidays(
        "SE", years=year, categories=(holidays.PUBLIC, holidays.DE_FACTO), include_sundays=False
    )
    return frozenset(found)


def is_working_day(day: date) -> bool:
    """Whether the day is neither Saturday nor Sunday, a public holiday, nor one of the three eves."""
    return day.weekday() < SATURDAY and day not in _days_off(day.year)


def next_working_day(day: date) -> date:
    """The first working day after `day`."""
    day += NEXT_DAY
    while not is_working_day(day):
        day += NEXT_DAY
    return day


def add_working_days(start: datetime, days: int) -> datetime:
    """`days` working days after the aware moment `start`, at the same time of day in Sweden."""
    local = timezone.localtime(start)
    day = local.date()
    for _number in range(days):
        day = next_working_day(day)
    return datetime.combine(day, local.time(), tzinfo=local.tzinfo)


def end_of_day(day: date) -> datetime:
    """The last minute of a Swedish calendar day, as an aware moment."""
    return datetime.combine(day, LAST_MINUTE, tzinfo=timezone.get_default_timezone())
