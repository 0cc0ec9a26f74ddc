"""Valkey, PostgreSQL and the web process are killed, emptied, paused and cut off: nothing is lost, done twice or hidden."""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from backend.notifications.sending import RECORD_FOR_SECONDS
from backend.offers.models import Offer
from backend.tokens.enums import Scope
from tests.api.desk import token_of
from tests.factories import MembershipFactory, WorkplaceFactory
from tests.faults.harness import LONG, House, Mails, Visitors
from tests.faults.record import Entry, Record

pytestmark = [pytest.mark.celery_worker, pytest.mark.slow, pytest.mark.real_clock]
RECOVERY, DRAINED = 90.0, 60.0
EVERYBODY = ("web", "worker", "dispatcher", "scheduler")
SEED = int(os.environ.get("FAULTS_SEED", "20261124"))
long_only = pytest.mark.skipif(not LONG, reason="slow: FAULTS=long")


def rounds(long: int) -> int:
    return min(long, int(os.environ.get("FAULTS_ROUNDS", "1000"))) if LONG else 1


# --- the broker ---


def flush(house: House) -> None:
    house.broker().flushall()


def kill_and_restart(house: House) -> None:
    house.kill_broker()
    house.valkey.start()


def keep_down(house: House) -> None:
    house.kill_broker()
    time.sleep(20.0 if LONG else 1.5)
    house.valkey.start()


def pause(house: House) -> None:
    with house.paused_broker():
        time.sleep(20.0 if LONG else 4.0)


BROKER_FAULTS: dict[str, tuple[Callable[[House], None], int]] = {
    "Valkey: FLUSHALL": (flush, 10),
    "Valkey: kill -9, back empty": (kill_and_restart, 12),
    "Valkey: away for a while": (keep_down, 1),
    "Valkey: stands still (SIGSTOP)": (pause, 1),
}


def break_broker(house: House, fault: Callable[[House], None], times: int, guard: str = "") -> Mails:
    """The broker breaks while messages wait in it."""
    house.only(*EVERYBODY, scheduler=guard)
    house.sink.answer_delay = 0.2
    mails = house.tell(24 * times)
    for _ in range(times):
        house.wait_for(lambda: bool(house.broker().llen("default")), 60, mails.let_leases_run_out)
        fault(house)
    house.sink.answer_delay = 0.0
    return mails


@pytest.mark.parametrize("fault", BROKER_FAULTS)
def test_a_broken_broker_loses_and_doubles_nothing_and_pages_go_on(house, record, fault):
    strike, times = BROKER_FAULTS[fault]
    house.only(*EVERYBODY)
    house.wait_for_web()
    with Visitors(house) as visitors:
        mails = break_broker(house, strike, rounds(times))
        recovery = mails.wait_until_settled(RECOVERY + 30)
    tally = mails.tally()
    assert (tally.lost, tally.doubled, tally.uncertain) == (0, 0, 0)
    assert visitors.broken() == Counter(), visitors.statuses
    assert visitors.slowest < 3.5  # also while it stands still: nobody waits for it
    _note(
        record, fault, rounds(times), mails, recovery, DRAINED, "lost 0, doubled 0, web 5xx 0, drained <= 60 s",
        f"{visitors.statuses.total()} requests meanwhile, none answered 5xx, the slowest {visitors.slowest:.1f} s",
    )  # fmt: skip


def _note(
    record: Record, fault: str, times: int, mails: Mails, recovery: float, within: float, bar: str, note: str = "",
    seed: int | None = None,
) -> None:  # fmt: skip
    was = mails.tally()
    met = was.is_clean and recovery <= within
    record.note(Entry(fault, times, was.events, was.lost, was.doubled, was.uncertain, recovery, bar, met, note, seed))


@long_only
def test_proof_without_the_sweeper_an_emptied_broker_loses(house, record):
    mails = break_broker(house, flush, 1, guard="sweep")
    with pytest.raises(AssertionError, match="waited"):
        mails.wait_until_settled(75.0)
    lost = mails.tally().lost
    assert lost >= 1
    record.without("the sweeper", f"FLUSHALL: {lost} of {mails.tally().events} mails never sent")
    house.only()


@long_only
def test_proof_the_api_needs_its_own_answer_to_a_broker_that_is_away(house, record):
    house.only("web", web="answer_without_cache")
    house.wait_for_web()
    house.kill_broker()
    try:
        with Visitors(house) as visitors:
            house.wait_for(lambda: visitors.statuses.total() >= 9, 60)
    finally:
        house.valkey.start()
    assert visitors.statuses[500] >= 1
    record.without("rate limits that let go without a cache", f"Valkey away: {visitors.statuses[500]} answers of 500")


