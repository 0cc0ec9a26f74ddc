"""Commands: tell people something, and what they may change about it."""

import uuid
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, models, transaction
from django.utils.translation import gettext_lazy as _

from backend.common import clock, events, outbox, transitions
from backend.common.bulk import insert_new
from backend.common.clock import DbNow, database_now
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.models import DomainEvent
from backend.notifications import channels, grouping, ledger, opt_in, quiet, registry
from backend.notifications.digests import next_slot
from backend.notifications.enums import ChannelName, DeliveryState, Slot, Urgency, is_resendable
from backend.notifications.models import BouncedAddress, Delivery, Hours, Notification, Preference
from backend.notifications.preferences import (
    Choices,
    choice_problems,
    chosen_slots,
    default_slot,
    effective_slot,
    refusing_digests,
)
from backend.notifications.registry import DIGESTIBLE_PRIORITY

if TYPE_CHECKING:
    from backend.accounts.models import User

# Above this many people it is cheaper to read everybody's rows than to name them all in the query.
MANY = 1_000
IMMEDIATE_PER_DAY = 5
# A message that is sent again has at least this long to arrive.
SHORTEST_SECOND_LIFE = timedelta(hours=1)


def notify(
    *,
    event: DomainEvent,
    recipients: "Iterable[User]",
    kind: str,
    subject: models.Model,
    data: dict[str, Any] | None = None,
) -> list[Notification]:
    """Writes that each recipient should know about `event`, with one delivery per channel, in the caller's transaction.

    Asking again for the same event and recipient writes nothing. The number of queries does not depend on the number
    of recipients. data: ids and plain values, no personal data.
    Returns the notifications of this event and kind, also those written before.
    Raises KeyError for a kind nobody registered, TransactionManagementError outside a transaction.
    """
    known = registry.get(kind)
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("notify() belongs inside the transaction of the change")
    ids = list(dict.fromkeys(recipient.pk for recipient in recipients))
    if not ids:
        return []
    chosen = chosen_slots(ids, known.category)
    windows = quiet.windows_of(ids)
    can_wait = known.urgency == Urgency.DIGESTIBLE
    # Whoever refuses digests gets each message by itself: what waited for a digest would never come.
    one_by_one = refusing_digests(ids) if can_wait else set()
    sated = _had_enough_today(ids) - one_by_one if can_wait else set()
    opted_in = opt_in.reachable(known, set(ids) - sated)

    def slot(user_id: int, channel: str) -> str:
        wanted = effective_slot(known, channel, chosen.get((user_id, channel)))
        waits = wanted == Slot.NOW and channel == ChannelName.EMAIL and user_id in sated
        return Slot.DAILY if waits else wanted

    def channels_for(user_id: int) -> list[str]:
        return [*known.channels, *(channel for channel, people in opted_in.items() if user_id in people)]

    moment = clock.now()
    insert_new(
        [
            Notification(
                event=event,
                recipient_id=pk,
                kind=kind,
                subject_type=subject._meta.model_name or "",
                subject_id=subject.pk,
                data=data or {},
                created_at=moment,
                is_shown=ChannelName.IN_APP in known.channels and slot(pk, ChannelName.IN_APP) != Slot.NEVER,
            )
            for pk in ids
        ]
    )
    written = list(Notification.objects.filter(event=event, kind=kind))
    asked = set(ids)
    here = database_now()
    deliveries = [
        build_delivery(
            notification,
            known,
            channel,
            slot(notification.recipient_id, channel),
            here,
            window=windows.get(notification.recipient_id, quiet.OPEN),
            joins_digest=notification.recipient_id not in one_by_one,
        )
        for notification in written
        if notification.recipient_id in asked
        for channel in channels_for(notification.recipient_id)
    ]
    grouping.hold(known, deliveries, here)
    insert_new(deliveries)
    grouping.note(known, (notification for notification in written if notification.recipient_id in asked))
    outbox.wake()
    return written


def _had_enough_today(user_ids: list[int]) -> set[int]:
    """Who had IMMEDIATE_PER_DAY digestible mails in the last 24 hours: the next ones wait for the morning's digest."""
    recent = Delivery.objects.filter(
        channel=ChannelName.EMAIL, priority=DIGESTIBLE_PRIORITY, slot=Slot.NOW, due_at__gt=DbNow() - timedelta(days=1)
    )
    if len(user_ids) < MANY:
        recent = recent.filter(recipient_id__in=user_ids)
    counted = recent.values("recipient_id").annotate(number=models.Count("pk"))
    return set(counted.filter(number__gte=IMMEDIATE_PER_DAY).values_list("recipient_id", flat=True))


