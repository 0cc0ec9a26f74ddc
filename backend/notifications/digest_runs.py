"""Digests: what waited for a person's daily or weekly slot goes out in one mail."""

from collections import defaultdict

from django.db import transaction
from django.db.models.functions import Now

from backend.common import events
from backend.notifications.enums import ChannelName, DeliveryState, Slot
from backend.notifications.models import Delivery
from backend.notifications.services import notify

DIGEST = "notifications.digest"
PEOPLE_PER_RUN = 500


def send_due_digests() -> int:
    """Writes one digest for each person who has something due. Returns how many people.

    The waiting deliveries leave `pending` in the transaction that writes the digest: once per person and slot, however
    many runs there are.
    """
    people = 0
    while batch := _write_batch():
        people += batch
    return people


@transaction.atomic
def _write_batch() -> int:
    due = Delivery.objects.filter(
        state=DeliveryState.PENDING,
        slot__in=[Slot.DAILY, Slot.WEEKLY],
        channel=ChannelName.EMAIL,
        due_at__lte=Now(),
    )
    people = list(due.values_list("recipient_id", flat=True).distinct().order_by("recipient_id")[:PEOPLE_PER_RUN])
    rows = list(
        due.filter(recipient_id__in=people)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("recipient")
        .order_by("pk")
    )
    if not rows:
        return 0
    by_person: dict[int, list[Delivery]] = defaultdict(list)
    for row in rows:
        by_person[row.recipient_id].append(row)
    event = events.record("notifications.digest_due", rows[0])
    notify(
        event=event,
        recipients=[waiting[0].recipient for waiting in by_person.values()],
        kind=DIGEST,
        subject=rows[0],
    )
    digests = dict(Delivery.objects.filter(event=event).values_list("recipient_id", "pk"))
    for person, waiting in by_person.items():
        Delivery.objects.filter(pk__in=[row.pk for row in waiting]).advance(
            "delivery.suppressed", reason="in_digest", carried_by=digests[person], done_at=Now()
        )
    return len(by_person)
