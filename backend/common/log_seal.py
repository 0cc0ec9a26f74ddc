"""The chain over the log: each entry's digest holds the one before, so that no row can be changed or taken out unseen.

An entry is sealed within a minute of its commit and not while it is written: a chain needs one writer at a time, and every
command that logs would wait for the one before it to commit.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta

from django.db import connection, transaction
from django.db.models import Max

from backend.common import clock
from backend.common.keys import key_for, keys_for
from backend.common.models import LogEntry, LogSeal

PURPOSE = "log.seal"
BATCH = 5_000
# Entries may commit later than such with higher ids: so many ids back are looked through.
LATE_IDS = 100_000
# What is older than this and not sealed is reported: the scheduler or the worker stands still, or somebody meddled.
SEALED_WITHIN = timedelta(minutes=10)
_ADVISORY_LOCK = 7_130_442
FIRST = "0" * 64


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was sealed. number, entry_id: 0 where there is none."""

    number: int
    entry_id: int
    says: str


@dataclass(frozen=True)
class Head:
    """The last link: whoever notes it elsewhere can tell later whether links were cut off."""

    number: int
    digest: str


def digest_reason(key: bytes, reason: str) -> str:
    return hmac.new(key, f"reason:{reason}".encode(), hashlib.sha256).hexdigest()


def digest_link(key: bytes, before: str, number: int, entry: LogEntry, reason_digest: str) -> str:
    """The digest of a link. before: that of the link before, FIRST for the first."""
    facts = [
        before,
        number,
        entry.pk,
        entry.action,
        entry.subject_type,
        entry.subject_id,
        entry.actor_id,
        entry.data,
        entry.at.astimezone(UTC).isoformat(),
        reason_digest,
    ]
    text = json.dumps(facts, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


@transaction.atomic
def seal_log(limit: int = BATCH) -> int:
    """Seals entries that have none yet, the oldest first. Returns how many. One process at a time; others return 0."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
        if not cursor.fetchone()[0]:
            return 0
    last = LogSeal.objects.order_by("-number").first()
    number, before = (last.number, last.digest) if last else (0, FIRST)
    newest = LogSeal.objects.aggregate(newest=Max("entry_id"))["newest"] or 0
    entries = list(LogEntry.objects.filter(seal__isnull=True, pk__gt=newest - LATE_IDS).order_by("pk")[:limit])
    key, moment = key_for(PURPOSE), clock.now()
    seals = []
    for entry in entries:
        number += 1
        reason_digest = digest_reason(key, entry.reason)
        before = digest_link(key, before, number, entry, reason_digest)
        seals.append(LogSeal(number=number, entry=entry, reason_digest=reason_digest, digest=before, sealed_at=moment))
    LogSeal.objects.bulk_create(seals, batch_size=1_000)
    return len(seals)


def read_head() -> Head:
    last = LogSeal.objects.order_by("-number").first()
    return Head(last.number, last.digest) if last else Head(0, FIRST)


def verify_log(expected: Head | None = None) -> Iterator[Finding]:
    """Walks the whole chain and yields what is wrong, each changed row by name. expected: a head that was noted before."""
    keys = keys_for(PURPOSE)
    number, before = 0, FIRST
    seals = LogSeal.objects.select_related("entry").order_by("number").iterator(chunk_size=BATCH)
    for seal in seals:
        if seal.number != number + 1:
            yield Finding(number + 1, 0, f"links {number + 1} to {seal.number - 1} are missing")
        if not any(_holds(key, before, seal) for key in keys):
            yield Finding(seal.number, seal.entry_id, _what_is_wrong(keys, seal))
        if expected is not None and seal.number == expected.number and seal.digest != expected.digest:
            yield Finding(seal.number, seal.entry_id, "is another link than the one that was noted")
        number, before = seal.number, seal.digest
    if expected is not None and number < expected.number:
        yield Finding(number + 1, 0, f"the chain ends at {number}; {expected.number} was noted")
    overdue = LogEntry.objects.filter(seal__isnull=True, at__lt=clock.now() - SEALED_WITHIN).order_by("pk")
    for entry_id in overdue.values_list("pk", flat=True).iterator():
        yield Finding(0, entry_id, "is not sealed")


def _holds(key: bytes, before: str, seal: LogSeal) -> bool:
    entry = seal.entry
    if entry.redacted_at is None and not hmac.compare_digest(digest_reason(key, entry.reason), seal.reason_digest):
        return False
    return hmac.compare_digest(digest_link(key, before, seal.number, entry, seal.reason_digest), seal.digest)


def _what_is_wrong(keys: list[bytes], seal: LogSeal) -> str:
    entry = seal.entry
    digests = [digest_reason(key, entry.reason) for key in keys]
    if entry.redacted_at is None and seal.reason_digest not in digests:
        return "the reason was changed after it was sealed"
    return "the entry, or the link before it, was changed after it was sealed"
