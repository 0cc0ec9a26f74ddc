"""Mails through real processes: once each, also when the worker is killed or the broker forgets everything."""

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.notifications.enums import DeliveryState
from backend.notifications.models import Delivery
from tests.faults.harness import (
    LONG,
    House,
    let_leases_run_out,
    mails,
    running_house,
    settled,
    tally,
    tell_people,
    wait_for,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.celery_worker,
    pytest.mark.slow,
    pytest.mark.real_clock,
]
KILLS = 50 if LONG else 2
RECOVERY = 90.0


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with running_house(tmp_path) as house:
        yield house


def test_what_is_written_arrives_once_within_seconds(house):
    house.start("worker", "dispatcher", "scheduler")
    tell_people(1)
    wait_for(settled, 40, house)
    began = time.monotonic()
    tell_people(20)
    wait_for(settled, 30, house)
    assert time.monotonic() - began < 10
    assert {row.state for row in mails()} == {DeliveryState.SENT}
    assert sorted(house.sink.keys.values()) == [1] * 21


def _kill_in_the_middle_of_a_call(house: House) -> None:
    house.start("worker")
    before = len(house.sink.accepted)
    wait_for(lambda: len(house.sink.accepted) > before, 40, house)
    house.kill("worker")


def test_a_killed_worker_loses_and_doubles_nothing(house):
    house.sink.answer_delay = 0.3
    house.start("dispatcher", "scheduler")
    tell_people(12 * KILLS)
    for _ in range(KILLS):
        _kill_in_the_middle_of_a_call(house)
        let_leases_run_out()
    house.sink.answer_delay = 0
    house.start("worker")
    began = time.monotonic()
    wait_for(settled, RECOVERY + 30, house)
    result = tally(house)
    print(f"kill -9 worker: {result}, recovered in {time.monotonic() - began:.1f} s")
    assert (result.lost, result.doubled, result.unsettled) == (0, 0, 0)
    # Two calls may be on their way at each kill. Every one of them is shown, none is guessed about.
    assert 1 <= result.uncertain <= 2 * KILLS
    assert {row.state for row in mails()} == {DeliveryState.SENT, DeliveryState.UNCERTAIN}


def test_proof_without_the_mark_of_a_call_the_same_kill_doubles(house):
    """Switched off: a vanished worker's rows are simply due again, as a queue with redelivery does it."""
    house.sink.answer_delay = 0.5
    house.start("dispatcher")
    tell_people(4)
    _kill_in_the_middle_of_a_call(house)
    Delivery.objects.filter(state=DeliveryState.SENDING).update(state=DeliveryState.PENDING)
    Delivery.objects.filter(state=DeliveryState.QUEUED).update(state=DeliveryState.PENDING)
    house.start("worker")
    wait_for(settled, 60, house)
    assert tally(house).doubled >= 1


def test_a_broker_that_forgets_everything_loses_nothing(house):
    house.start("dispatcher")
    tell_people(20)
    written = {row.pk for row in mails()}
    wait_for(lambda: set(_in_broker(house)) == written, 30, house)
    house.valkey().flushall()
    assert _in_broker(house) == []
    let_leases_run_out()
    house.start("worker", "scheduler")
    wait_for(settled, RECOVERY + 30, house)
    result = tally(house)
    assert (result.lost, result.doubled, result.uncertain) == (0, 0, 0)
    assert sorted(house.sink.keys.values()) == [1] * 20


def test_proof_without_the_sweeper_a_forgetful_broker_loses(house):
    """Switched off: no scheduler, hence no sweep. The rows wait for messages that will never come."""
    house.start("dispatcher")
    tell_people(5)
    wait_for(lambda: len(_in_broker(house)) == 5, 30, house)
    house.valkey().flushall()
    let_leases_run_out()
    house.start("worker")
    tell_people(1)
    wait_for(lambda: len(house.sink.accepted) == 1, 40, house)
    assert tally(house).unsettled == 5


def test_doubled_messages_send_nothing_twice(house):
    house.start("dispatcher")
    tell_people(5)
    wait_for(lambda: len(_in_broker(house)) == 5, 30, house)
    # The dispatcher believes the messages lost and hands the same rows out again, several times.
    for copies in (2, 3, 4):
        Delivery.objects.filter(state=DeliveryState.QUEUED).update(state=DeliveryState.PENDING, queued_until=None)
        wait_for(lambda: len(_in_broker(house)) == 5 * copies, 30, house)  # noqa: B023
    house.start("worker")
    wait_for(settled, 60, house)
    wait_for(lambda: not _in_broker(house), 20, house)
    assert sorted(house.sink.keys.values()) == [1] * 5


def _in_broker(house: House) -> list[int]:
    """The ids of deliveries in waiting messages; one message carries several, and the same id may be there twice."""
    found: list[int] = []
    for raw in house.valkey().lrange("default", 0, -1):
        message = json.loads(raw)
        if message["headers"]["task"] == "notifications.deliver":
            (ids,), _options, _embedded = json.loads(base64.b64decode(message["body"]))
            found += ids
    return found
