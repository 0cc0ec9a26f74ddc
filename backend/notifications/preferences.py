"""Which slot holds for a person, category and channel: the person's choice, else the default of the category."""

from collections.abc import Collection

from backend.notifications.enums import Category, ChannelName, Slot, Urgency
from backend.notifications.models import Preference
from backend.notifications.registry import Kind

# Everything at once is the default everywhere; a mail that may be too much is bounded per day instead (services.py).
DEFAULTS: dict[tuple[str, str], str] = {
    (category, channel): Slot.NOW for category in Category.values for channel in ChannelName.values
}

# The page of the site is a list, not a message: it has no daily edition.
ALLOWED: dict[str, frozenset[str]] = {
    ChannelName.IN_APP: frozenset({Slot.NOW, Slot.NEVER}),
    ChannelName.EMAIL: frozenset(Slot.values),
    # What rings in a pocket rings now or not at all.
    ChannelName.PUSH: frozenset({Slot.NOW, Slot.NEVER}),
    ChannelName.SMS: frozenset({Slot.NOW, Slot.NEVER}),
}


def chosen_slots(user_ids: Collection[int], category: str) -> dict[tuple[int, str], str]:
    """Differing choices of many people in one query: (user id, channel) -> slot."""
    rows = Preference.objects.filter(category=category)
    if len(user_ids) < 1_000:
        rows = rows.filter(user_id__in=user_ids)
    return {(user, channel): slot for user, channel, slot in rows.values_list("user_id", "channel", "slot")}


def effective_slot(kind: Kind, channel: str, chosen: str | None) -> str:
    """What the choice means for a kind: no opt-out where the kind has none, no waiting where it is immediate."""
    slot = chosen or DEFAULTS[kind.category, channel]
    if slot == Slot.NEVER:
        return Slot.NEVER if kind.opt_out else Slot.NOW
    if kind.urgency == Urgency.IMMEDIATE:
        return Slot.NOW
    return slot


def slot_for(user_id: int, kind: Kind, channel: str) -> str:
    """The effective slot of one person. One query."""
    return effective_slot(kind, channel, chosen_slots([user_id], kind.category).get((user_id, channel)))
