"""A worker's pass over an imported file, in one transaction: all rows or none, or on request those that are right.

A check does everything a run does and rolls it back, so that what it promises is what happens. The pass may be killed at
any moment: the transaction ends with the worker, the lease runs out, and the sweeper makes the work due again. How far it
has come is written through a connection of its own, since the transaction shows nothing before it ends.
"""

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from backend.common import clock, outbox
from backend.common.clock import DbNow, database_now_sql
from backend.common.errors import DomainError, Invalid
from backend.common.models import WorkState
from backend.common.transitions import lock, move
from backend.exchange.dates import hide_personal_numbers
from backend.exchange.enums import IMPORT_TRANSITIONS, WORKING, ImportStep, RowOutcome
from backend.exchange.fields import RowProblems
from backend.exchange.importers import Importer, Turn
from backend.exchange.kinds import IMPORTERS, read_table
from backend.exchange.models import ImportFile, ImportJob, ImportRow, ImportWork
from backend.exchange.reading import SheetRow
from backend.notifications.digest_runs import in_one_mail

logger = logging.getLogger(__name__)

RUNNING = "running"
LEASE = timedelta(seconds=60)
BEAT_EVERY_SECONDS = 2.0
MAX_ATTEMPTS = 5
BATCH = 1_000
# So many rows of a class list are looked up and written together.
TOGETHER = 500
UNFORESEEN = (DatabaseError, ValueError, OverflowError, TypeError, KeyError)
STORED_CELL = 500


class LeaseLostError(Exception):
    """Another worker has taken the work over: this pass must leave no trace."""


class _RollBack(Exception):
    """Ends a check, or a run that may not be kept."""


@dataclass
class Pass:
    """What one pass made of the rows. kept: what the job's options keep of it."""

    rows: list[ImportRow]
    kept: dict[str, Any] = field(default_factory=dict)

    def count(self, outcome: str) -> int:
        return sum(row.outcome == outcome for row in self.rows)

    def can_be_kept(self, *, skip_faulty: bool) -> bool:
        """Every row is right; or some are, and the others may be left out."""
        faulty = self.count(RowOutcome.FAULTY)
        return not faulty or (skip_faulty and faulty < len(self.rows))


def run_import(job_id: int) -> None:
    """Handles one id from the broker. A doubled or stale id ends at the claim."""
    token = uuid.uuid4()
    won = ImportWork.objects.filter(pk=job_id, state=WorkState.QUEUED).update(
        state=RUNNING,
        lease_token=token,
        lease_until=DbNow() + LEASE,
        queued_until=None,
        handled=0,
        attempts=F("attempts") + 1,
    )
    if not won:
        return
    try:
        work = ImportWork.objects.select_related("job__actor", "job__organisation", "job__file").get(pk=job_id)
        with _Heart(job_id, token) as heart, translation.override(work.job.actor.language):
            _pass_over(work, token, heart)
    except LeaseLostError:
        logger.warning("import %s: the lease was lost, another worker goes on", job_id)
    except (OperationalError, InterfaceError) as error:
        # Nothing was kept: the sweeper makes the work due again.
        logger.warning("import %s: database away (%s)", job_id, type(error).__name__)
        connection.close()


class _Heart:
    """Extends the lease and writes the progress, beside the transaction."""

    def __init__(self, job_id: int, token: uuid.UUID) -> None:
        self.job_id, self.token, self.last = job_id, token, time.monotonic()
        self.beside = connection.copy()

    def __enter__(self) -> "_Heart":
        return self

    def __exit__(self, *error: object) -> None:
        self.beside.close()

    def beat(self, handled: int) -> None:
        if time.monotonic() - self.last < BEAT_EVERY_SECONDS:
            return
        self.last = time.monotonic()
        with self.beside.cursor() as cursor:
            cursor.execute(
                "UPDATE exchange_importwork SET handled = %s,"  # noqa: S608 - the clock's expression
                f" lease_until = {database_now_sql()} + make_interval(secs => %s)"
                " WHERE job_id = %s AND lease_token = %s",
                [handled, LEASE.total_seconds(), self.job_id, self.token],
            )


