"""A house of real processes around a test: web, Celery workers, dispatchers, schedulers, each in a group of its own.

They use the production settings, a PostgreSQL and a Valkey of their own that may be killed, and an SMTP server that
counts what it accepted. The rows that are committed and the server's count are the truth.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import cast

import environ
import httpx
import redis
from django.core.management import call_command
from django.db import connection, connections, transaction

from backend.accounts.models import User
from backend.common import events
from backend.common.clock import DbNow
from backend.notifications import selectors
from backend.notifications.enums import DeliveryState
from backend.notifications.models import Delivery
from backend.notifications.sending import LEASE
from backend.notifications.services import notify
from backend.notifications.sweeping import QUEUED_FOR
from backend.ops.embedded.account import ServerAccount
from backend.ops.embedded.binaries import find_postgres
from backend.ops.embedded.postgres import PostgresServer
from backend.ops.embedded.temporary import TemporaryStack
from backend.ops.embedded.valkey import ValkeyServer
from backend.reference.services import load_reference
from tests.faults.altered import COMMANDS
from tests.notifications.smtp_server import SmtpSink, running_sink

ROOT = Path(__file__).resolve().parents[2]
LONG = os.environ.get("FAULTS") == "long"
# So long nobody may have touched a row before the short run takes it for left.
UNTOUCHED = timedelta(seconds=4)
UNSETTLED = [DeliveryState.PENDING, DeliveryState.QUEUED, DeliveryState.SENDING]


class Accepted(list[bytes]):
    """The mails an SMTP server accepted, remembered by their key alone: there may be very many."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: Counter[str] = Counter()

    def append(self, mail: bytes) -> None:
        self.keys[str(BytesHeaderParser().parsebytes(mail)["X-Praktiknavet-Key"])] += 1

    def __len__(self) -> int:
        return self.keys.total()


@dataclass
class Tally:
    """What became of the mails of one event, against what the SMTP server accepted. `lost`: not settled, or said to be
    sent without having arrived. `unlisted`: uncertain, and no operator is shown it."""

    events: int
    lost: int
    doubled: int
    uncertain: int
    unlisted: int

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.unlisted)


@dataclass
class Mails:
    """One event told to some people; every question is about their mails alone."""

    house: House
    event: uuid.UUID

    def rows(self) -> list[Delivery]:
        return list(Delivery.objects.filter(event_id=self.event, channel="email"))

    def settled(self) -> bool:
        return not Delivery.objects.filter(event_id=self.event, channel="email", state__in=UNSETTLED).exists()

    def unsettled(self) -> int:
        return Delivery.objects.filter(event_id=self.event, channel="email", state__in=UNSETTLED).count()

    def accepted(self) -> int:
        """How many copies have arrived."""
        keys = self.house.keys
        return sum(keys[str(row.idem_key)] for row in self.rows())

    def tally(self) -> Tally:
        rows, keys = self.rows(), self.house.keys
        listed = set(selectors.list_undelivered().values_list("pk", flat=True))
        uncertain = {row.pk for row in rows if row.state == DeliveryState.UNCERTAIN}
        silent = [row for row in rows if row.state == DeliveryState.SENT and keys[str(row.idem_key)] == 0]
        return Tally(
            events=len(rows),
            lost=len(silent) + sum(row.state in UNSETTLED for row in rows),
            doubled=sum(keys[str(row.idem_key)] > 1 for row in rows),
            uncertain=len(uncertain),
            unlisted=len(uncertain - listed),
        )

    def wait_until_settled(self, seconds: float = 90.0) -> float:
        """Seconds until every mail has an end. The short run moves leases on instead of waiting for them."""
        began = time.monotonic()
        self.house.wait_for(self.settled, seconds, meanwhile=self.let_leases_run_out)
        return time.monotonic() - began

    def let_leases_run_out(self) -> None:
        """All waiting is in rows, so the short run moves those that nobody works on any more. The long run waits."""
        if LONG:
            return
        mine = Delivery.objects.filter(event_id=self.event)
        mine.filter(state=DeliveryState.SENDING, lease_until__lt=DbNow() + LEASE - UNTOUCHED).update(
            lease_until=DbNow() - timedelta(seconds=1)
        )
        mine.filter(state=DeliveryState.QUEUED, queued_until__lt=DbNow() + QUEUED_FOR - UNTOUCHED).update(
            queued_until=DbNow() - timedelta(seconds=1)
        )
        mine.filter(state=DeliveryState.PENDING, due_at__gt=DbNow() + timedelta(seconds=1)).update(due_at=DbNow())


