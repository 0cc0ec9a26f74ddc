"""Celery tasks of the outbox. They take ids; the rows decide what happens."""

from celery import shared_task

from backend.common import events, outbox, schedule
from backend.common.models import EventHandling, OutboxRow, PeriodicRun


@shared_task(name="common.handle_event")
def handle_event(handling_id: int) -> None:
    outbox.run_once(EventHandling, handling_id, _handle)


def _handle(row: OutboxRow) -> None:
    assert isinstance(row, EventHandling)
    events.handler_named(row.subscriber)(row.event)


@shared_task(name="common.run_periodic")
def run_periodic(run_id: int) -> None:
    outbox.run_once(PeriodicRun, run_id, _run)


def _run(row: OutboxRow) -> None:
    assert isinstance(row, PeriodicRun)
    schedule.run_slot(row)


def publish_handlings(ids: list[int]) -> None:
    for pk in ids:
        handle_event.apply_async((pk,), retry=False)


def publish_runs(ids: list[int]) -> None:
    for pk in ids:
        run_periodic.apply_async((pk,), retry=False)


outbox.register(outbox.Source("events", EventHandling, publish_handlings))
outbox.register(outbox.Source("periodic", PeriodicRun, publish_runs))