def _pass_over(work: ImportWork, token: uuid.UUID, heart: _Heart) -> None:
    job = work.job
    found = Pass([])
    try:
        with transaction.atomic():
            locked = lock(ImportJob.objects.select_related("actor", "organisation"), job.pk)
            if locked.state not in WORKING:
                _finish_work(job.pk, token)
                return
            with in_one_mail():
                found = _apply_all(locked, bytes(job.file.content), heart)
            may_skip = bool(locked.options.get("skip_faulty"))
            if work.step == ImportStep.CHECK or not found.can_be_kept(skip_faulty=may_skip):
                raise _RollBack
            _record(locked, found)
            locked.finished_at = clock.now()
            move(
                locked,
                IMPORT_TRANSITIONS,
                "import.done",
                actor=locked.actor,
                update_fields=["finished_at"],
                data={"left_out": found.count(RowOutcome.FAULTY)},
            )
            _finish_work(job.pk, token)
            # Nothing reads it any more: taking back goes by the rows.
            ImportFile.objects.filter(pk=job.pk).delete()
    except _RollBack:
        with transaction.atomic():
            locked = lock(ImportJob.objects.all(), job.pk)
            _record(locked, found)
            faulty = found.count(RowOutcome.FAULTY)
            move(locked, IMPORT_TRANSITIONS, "import.refused" if faulty else "import.checked", actor=locked.actor)
            _finish_work(job.pk, token)


def _finish_work(job_id: int, token: uuid.UUID) -> None:
    done = ImportWork.objects.filter(pk=job_id, lease_token=token, state=RUNNING).update(
        state=WorkState.DONE, done_at=DbNow(), lease_token=None, lease_until=None
    )
    if not done:
        raise LeaseLostError


def _apply_all(job: ImportJob, content: bytes, heart: _Heart) -> Pass:
    try:
        sheet = read_table(job.kind, content, job.options)
    except Invalid as error:
        return Pass([_whole_file(job, error.message)])
    importer = IMPORTERS[job.kind](job)
    if problem := importer.problem_of_file():
        return Pass([_whole_file(job, problem)])
    rows: list[ImportRow] = []
    waiting: list[tuple[ImportRow, dict[str, str]]] = []
    for number, row in enumerate(sheet.rows):
        if len(waiting) >= TOGETHER:
            _apply_waiting(importer, waiting)
        heart.beat(number)
        stored, cells = _stored(job, row)
        rows.append(stored)
        with _explained(stored, importer):
            if row.surplus:
                raise RowProblems([("", _("The row has more cells than there are headings."))])
            turn = importer.collect(cells, row.line)
            if turn == Turn.WITH_OTHERS:
                waiting.append((stored, cells))
                continue
            if turn == Turn.AFTER_OTHERS:
                _apply_waiting(importer, waiting)
            _apply(importer, stored, cells)
    _apply_waiting(importer, waiting)
    found = Pass(rows)
    if found.can_be_kept(skip_faulty=True):
        found.kept = importer.finish(is_complete=not found.count(RowOutcome.FAULTY))
    return found


def _whole_file(job: ImportJob, message: Any) -> ImportRow:
    return ImportRow(job=job, line=0, outcome=RowOutcome.FAULTY, problems=[["", str(message)]])


def _stored(job: ImportJob, row: SheetRow) -> tuple[ImportRow, dict[str, str]]:
    """The row as it is kept, faulty until it is applied, and its cells by the name of their field."""
    stored = ImportRow(
        job=job,
        line=row.line,
        outcome=RowOutcome.FAULTY,
        cells=[hide_personal_numbers(cell[:STORED_CELL]) for cell in row.cells],
    )
    return stored, {name: row.cells[column] for name, column in job.mapping.items() if column < len(row.cells)}


