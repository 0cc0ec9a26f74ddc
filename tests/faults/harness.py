"""Real processes around a test: Celery worker, dispatcher, scheduler, each in a process group that can be killed.

They use the production settings, the database of the test, a Valkey of their own and an SMTP server that counts.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import redis
from django.db import connection, transaction
from django.db.models.functions import Now

from backend.accounts.models import User
from backend.common import events
from backend.notifications.enums import DeliveryState
from backend.notifications.models import Delivery
from backend.notifications.services import notify
from backend.ops.embedded.temporary import TemporaryStack
from tests.notifications.conftest import make_user
from tests.notifications.smtp_server import SmtpSink, running_sink

ROOT = Path(__file__).resolve().parents[2]
LONG = os.environ.get("FAULTS") == "long"
UNSETTLED = [DeliveryState.PENDING, DeliveryState.QUEUED, DeliveryState.SENDING]
COMMANDS = {
    "worker": ["-m", "celery", "-A", "backend.config.celery", "worker", "-c", "2", "-l", "WARNING"],
    "dispatcher": ["-m", "backend.manage", "dispatch", "--poll", "0.2"],
    "scheduler": ["-m", "backend.manage", "schedule", "--interval", "1"],
}


@dataclass
class Tally:
    """What became of the deliveries, against what the SMTP server accepted."""

    events: int
    lost: int
    doubled: int
    uncertain: int
    unsettled: int


@dataclass
class House:
    sink: SmtpSink
    environment: dict[str, str]
    logs: Path
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        for name in names:
            with (self.logs / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    [sys.executable, *COMMANDS[name]],
                    cwd=ROOT,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def kill(self, name: str) -> None:
        """kill -9 to the whole group."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def stop(self) -> None:
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for name, process in list(self.processes.items()):
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill(name)

    def log(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text(errors="replace")[-4000:]

    def valkey(self) -> "redis.Redis":
        return redis.Redis.from_url(self.environment["REDIS_URL"])


@contextlib.contextmanager
def running_house(logs: Path) -> Iterator[House]:
    """A house without processes; the caller starts those it needs."""
    with TemporaryStack({"DATABASE_URL": "the database of the test"}) as stack, running_sink() as sink:
        base, _slash, _name = os.environ["DATABASE_URL"].rpartition("/")
        environment = {
            **os.environ,
            "DATABASE_URL": f"{base}/{connection.settings_dict['NAME']}",
            "REDIS_URL": stack.urls["REDIS_URL"],
            "SMTP_URL": f"smtp://127.0.0.1:{sink.port}",
            "DJANGO_SETTINGS_MODULE": "backend.config.settings.production",
            "SECRET_KEY": "a key for the processes of the fault tests, of sufficient length",
            "ALLOWED_HOSTS": "testserver",
            "SITE_URL": "https://testserver",
            "PYTHONWARNINGS": "default",
        }
        house = House(sink, environment, logs)
        try:
            yield house
        finally:
            house.stop()


def tell_people(number: int) -> list[User]:
    """Commits one trial notification for each of `number` new people."""
    people = [make_user() for _ in range(number)]
    with transaction.atomic():
        event = events.record("probe.happened", people[0])
        notify(event=event, recipients=people, kind="notifications.trial", subject=people[0])
    return people


def mails() -> "list[Delivery]":
    return list(Delivery.objects.filter(channel="email"))


def tally(house: House) -> Tally:
    rows, keys = mails(), house.sink.keys
    return Tally(
        events=len(rows),
        lost=sum(1 for row in rows if row.state == DeliveryState.SENT and keys[str(row.idem_key)] == 0),
        doubled=sum(1 for row in rows if keys[str(row.idem_key)] > 1),
        uncertain=sum(1 for row in rows if row.state == DeliveryState.UNCERTAIN),
        unsettled=sum(1 for row in rows if row.state in UNSETTLED),
    )


def wait_for(condition: Callable[[], bool], seconds: float, house: House) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            logs = "\n".join(house.log(name) for name in house.processes)
            raise AssertionError(f"waited {seconds} s: {tally(house)}\n{logs}")
        time.sleep(0.1)


def settled() -> bool:
    return not Delivery.objects.filter(channel="email", state__in=UNSETTLED).exists()


def let_leases_run_out() -> None:
    """All waiting is in rows, so the short run moves the rows instead of waiting. The long run waits."""
    if LONG:
        return
    Delivery.objects.filter(state=DeliveryState.SENDING).update(lease_until=Now())
    Delivery.objects.filter(state=DeliveryState.QUEUED).update(queued_until=Now())