@dataclass
class House:
    sink: SmtpSink
    stack: TemporaryStack
    environment: dict[str, str]
    logs: Path
    port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ran_as: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def keys(self) -> Counter[str]:
        return cast(Accepted, self.sink.accepted).keys

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # --- processes ---

    def only(
        self, *names: str, clock: dict[str, float] | None = None, probing: tuple[str, ...] = (), **without: str
    ) -> None:
        """Exactly these processes run, unaltered unless told: `only("worker", worker="claim")` without that guard.

        A name may carry a number: `dispatcher2`. clock: seconds a process is ahead. probing: those that know the probe.
        What runs already in the wanted way is left alone; the rest is killed.
        """
        wanted = {
            name: self._arguments(name, without.get(name, ""), (clock or {}).get(name, 0.0), name in probing)
            for name in names
        }
        for name in list(self.processes):
            if self.ran_as[name] != wanted.get(name) or self.processes[name].poll() is not None:
                self.kill(name)
        for name, arguments in wanted.items():
            if name not in self.processes:
                self._start(name, arguments)

    def _arguments(self, name: str, without: str, clock: float, probe: bool) -> tuple[str, ...]:
        kind = name.rstrip("0123456789")
        if kind == "web":
            target = "tests.faults.altered_wsgi" if without else "backend.config.wsgi"
            options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
            options += ["--blocking-threads", "4", "--respawn-failed-workers", "--no-ws", "--log-level", "warning"]
            return (without, "-m", "granian", *options, f"{target}:application")
        if not (without or clock or probe):
            program, *rest = COMMANDS[kind]
            extra = ["-n", f"{name}@house"] if kind == "worker" else []
            return ("", "-m", {"manage": "backend.manage"}.get(program, program), *rest, *extra)
        altered = ["--without", without] if without else []
        altered += ["--clock", str(clock)] if clock else []
        return (without, "-m", "tests.faults.altered", kind, *altered, *(["--probe"] if probe else []))

    def _start(self, name: str, arguments: tuple[str, ...]) -> None:
        without, *rest = arguments
        environment = self.environment | {"FAULTS_WITHOUT": without}
        if name.startswith("web"):
            environment["DJANGO_SETTINGS_MODULE"] = "tests.faults.web_settings"
        with (self.logs / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *rest], cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self.ran_as[name] = arguments

    def kill(self, name: str) -> None:
        """kill -9 to the whole group."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def restart(self, name: str) -> None:
        self.kill(name)
        self._start(name, self.ran_as[name])

    def children(self, name: str) -> list[int]:
        pid = self.processes[name].pid
        try:
            return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            return []

    def kill_child(self, name: str, which: int = 0) -> bool:
        """kill -9 to one process of the pool. False while there is none."""
        found = self.children(name)
        if found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(found[which % len(found)], signal.SIGKILL)
        return bool(found)

    @contextlib.contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """The whole group stands still, with its connections."""
        group = self.processes[name].pid
        os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(group, signal.SIGCONT)

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name)

    def log(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text(errors="replace")

    def wait_for_web(self) -> None:
        self.wait_for(self._web_answers, 60)

    def _web_answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/health/", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    # --- servers ---

    @property
    def postgres(self) -> PostgresServer:
        return next(server for server in self.stack.servers if isinstance(server, PostgresServer))

    @property
    def valkey(self) -> ValkeyServer:
        return next(server for server in self.stack.servers if isinstance(server, ValkeyServer))

    def broker(self) -> redis.Redis:
        return redis.Redis.from_url(self.environment["REDIS_URL"])

    def kill_broker(self) -> None:
        """kill -9, and its files are gone: it comes back empty."""
        server = self.valkey
        assert server.process is not None
        server.process.kill()
        server.process.wait()
        shutil.rmtree(server.data)

    @contextlib.contextmanager
    def paused_broker(self) -> Iterator[None]:
        """It keeps its connections and says nothing."""
        process = self.valkey.process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    def kill_database(self) -> None:
        """An immediate stop: no goodbye to anybody, recovery at the next start."""
        server = self.postgres
        assert server.process is not None
        server.process.send_signal(signal.SIGQUIT)
        server.process.wait()
        connections.close_all()

    def cut_connections(self) -> int:
        """pg_terminate_backend on everybody else. Returns how many were cut."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return int(cursor.fetchone()[0])

    # --- work ---

    def tell(self, number: int) -> Mails:
        """Commits one trial notification for each of `number` new people."""
        names = [uuid.uuid4().hex for _ in range(number)]
        people = User.objects.bulk_create(User(email=f"{name}@example.test", name="Åsa Öberg") for name in names)
        with transaction.atomic():
            event = events.record("probe.happened", people[0])
            notify(event=event, recipients=people, kind="notifications.trial", subject=people[0])
        return Mails(self, event.pk)

    def wait_for(
        self, condition: Callable[[], bool], seconds: float, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        until, quietly_until = time.monotonic() + seconds, time.monotonic() + 4.5
        while not condition():
            if time.monotonic() > quietly_until:
                meanwhile()
                quietly_until = time.monotonic() + 1.0
            ended = [name for name, process in self.processes.items() if process.poll() is not None]
            if ended or time.monotonic() > until:
                logs = "\n".join(f"--- {name}\n{self.log(name)[-3000:]}" for name in self.processes)
                raise AssertionError(f"{ended} ended by themselves\n{logs}" if ended else f"waited {seconds} s\n{logs}")
            time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running_house(logs: Path) -> Iterator[House]:
    """A house without processes, with the schema and the reference lists of the test database; this process talks to the
    house's database meanwhile."""
    with TemporaryStack({}) as stack, running_sink() as sink:
        sink.accepted = Accepted()
        _copy_database(stack)
        environment = {
            **os.environ,
            **stack.urls,
            "SMTP_URL": f"smtp://127.0.0.1:{sink.port}",
            "DJANGO_SETTINGS_MODULE": "backend.config.settings.production",
            "SECRET_KEY": "a key for the processes of the fault tests, of sufficient length",
            "ALLOWED_HOSTS": "127.0.0.1",
            "SITE_URL": "https://testserver",
            "DATA_DIR": str(logs),
            "PYTHONWARNINGS": "ignore",
        }
        house = House(sink, stack, environment, logs, free_port())
        with _connected_to(stack.urls["DATABASE_URL"]):
            _complete_database()
            try:
                yield house
            finally:
                house.stop()


def _copy_database(stack: TemporaryStack) -> None:
    """Commits are durable also in the throw-away server: an immediate stop must not take back what was promised."""
    tools = find_postgres(ServerAccount.for_current_user()).postgres.parent
    ours = connection.settings_dict
    source = {
        "PGHOST": ours["HOST"],
        "PGPORT": str(ours["PORT"]),
        "PGUSER": ours["USER"],
        "PGPASSWORD": ours["PASSWORD"],
    }
    there = {**os.environ, **stack.libpq}
    here = {**os.environ, **{name: value for name, value in source.items() if value}}
    dump = subprocess.run([tools / "pg_dump", "--no-owner", ours["NAME"]], env=here, capture_output=True, check=True)
    subprocess.run(
        [tools / "psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-1"],
        env=there, input=dump.stdout, stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    durable = "ALTER DATABASE app SET synchronous_commit = on"
    subprocess.run([tools / "psql", "-q", "-X", "-c", durable], env=there, check=True)


def _complete_database() -> None:
    """When no other test of the session needs a database, pytest-django makes none, and there was nothing to copy."""
    if "django_migrations" not in connection.introspection.table_names():
        call_command("migrate", verbosity=0)
        load_reference()


@contextlib.contextmanager
def _connected_to(url: str) -> Iterator[None]:
    connection.close()
    ours = dict(connection.settings_dict)
    connection.settings_dict.update(environ.Env.db_url_config(url))
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict.update(ours)


class Visitors:
    """Asks for pages and the API over and over while something is broken. Counts statuses; 0 is no answer at all."""

    PATHS = ("/", "/api/v1/offers/?limit=1", "/health/")

    def __init__(self, house: House) -> None:
        self.house, self.statuses, self.slowest = house, Counter[int](), 0.0
        self.bodies: list[str] = []
        self._over = threading.Event()

    def __enter__(self) -> Visitors:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def broken(self) -> Counter[int]:
        """Answers that say the fault was ours, and requests without any answer."""
        return Counter({status: number for status, number in self.statuses.items() if status == 0 or status >= 500})

    def _run(self) -> None:
        with httpx.Client(base_url=self.house.address, timeout=15.0) as client:
            while not self._over.is_set():
                for path in self.PATHS:
                    began = time.monotonic()
                    try:
                        answer = client.get(path)
                        self.statuses[answer.status_code] += 1
                        if answer.status_code >= 500:
                            self.bodies.append(answer.text)
                    except httpx.TransportError:
                        self.statuses[0] += 1
                    self.slowest = max(self.slowest, time.monotonic() - began)
                self._over.wait(0.1)
