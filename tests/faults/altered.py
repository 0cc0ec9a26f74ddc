"""Starts a real command with one guard switched off, with its clock moved, or with a job that counts its slots.

    python -m tests.faults.altered worker --without call_mark
    python -m tests.faults.altered scheduler --clock 3600 --probe

What is changed is changed in the started process only, before its command begins; pool processes inherit it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

PROBE = "faults.probe"
PROBED = "faults.probed"
PROBE_EVERY = timedelta(seconds=1)
COMMANDS = {
    "worker": ["celery", "-A", "backend.config.celery", "worker", "-c", "2", "-l", "WARNING", "--without-mingle"],
    "dispatcher": ["manage", "dispatch", "--poll", "0.2"],
    "scheduler": ["manage", "schedule", "--interval", "0.5"],
}


def _no_call_mark() -> None:
    """A vanished worker's rows are always due again, as a queue with redelivery treats them."""
    from backend.notifications import sending

    def unmarked(delivery: Any, prepared: Any, taken: Any, batch: Any) -> bool:
        sending._write(taken, batch)
        return True

    sending._mark_called = unmarked


def _no_claim() -> None:
    """A worker believes every message it gets, whatever the row says."""
    from backend.notifications.models import DeliveryQuerySet

    advance = DeliveryQuerySet.advance

    def always(rows: Any, action: str, **values: Any) -> int:
        if action == "delivery.claimed":
            return int(rows.update(state="sending", **values))
        return advance(rows, action, **values)

    DeliveryQuerySet.advance = always  # type: ignore[method-assign,assignment]


def _no_sweep() -> None:
    from backend.common import outbox

    outbox.sweep = lambda: 0


def _no_slots() -> None:
    """Each scheduler writes the moment at which it looked."""
    from backend.common import schedule

    schedule.slot_at = lambda job, moment: moment


def _no_catching_up() -> None:
    """As cron does it: what was not started in its moment is left out."""
    from backend.common import schedule

    every_job = schedule.jobs

    def on_time() -> list[schedule.Job]:
        moment = datetime.now(UTC)
        return [job for job in every_job() if moment - schedule.slot_at(job, moment) < timedelta(seconds=1)]

    schedule.jobs = on_time


def _no_database_clock() -> None:
    """Leases count on the clock of the worker's machine."""
    from django.db.models import DateTimeField, Value
    from django.utils import timezone

    from backend.notifications import sending

    sending.DbNow = lambda: Value(timezone.now(), output_field=DateTimeField())  # type: ignore[assignment]


def _no_patience() -> None:
    """An answer that cannot be written at once is forgotten."""
    from backend.notifications import sending

    sending.RECORD_FOR_SECONDS = -1.0


def _no_idempotency() -> None:
    from backend.api import idempotency

    idempotency.HEADER = "X-Nobody-Sends-This"


def _no_answer_without_cache() -> None:
    from backend.api import throttling

    class Never(Exception):
        pass

    throttling.RedisError = Never  # type: ignore[assignment]


def _no_answer_without_database() -> None:
    from backend.api import problems
    from backend.web import errors, middleware

    class Never(Exception):
        pass

    for module in (problems, errors, middleware):
        module.OperationalError = module.InterfaceError = Never


GUARDS: dict[str, Callable[[], None]] = {
    "call_mark": _no_call_mark,
    "claim": _no_claim,
    "sweep": _no_sweep,
    "slots": _no_slots,
    "catching_up": _no_catching_up,
    "database_clock": _no_database_clock,
    "patience": _no_patience,
    "idempotency": _no_idempotency,
    "answer_without_cache": _no_answer_without_cache,
    "answer_without_database": _no_answer_without_database,
}


def _register_probe() -> None:
    """A job every second that notes each of its runs as an event."""
    from backend.common import schedule
    from backend.common.models import DomainEvent

    def run() -> int:
        DomainEvent.objects.create(
            kind=PROBED, subject_type="probe", subject_id=1, at=datetime.fromtimestamp(0, tz=UTC)
        )
        return 1

    schedule._jobs.clear()
    schedule.periodic(PROBE, PROBE_EVERY)(run)


def prepare(without: str = "", clock: float = 0.0, probe: bool = False) -> None:
    """Loads Django and changes it. clock: seconds by which this process is ahead of the others."""
    import django

    django.setup()
    if without:
        GUARDS[without]()
    if probe:
        _register_probe()
    if clock:
        import time_machine

        time_machine.travel(datetime.now(UTC) + timedelta(seconds=clock), tick=True).start()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--without", choices=GUARDS, default="")
    parser.add_argument("--clock", type=float, default=0.0)
    parser.add_argument("--probe", action="store_true")
    chosen = parser.parse_args()
    sys.argv = COMMANDS[chosen.command]
    prepare(chosen.without, chosen.clock, chosen.probe)
    if chosen.command == "worker":
        from celery.__main__ import main as celery

        celery()
    else:
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
