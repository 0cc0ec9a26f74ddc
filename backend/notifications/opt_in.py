"""Channels a person has to switch on first: a browser that may be pushed to, a number that may be texted.

They come on top of a kind's own channels, and only for people who can be reached there, so that a kind told to thousands
does not write thousands of rows that say "has no phone".
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import get_user_model

from backend.notifications import vapid
from backend.notifications.enums import ChannelName
from backend.notifications.models import PushSubscription
from backend.notifications.registry import Kind

if TYPE_CHECKING:
    from backend.accounts.models import User

# Above this many people it is cheaper to read everybody's rows than to name them all in the query.
MANY = 1_000


def is_set_up(channel: str) -> bool:
    """Whether this installation can send there at all."""
    if channel == ChannelName.PUSH:
        return vapid.keys() is not None
    return bool(settings.SMS_PROVIDER) if channel == ChannelName.SMS else True


def channels_of(kind: Kind) -> list[str]:
    """The opt-in channels a kind uses. A text message costs money and sleep: it is for decisions."""
    wanted = []
    if ChannelName.IN_APP in kind.channels:
        wanted.append(ChannelName.PUSH.value)
    if kind.resend_when_uncertain:
        wanted.append(ChannelName.SMS.value)
    return [channel for channel in wanted if is_set_up(channel)]


def reachable(kind: Kind, user_ids: Collection[int]) -> dict[str, set[int]]:
    """channel -> who of the people can be reached there. At most one query a channel, however many people."""
    found: dict[str, set[int]] = {}
    for channel in channels_of(kind):
        if channel == ChannelName.PUSH:
            subscribed = PushSubscription.objects.all()
            few = subscribed.filter(user_id__in=user_ids) if len(user_ids) < MANY else subscribed
            found[channel] = set(few.values_list("user_id", flat=True))
        else:
            texted = get_user_model().objects.filter(wants_sms=True)
            few_people = texted.filter(pk__in=user_ids) if len(user_ids) < MANY else texted
            found[channel] = set(few_people.values_list("pk", flat=True))
    return found


def switched_on(user: "User") -> set[str]:
    """The opt-in channels a person has switched on: what their table of choices shows."""
    on = set()
    if is_set_up(ChannelName.PUSH) and user.push_subscriptions.exists():
        on.add(ChannelName.PUSH.value)
    if is_set_up(ChannelName.SMS) and user.wants_sms:
        on.add(ChannelName.SMS.value)
    return on