def _apply(importer: Importer, stored: ImportRow, cells: dict[str, str]) -> None:
    with transaction.atomic():
        applied = importer.apply(cells, stored.line)
    stored.outcome, stored.made = applied.outcome, applied.made


def _apply_waiting(importer: Importer, waiting: list[tuple[ImportRow, dict[str, str]]]) -> None:
    """Those that wait, together; one by one when one of them breaks what nobody thought of, so that it alone is faulty."""
    if not waiting:
        return
    found = list(waiting)
    waiting.clear()
    try:
        with transaction.atomic():
            results = importer.apply_collected()
    except (OperationalError, InterfaceError):
        raise
    except UNFORESEEN as error:
        logger.warning("import %s: %d rows one by one (%s)", found[0][0].job_id, len(found), type(error).__name__)
        for stored, cells in found:
            with _explained(stored, importer):
                _apply(importer, stored, cells)
        return
    for stored, _cells in found:
        with _explained(stored, importer):
            result = results[stored.line]
            if isinstance(result, DomainError):
                raise result
            stored.outcome, stored.made = result.outcome, result.made


@contextmanager
def _explained(row: ImportRow, importer: Importer) -> Iterator[None]:
    """Refusals become problems of the row; so does what nobody thought of, which is logged without the row's values."""
    try:
        yield
    except RowProblems as problems:
        row.problems = [[field, str(message)] for field, message in problems.found]
        row.question = problems.question
    except DomainError as error:
        row.problems = [[importer.column_of(error.field), str(error.message)]]
    except (OperationalError, InterfaceError):
        raise
    except UNFORESEEN as error:
        logger.error("import %s line %s: %s", row.job_id, row.line, type(error).__name__)
        row.problems = [["", _("This row could not be understood. Check its dates and numbers.")]]


def _record(job: ImportJob, found: Pass) -> None:
    """Replaces what an earlier pass said about the rows."""
    job.rows.all().delete()
    ImportRow.objects.bulk_create(found.rows, batch_size=BATCH)
    for outcome in RowOutcome.values:
        setattr(job, f"{outcome}_count", found.count(outcome))
    job.options = {**job.options, **found.kept}
    job.save(update_fields=["options", *(f"{outcome}_count" for outcome in RowOutcome.values)])


def sweep() -> int:
    """Work of workers that vanished is due again; after some attempts the import is refused. Returns how many rows."""
    moved = 0
    lost = ImportWork.objects.filter(state=RUNNING, lease_until__lt=DbNow())
    for job_id, attempts in list(lost.values_list("pk", "attempts")):
        if attempts < MAX_ATTEMPTS:
            moved += lost.filter(pk=job_id).update(
                state=WorkState.PENDING, due_at=DbNow(), lease_token=None, lease_until=None
            )
        else:
            moved += _give_up(job_id)
    return moved


@transaction.atomic
def _give_up(job_id: int) -> int:
    won = ImportWork.objects.filter(pk=job_id, state=RUNNING, lease_until__lt=DbNow()).update(
        state=WorkState.DEAD, lease_token=None, lease_until=None
    )
    job = lock(ImportJob.objects.select_related("actor"), job_id)
    if not won or job.state not in WORKING:
        return won
    with translation.override(job.actor.language):
        _record(job, Pass([_whole_file(job, _("The import was interrupted several times. Try a smaller file."))]))
    move(job, IMPORT_TRANSITIONS, "import.refused", actor=None)
    return won


def want(job: ImportJob, step: str) -> None:
    """Makes the job's work due, in the caller's transaction. Work of an earlier step is replaced."""
    ImportWork.objects.update_or_create(
        job=job,
        defaults={
            "step": step,
            "state": WorkState.PENDING,
            "handled": 0,
            "attempts": 0,
            "lease_token": None,
            "lease_until": None,
            "queued_until": None,
            "done_at": None,
            "due_at": DbNow(),
        },
    )
    outbox.wake()
