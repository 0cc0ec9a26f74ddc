"""From ids in a worker to answers in the rows: claim, check again, call, record.

Every step is a commit of its own, and the provider is called outside any transaction. A worker that dies leaves a lease
that runs out; `called_at` then tells the sweeper whether the provider may have heard of it.
"""

import hashlib
import logging
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Value, When

from backend.common.clock import DbNow
from backend.common.outbox import BACKOFF_SECONDS
from backend.notifications import channels, circuit, registry
from backend.notifications.batches import Batch
from backend.notifications.channels import CALL_TIMEOUT, Result, Undeliverable, Unreachable
from backend.notifications.channels.email.smtp import several_messages
from backend.notifications.enums import DeliveryState, Outcome, Slot
from backend.notifications.models import BouncedAddress, Delivery, DeliveryAttempt, DeliveryQuerySet
from backend.notifications.turns import Taken, turn

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
# A call may only begin when it ends, and is recorded, well inside the lease.
LEASE_LEFT_FOR_CALL = timedelta(seconds=CALL_TIMEOUT + 10)
RECORD_FOR_SECONDS = 30.0
# No call of a batch begins later than this after its claim: with a whole call and a stubborn record behind it the task
# still ends below its soft limit of 60 seconds.
CALLS_BEGIN_FOR = 9.0
# How long, in seconds, it holds that a message is still wanted.
CHECK_HOLDS = 2.0
RESEND_AFTER_AMBIGUOUS = timedelta(seconds=60)
# A provider that never answers is not asked for ever, even where a second copy does no harm.
MOST_REPEATS = 5
WINDOW_MARGIN = timedelta(minutes=10)


def deliver(*delivery_ids: int) -> None:
    """Handles ids from the broker: all are checked and prepared, then one call follows the other.

    What could not begin in time goes back, so that a slow provider keeps no delivery from another worker.
    """
    began = time.monotonic()
    try:
        held = claim(delivery_ids, uuid.uuid4())
        batch = Batch(held)
    except (OperationalError, InterfaceError) as error:
        _database_away(delivery_ids, error)
        return
    ready = [(delivery, prepared) for delivery in held if (prepared := _ready(delivery, batch)) is not None]
    with several_messages():
        _call_all(ready, batch, began)


def _call_all(ready: Sequence[tuple[Delivery, Any]], batch: Batch, began: float) -> None:
    """One call after the other. What a provider took is written together with the mark of the next call."""
    checked = time.monotonic()
    taken: Taken | None = None
    for number, (delivery, message) in enumerate(ready):
        if number and time.monotonic() - began > CALLS_BEGIN_FOR:
            _write(taken, batch)
            _give_back([rest for rest, _prepared in ready[number:]])
            return
        if time.monotonic() - checked > CHECK_HOLDS:
            # The provider is slow: better two commits than news that is old.
            _write(taken, batch)
            taken, message = None, _ready(delivery, batch)  # noqa: PLW2901 - the same message, made anew
            if message is None:
                continue
        try:
            taken = _call(delivery, message, taken, batch)
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            # Its lease runs out and it is tried again; its neighbours must not wait for that.
            logger.exception("delivery %s failed", delivery.pk)
            taken = None
    _write(taken, batch)


def _ready(delivery: Delivery, batch: Batch) -> Any:
    """What to hand to the channel, or None when there is nothing to hand over."""
    try:
        return _check_and_prepare(delivery, batch)
    except SoftTimeLimitExceeded:
        raise
    except (OperationalError, InterfaceError) as error:
        _database_away([delivery.pk], error)
    except Exception:
        logger.exception("delivery %s failed", delivery.pk)
    return None


def _call(delivery: Delivery, prepared: Any, taken: Taken | None, batch: Batch) -> Taken | None:
    """Calls the provider. taken: the answer before, which is written now.

    Returns the answer when it is a plain yes, which the next commit may take along; anything else is written at once.
    """
    try:
        admitted = batch.admits(delivery.channel)
    except (OperationalError, InterfaceError) as error:
        _write(taken, batch)
        _database_away([delivery.pk], error)
        return None
    if not admitted:
        _write(taken, batch)
        _hold_back(delivery)
        return None
    if not _mark_called(delivery, prepared, taken, batch):
        return None
    result = channels.get(delivery.channel).send(prepared)
    answer = Taken(delivery, result)
    if result.outcome == Outcome.SENT and batch.is_untroubled(delivery.channel):
        return answer
    _write(answer, batch)
    return None


