"""From an id in a worker to an answer in the row: claim, check again, call, record.

Every step is a commit of its own, and the provider is called outside any transaction. A worker that dies leaves a lease
that runs out; `called_at` then tells the sweeper whether the provider may have heard of it.
"""

import hashlib
import logging
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Case, F, IntegerField, Value, When
from django.db.models.functions import Now

from backend.common.outbox import BACKOFF_SECONDS
from backend.notifications import channels, circuit, registry
from backend.notifications.channels import CALL_TIMEOUT, Result, Undeliverable
from backend.notifications.enums import DeliveryState, Outcome, Slot
from backend.notifications.models import Delivery, DeliveryAttempt, DeliveryQuerySet
from backend.notifications.preferences import slot_for

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
# A call may only begin when it ends, and is recorded, well inside the lease.
LEASE_LEFT_FOR_CALL = timedelta(seconds=CALL_TIMEOUT + 10)
RECORD_FOR_SECONDS = 30.0
RESEND_AFTER_AMBIGUOUS = timedelta(seconds=60)


def deliver(delivery_id: int) -> None:
    """Handles one id from the broker. A doubled or stale id ends at the claim."""
    token = uuid.uuid4()
    try:
        delivery = claim(delivery_id, token)
        if delivery is None:
            return
        prepared = _check_and_prepare(delivery)
        if prepared is None or not _mark_called(delivery, prepared):
            return
    except (OperationalError, InterfaceError) as error:
        # Nothing was called: the sweeper makes the row due again.
        logger.warning("delivery %s: database away (%s)", delivery_id, type(error).__name__)
        connection.close()
        return
    result = channels.get(delivery.channel).send(prepared)
    _stubbornly(lambda: record(delivery, result), delivery_id)


def claim(delivery_id: int, token: uuid.UUID) -> Delivery | None:
    """Takes a queued delivery with a lease on the database clock. None when another has it or it is settled."""
    won = Delivery.objects.filter(pk=delivery_id).advance(
        "delivery.claimed",
        lease_token=token,
        lease_until=Now() + LEASE,
        queued_until=None,
        called_at=None,
        attempts=F("attempts") + 1,
    )
    if not won:
        return None
    late = Case(When(expires_at__lte=Now(), then=Value(1)), default=Value(0), output_field=IntegerField())
    return (
        Delivery.objects.select_related("notification", "recipient")
        .annotate(is_late=late)
        .filter(lease_token=token)
        .get(pk=delivery_id)
    )


def _check_and_prepare(delivery: Delivery) -> Any:
    """What to hand to the channel, or None when the row has been settled otherwise."""
    name = delivery.notification.kind
    try:
        kind = registry.get(name)
    except KeyError:
        return _settle(delivery, "delivery.died", "kind_unknown")
    if delivery.is_late:  # type: ignore[attr-defined]
        return _settle(delivery, "delivery.expired", "expired")
    if not delivery.recipient.is_active:
        return _settle(delivery, "delivery.suppressed", "inactive")
    if slot_for(delivery.recipient_id, kind, delivery.channel) == Slot.NEVER:
        return _settle(delivery, "delivery.suppressed", "opted_out")
    try:
        reason = kind.still_relevant(delivery.notification)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("delivery %s: the check of %s failed", delivery.pk, name)
        return _settle(delivery, "delivery.died", f"check_failed:{type(error).__name__}")
    if reason:
        return _settle(delivery, "delivery.cancelled", reason)
    if not circuit.admits(delivery.channel):
        return _hold_back(delivery)
    try:
        return channels.get(delivery.channel).prepare(delivery)
    except Undeliverable as error:
        logger.warning("delivery %s of %s cannot be sent: %s", delivery.pk, name, error.reason)
        return _settle(delivery, "delivery.died", error.reason)


def _held(delivery: Delivery) -> DeliveryQuerySet:
    """The row, if it is still ours."""
    return Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token)


def _settle(delivery: Delivery, action: str, reason: str) -> None:
    _held(delivery).advance(action, reason=reason[:120], done_at=Now(), lease_until=None)


def _hold_back(delivery: Delivery) -> None:
    _held(delivery).advance(
        "delivery.postponed",
        attempts=F("attempts") - 1,
        due_at=Now() + circuit.HELD_BACK_FOR,
        lease_until=None,
    )


