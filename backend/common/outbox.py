"""The outbox: rows that wait for a worker, claimed in batches and published as ids.

Any number of dispatchers may run `dispatch`: `FOR UPDATE SKIP LOCKED` gives each row to one of them. A row is marked
queued and committed *before* its id is published, so that a crash in between only delays it until `queued_until`; a lost
or doubled broker message changes nothing, because the worker's conditional update on the row decides.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, models, transaction
from django.db.models import F

from backend.common.clock import DbNow
from backend.common.models import OutboxRow, WorkState

logger = logging.getLogger(__name__)

QUEUED_FOR = timedelta(seconds=120)
BACKOFF_SECONDS = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 43200)
MAX_ATTEMPTS = 12


@dataclass(frozen=True)
class Source:
    """A table the dispatcher serves; it has the columns `state` (of WorkState, or more), `due_at` and `queued_until`.

    publish(ids): hands ids to the broker, raising when it is away.
    cap: rows that may be queued at once, so that the broker stays small however much is due.
    queued_for: after this long a queued row counts as lost on the way.
    order: which due rows go first.
    servable(): which due rows may go at all at the moment; all when None.
    sweep(): moves rows that are stuck in states of the table's own and returns how many.
    """

    name: str
    model: type[models.Model]
    publish: Callable[[list[int]], None]
    cap: int = 2_000
    queued_for: timedelta = QUEUED_FOR
    order: tuple[str, ...] = ("due_at", "pk")
    servable: Callable[[], models.Q] | None = None
    sweep: Callable[[], int] | None = None


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    _sources[source.name] = source


def sources() -> list[Source]:
    return list(_sources.values())


def claim(source: Source, limit: int) -> list[int]:
    """Marks up to `limit` due rows as queued and returns their ids, oldest first. Commits before it returns."""
    model = source.model
    with transaction.atomic():
        queued = model._default_manager.filter(state=WorkState.QUEUED).count()
        room = min(limit, source.cap - queued)
        # In handfuls: ids that leave together share a claim and a connection, and the count is asked less often.
        if room < max(1, min(limit, source.cap // 10)):
            return []
        ids = list(
            model._default_manager.select_for_update(skip_locked=True)
            .filter(source.servable() if source.servable else models.Q(), state=WorkState.PENDING, due_at__lte=DbNow())
            .order_by(*source.order)
            .values_list("pk", flat=True)[:room]
        )
        if ids:
            model._default_manager.filter(pk__in=ids).update(
                state=WorkState.QUEUED, queued_until=DbNow() + source.queued_for
            )
    return ids


def dispatch(limit: int = 400) -> int:
    """One turn over all sources. Returns the number of ids published.

    When the broker is away the rows stay queued until the sweeper makes them due again: publishing is never retried here.
    """
    published = 0
    for source in sources():
        while ids := claim(source, limit):
            try:
                source.publish(ids)
            except Exception as error:
                logger.warning(
                    "outbox %s: broker away (%s), %d rows put back", source.name, type(error).__name__, len(ids)
                )
                put_back(source, ids)
                return published
            published += len(ids)
            if len(ids) < limit:
                break
    return published


def put_back(source: Source, ids: list[int]) -> None:
    """Rows that were not published become due again in a few seconds."""
    source.model._default_manager.filter(pk__in=ids, state=WorkState.QUEUED).update(
        state=WorkState.PENDING, queued_until=None, due_at=DbNow() + timedelta(seconds=3)
    )


def sweep() -> int:
    """Queued rows whose time ran out (lost message, dead worker) become due again. Returns how many."""
    swept = 0
    for source in sources():
        swept += source.model._default_manager.filter(state=WorkState.QUEUED, queued_until__lt=DbNow()).update(
            state=WorkState.PENDING, queued_until=None, due_at=DbNow()
        )
        if source.sweep:
            swept += source.sweep()
    return swept


def wake() -> None:
    """Tells waiting dispatchers at commit that there is work. Call inside the transaction that wrote it."""
    with connection.cursor() as cursor:
        cursor.execute("NOTIFY outbox")


def run_once(model: type[OutboxRow], pk: int, work: Callable[[OutboxRow], None]) -> bool:
    """Does a row's work and marks it done in one transaction. False when another worker has it or it is done.

    A failure is recorded with back-off in a transaction of its own; after MAX_ATTEMPTS the row is dead and shown to
    the operators.
    """
    try:
        with transaction.atomic():
            row = (
                model._default_manager.select_for_update(skip_locked=True)
                .filter(pk=pk, state__in=[WorkState.QUEUED, WorkState.PENDING])
                .first()
            )
            if row is None:
                return False
            work(row)
            model._default_manager.filter(pk=pk).update(
                state=WorkState.DONE, done_at=DbNow(), attempts=F("attempts") + 1, last_error=""
            )
            return True
    except Exception as error:
        logger.exception("outbox row %s %s failed", model._meta.model_name, pk)
        _record_failure(model, pk, type(error).__name__)
        return False


def _record_failure(model: type[OutboxRow], pk: int, error: str) -> None:
    with transaction.atomic():
        row = model._default_manager.select_for_update().get(pk=pk)
        if row.state in {WorkState.DONE, WorkState.DEAD}:
            return
        row.attempts += 1
        row.last_error = error
        if row.attempts >= MAX_ATTEMPTS:
            row.state = WorkState.DEAD
            row.save(update_fields=["attempts", "last_error", "state"])
            return
        delay = BACKOFF_SECONDS[min(row.attempts - 1, len(BACKOFF_SECONDS) - 1)]
        row.save(update_fields=["attempts", "last_error"])
        model._default_manager.filter(pk=pk).update(
            state=WorkState.PENDING, queued_until=None, due_at=DbNow() + timedelta(seconds=delay)
        )
