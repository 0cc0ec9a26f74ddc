"""What providers report about messages they took: delivered, came back, unwanted.

Reports come twice, late, and in any order. Each is kept once (a unique id), and moves its delivery by one conditional
UPDATE or not at all: what has come back stays so, whatever is reported afterwards.
"""

import hashlib
import logging
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from backend.common import events, transitions
from backend.common.clock import DbNow
from backend.common.errors import NotAllowed
from backend.notifications import registry
from backend.notifications.enums import ChannelName, DeliveryState
from backend.notifications.models import BouncedAddress, Delivery, ProviderEvent
from backend.notifications.services import notify, unsubscribe

if TYPE_CHECKING:
    from backend.accounts.models import User

logger = logging.getLogger(__name__)

DELIVERED, BOUNCED, COMPLAINED = "delivered", "bounced", "complained"
# Why it came back: the address is wrong for good, or only this message could not be delivered.
NO_SUCH_ADDRESS, GAVE_UP = "bounced", "provider_gave_up"
ADDRESS_KIND = "notifications.address_bounced"
# A report may overtake our own record of the call. After this long it is about something we did not send.
WAITS_FOR = timedelta(hours=1)
KEPT_FOR = timedelta(days=30)
_ON_ITS_WAY = {DeliveryState.PENDING, DeliveryState.QUEUED, DeliveryState.SENDING}


@dataclass(frozen=True)
class Report:
    """provider: who says so. event_id: their id of the report, or whatever tells it from others. kind: DELIVERED, BOUNCED
    or COMPLAINED. key, message_id: how they name the message, at least one. address: whom it was sent to, "" if unsaid.
    """

    provider: str
    channel: str
    event_id: str
    kind: str
    reason: str = ""
    key: uuid.UUID | None = None
    message_id: str = ""
    address: str = ""


@transaction.atomic
def receive(report: Report) -> bool:
    """Keeps a report and applies it. False when it was here before."""
    event, is_new = ProviderEvent.objects.get_or_create(
        provider=report.provider,
        event_id=hashlib.sha256(f"{report.kind}:{report.event_id}".encode()).hexdigest(),
        defaults={
            "channel": report.channel,
            "kind": report.kind,
            "reason": report.reason,
            "idem_key": report.key,
            "message_id": report.message_id[:200],
            "address": _digest(report.address) if report.address else "",
        },
    )
    if is_new and _apply(event):
        ProviderEvent.objects.filter(pk=event.pk).update(settled_at=DbNow())
    return is_new


def settle_waiting() -> int:
    """Reports that came before our own record of the call: applied, or given up after an hour. Returns how many."""
    settled = 0
    for pk in list(ProviderEvent.objects.filter(settled_at__isnull=True).order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            event = ProviderEvent.objects.select_for_update(skip_locked=True).filter(pk=pk, settled_at=None).first()
            if event is None:
                continue
            overdue = ProviderEvent.objects.filter(pk=pk, received_at__lt=DbNow() - WAITS_FOR)
            if _apply(event) or overdue.exists():
                ProviderEvent.objects.filter(pk=pk).update(settled_at=DbNow())
                settled += 1
    return settled


def forget_old() -> int:
    """Settled reports after 30 days. A report repeated later finds its delivery where nothing moves it any more."""
    old = ProviderEvent.objects.filter(settled_at__isnull=False, received_at__lt=DbNow() - KEPT_FOR)
    return old.delete()[0]


def _apply(event: ProviderEvent) -> bool:
    """Whether the report is settled: it moved its delivery, or nothing ever will."""
    delivery = _delivery_of(event)
    if delivery is None:
        return False
    if _is_about_an_older_copy(event, delivery):
        return True
    moved = Delivery.objects.filter(pk=delivery.pk).advance(
        f"delivery.{event.kind}", reason=event.reason, done_at=DbNow(), lease_until=None
    )
    if not moved:
        return delivery.state not in _ON_ITS_WAY
    if event.kind == BOUNCED and event.reason == NO_SUCH_ADDRESS:
        _mark_address(event, delivery)
    if event.kind == COMPLAINED:
        _stop_the_category(delivery)
    logger.info("delivery %s: %s by %s", delivery.pk, event.kind, event.provider)
    return True


def _delivery_of(event: ProviderEvent) -> Delivery | None:
    rows = Delivery.objects.filter(channel=event.channel).select_related("notification", "recipient")
    if event.idem_key is not None:
        return rows.filter(idem_key=event.idem_key).first()
    return rows.filter(provider_message_id=event.message_id).first() if event.message_id else None


def _is_about_an_older_copy(event: ProviderEvent, delivery: Delivery) -> bool:
    """An operator sent it again since: the fate of the first copy no longer says anything about the second."""
    current = delivery.provider_message_id
    return bool(event.idem_key and event.message_id and current and current != event.message_id)


def _mark_address(event: ProviderEvent, delivery: Delivery) -> None:
    """No more messages to this address, and the person learns of it on the site."""
    person = delivery.recipient
    address = address_of(person, delivery.channel)
    if event.address and event.address != _digest(address):
        return
    _row, is_new = BouncedAddress.objects.get_or_create(user=person, channel=delivery.channel, address=address)
    if is_new:
        told = events.record(ADDRESS_KIND, person, {"channel": delivery.channel})
        notify(event=told, recipients=[person], kind=ADDRESS_KIND, subject=person, data={"channel": delivery.channel})


def _stop_the_category(delivery: Delivery) -> None:
    """Who reports a mail as unwanted gets no more of its kind, where one may refuse it."""
    try:
        kind = registry.get(delivery.notification.kind)
    except KeyError:
        return
    if kind.opt_out:
        unsubscribe(user=delivery.recipient, category=kind.category, channel=delivery.channel)


def address_of(person: "User", channel: str) -> str:
    return person.phone if channel == ChannelName.SMS else person.email


def _digest(address: str) -> str:
    return salted_hmac("notifications.address", address.strip().lower(), algorithm="sha256").hexdigest()


@transaction.atomic
def trust_address_again(*, actor: "User", user: "User", channel: str) -> bool:
    """The person says that messages arrive again. False when nothing was wrong. Raises NotAllowed for others."""
    if actor.pk != user.pk:
        raise NotAllowed("address.not_yours", _("Only the person can say that an address works again."))
    removed, _by_model = BouncedAddress.objects.filter(user=user, channel=channel).delete()
    if removed:
        transitions.log("address.trusted_again", user, actor=actor, data={"channel": channel})
    return bool(removed)


def bounced_channels(user: "User") -> set[str]:
    """Channels whose present address of the person does not take messages."""
    rows = BouncedAddress.objects.filter(user=user).values_list("channel", "address")
    return {channel for channel, address in rows if address == address_of(user, channel)}