# --- the database ---


def stop_database(house: House, seconds: float = 1.0) -> None:
    house.kill_database()
    time.sleep(seconds)
    house.postgres.start()


def keep_database_down(house: House) -> None:
    """For longer than a page waits for a connection."""
    stop_database(house, 7.0)


def cut(house: House) -> None:
    for _ in range(20):
        house.cut_connections()
        time.sleep(0.05)


DATABASE_FAULTS: dict[str, tuple[Callable[[House], None], int]] = {
    "PostgreSQL: immediate stop, 1 s away": (stop_database, 10),
    **({"PostgreSQL: immediate stop, 7 s away": (keep_database_down, 1)} if LONG else {}),
    "PostgreSQL: 20 x pg_terminate_backend for everybody": (cut, 10),
}


def break_database(
    house: House, fault: Callable[[House], None], times: int, **without: str
) -> tuple[Mails, Visitors, float]:
    house.only(*EVERYBODY, **without)
    house.wait_for_web()
    house.sink.answer_delay = 0.3
    mails = house.tell(24 * times)
    with Visitors(house) as visitors:
        for _ in range(times):
            before = house.keys.total()
            house.wait_for(lambda: house.keys.total() > before, 60, mails.let_leases_run_out)  # noqa: B023
            fault(house)
        house.sink.answer_delay = 0.0
        recovery = mails.wait_until_settled(RECOVERY + 30)
    return mails, visitors, recovery


@pytest.mark.parametrize("fault", DATABASE_FAULTS)
def test_a_broken_database_loses_and_doubles_nothing_and_pages_say_503(house, record, fault):
    strike, times = DATABASE_FAULTS[fault]
    mails, visitors, recovery = break_database(house, strike, rounds(times))
    tally = mails.tally()
    assert tally.is_clean, tally
    # The answers that came while the database was away are written down when it is back. The short run moves leases on: a
    # worker on a slow machine may still hold an answer when all else has an end.
    house.wait_for(lambda: mails.tally().uncertain == 0, RECORD_FOR_SECONDS)
    assert set(visitors.broken()) <= {503}, (visitors.statuses, visitors.bodies[:1])
    assert not any("Traceback" in body for body in visitors.bodies)
    if strike is keep_database_down:
        assert visitors.statuses[503] >= 1
    _note(
        record, fault, rounds(times), mails, recovery, RECOVERY, "lost 0, doubled 0, 503 instead of a traceback",
        f"{visitors.statuses.total()} requests meanwhile, {visitors.statuses[503]} of them 503, none 500",
    )  # fmt: skip


@long_only
def test_proof_without_patience_answers_that_came_are_forgotten(house, record):
    mails, _visitors, _recovery = break_database(house, stop_database, 5, worker="patience")
    uncertain = mails.tally().uncertain
    assert uncertain >= 1
    record.without(
        "waiting for the database to write an answer down",
        f"PostgreSQL stopped five times: {uncertain} mails uncertain",
    )


@long_only
def test_proof_without_an_answer_of_our_own_a_stopped_database_is_a_traceback(house, record):
    _mails, visitors, _recovery = break_database(house, keep_database_down, 1, web="answer_without_database")
    assert visitors.statuses[500] >= 1
    record.without("503 while the database is away", f"PostgreSQL stopped: {visitors.statuses[500]} answers of 500")


# --- the web process ---


class Clients(threading.Thread):
    """Posts offers, each under a key of its own, and asks again until it has an answer. Every third time it hangs up
    before the first answer can have come, as a telephone in a tunnel does."""

    def __init__(self, house: House, number: int) -> None:
        super().__init__()
        workplace = WorkplaceFactory()
        owner = MembershipFactory(organisation=workplace.organisation, role="owner").user
        self.address, self.name = f"{house.address}/api/v1/offers/", f"client{number}"
        self.headers = {"Authorization": f"Bearer {token_of(owner, Scope.OFFERS_WRITE)}"}
        self.body: dict[str, Any] = {
            "workplace": workplace.pk,
            "form": "apl",
            "title": "Svetsare",
            "tasks": "Svetsa.",
            "periods": [{"start": "2027-01-25", "end": "2027-02-19", "seats": 2}],
        }
        self.organisation = workplace.organisation_id
        self.answers: list[int] = []
        self.refused: list[str] = []
        self.over = threading.Event()

    def run(self) -> None:
        with httpx.Client(headers=self.headers) as client:
            while not self.over.is_set():
                self._once(client, f"{self.name}-{len(self.answers)}")
                self.over.wait(0.3)  # below what one token may do in a minute

    def _once(self, client: httpx.Client, key: str) -> None:
        patience = 0.03 if len(self.answers) % 3 == 0 else 15.0
        while True:
            try:
                answer = client.post(
                    self.address, json=self.body, headers={"Idempotency-Key": key}, timeout=httpx.Timeout(patience)
                )
            except httpx.TransportError:
                patience = 15.0
                time.sleep(0.2)
                continue
            if answer.status_code == 201:
                self.answers.append(answer.json()["id"])
                return
            if answer.status_code not in {409, 429, 503}:
                self.refused.append(f"{answer.status_code} {answer.text[:300]}")
                return
            time.sleep(0.5)