def _write(taken: Taken | None, batch: Batch) -> None:
    if taken:
        delivery, result = taken.delivery, taken.result
        _stubbornly(lambda: record(delivery, result, batch), delivery.pk)


def _database_away(delivery_ids: Sequence[int], error: Exception) -> None:
    """Nothing was called: the sweeper makes the rows due again."""
    logger.warning("deliveries %s: database away (%s)", list(delivery_ids), type(error).__name__)
    connection.close()


def claim(delivery_ids: Sequence[int], token: uuid.UUID) -> list[Delivery]:
    """Takes queued deliveries with a lease on the database clock, each by the condition on its own row.

    Returns those won, in the order of the ids; not those that another has or that are settled.
    """
    won = Delivery.objects.filter(pk__in=delivery_ids).advance(
        "delivery.claimed",
        lease_token=token,
        lease_until=DbNow() + LEASE,
        queued_until=None,
        called_at=None,
        attempts=F("attempts") + 1,
    )
    if not won:
        return []
    late = Case(When(expires_at__lte=DbNow(), then=Value(1)), default=Value(0), output_field=IntegerField())
    bounced = BouncedAddress.objects.filter(
        user=OuterRef("recipient"),
        channel=OuterRef("channel"),
        address__in=[OuterRef("recipient__email"), OuterRef("recipient__phone")],
    )
    rows = Delivery.objects.select_related("notification", "recipient").annotate(
        is_late=late, is_bounced=Exists(bounced), claimed_at=DbNow()
    )
    found = rows.filter(lease_token=token).in_bulk(delivery_ids)
    return [found[pk] for pk in dict.fromkeys(delivery_ids) if pk in found]


def _give_back(deliveries: Sequence[Delivery]) -> None:
    """Due again at once: nobody was called, no attempt is burnt."""
    pks, token = [delivery.pk for delivery in deliveries], deliveries[0].lease_token
    try:
        Delivery.objects.filter(pk__in=pks, lease_token=token).advance(
            "delivery.postponed", attempts=F("attempts") - 1, due_at=DbNow(), lease_until=None
        )
    except (OperationalError, InterfaceError) as error:
        _database_away(pks, error)


def _check_and_prepare(delivery: Delivery, batch: Batch) -> Any:
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
    if delivery.is_bounced:  # type: ignore[attr-defined]
        return _settle(delivery, "delivery.suppressed", "address_bounced")
    if batch.slot(delivery, kind) == Slot.NEVER:
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
    if free := batch.rests_until(delivery, kind):
        return _hold_until(delivery, *free)
    try:
        return channels.get(delivery.channel).prepare(delivery)
    except Unreachable as error:
        return _settle(delivery, "delivery.suppressed", error.reason)
    except Undeliverable as error:
        logger.warning("delivery %s of %s cannot be sent: %s", delivery.pk, name, error.reason)
        return _settle(delivery, "delivery.died", error.reason)


def _held(delivery: Delivery) -> DeliveryQuerySet:
    """The row, if it is still ours."""
    return Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token)


def _settle(delivery: Delivery, action: str, reason: str) -> None:
    _held(delivery).advance(action, reason=reason[:120], done_at=DbNow(), lease_until=None)


def _hold_back(delivery: Delivery) -> None:
    _held(delivery).advance(
        "delivery.postponed",
        attempts=F("attempts") - 1,
        due_at=DbNow() + circuit.HELD_BACK_FOR,
        lease_until=None,
    )


def _hold_until(delivery: Delivery, due_at: datetime, expires_at: datetime) -> None:
    """The person sleeps by now: nobody was called, no attempt is burnt."""
    _held(delivery).advance(
        "delivery.postponed", attempts=F("attempts") - 1, due_at=due_at, expires_at=expires_at, lease_until=None
    )


def _mark_called(delivery: Delivery, prepared: Any, taken: Taken | None, batch: Batch) -> bool:
    """Writes that the provider is about to hear of it, and with it the answer to the call before.

    False when the lease is lost or too short for a call, or the database is away.
    """
    version = getattr(prepared, "template_version", "")
    try:
        if taken is None:
            held = _held(delivery).filter(state=DeliveryState.SENDING, lease_until__gt=DbNow() + LEASE_LEFT_FOR_CALL)
            return bool(held.update(called_at=DbNow(), template_version=version))
        written, marked = turn(taken, delivery, version, LEASE_LEFT_FOR_CALL.total_seconds())
    except (OperationalError, InterfaceError) as error:
        _database_away([delivery.pk], error)
        _write(taken, batch)
        _stubbornly(lambda: _take_mark_back(delivery), delivery.pk)
        return False
    if not written:
        _write(taken, batch)
    return marked


