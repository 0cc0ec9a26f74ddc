"""What time alone brings to deliveries: leases that ran out, messages that came too late, rows that are missing."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from backend.common import clock, outbox
from backend.common.clock import DbNow
from backend.notifications import registry
from backend.notifications.enums import DeliveryState, Outcome
from backend.notifications.models import Delivery, DeliveryAttempt, DeliveryQuerySet, Notification
from backend.notifications.preferences import slot_for
from backend.notifications.sending import may_repeat_after_ambiguity
from backend.notifications.services import build_delivery

logger = logging.getLogger(__name__)

# A message that the broker lost is published again after this and one sweep: drained within 60 seconds.
QUEUED_FOR = timedelta(seconds=45)
BATCH = 500


def sweep_sending() -> int:
    """Deliveries whose worker vanished. Never called: due again. Perhaps called: repeated or uncertain, by the rules.

    Returns how many rows it moved. Any number of sweepers may run.
    """
    moved = 0
    while batch := _sweep_batch():
        moved += batch
        if batch < BATCH:
            break
    return moved


@transaction.atomic
def _sweep_batch() -> int:
    rows = list(
        Delivery.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(state=DeliveryState.SENDING, lease_until__lt=DbNow())
        .select_related("notification")
        .order_by("pk")[:BATCH]
    )
    never_called = [row for row in rows if row.called_at is None]
    called = [row for row in rows if row.called_at is not None]
    repeatable = [row for row in called if _repeatable(row)]
    unknown = [row for row in called if not _repeatable(row)]
    _all(never_called).advance("delivery.postponed", due_at=DbNow(), lease_until=None)
    _all(repeatable).advance(
        "delivery.postponed", due_at=DbNow(), lease_until=None, ambiguous_attempts=F("ambiguous_attempts") + 1
    )
    _all(unknown).advance(
        "delivery.uncertain",
        done_at=DbNow(),
        lease_until=None,
        reason="worker_vanished",
        ambiguous_attempts=F("ambiguous_attempts") + 1,
    )
    DeliveryAttempt.objects.bulk_create(
        DeliveryAttempt(
            delivery=row,
            number=row.attempts,
            outcome=Outcome.LOST if row.called_at is None else Outcome.AMBIGUOUS,
            answer="worker vanished",
        )
        for row in rows
    )
    if rows:
        logger.warning("swept %d deliveries of vanished workers, %d uncertain", len(rows), len(unknown))
    return len(rows)


def _repeatable(row: Delivery) -> bool:
    try:
        return may_repeat_after_ambiguity(row, registry.get(row.notification.kind))
    except KeyError:
        return False


def _all(rows: list[Delivery]) -> DeliveryQuerySet:
    return Delivery.objects.filter(pk__in=[row.pk for row in rows])


def expire_overdue() -> int:
    """Waiting deliveries that nobody needs any more. Returns how many."""
    return Delivery.objects.filter(expires_at__lte=DbNow(), state=DeliveryState.PENDING).advance(
        "delivery.expired", done_at=DbNow(), reason="expired"
    )


def reconcile() -> int:
    """Notifications without one of their kind's deliveries: expected 0. Found ones are repaired and reported.

    Returns how many deliveries were missing.
    """
    missing: list[Delivery] = []
    for kind in registry.kinds():
        for channel in kind.channels:
            present = Delivery.objects.filter(notification=OuterRef("pk"), channel=channel)
            lost = (
                Notification.objects.filter(~Exists(present), kind=kind.name)
                .annotate(moment=DbNow())
                .filter(created_at__gt=clock.now() - kind.expires_after)
            )
            missing += [
                build_delivery(row, kind, channel, slot_for(row.recipient_id, kind, channel), row.moment)
                for row in lost
            ]
    if missing:
        logger.error("reconciliation: %d deliveries were missing", len(missing))
        with transaction.atomic():
            Delivery.objects.bulk_create(missing, ignore_conflicts=True)
            outbox.wake()
    return len(missing)