def build_delivery(
    notification: Notification,
    kind: registry.Kind,
    channel: str,
    slot: str,
    moment: datetime,
    *,
    window: quiet.Window | None = None,
    joins_digest: bool = True,
) -> Delivery:
    """An unsaved delivery. `moment`: the database clock. `window`: the person's quiet hours, looked up when left out.

    What can wait and falls into the person's rest goes with the next daily digest, unless `joins_digest` is false.
    """
    delivery = Delivery(
        notification=notification,
        event_id=notification.event_id,
        recipient_id=notification.recipient_id,
        channel=channel,
        idem_key=idem_key(notification.event_id, notification.recipient_id, channel),
        priority=kind.priority,
        slot=slot,
        due_at=moment,
        expires_at=moment + kind.expires_after,
    )
    if slot == Slot.NEVER:
        # The row stays, so that the ledger can answer why somebody was not told.
        delivery.state, delivery.reason, delivery.done_at = DeliveryState.SUPPRESSED, "opted_out", moment
    elif channels.get(channel).is_immediate:
        delivery.state, delivery.called_at, delivery.done_at = DeliveryState.DELIVERED, moment, moment
    elif slot in {Slot.DAILY, Slot.WEEKLY} or not kind.at_any_hour:
        if window is None:
            window = quiet.window_of(notification.recipient_id)
        _place_in_time(delivery, kind, moment, window, joins_digest=joins_digest)
    return delivery


def _place_in_time(
    delivery: Delivery, kind: registry.Kind, moment: datetime, window: quiet.Window, *, joins_digest: bool
) -> None:
    """Moves `due_at` to the slot the person chose and out of the hours in which the person rests."""
    can_wait = kind.urgency == Urgency.DIGESTIBLE
    if delivery.slot == Slot.NOW:
        if quiet.allowed_at(window, moment, can_wait=can_wait) <= moment:
            return
        if not (can_wait and joins_digest and delivery.channel == ChannelName.EMAIL):
            delivery.due_at, delivery.expires_at = placed_in_rest(kind, window, moment, delivery.expires_at)
            return
        # Several that come in one night are one mail in the morning.
        delivery.slot = Slot.DAILY
    delivery.due_at = quiet.allowed_at(window, next_slot(delivery.slot, moment), can_wait=True)
    # Waiting for its slot must not make it expire.
    delivery.expires_at = delivery.due_at + kind.expires_after


def placed_in_rest(
    kind: registry.Kind, window: quiet.Window, moment: datetime, expires_at: datetime
) -> tuple[datetime, datetime]:
    """When a message that is ready now may disturb the person, and until when it is worth sending: (due_at, expires_at).

    A message that would be too late when the person wakes up is better heard at once.
    """
    can_wait = kind.urgency == Urgency.DIGESTIBLE
    free = moment if kind.at_any_hour else quiet.allowed_at(window, moment, can_wait=can_wait)
    if free <= moment:
        return moment, expires_at
    if can_wait:
        return free, max(expires_at, free + kind.expires_after)
    return (free, expires_at) if free < expires_at else (moment, expires_at)


def idem_key(event_id: uuid.UUID, recipient_id: int, channel: str) -> uuid.UUID:
    return uuid.uuid5(event_id, f"{recipient_id}:{channel}")


def mark_read(*, actor: "User", notification_id: int) -> bool:
    """Marks one of the actor's own notifications as read. False when it is not theirs or was read already."""
    own = Notification.objects.filter(pk=notification_id, recipient=actor, read_at__isnull=True)
    return own.update(read_at=clock.now()) > 0


def mark_all_read(*, actor: "User") -> int:
    return Notification.objects.filter(recipient=actor, read_at__isnull=True).update(read_at=clock.now())


@transaction.atomic
def set_preferences(*, actor: "User", user: "User", choices: Choices) -> None:
    """Stores a person's choices: (category, channel) -> slot. Others stay as they are.

    Raises NotAllowed for another person's choices, and Invalid with `field` "<category>.<channel>" for a choice that
    does not exist, would leave nobody told or contradicts another one.
    """
    if actor.pk != user.pk:
        raise NotAllowed("preferences.not_yours", _("Only the person can change what they are told."))
    for field, (code, message) in choice_problems(user, choices).items():
        raise Invalid(code, message, field=field)
    for (category, channel), slot in choices.items():
        own = Preference.objects.filter(user=user, category=category, channel=channel)
        if slot == default_slot(category, channel):
            own.delete()
        else:
            own.update_or_create(user=user, category=category, channel=channel, defaults={"slot": slot})
    transitions.log(
        "preferences.changed", user, actor=actor, data={f"{cat}.{chan}": slot for (cat, chan), slot in choices.items()}
    )