def _take_mark_back(delivery: Delivery) -> None:
    """The connection broke at the mark, so nobody was called, but the mark may be written: an answer nobody owes."""
    _held(delivery).advance(
        "delivery.postponed", attempts=F("attempts") - 1, called_at=None, due_at=DbNow(), lease_until=None
    )


@transaction.atomic
def record(delivery: Delivery, result: Result, batch: Batch) -> None:
    """Writes the answer if the lease is still ours, and what it says about the provider."""
    kind = registry.get(delivery.notification.kind)
    held = _held(delivery)
    settled: dict[str, Any] = {"provider_answer": result.answer, "lease_until": None}
    if result.message_id:
        settled["provider_message_id"] = result.message_id
    if result.outcome == Outcome.SENT:
        moved = held.advance("delivery.sent", done_at=DbNow(), reason="", **settled)
        if not moved:
            # The lease ran out while the provider answered. As long as nobody has claimed it again, the answer counts.
            moved = held.advance("delivery.confirmed", done_at=DbNow(), reason="", queued_until=None, **settled)
        if not moved and held.filter(state=DeliveryState.SENT).exists():
            # Written already: the connection broke between the commit and the word of it.
            return
    elif result.outcome == Outcome.PERMANENT and result.unreachable:
        held.advance("delivery.suppressed", done_at=DbNow(), reason="unreachable", **settled)
    elif result.outcome == Outcome.PERMANENT:
        held.advance("delivery.died", done_at=DbNow(), reason="refused", **settled)
    elif result.outcome == Outcome.CONFIGURATION:
        held.advance("delivery.postponed", attempts=F("attempts") - 1, due_at=DbNow(), **settled)
    elif result.outcome == Outcome.AMBIGUOUS:
        _record_ambiguous(delivery, kind, settled)
    else:
        _record_retry(delivery, settled)
    DeliveryAttempt.objects.create(
        delivery=delivery, number=delivery.attempts, outcome=result.outcome, answer=result.answer
    )
    batch.tell_circuit(delivery.channel, result)


def _record_ambiguous(delivery: Delivery, kind: registry.Kind, settled: dict[str, Any]) -> None:
    again = may_repeat_after_ambiguity(delivery, kind)
    action = "delivery.postponed" if again else "delivery.uncertain"
    moment = {"due_at": DbNow() + RESEND_AFTER_AMBIGUOUS} if again else {"done_at": DbNow(), "reason": "answer_lost"}
    _held(delivery).advance(action, ambiguous_attempts=F("ambiguous_attempts") + 1, **moment, **settled)


def may_repeat_after_ambiguity(delivery: Delivery, kind: registry.Kind) -> bool:
    """The provider drops or replaces a second copy, or it is a decision that must arrive and was not repeated yet."""
    channel = channels.get(delivery.channel)
    if channel.key_window:
        return delivery.ambiguous_attempts < MOST_REPEATS and _still_in_window(delivery, channel.key_window)
    return channel.repeats_decisions and kind.resend_when_uncertain and delivery.ambiguous_attempts == 0


def _still_in_window(delivery: Delivery, window: timedelta) -> bool:
    """Whether the provider remembers the first unanswered call until the next one is over."""
    if not delivery.ambiguous_attempts:
        return True
    unanswered = DeliveryAttempt.objects.filter(delivery=delivery, outcome=Outcome.AMBIGUOUS)
    return not unanswered.filter(at__lt=DbNow() - window + WINDOW_MARGIN).exists()


def _record_retry(delivery: Delivery, settled: dict[str, Any]) -> None:
    held = _held(delivery)
    delay = backoff(delivery.idem_key, delivery.attempts)
    if held.filter(expires_at__lte=DbNow() + delay).exists():
        held.advance("delivery.expired", done_at=DbNow(), reason="gave_up", **settled)
    else:
        held.advance("delivery.postponed", due_at=DbNow() + delay, **settled)


def backoff(key: uuid.UUID, attempts: int) -> timedelta:
    """How long to wait after the given number of attempts (1, 2, ...), 20 % more or less, the same for the same key."""
    base = BACKOFF_SECONDS[min(max(attempts, 1) - 1, len(BACKOFF_SECONDS) - 1)]
    digest = hashlib.sha256(f"{key}:{attempts}".encode()).digest()
    jitter = 0.8 + 0.4 * int.from_bytes(digest[:4], "big") / 0xFFFFFFFF
    return timedelta(seconds=base * jitter)


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
