"""Slots of scheduled jobs: each once, and the newest one catches up after downtime."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.common import schedule
from backend.common.models import PeriodicRun

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def jobs(monkeypatch):
    monkeypatch.setattr(schedule, "_jobs", {})
    schedule.periodic("probe", timedelta(minutes=5))(lambda: 3)


def test_two_schedulers_write_a_slot_once():
    assert schedule.insert_due_slots() == 1
    assert schedule.insert_due_slots() == 0
    assert PeriodicRun.objects.count() == 1


def test_a_scheduler_that_was_dead_for_two_hours_catches_up_once(frozen_clock):
    schedule.insert_due_slots()
    frozen_clock.shift(timedelta(hours=2))
    assert schedule.insert_due_slots() == 1


@pytest.mark.parametrize(
    "change", [datetime(2026, 3, 29, 0, 58, tzinfo=UTC), datetime(2026, 10, 25, 0, 58, tzinfo=UTC)]
)
def test_no_slot_is_doubled_or_missed_when_the_clocks_change(frozen_clock, change):
    for minute in range(130):
        frozen_clock.move_to(change + timedelta(minutes=minute), tick=False)
        schedule.insert_due_slots()
    assert PeriodicRun.objects.count() == 27


def test_a_clock_that_jumps_back_doubles_nothing(frozen_clock):
    schedule.insert_due_slots()
    frozen_clock.shift(timedelta(hours=-1))
    schedule.insert_due_slots()
    frozen_clock.shift(timedelta(hours=1))
    assert schedule.insert_due_slots() == 0


def test_a_run_notes_when_and_how_much():
    schedule.insert_due_slots()
    row = PeriodicRun.objects.get()
    schedule.run_slot(row)
    assert row.handled == 3
    assert row.started_at is not None