@transaction.atomic
def set_hours(*, actor: "User", user: "User", window: quiet.Window) -> None:
    """Stores when a person may not be disturbed, and moves what already waits out of those hours.

    Raises NotAllowed for another person, Invalid with the field that contradicts another one.
    """
    if actor.pk != user.pk:
        raise NotAllowed("hours.not_yours", _("Only the person can change what they are told."))
    for field, message in quiet.contradictions(window, clock.today()).items():
        raise Invalid("hours.contradiction", message, field=field)
    Hours.objects.update_or_create(user=user, defaults=asdict(window))
    transitions.log("hours.changed", user, actor=actor)
    waiting = Delivery.objects.filter(recipient=user, state=DeliveryState.PENDING).select_related("notification")
    for row in waiting.select_for_update(of=("self",)):
        can_wait = row.slot != Slot.NOW or row.priority == DIGESTIBLE_PRIORITY
        free = quiet.allowed_at(window, row.due_at, can_wait=can_wait)
        if row.due_at < free < row.expires_at:
            Delivery.objects.filter(pk=row.pk, state=DeliveryState.PENDING).update(due_at=free)


@transaction.atomic
def save_settings(*, actor: "User", user: "User", choices: Choices, window: quiet.Window) -> None:
    """The whole settings page at once: choices and hours, or nothing. Raises what the two commands raise."""
    set_preferences(actor=actor, user=user, choices=choices)
    set_hours(actor=actor, user=user, window=window)


@transaction.atomic
def unsubscribe(*, user: "User", category: str, channel: str) -> None:
    """What one click in a mail does: never again, for this category on this channel. Harmless when repeated."""
    Preference.objects.update_or_create(user=user, category=category, channel=channel, defaults={"slot": Slot.NEVER})
    transitions.log("preferences.unsubscribed", user, actor=user, data={"category": category, "channel": channel})


@transaction.atomic
def resend_delivery(*, actor: "User", delivery_id: int, reason: str) -> Delivery:
    """Makes a delivery that ended badly due again, under the same key. Logged with the actor and the reason.

    For the network office, and for whoever reads the ledger of the case and meets the person there by name. What was not
    sent because of something that can be mended counts as ended badly; what the person refused does not. It still keeps
    the person's quiet hours, and is checked again before it goes.
    Raises NotFound for a delivery the actor must not know of, Invalid without a reason, Conflict when it is on its way, has
    arrived, or goes to an address that is known to be wrong.
    """
    delivery = Delivery.objects.select_related("notification").filter(pk=delivery_id).first()
    kind = registry.find(delivery.notification.kind) if delivery is not None else None
    if delivery is None or not _may_resend(actor, delivery, kind):
        raise NotFound("delivery.unknown", _("There is no such message."))
    if not reason.strip():
        raise Invalid("delivery.reason_missing", _("Say why it should be sent again."), field="reason")
    locked = transitions.lock(Delivery.objects.select_related("notification", "recipient"), delivery.pk)
    before = locked.state
    if kind is None or not is_resendable(locked):
        raise Conflict("delivery.wrong_state", _("It is on its way or has already arrived."), data={"state": before})
    if _goes_nowhere(locked):
        raise Conflict(
            "delivery.address_bounced",
            _("Messages to this address came back. The person has to change it, or say that it works again."),
        )
    moment = database_now()
    due, expires = placed_in_rest(
        kind, quiet.window_of(locked.recipient_id), moment, moment + max(kind.expires_after, SHORTEST_SECOND_LIFE)
    )
    Delivery.objects.filter(pk=locked.pk).advance(
        "delivery.resent",
        due_at=due,
        expires_at=expires,
        slot=Slot.NOW,
        attempts=0,
        called_at=None,
        lease_token=None,
        lease_until=None,
        done_at=None,
        reason="",
    )
    transitions.log("delivery.resent", locked, actor=actor, reason=reason.strip(), data={"from": before})
    outbox.wake()
    locked.refresh_from_db()
    return locked


def _may_resend(actor: "User", delivery: Delivery, kind: registry.Kind | None) -> bool:
    by_kind = kind.may_manage if kind else registry.network_office_only
    return by_kind(actor, delivery.notification) or ledger.may_manage(actor, delivery.notification)


def _goes_nowhere(delivery: Delivery) -> bool:
    person = delivery.recipient
    return BouncedAddress.objects.filter(
        user=person, channel=delivery.channel, address__in=[person.email, person.phone]
    ).exists()


@transaction.atomic
def send_trial(*, actor: "User") -> Notification:
    """A message to oneself, on every channel, to see whether it arrives. Raises Conflict when one is on its way."""
    waiting = Delivery.objects.filter(
        recipient=actor, notification__kind="notifications.trial", state__in=["pending", "queued", "sending"]
    )
    if waiting.exists():
        raise Conflict("trial.on_its_way", _("A trial message is already on its way."))
    event = events.record("notifications.trial_wanted", actor)
    return notify(event=event, recipients=[actor], kind="notifications.trial", subject=actor)[0]
