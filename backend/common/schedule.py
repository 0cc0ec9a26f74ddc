"""Scheduled jobs without a scheduler that can lose them: each slot is a row, inserted once.

An app registers its jobs in `scheduled_tasks.py`. `insert_due_slots` writes the newest slot of every job that is due;
after downtime that one slot catches up, because a job handles everything that is overdue, not one interval's share.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backend.common import clock
from backend.common.models import PeriodicRun


@dataclass(frozen=True)
class Job:
    """`run()` handles all that is due and returns how many rows it handled. Slots are multiples of `every` in UTC."""

    name: str
    every: timedelta
    run: Callable[[], int]


_jobs: dict[str, Job] = {}


def periodic(name: str, every: timedelta) -> Callable[[Callable[[], int]], Callable[[], int]]:
    def register(function: Callable[[], int]) -> Callable[[], int]:
        _jobs[name] = Job(name, every, function)
        return function

    return register


def jobs() -> list[Job]:
    return sorted(_jobs.values(), key=lambda job: job.name)


def slot_at(job: Job, moment: datetime) -> datetime:
    """The latest slot not after `moment`."""
    seconds = int(job.every.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, tz=UTC)


def insert_due_slots() -> int:
    """Writes the current slot of every job unless it is there already. Returns how many were new."""
    moment = clock.now()
    slots = {job.name: slot_at(job, moment) for job in jobs()}
    present = set(PeriodicRun.objects.filter(slot__in=set(slots.values())).values_list("name", "slot"))
    missing = [PeriodicRun(name=name, slot=slot) for name, slot in slots.items() if (name, slot) not in present]
    PeriodicRun.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def run_slot(row: PeriodicRun) -> None:
    """Runs the job of a slot inside the caller's transaction and notes when and how much."""
    row.started_at = clock.now()
    row.handled = _jobs[row.name].run()
    row.save(update_fields=["started_at", "handled"])
