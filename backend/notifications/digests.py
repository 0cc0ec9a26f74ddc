"""One mail per person and slot: when the slots are."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend.notifications.enums import Slot

STOCKHOLM = ZoneInfo("Europe/Stockholm")
HOUR = time(7, 0)
MONDAY = 0


def last_slot(moment: datetime) -> datetime:
    """The latest daily slot (07:00) not after `moment`, by the Swedish wall clock."""
    local = moment.astimezone(STOCKHOLM)
    day = local.date() if local.time() >= HOUR else local.date() - timedelta(days=1)
    return datetime.combine(day, HOUR, tzinfo=STOCKHOLM)


def week_start(slot: datetime) -> datetime:
    """The weekly slot (Monday 07:00) of the week that a daily slot lies in."""
    day = slot.astimezone(STOCKHOLM).date()
    return datetime.combine(day - timedelta(days=day.weekday()), HOUR, tzinfo=STOCKHOLM)


def next_slot(slot: str, moment: datetime) -> datetime:
    """The first daily (07:00) or weekly (Monday 07:00) slot after `moment`, by the Swedish wall clock."""
    local = moment.astimezone(STOCKHOLM)
    day = local.date()
    if local.time() >= HOUR:
        day += timedelta(days=1)
    if slot == Slot.WEEKLY:
        day += timedelta(days=(MONDAY - day.weekday()) % 7)
    return datetime.combine(day, HOUR, tzinfo=STOCKHOLM)
