"""Claim, publish, put back, sweep, run once: with a table of its own that has no workers."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F, Q

from backend.common import outbox
from backend.common.clock import DbNow
from backend.common.models import PeriodicRun, WorkState
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def rows(number: int = 3, **fields: Any) -> list[PeriodicRun]:
    return PeriodicRun.objects.bulk_create(
        PeriodicRun(name="probe", slot=NOW + timedelta(minutes=n), **fields) for n in range(number)
    )


class Broker:
    def __init__(self) -> None:
        self.ids: list[int] = []
        self.is_away = False

    def publish(self, ids: list[int]) -> None:
        if self.is_away:
            raise ConnectionError
        self.ids += ids


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def source(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> outbox.Source:
    source = outbox.Source("probe", PeriodicRun, broker.publish, cap=5)
    monkeypatch.setattr(outbox, "_sources", {"probe": source})
    return source


def states() -> list[str]:
    return list(PeriodicRun.objects.order_by("slot").values_list("state", flat=True))


def test_due_rows_are_handed_out_once(source, broker):
    written = rows()
    assert outbox.dispatch() == 3
    assert outbox.dispatch() == 0
    assert broker.ids == [row.pk for row in written]


def test_what_is_not_due_or_not_servable_waits(source, broker, monkeypatch):
    rows(1, due_at=NOW + timedelta(days=3650))
    assert outbox.dispatch() == 0
    PeriodicRun.objects.update(due_at=DbNow())
    unservable = outbox.Source("probe", PeriodicRun, broker.publish, servable=lambda: ~Q(name="probe"))
    monkeypatch.setattr(outbox, "_sources", {"probe": unservable})
    assert outbox.dispatch() == 0


def test_the_broker_never_holds_more_than_the_cap(source, broker):
    rows(8)
    assert outbox.dispatch() == 5
    PeriodicRun.objects.filter(pk__in=broker.ids[:2]).update(state=WorkState.DONE)
    assert outbox.dispatch() == 2


def test_below_the_cap_rows_leave_in_handfuls(source, broker, monkeypatch):
    """One by one, as room comes free, each would pay alone for what the ids of a task share."""
    monkeypatch.setattr(outbox, "_sources", {"probe": outbox.Source("probe", PeriodicRun, broker.publish, cap=20)})
    rows(25)
    assert outbox.dispatch() == 20
    PeriodicRun.objects.filter(pk=broker.ids[0]).update(state=WorkState.DONE)
    assert outbox.dispatch() == 0
    PeriodicRun.objects.filter(pk=broker.ids[1]).update(state=WorkState.DONE)
    assert outbox.dispatch() == 2


def test_rows_come_back_when_the_broker_is_away(source, broker):
    rows(2)
    broker.is_away = True
    assert outbox.dispatch() == 0
    assert states() == [WorkState.PENDING] * 2
    assert not PeriodicRun.objects.filter(due_at__lte=DbNow()).exists()


def test_a_lost_message_is_swept_when_its_time_ran_out(source):
    rows(1)
    outbox.dispatch()
    assert outbox.sweep() == 0
    PeriodicRun.objects.update(queued_until=DbNow() - timedelta(seconds=1))
    assert outbox.sweep() == 1
    assert states() == [WorkState.PENDING]


def test_a_table_sweeps_states_of_its_own(broker, monkeypatch):
    own = outbox.Source("probe", PeriodicRun, broker.publish, sweep=lambda: 7)
    monkeypatch.setattr(outbox, "_sources", {"probe": own})
    assert outbox.sweep() == 7


def test_work_and_its_mark_are_one_transaction():
    (row,) = rows(1)

    def work(claimed: Any) -> None:
        PeriodicRun.objects.filter(pk=claimed.pk).update(handled=1)
        raise ValueError

    assert outbox.run_once(PeriodicRun, row.pk, work) is False
    row.refresh_from_db()
    assert (row.state, row.attempts, row.handled, row.last_error) == (WorkState.PENDING, 1, None, "ValueError")
    assert PeriodicRun.objects.filter(due_at__gt=DbNow()).exists()


def test_a_second_message_does_no_second_work():
    (row,) = rows(1)
    done: list[int] = []
    assert outbox.run_once(PeriodicRun, row.pk, lambda claimed: done.append(claimed.pk)) is True
    assert outbox.run_once(PeriodicRun, row.pk, lambda claimed: done.append(claimed.pk)) is False
    assert done == [row.pk]


def test_a_row_that_always_fails_is_dead_and_stays_for_a_person():
    (row,) = rows(1, attempts=outbox.MAX_ATTEMPTS - 1)

    def work(claimed: Any) -> None:
        raise ValueError

    outbox.run_once(PeriodicRun, row.pk, work)
    assert states() == [WorkState.DEAD]
    assert outbox.run_once(PeriodicRun, row.pk, lambda claimed: None) is False


@pytest.mark.django_db(transaction=True)
def test_three_dispatchers_hand_out_every_row_to_one_of_them(monkeypatch):
    written = rows(60)
    published: list[int] = []
    source = outbox.Source("probe", PeriodicRun, published.extend)
    monkeypatch.setattr(outbox, "_sources", {"probe": source})

    def run() -> None:
        try:
            while outbox.dispatch(limit=7):
                pass
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(published) == sorted(row.pk for row in written)


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_id_do_the_work_once():
    (row,) = rows(1)
    barrier = threading.Barrier(2)

    def run() -> None:
        barrier.wait()
        outbox.run_once(PeriodicRun, row.pk, lambda claimed: _add_one(claimed.pk))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row.refresh_from_db()
    assert row.handled == 1


def _add_one(pk: int) -> None:
    PeriodicRun.objects.filter(pk=pk, handled=None).update(handled=0)
    PeriodicRun.objects.filter(pk=pk).update(handled=F("handled") + 1)


@pytest.mark.django_db(transaction=True)
def test_waking_reaches_a_listener_at_the_commit_only():
    with connection.cursor() as cursor:
        cursor.execute("LISTEN outbox")
    raw = connection.connection
    with transaction.atomic():
        outbox.wake()
        transaction.set_rollback(True)
    assert list(raw.notifies(timeout=0.2, stop_after=1)) == []
    with transaction.atomic():
        outbox.wake()
    assert [notify.channel for notify in raw.notifies(timeout=5, stop_after=1)] == ["outbox"]
    with connection.cursor() as cursor:
        cursor.execute("UNLISTEN outbox")
