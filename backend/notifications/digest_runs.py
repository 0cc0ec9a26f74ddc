"""Digests: what waited for a person's daily or weekly slot goes out in one mail, with what waits for the person to do."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.db.models import F

from backend.common import events, outbox
from backend.common.clock import DbNow, database_now
from backend.notifications import grouping, quiet, registry, summaries
from backend.notifications.digests import last_slot, week_start
from backend.notifications.enums import Category, ChannelName, DeliveryState, Slot
from backend.notifications.models import Delivery, DigestSlot, Notification
from backend.notifications.preferences import chosen_slots, default_slot, refusing_digests
from backend.notifications.services import notify

DIGEST = "notifications.digest"
SEVERAL = "notifications.several"
PEOPLE_PER_RUN = 500
# A weekly summary whose Monday was missed still comes within these days; later it would speak of another week.
WEEKLY_CATCHES_UP = timedelta(days=3)


def send_due_digests() -> int:
    """Writes one digest for each person who has something due. Returns how many people.

    The waiting deliveries leave `pending` in the transaction that writes the digest, and the row of the slot is written
    with its summaries: once per person and slot, however many runs there are.
    """
    people = write_due_summaries(database_now())
    while batch := _write_batch():
        people += batch
    return people


def write_due_summaries(moment: datetime) -> int:
    """Writes the summaries of the morning, and of a Monday that was missed. Returns for how many people.

    A new installation begins with the next morning.
    """
    morning = last_slot(moment)
    monday = week_start(morning)
    if not DigestSlot.objects.exists():
        for slot in {morning, monday}:
            DigestSlot.objects.get_or_create(slot=slot)
        return 0
    wanted = {Slot.DAILY, Slot.WEEKLY} if monday == morning else {Slot.DAILY}
    people = _write_summaries(morning, wanted)
    if monday != morning and moment - monday <= WEEKLY_CATCHES_UP:
        people += _write_summaries(monday, {Slot.WEEKLY})
    return people


@transaction.atomic
def _write_summaries(slot: datetime, wanted: set[Slot]) -> int:
    row, is_new = DigestSlot.objects.get_or_create(slot=slot)
    if not is_new:
        return 0
    ids = _people_to_summarise(wanted)
    if not ids:
        return 0
    users = list(get_user_model().objects.filter(pk__in=ids, is_active=True).order_by("pk"))
    event = events.record("notifications.digest_due", row)
    notify(event=event, recipients=users, kind=DIGEST, subject=row, data={"summary": True})
    _carry(event.pk, _waiting_for(ids))
    DigestSlot.objects.filter(pk=row.pk).update(people=len(users))
    return len(users)


def _people_to_summarise(wanted: set[Slot]) -> set[int]:
    """Those for whom something waits and who want to hear of it in one of the slots."""
    ids = summaries.people_with_something()
    chosen = chosen_slots(ids, Category.SUMMARIES)
    default = default_slot(Category.SUMMARIES, ChannelName.EMAIL)
    asked = {pk for pk in ids if chosen.get((pk, ChannelName.EMAIL.value), default) in wanted}
    return asked - refusing_digests(asked)


def _waiting_for(people: Collection[int]) -> list[Delivery]:
    """What waits for a digest of these people and may be sent by the time they wake up."""
    windows = quiet.windows_of(people)
    now = database_now()
    rows = _slot_rows().filter(recipient_id__in=people).select_for_update(of=("self",), skip_locked=True)
    return [
        row
        for row in rows.order_by("pk")
        if row.due_at <= quiet.allowed_at(windows.get(row.recipient_id, quiet.OPEN), now, can_wait=True)
    ]


@contextmanager
def in_one_mail() -> Iterator[None]:
    """What is told inside goes to each person as one mail a kind, where the kind knows how to say several.

    Nothing is lost: each notification is written as always, and its mail is carried by the common one. When the work is
    cut off they go one by one, a little later.
    """
    with grouping.collect() as written:
        yield
    if written:
        _write_together(written)


@transaction.atomic
def _write_together(written: Collection[Notification]) -> None:
    by_kind: dict[str, list[int]] = defaultdict(list)
    for notification in written:
        by_kind[notification.kind].append(notification.pk)
    for kind, ids in by_kind.items():
        held = grouping.waiting_of([kind]).filter(notification__in=ids)
        alone = _write_several(
            kind, list(held.select_for_update(of=("self",)).select_related("recipient").order_by("pk"))
        )
        Delivery.objects.filter(pk__in=alone).update(
            due_at=F("due_at") - grouping.HOLD, expires_at=F("expires_at") - grouping.HOLD
        )
    outbox.wake()


def _write_several(kind: str, rows: Collection[Delivery]) -> list[int]:
    """One mail for each person with more than one of the locked mails. Returns the mails of those with one."""
    counted = Counter(row.recipient_id for row in rows)
    several = [row for row in rows if counted[row.recipient_id] > 1]
    if several:
        recipients = {row.recipient_id: row.recipient for row in several}
        event = events.record("notifications.digest_due", several[0])
        notify(event=event, recipients=recipients.values(), kind=SEVERAL, subject=several[0], data={"kind": kind})
        _carry(event.pk, several)
    return [row.pk for row in rows if counted[row.recipient_id] == 1]


@transaction.atomic
def write_gathered(*, within: timedelta) -> int:
    """Mails of kinds that gather, whose quarter of an hour is over `within` that time: one in the place of several. Returns
    how many were carried by another. Should nobody call this in time, they go one by one."""
    carried, until = 0, database_now() + within
    for kind in registry.kinds():
        if not kind.gathers:
            continue
        due = grouping.waiting_of([kind.name]).filter(due_at__lte=until).values("recipient")
        rows = grouping.waiting_of([kind.name]).filter(recipient__in=due)
        locked = list(rows.select_for_update(of=("self",), skip_locked=True).select_related("recipient").order_by("pk"))
        carried += len(locked) - len(_write_several(kind.name, locked))
    if carried:
        outbox.wake()
    return carried


def _slot_rows() -> "models.QuerySet[Delivery]":
    return Delivery.objects.filter(
        state=DeliveryState.PENDING, slot__in=[Slot.DAILY, Slot.WEEKLY], channel=ChannelName.EMAIL
    )


@transaction.atomic
def _write_batch() -> int:
    due = _slot_rows().filter(due_at__lte=DbNow())
    people = list(due.values_list("recipient_id", flat=True).distinct().order_by("recipient_id")[:PEOPLE_PER_RUN])
    rows = list(
        due.filter(recipient_id__in=people)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("recipient")
        .order_by("pk")
    )
    if not rows:
        return 0
    recipients = {row.recipient_id: row.recipient for row in rows}
    event = events.record("notifications.digest_due", rows[0])
    notify(event=event, recipients=recipients.values(), kind=DIGEST, subject=rows[0])
    _carry(event.pk, rows)
    return len(recipients)


def _carry(event_id: uuid.UUID, waiting: list[Delivery]) -> None:
    """The waiting deliveries went in the digests of the event."""
    digests = dict(Delivery.objects.filter(event=event_id).values_list("recipient_id", "pk"))
    by_person: dict[int, list[int]] = defaultdict(list)
    for row in waiting:
        by_person[row.recipient_id].append(row.pk)
    for person, ids in by_person.items():
        if person in digests:
            Delivery.objects.filter(pk__in=ids).advance(
                "delivery.suppressed", reason="in_digest", carried_by=digests[person], done_at=DbNow()
            )
