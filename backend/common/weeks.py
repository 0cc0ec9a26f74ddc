"""Dates as people in Swedish schools and workshops say them: ISO weeks, and a weekday with a short date.

Texts follow the active language. Joints that must not break at the end of a line are held by no-break spaces and
word joiners.
"""

from datetime import date, datetime

from django.utils import timezone
from django.utils.dates import MONTHS, MONTHS_3, WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from backend.common import clock

NBSP = "\N{NO-BREAK SPACE}"
DASH = "\N{WORD JOINER}\N{EN DASH}\N{WORD JOINER}"
# Further back than this the year is said and the hour is not.
LONG_AGO = 180
SWEDISH_MONTHS = ("jan.", "feb.", "mars", "apr.", "maj", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "dec.")


def is_swedish() -> bool:
    """Whether texts are shown in Swedish, the language used when none is active."""
    return (get_language() or "sv").startswith("sv")


def local_date(value: date) -> date:
    """The Swedish calendar date of a date or an aware moment."""
    if isinstance(value, datetime):
        return timezone.localdate(value) if timezone.is_aware(value) else value.date()
    return value


def week_word() -> str:
    """The abbreviation before a week number."""
    return "v." if is_swedish() else "wk"


def format_week(day: date) -> str:
    """The ISO week of a day: "v. 53"."""
    return f"{week_word()}{NBSP}{local_date(day).isocalendar().week}"


def format_weeks(start: date, end: date, *, with_year: bool = False) -> str:
    """The ISO weeks from the first to the last day: "v. 4–7", with the year on request: "v. 4–7, 2027".

    Weeks in two ISO years always name both: "v. 51 2026–v. 2 2027".
    Raises ValueError where the end comes before the start.
    """
    first, last = local_date(start), local_date(end)
    if last < first:
        raise ValueError(f"The period ends ({last}) before it starts ({first})")
    one, other = first.isocalendar(), last.isocalendar()
    if one.year != other.year:
        return f"{format_week(first)}{NBSP}{one.year}{DASH}{format_week(last)}{NBSP}{other.year}"
    text = format_week(first) if one.week == other.week else f"{format_week(first)}{DASH}{other.week}"
    return f"{text}, {one.year}" if with_year else text


def format_dates(start: date, end: date) -> str:
    """From the first to the last day with their weeks: "1–26 mars 2027 (v. 9–12)".

    What both days share is said once: "22 februari – 2 april 2027 (v. 8–13)".
    """
    first, last = local_date(start), local_date(end)
    begin = str(first.day)
    if (first.year, first.month) != (last.year, last.month):
        begin += f"{NBSP}{MONTHS[first.month]}"
    if first.year != last.year:
        begin += f" {first.year}"
    dash = "\N{EN DASH}" if begin.isdigit() else " \N{EN DASH} "
    until = f"{last.day}{NBSP}{MONTHS[last.month]} {last.year}"
    weeks = format_weeks(first, last)
    return f"{until} ({weeks})" if first == last else f"{begin}{dash}{until} ({weeks})"


def _time(local: datetime) -> str:
    return f"kl.{NBSP}{local:%H.%M}" if is_swedish() else f"at{NBSP}{local:%H:%M}"


def format_moment(moment: datetime) -> str:
    """A day with its time in Sweden: "torsdag 26 nov. kl. 23.10" or "Thu 26 Nov at 23:10"."""
    local = timezone.localtime(moment)
    return f"{format_day(local)} {_time(local)}"


def format_day_and_time(moment: datetime) -> str:
    """The same inside a sentence, after "until" or "on": "26 november kl. 23.10" or "26 November at 23:10"."""
    local = timezone.localtime(moment)
    return f"{local.day}{NBSP}{MONTHS[local.month]} {_time(local)}"


def format_recent(moment: datetime) -> str:
    """A moment as one says it: "i dag kl. 09.12" or "today 09:12", yesterday likewise, else the day with its time."""
    local = timezone.localtime(moment)
    days = (timezone.localdate() - local.date()).days
    if days not in {0, 1}:
        return format_moment(moment) if days < LONG_AGO else format_day(local, with_year=True)
    if is_swedish():
        return f"{('i dag', 'i går')[days]} kl.{NBSP}{local:%H.%M}"
    return f"{('today', 'yesterday')[days]} {local:%H:%M}"


def format_day(day: date, *, with_year: bool = False) -> str:
    """A weekday with a short date: "fredag 27 nov." or "Fri 27 Nov"."""
    value = local_date(day)
    if is_swedish():
        text = f"{WEEKDAYS[value.weekday()]} {value.day}{NBSP}{SWEDISH_MONTHS[value.month - 1]}"
    else:
        text = f"{WEEKDAYS_ABBR[value.weekday()]} {value.day}{NBSP}{str(MONTHS_3[value.month]).capitalize()}"
    return f"{text} {value.year}" if with_year else text


def days_since(moment: date) -> int:
    """Calendar days in Sweden since a date or a moment."""
    return (clock.today() - local_date(moment)).days


def ago(moment: date) -> str:
    """ "less than a day", "1 day", "4 days"."""
    days = days_since(moment)
    return _("less than a day") if days <= 0 else ngettext("%(days)d day", "%(days)d days", days) % {"days": days}
