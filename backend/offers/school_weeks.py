"""The weeks of a place in another year. A school's calendar is written in ISO weeks: week 9 stays week 9.

Week 53, which most years do not have, becomes week 52 in a year without it. A period over New Year keeps the weeks it
begins and ends in, so it is a week shorter or longer where one of the two years has 53.
"""

from datetime import date

LAST_WEEK_DAY = (12, 28)


def weeks_in(year: int) -> int:
    """52 or 53. The 28th of December always lies in the last ISO week of its year."""
    return date(year, *LAST_WEEK_DAY).isocalendar().week


def same_day_of_week(day: date, year: int) -> date:
    """The same weekday of the same ISO week in ISO year `year`; of week 52 where there is no week 53."""
    _year, week, weekday = day.isocalendar()
    return date.fromisocalendar(year, min(week, weeks_in(year)), weekday)


def next_time(start: date, end: date, today: date) -> tuple[date, date]:
    """First and last day of a period in the next ISO year, after its own, in which it begins after `today`."""
    own, over_new_year = start.isocalendar().year, end.isocalendar().year - start.isocalendar().year
    year = max(own + 1, today.isocalendar().year)
    while (first := same_day_of_week(start, year)) <= today:
        year += 1
    return first, same_day_of_week(end, year + over_new_year)