def kill_web(house: House, times: int, guard: str = "") -> tuple[list[Clients], int, int]:
    """kill -9 to the web process while clients ask. Returns the clients, operations and rows too many."""
    house.only("web", web=guard)
    house.wait_for_web()
    clients = [Clients(house, number) for number in range(4)]
    for client in clients:
        client.start()
    try:
        for _ in range(times):
            answered = sum(len(client.answers) for client in clients)
            house.wait_for(lambda: sum(len(client.answers) for client in clients) >= answered + 6, 60)  # noqa: B023
            house.restart("web")
        house.wait_for_web()
    finally:
        for client in clients:
            client.over.set()
        for client in clients:
            client.join(60)
    operations = sum(len(client.answers) for client in clients)
    rows = Offer.objects.filter(workplace__organisation__in=[client.organisation for client in clients]).count()
    return clients, operations, rows - operations


def test_a_killed_web_process_does_each_operation_once(house, record):
    clients, operations, doubled = kill_web(house, rounds(50))
    assert [client.refused for client in clients] == [[]] * len(clients)
    assert doubled == 0
    for client in clients:
        ids = Offer.objects.filter(workplace__organisation=client.organisation).values_list("pk", flat=True)
        assert sorted(client.answers) == sorted(ids)
    bar = "each operation once"
    record.note(Entry("web: kill -9 while clients retry", rounds(50), operations, 0, doubled, 0, None, bar, True))


def test_proof_without_the_memory_of_answers_operations_are_done_twice(house, record):
    _clients, operations, doubled = kill_web(house, 1, guard="idempotency")
    assert doubled >= 1
    record.without("answers kept under `Idempotency-Key`", f"web killed: {doubled} of {operations} offers made twice")


# --- everything ---


def _sprinkle(house: House, chance: random.Random) -> str:
    """One fault, mended again. Returns its name."""
    faults: dict[str, Callable[[], object]] = {
        "worker killed": lambda: house.restart("worker"),
        "pool process killed": lambda: house.kill_child("worker", chance.randrange(2)),
        "dispatcher killed": lambda: house.restart("dispatcher"),
        "scheduler killed": lambda: house.restart("scheduler"),
        "FLUSHALL": lambda: flush(house),
        "Valkey killed": lambda: kill_and_restart(house),
        "Valkey paused": lambda: _paused_for(house, 1.0),
        "connections cut": house.cut_connections,
        "PostgreSQL stopped": lambda: stop_database(house),
    }
    name = chance.choice(sorted(faults))
    faults[name]()
    return name


def _paused_for(house: House, seconds: float) -> None:
    with house.paused_broker():
        time.sleep(seconds)


@long_only
def test_faults_sprinkled_over_many_mails_lose_and_double_nothing(house, record):
    number = int(os.environ.get("FAULTS_MAILS", "100000"))
    chance = random.Random(SEED)
    house.only("worker", "dispatcher", "dispatcher2", "scheduler")
    house.wait_for(house.tell(1).settled, 60)
    began, mails = time.monotonic(), house.tell(number)
    struck: Counter[str] = Counter()
    while mails.unsettled() > number * 0.02:
        time.sleep(chance.uniform(4.0, 12.0))
        struck[_sprinkle(house, chance)] += 1
    last = time.monotonic()
    mails.wait_until_settled(RECOVERY + 300)
    recovery, whole = time.monotonic() - last, time.monotonic() - began
    tally = mails.tally()
    print(f"seed {SEED}: {tally}, {dict(struck)}, {whole:.0f} s")
    assert tally.is_clean, tally
    told = ", ".join(f"{name} {count}" for name, count in sorted(struck.items()))
    _note(
        record, f"{number:,} mails with faults sprinkled", struck.total(), mails, recovery, 900.0 - (whole - recovery),
        "lost 0, doubled 0, <= 15 min on 2 cores", f"{whole:.0f} s in all, {number / whole:.0f} mails a second; {told}",
        SEED,
    )  # fmt: skip
