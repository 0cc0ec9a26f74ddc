"""Workers, dispatchers and schedulers that are killed, come in numbers, or have a wrong clock: every mail goes out once."""

import base64
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.common import clock
from backend.common.clock import DbNow
from backend.common.models import DomainEvent, PeriodicRun, WorkState
from backend.common.schedule import jobs, slot_at
from backend.notifications.enums import DeliveryState
from backend.notifications.models import Delivery
from tests.faults.altered import PROBE, PROBE_EVERY, PROBED
from tests.faults.harness import LONG, House, Mails
from tests.faults.record import Entry, Record

pytestmark = [pytest.mark.celery_worker, pytest.mark.slow, pytest.mark.real_clock]
ROUNDS = int(os.environ.get("FAULTS_ROUNDS", "50")) if LONG else 1
RECOVERY = 90.0
# Their short forms, without processes, stand in tests/common and in the tests beside them.
long_only = pytest.mark.skipif(not LONG, reason="starts many processes: FAULTS=long")
WORKING = ("worker", "dispatcher", "scheduler")


@pytest.fixture
def probes() -> Iterator[None]:
    """The slots of the probe are this test's own."""
    yield
    PeriodicRun.objects.filter(name=PROBE).delete()
    DomainEvent.objects.filter(kind=PROBED).delete()


def _settle(mails: Mails) -> float:
    mails.house.sink.answer_delay = 0.0
    return mails.wait_until_settled(RECOVERY + 30)


def _wait_for_a_call(mails: Mails) -> None:
    before = mails.house.keys.total()
    mails.house.wait_for(lambda: mails.house.keys.total() > before, 60, mails.let_leases_run_out)


def kill_groups(house: House, rounds: int, guard: str = "") -> tuple[Mails, float]:
    """kill -9 to worker and pool in the middle of a call, `rounds` times."""
    house.only(*WORKING, worker=guard)
    house.sink.answer_delay = 0.4
    mails = house.tell(12 * rounds)
    for _ in range(rounds):
        _wait_for_a_call(mails)
        house.restart("worker")
    return mails, _settle(mails)


def kill_children(house: House, rounds: int, guard: str = "") -> tuple[Mails, float]:
    """kill -9 to one process of the pool in the middle of a call, `rounds` times; Celery starts another."""
    house.only(*WORKING, worker=guard)
    house.sink.answer_delay = 0.4
    mails = house.tell(12 * rounds)
    for number in range(rounds):
        _wait_for_a_call(mails)
        house.wait_for(lambda: house.kill_child("worker", number), 20)  # noqa: B023
    return mails, _settle(mails)


def _note(record: Record, fault: str, rounds: int, mails: Mails, recovery: float, **more: Any) -> None:
    tally = mails.tally()
    met = tally.is_clean and recovery <= RECOVERY
    bar = "lost 0, doubled 0, uncertain all listed, recovered <= 90 s"
    record.note(
        Entry(fault, rounds, tally.events, tally.lost, tally.doubled, tally.uncertain, recovery, bar, met, **more)
    )


def test_what_is_written_arrives_once_within_seconds(house, record):
    house.only(*WORKING)
    _settle(house.tell(1))
    mails = house.tell(20)
    took = _settle(mails)
    assert took < 10
    assert {row.state for row in mails.rows()} == {DeliveryState.SENT}
    assert mails.accepted() == 20
    _note(record, "nothing broken", 1, mails, took)


@pytest.mark.parametrize("kill", [kill_groups, kill_children])
def test_a_killed_worker_loses_and_doubles_nothing(house, record, kill):
    mails, recovery = kill(house, ROUNDS)
    tally = mails.tally()
    assert tally.is_clean, tally
    # Two calls may be on their way at each kill. Every one of them is shown, none is guessed about. The one process
    # that is killed may be the one between two calls: then nothing is uncertain.
    assert (1 if kill is kill_groups else 0) <= tally.uncertain <= 2 * ROUNDS
    assert {row.state for row in mails.rows()} <= {DeliveryState.SENT, DeliveryState.UNCERTAIN}
    name = {kill_groups: "kill -9 worker and pool", kill_children: "kill -9 one process of the pool"}[kill]
    _note(record, name, ROUNDS, mails, recovery)


def test_proof_without_the_mark_of_a_call_the_same_kill_doubles(house, record):
    mails, _recovery = kill_groups(house, 1, guard="call_mark")
    tally = mails.tally()
    assert tally.doubled >= 1
    record.without(
        "`called_at` before a call", f"kill -9 of the worker: {tally.doubled} of {tally.events} mails doubled"
    )