def _mark_called(delivery: Delivery, prepared: Any) -> bool:
    """Writes that the provider is about to hear of it. False when the lease is lost or too short for a call."""
    version = getattr(prepared, "template_version", "")
    return bool(
        _held(delivery)
        .filter(state=DeliveryState.SENDING, lease_until__gt=Now() + LEASE_LEFT_FOR_CALL)
        .update(called_at=Now(), template_version=version)
    )


@transaction.atomic
def record(delivery: Delivery, result: Result) -> None:
    """Writes the answer if the lease is still ours, and what it says about the provider."""
    kind = registry.get(delivery.notification.kind)
    held = _held(delivery)
    settled = {"provider_answer": result.answer, "lease_until": None}
    if result.outcome == Outcome.SENT:
        moved = held.advance("delivery.sent", done_at=Now(), reason="", **settled)
        if not moved:
            # The lease ran out while the provider answered. As long as nobody has claimed it again, the answer counts.
            held.advance("delivery.confirmed", done_at=Now(), reason="", queued_until=None, **settled)
    elif result.outcome == Outcome.PERMANENT:
        held.advance("delivery.died", done_at=Now(), reason="refused", **settled)
    elif result.outcome == Outcome.CONFIGURATION:
        held.advance("delivery.postponed", attempts=F("attempts") - 1, due_at=Now(), **settled)
    elif result.outcome == Outcome.AMBIGUOUS:
        _record_ambiguous(delivery, kind, settled)
    else:
        _record_retry(delivery, settled)
    DeliveryAttempt.objects.create(
        delivery=delivery, number=delivery.attempts, outcome=result.outcome, answer=result.answer
    )
    _tell_circuit(delivery.channel, result)


def _record_ambiguous(delivery: Delivery, kind: registry.Kind, settled: dict[str, Any]) -> None:
    again = may_repeat_after_ambiguity(delivery, kind)
    action = "delivery.postponed" if again else "delivery.uncertain"
    moment = {"due_at": Now() + RESEND_AFTER_AMBIGUOUS} if again else {"done_at": Now(), "reason": "answer_lost"}
    _held(delivery).advance(action, ambiguous_attempts=F("ambiguous_attempts") + 1, **moment, **settled)


def may_repeat_after_ambiguity(delivery: Delivery, kind: registry.Kind) -> bool:
    """The provider drops a second copy, or it is a decision that must arrive and has not been repeated yet."""
    if channels.get(delivery.channel).honours_keys:
        return True
    return kind.resend_when_uncertain and delivery.ambiguous_attempts == 0


def _record_retry(delivery: Delivery, settled: dict[str, Any]) -> None:
    held = _held(delivery)
    delay = backoff(delivery.idem_key, delivery.attempts)
    if held.filter(expires_at__lte=Now() + delay).exists():
        held.advance("delivery.expired", done_at=Now(), reason="gave_up", **settled)
    else:
        held.advance("delivery.postponed", due_at=Now() + delay, **settled)


def backoff(key: uuid.UUID, attempts: int) -> timedelta:
    """How long to wait after the given number of attempts (1, 2, ...), 20 % more or less, the same for the same key."""
    base = BACKOFF_SECONDS[min(max(attempts, 1) - 1, len(BACKOFF_SECONDS) - 1)]
    digest = hashlib.sha256(f"{key}:{attempts}".encode()).digest()
    jitter = 0.8 + 0.4 * int.from_bytes(digest[:4], "big") / 0xFFFFFFFF
    return timedelta(seconds=base * jitter)


def _tell_circuit(channel: str, result: Result) -> None:
    if result.outcome == Outcome.CONFIGURATION:
        circuit.note_configuration(channel, result.answer)
    elif result.provider_down:
        circuit.note_away(channel, result.answer)
    elif result.outcome != Outcome.AMBIGUOUS:
        circuit.note_success(channel)


def _stubbornly(write: Callable[[], None], delivery_id: int) -> None:
    """The provider's answer is worth waiting for the database: without it the delivery becomes uncertain."""
    until = time.monotonic() + RECORD_FOR_SECONDS
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError) as error:
            connection.close()
            if time.monotonic() > until:
                logger.error("delivery %s: answer not recorded (%s)", delivery_id, type(error).__name__)
                return None
            time.sleep(0.5)
