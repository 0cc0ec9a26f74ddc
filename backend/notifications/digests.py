"""One mail per person and slot: when the slots are."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend.notifications.enums import Slot

STOCKHOLM = ZoneInfo("Europe/Stockholm")
HOUR = time(7, 0)
MONDAY = 0


def next_slot(slot: str, moment: datetime) -> datetime:
    """The first daily (07:00) or weekly (Monday 07:00) slot after `moment`, by the Swedish wall clock."""
    local = moment.astimezone(STOCKHOLM)
    day = local.date()
    if local.time() >= HOUR:
        day += timedelta(days=1)
    if slot == Slot.WEEKLY:
        day += timedelta(days=(MONDAY - day.weekday()) % 7)
    return datetime.combine(day, HOUR, tzinfo=STOCKHOLM)