def double_messages(house: House, copies: int, guard: str = "") -> Mails:
    """The dispatcher believes the messages lost and hands the same rows out again, several times."""
    house.only("worker", "dispatcher", worker=guard)
    house.wait_for(house.tell(1).settled, 60)
    with house.paused("worker"):
        mails = house.tell(5)
        rows = Delivery.objects.filter(event_id=mails.event, channel="email")
        for copy in range(1, copies + 1):
            # A worker that stands still may hold the one message that was on its way to it.
            house.wait_for(lambda: len(_in_broker(house, mails)) >= 5 * copy - 1, 30)  # noqa: B023
            if copy < copies:
                rows.update(state=DeliveryState.PENDING, queued_until=None)
    house.wait_for(lambda: mails.settled() and not _in_broker(house, mails), 60)
    # The last copies are with a worker at this moment; what is told now comes behind them.
    house.wait_for(house.tell(4).settled, 20)
    return mails


def test_doubled_messages_send_nothing_twice(house, record):
    mails = double_messages(house, 4)
    tally = mails.tally()
    assert (tally.lost, tally.doubled, tally.uncertain, mails.accepted()) == (0, 0, 0, 5)
    _note(record, "every message of the broker four times", 4, mails, 0.0)


@long_only
def test_proof_without_the_claim_doubled_messages_double_mails(house, record):
    tally = double_messages(house, 2, guard="claim").tally()
    assert tally.doubled >= 1
    record.without("the conditional claim of a row", f"every message twice: {tally.doubled} of {tally.events} doubled")


def _in_broker(house: House, mails: Mails) -> list[int]:
    """The ids of these mails in waiting messages; one message carries several, and the same id may be there twice."""
    mine = {row.pk for row in mails.rows()}
    found: list[int] = []
    for raw in house.broker().lrange("default", 0, -1):
        message = json.loads(raw)
        if message["headers"]["task"] == "notifications.deliver":
            (ids,), _options, _embedded = json.loads(base64.b64decode(message["body"]))
            found += [pk for pk in ids if pk in mine]
    return found


# --- clocks ---


def wrong_clocks(house: House, number: int, guard: str = "") -> tuple[Mails, float]:
    """The worker's clock is an hour behind; in the long run those of dispatcher and scheduler are an hour ahead."""
    others = {"dispatcher": 3600.0, "scheduler": 3600.0} if LONG else {}
    house.only(*WORKING, clock={"worker": -3600.0, **others}, worker=guard)
    house.sink.answer_delay = 0.1
    mails = house.tell(number)
    return mails, mails.wait_until_settled(RECOVERY + 30)


def test_clocks_that_differ_change_nothing(house, record):
    mails, took = wrong_clocks(house, 300 if LONG else 40)
    tally = mails.tally()
    assert (tally.lost, tally.doubled, tally.uncertain) == (0, 0, 0)
    _note(record, "clocks an hour behind (worker) and ahead (dispatcher, scheduler)", 1, mails, took)


@long_only
def test_proof_on_the_clocks_of_machines_live_work_is_taken_for_dead(house, record):
    mails, _took = wrong_clocks(house, 40, guard="database_clock")
    lost = Delivery.objects.filter(event_id=mails.event, attempt_rows__answer="worker vanished").distinct().count()
    assert lost >= 1
    record.without("leases on the clock of the database", f"clocks two hours apart: {lost} of 40 living calls given up")


# --- slots ---

# Two seconds before Swedish clocks change, and no change at all.
CHANGES = {
    "clocks go back": datetime(2026, 10, 25, 0, 59, 58, tzinfo=UTC),
    "clocks go forward": datetime(2027, 3, 28, 0, 59, 58, tzinfo=UTC),
}


def many_schedulers(house: House, slots: int, ahead: float, guard: str = "") -> list[datetime]:
    """Two schedulers, three dispatchers and a job of every second. Returns the slots, each as the moment in its row."""
    schedulers = ("scheduler", "scheduler2")
    house.only(
        "worker",
        "dispatcher",
        "dispatcher2",
        "dispatcher3",
        *schedulers,
        clock=dict.fromkeys(schedulers, ahead),
        probing=("worker", *schedulers),
        **(dict.fromkeys(schedulers, guard) if guard else {}),
    )
    runs = PeriodicRun.objects.filter(name=PROBE)
    house.wait_for(lambda: runs.filter(state=WorkState.DONE).count() >= slots, 60 + slots)
    for name in schedulers:
        house.kill(name)
    house.wait_for(lambda: not runs.exclude(state=WorkState.DONE).exists(), 60)
    return list(runs.order_by("slot").values_list("slot", flat=True))


