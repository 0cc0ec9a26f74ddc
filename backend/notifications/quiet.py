"""When a person may be disturbed: quiet hours, school time and pauses, by the Swedish wall clock.

Quiet hours hold everything that rings (mail, phone, text message). School time and pauses hold only what can wait; a
decision comes as soon as the quiet hours are over. Holding means a later `due_at` in the row, nothing else.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backend.notifications.models import Hours

STOCKHOLM = ZoneInfo("Europe/Stockholm")
SCHOOL_STARTS, SCHOOL_ENDS = time(8, 0), time(16, 0)
SATURDAY = 5
LONGEST_QUIET = timedelta(hours=16)
LONGEST_PAUSE = timedelta(weeks=16)
# Above this many people it is cheaper to read everybody's rows than to name them all in the query.
MANY = 1_000


@dataclass(frozen=True)
class Window:
    """A person's hours, see models.Hours. The empty window lets everything through at once."""

    quiet_from: time | None = None
    quiet_to: time | None = None
    school_time_only: bool = False
    paused_from: date | None = None
    paused_to: date | None = None


OPEN = Window()
Defaults = Callable[[Collection[int] | None], dict[int, Window]]
_defaults: list[Defaults] = []


def default_from(provider: Defaults) -> Defaults:
    """Registers who gets which window without having chosen: `provider(user ids, None = everybody)`, one query."""
    if provider not in _defaults:
        _defaults.append(provider)
    return provider


def windows_of(user_ids: Collection[int]) -> dict[int, Window]:
    """The windows of those who have one: their own, else the default. A constant number of queries."""
    few = user_ids if len(user_ids) < MANY else None
    found: dict[int, Window] = {}
    for provider in _defaults:
        found |= provider(few)
    rows = Hours.objects.all() if few is None else Hours.objects.filter(user__in=few)
    for row in rows:
        found[row.user_id] = Window(row.quiet_from, row.quiet_to, row.school_time_only, row.paused_from, row.paused_to)
    return found


def window_of(user_id: int) -> Window:
    return windows_of([user_id]).get(user_id, OPEN)


def allowed_at(window: Window, moment: datetime, *, can_wait: bool) -> datetime:
    """The first moment, not before `moment`, at which the person may be disturbed. In UTC.

    can_wait: also school time and pauses are kept.
    """
    at = moment.astimezone(UTC)
    # Each step ends one kind of rest, and after the last there is room in every day: few rounds are enough.
    for _round in range(10):
        local = at.astimezone(STOCKHOLM)
        later = _after_pause(window, local) if can_wait else None
        if later is None and can_wait and window.school_time_only:
            later = _in_school_time(local)
        if later is None:
            later = _after_quiet(window, local)
        if later is None:
            return at
        at = later
    return at


def _at(day: date, clock: time, not_before: datetime) -> datetime:
    """The wall clock of a day as a moment. When the hour comes twice, the one that lies ahead."""
    first = datetime.combine(day, clock, tzinfo=STOCKHOLM).astimezone(UTC)
    if first > not_before.astimezone(UTC):
        return first
    return datetime.combine(day, clock.replace(fold=1), tzinfo=STOCKHOLM).astimezone(UTC)


def _after_pause(window: Window, local: datetime) -> datetime | None:
    if window.paused_from is None or window.paused_to is None:
        return None
    if not window.paused_from <= local.date() <= window.paused_to:
        return None
    return _at(window.paused_to + timedelta(days=1), SCHOOL_STARTS, local)


def _in_school_time(local: datetime) -> datetime | None:
    day = local.date()
    if day.weekday() < SATURDAY and SCHOOL_STARTS <= local.time() < SCHOOL_ENDS:
        return None
    if local.time() >= SCHOOL_STARTS:
        day += timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return _at(day, SCHOOL_STARTS, local)


def _after_quiet(window: Window, local: datetime) -> datetime | None:
    start, end = window.quiet_from, window.quiet_to
    if start is None or end is None:
        return None
    now, day = local.time(), local.date()
    if start < end:
        return _at(day, end, local) if start <= now < end else None
    if now >= start:
        return _at(day + timedelta(days=1), end, local)
    return _at(day, end, local) if now < end else None


def contradictions(window: Window, today: date) -> dict[str, "str | Promise"]:
    """What does not hold together, by field. Empty when the window can be kept."""
    found: dict[str, str | Promise] = {}
    start, end = window.quiet_from, window.quiet_to
    if (start is None) != (end is None):
        found["quiet_to" if end is None else "quiet_from"] = _("Quiet hours need both a beginning and an end.")
    elif start is not None and end is not None:
        if start == end:
            found["quiet_to"] = _("Beginning and end are the same time. Choose a later end, or leave both empty.")
        elif _length(start, end) > LONGEST_QUIET:
            found["quiet_to"] = _("At most 16 hours can be quiet, so that something can reach you every day.")
        elif window.school_time_only and start < end and start <= SCHOOL_STARTS and end >= SCHOOL_ENDS:
            found["school_time_only"] = _("Your quiet hours cover all of the school time, so nothing could ever come.")
    first, last = window.paused_from, window.paused_to
    if (first is None) != (last is None):
        found["paused_to" if last is None else "paused_from"] = _("A pause needs both a first and a last day.")
    elif first is not None and last is not None:
        if last < first:
            found["paused_to"] = _("The last day is before the first.")
        elif last < today:
            found["paused_to"] = _("This pause is already over. Choose a later day, or leave both empty.")
        elif last - first > LONGEST_PAUSE:
            found["paused_to"] = _("A pause can be at most 16 weeks. Choose “Never” to hear nothing at all.")
    return found


def _length(start: time, end: time) -> timedelta:
    minutes = (end.hour * 60 + end.minute - start.hour * 60 - start.minute) % (24 * 60)
    return timedelta(minutes=minutes)
