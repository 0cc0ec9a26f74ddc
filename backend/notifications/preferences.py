"""Which slot holds for a person, category and channel: the person's choice, else the default of the category."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backend.notifications import registry
from backend.notifications.enums import Category, ChannelName, Slot, Urgency
from backend.notifications.models import Preference
from backend.notifications.registry import Kind

if TYPE_CHECKING:
    from backend.accounts.models import User

Choices = dict[tuple[str, str], str]
# Above this many people it is cheaper to read everybody's rows than to name them all in the query.
MANY = 1_000

# The page of the site is a list, not a message: it has no daily edition.
ALLOWED: dict[str, frozenset[str]] = {
    ChannelName.IN_APP: frozenset({Slot.NOW, Slot.NEVER}),
    ChannelName.EMAIL: frozenset(Slot.values),
    # What rings in a pocket rings now or not at all.
    ChannelName.PUSH: frozenset({Slot.NOW, Slot.NEVER}),
    ChannelName.SMS: frozenset({Slot.NOW, Slot.NEVER}),
}


def default_slot(category: str, channel: str) -> str:
    """Everything at once; a mail that may be too much is bounded per day instead (services.py). Summaries once a week."""
    return Slot.WEEKLY if category == Category.SUMMARIES else Slot.NOW


def allowed_slots(category: str, channel: str) -> frozenset[str]:
    """The slots a person may choose from."""
    if category == Category.SUMMARIES:
        return frozenset({Slot.DAILY, Slot.WEEKLY, Slot.NEVER}) if channel == ChannelName.EMAIL else frozenset()
    allowed = ALLOWED[channel]
    if category not in registry.categories_that_may_be_refused():
        allowed -= {Slot.NEVER}
    if not registry.may_wait(category):
        allowed -= {Slot.DAILY, Slot.WEEKLY}
    return allowed


def chosen_slots(user_ids: Collection[int], category: str) -> dict[tuple[int, str], str]:
    """Differing choices of many people in one query: (user id, channel) -> slot."""
    rows = Preference.objects.filter(category=category)
    if len(user_ids) < MANY:
        rows = rows.filter(user_id__in=user_ids)
    return {(user, channel): slot for user, channel, slot in rows.values_list("user_id", "channel", "slot")}


def effective_slot(kind: Kind, channel: str, chosen: str | None) -> str:
    """What the choice means for a kind: no opt-out where the kind has none, no waiting where it is immediate."""
    slot = chosen or default_slot(kind.category, channel)
    if slot == Slot.NEVER:
        return Slot.NEVER if kind.opt_out else Slot.NOW
    if kind.urgency == Urgency.IMMEDIATE:
        return Slot.NOW
    return slot


def slot_for(user_id: int, kind: Kind, channel: str) -> str:
    """The effective slot of one person. One query."""
    return effective_slot(kind, channel, chosen_slots([user_id], kind.category).get((user_id, channel)))


def refusing_digests(user_ids: Collection[int]) -> set[int]:
    """Who wants no digest mails. One query."""
    refused = Preference.objects.filter(category=Category.DIGESTS, channel=ChannelName.EMAIL, slot=Slot.NEVER)
    if len(user_ids) < MANY:
        refused = refused.filter(user_id__in=user_ids)
    return set(refused.values_list("user_id", flat=True))


Problems = dict[str, tuple[str, "str | Promise"]]


def choice_problems(user: "User", choices: Choices) -> Problems:
    """What cannot be chosen: field "<category>.<channel>" -> (code, sentence). Empty when all can be kept."""
    found: Problems = {}
    for (category, channel), slot in choices.items():
        if problem := _problem(category, channel, slot):
            found[f"{category}.{channel}"] = problem
    return found or _contradictions(user, choices)


def _problem(category: str, channel: str, slot: str) -> "tuple[str, str | Promise] | None":
    if category not in Category.values or channel not in ChannelName.values or slot not in Slot.values:
        return "preferences.unknown", _("This choice does not exist. Reload the page.")
    if slot in allowed_slots(category, channel):
        return None
    if category == Category.SUMMARIES:
        return "preferences.summary_not_at_once", _("A summary comes once a day or once a week, by e-mail.")
    if slot not in ALLOWED[channel]:
        return (
            "preferences.slot_not_for_channel",
            _("Choose “at once” or “never” here: only e-mail comes daily or weekly."),
        )
    if slot == Slot.NEVER:
        return "preferences.always_told", _("This concerns decisions about you and is always sent.")
    return "preferences.cannot_wait", _("These messages are always sent at once, or never.")


def _contradictions(user: "User", choices: Choices) -> Problems:
    """A daily or weekly mail that was chosen for a category needs the digest it goes in."""
    kept = Preference.objects.filter(user=user).values_list("category", "channel", "slot")
    all_chosen = {(category, channel): slot for category, channel, slot in kept} | choices
    if all_chosen.get((Category.DIGESTS, ChannelName.EMAIL)) != Slot.NEVER:
        return {}
    waiting = [
        category
        for (category, channel), slot in all_chosen.items()
        if channel == ChannelName.EMAIL and slot in {Slot.DAILY, Slot.WEEKLY}
    ]
    sentence = _(
        "You want no digest mails, so this cannot wait for one. Choose at once or never, or allow digest mails."
    )
    return {f"{category}.{ChannelName.EMAIL}": ("preferences.needs_digest", sentence) for category in sorted(waiting)}