@long_only
@pytest.mark.usefixtures("probes")
@pytest.mark.parametrize("change", CHANGES)
def test_two_schedulers_and_three_dispatchers_run_each_slot_once_while_the_clocks_change(house, record, change):
    ahead = (CHANGES[change] - datetime.now(UTC)).total_seconds() - 4.0
    wanted = 30
    slots = many_schedulers(house, wanted, ahead)
    runs = DomainEvent.objects.filter(kind=PROBED).count()
    assert runs == len(slots)
    assert all(slot.microsecond == 0 for slot in slots)
    assert len(set(slots)) == len(slots)
    assert slots[-1] - slots[0] >= (wanted - 1) * PROBE_EVERY
    assert slots[-1] > CHANGES[change]
    doubled = runs - len(slots)
    fault = f"2 schedulers, 3 dispatchers, {change}"
    record.note(Entry(fault, 1, len(slots), 0, doubled, 0, None, "each slot once", doubled == 0))


@long_only
@pytest.mark.usefixtures("probes")
def test_proof_without_slots_two_schedulers_do_everything_twice(house, record):
    slots = many_schedulers(house, 6, 0.0, guard="slots")
    seconds = {slot.replace(microsecond=0) for slot in slots}
    assert len(slots) > len(seconds)
    record.without("slots as unique rows", f"2 schedulers: {len(slots)} runs in {len(seconds)} seconds")


def two_dead_hours(house: House, number: int, seconds: float, guard: str = "") -> tuple[Mails, bool, float]:
    """Nobody wrote slots for two hours, and mails that nobody needs any more wait for a job. Whether it came in time."""
    house.only("worker", "dispatcher")
    PeriodicRun.objects.filter(slot__gt=clock.now() - timedelta(hours=2)).delete()
    mails = house.tell(number)
    Delivery.objects.filter(event_id=mails.event).update(
        due_at=DbNow() + timedelta(days=1), expires_at=DbNow() - timedelta(minutes=1), state=DeliveryState.PENDING
    )
    began = time.monotonic()
    house.only("worker", "dispatcher", "scheduler", "scheduler2", scheduler=guard, scheduler2=guard)
    gone = Delivery.objects.filter(event_id=mails.event, channel="email", state=DeliveryState.EXPIRED)
    try:
        house.wait_for(lambda: gone.count() == number, seconds)
    except AssertionError:
        return mails, False, time.monotonic() - began
    return mails, True, time.monotonic() - began


def test_a_scheduler_that_was_dead_for_two_hours_catches_up_once(house, record):
    mails, in_time, took = two_dead_hours(house, 10, 40)
    assert in_time
    house.wait_for(lambda: not PeriodicRun.objects.exclude(state=WorkState.DONE).exists(), 60)
    caught_up = PeriodicRun.objects.filter(slot__gt=clock.now() - timedelta(hours=2))
    assert (
        caught_up.filter(name="notifications.expire_overdue").count() <= 2
    )  # the newest, and one that began meanwhile
    assert not caught_up.exclude(attempts=1).exists()
    assert mails.tally().doubled == 0
    record.note(
        Entry("no scheduler for 2 h", 1, caught_up.count(), 0, 0, 0, took, "each slot once, caught up", in_time)
    )


def wait_for_quiet(job_name: str, seconds: float) -> None:
    """Until the next slot of the job is further away than `seconds`: it would do the work in its own time."""
    job = next(job for job in jobs() if job.name == job_name)
    left = (slot_at(job, clock.now()) + job.every - clock.now()).total_seconds()
    if left <= seconds:
        time.sleep(left + 1)


@long_only
def test_proof_a_schedule_that_only_keeps_time_leaves_overdue_work_lying(house, record):
    # Ten seconds of waiting, and what it takes until the processes run.
    wait_for_quiet("notifications.expire_overdue", 40)
    mails, in_time, _took = two_dead_hours(house, 10, 10, guard="catching_up")
    left = Delivery.objects.filter(event_id=mails.event, channel="email", state=DeliveryState.PENDING).count()
    assert (in_time, left) == (False, 10)
    record.without("the newest slot catches up", f"no scheduler for 2 h: {left} of 10 overdue rows left lying")
