"""Notifications under load, in a process of its own: writing many rows, draining many mails, the web meanwhile.

``contender_notifications.py DIRECTORY MAILS ALERTS``: prints a JSON object last. DIRECTORY gets a database of its own
that is durable as in production, a broker and the logs.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from backend.ops.embedded.stack import Stack
from tests.benchmarks.fast_sink import counting_sink

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "tests.benchmarks.served",
    "SECRET_KEY": "a key for the processes of the benchmark, of sufficient length",
    "ALLOWED_HOSTS": "127.0.0.1",
    "SITE_URL": "https://127.0.0.1",
    "SECURE_SSL_REDIRECT": "false",
    "PYTHONPATH": str(ROOT),
}
WORKER = ["-m", "celery", "-A", "backend.config.celery", "worker", "-c", "2", "-l", "WARNING"]
DISPATCHER = ["-m", "backend.manage", "dispatch"]
WEB = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--workers", "2", "--blocking-threads", "4"]
WEB += ["--no-ws", "--log-level", "warning", "backend.config.wsgi:application"]
HOME = "/elev/"
PAGE_EVERY = 0.1
PAGE_MAILS = 2_000
PLACES = 2_000
PATIENCE = 1800.0
_running: list[tuple[str, subprocess.Popen[bytes]]] = []


@contextlib.contextmanager
def running(logs: Path, name: str, *command: str) -> Iterator[None]:
    with (logs / f"{name}.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    _running.append((name, process))
    try:
        yield
    finally:
        _running.remove((name, process))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(condition: Callable[[], bool], every: float = 0.02) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError("the work was not done in time")
        for name, process in _running:
            if process.poll() is not None:
                raise RuntimeError(f"the {name} ended by itself, see its log")
        time.sleep(every)


def write_alerts(number: int) -> dict[str, float]:
    """Publishing one offer that answers `number` alerts: seconds for the rows, and for everything its subscriber does."""
    from django.db import connection, transaction

    from backend.accounts.models import User
    from backend.common import events
    from backend.common.models import EventHandling
    from backend.notifications.models import Delivery, Notification
    from backend.notifications.services import notify
    from backend.students.models import Alert, Student
    from backend.suggestions.services import suggest_offer
    from tests.factories import OfferFactory

    users = User.objects.bulk_create(User(email=f"alert{n}@load.example", name=f"Student {n}") for n in range(number))
    students = Student.objects.bulk_create(
        Student(user=user, municipality_id="0562", programme_id="IN", birth_date=date(2008, 3, 1)) for user in users
    )
    Alert.objects.bulk_create(Alert(student=student, name="APL", form_id="apl") for student in students)
    offer = OfferFactory()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    rows = []
    for _ in range(3):
        began = time.perf_counter()
        with transaction.atomic():
            notify(event=events.record("offer.published", offer), recipients=users, kind="alert.matched", subject=offer)
        rows.append(time.perf_counter() - began)
        Delivery.objects.all().delete()
        Notification.objects.all().delete()
    event = events.record("offer.published", offer)
    began = time.perf_counter()
    told = suggest_offer(event=event)
    whole = time.perf_counter() - began
    assert told == number == Notification.objects.filter(event=event).count(), told
    # Nobody hears of it a second time: the worker that drains mails later is not to find these events waiting.
    EventHandling.objects.all().delete()
    Delivery.objects.all().delete()
    return {"rows": min(rows), "whole": whole}


def drain(mails: int, logs: Path, sink: Any) -> dict[str, Any]:
    """The rate of no-op tasks and of mails through the same two worker processes, tasks and mails a second."""
    import redis
    from celery import current_app
    from django.conf import settings

    from backend.accounts.models import User
    from tests.benchmarks.noop import noop

    broker = redis.Redis.from_url(settings.REDIS_URL)

    def broker_is_empty() -> bool:
        return not broker.llen("default") and not broker.hlen("unacked")

    def noop_rate(number: int) -> float:
        with current_app.producer_or_acquire() as producer:
            for n in range(number):
                noop.apply_async((n,), producer=producer, retry=False)
        wait_for(lambda: int(broker.llen("default")) < number - 2)
        left, began = int(broker.llen("default")), time.perf_counter()
        wait_for(broker_is_empty)
        return left / (time.perf_counter() - began)

    users = User.objects.bulk_create(User(email=f"drain{n}@load.example", name=f"Person {n}") for n in range(mails))
    with running(logs, "worker", *WORKER, "-I", "tests.benchmarks.noop"):
        noop_rate(400)  # until the worker has started and is warm
        tell(users[:200])
        drained(200, logs, sink)
        tell(users)
        noops = [noop_rate(mails)]
        connections = sink.connections
        began, mailed = drained(mails, logs, sink)
        connections = sink.connections - connections
        noops.append(noop_rate(mails))
        few = users[:PAGE_MAILS]
        with running(logs, "web", *WEB, "--port", str(port := free_port())):
            pages = Pages(port)
            pages.alone()
            tell(few)
            with pages.asked_for():
                drained(len(few), logs, sink)
    return {
        "mails": mails,
        "rate": mails / (mailed - began),
        "noops": noops,
        "connections": connections,
        "doubled": sink.mails - 200 - mails - len(few),
        "alone": pages.before,
        "meanwhile": pages.runs,
        "meanwhile_mails": len(few),
    }


def drained(number: int, logs: Path, sink: Any) -> tuple[float, float]:
    """Runs a dispatcher until `number` more mails are taken and recorded: when the first and the last were taken."""
    from backend.notifications.models import Delivery

    before = sink.mails
    with running(logs, "dispatcher", *DISPATCHER):
        wait_for(lambda: sink.mails > before, 0.002)
        began = time.perf_counter()
        wait_for(lambda: sink.mails >= before + number)
        ended = time.perf_counter()
        wait_for(lambda: not Delivery.objects.filter(channel="email").exclude(state="sent").exists())
    return began, ended


def tell(users: list[Any]) -> None:
    from django.db import transaction

    from backend.common import events
    from backend.notifications.services import notify

    with transaction.atomic():
        event = events.record("load.wanted", users[0])
        notify(event=event, recipients=users, kind="notifications.trial", subject=users[0])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Pages:
    """The start page, a search and a student's home, asked for one after the other, ten times a second."""

    def __init__(self, port: int) -> None:
        from django.conf import settings
        from django.test import Client

        from backend.students.models import Student

        client = Client()
        client.force_login(
            Student.objects.select_related("user").earliest("pk").user, settings.AUTHENTICATION_BACKENDS[0]
        )
        self._cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        self._port = port
        self._asked = itertools.cycle([("/", ""), ("/platser/?q=svets", ""), (HOME, self._cookie)])
        self.before: list[float] = []
        self.runs: list[float] = []

    def get(self) -> float:
        path, cookie = next(self._asked)
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        response = connection.getresponse()
        response.read()
        connection.close()
        if response.status != 200:
            raise AssertionError(f"{path} answered {response.status}")
        return time.perf_counter() - began

    def alone(self) -> None:
        """Until every process of the server is warm; then each page a few times with nothing else to do."""
        wait_for(self._answers, 0.2)
        for _ in range(24):
            self.get()
        self.before = [self.get() for _ in range(60)]

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1):
            return True
        return False

    @contextlib.contextmanager
    def asked_for(self) -> Iterator[None]:
        over, failed = threading.Event(), []

        def ask() -> None:
            while not over.is_set():
                try:
                    self.runs.append(self.get())
                except Exception as error:
                    failed.append(error)
                    return
                over.wait(PAGE_EVERY)

        asker = threading.Thread(target=ask)
        asker.start()
        try:
            yield
        finally:
            over.set()
            asker.join()
        if failed:
            raise failed[0]


def main(directory: Path, mails: int, alerts: int) -> dict[str, Any]:
    with Stack(directory, {}) as stack, counting_sink() as sink:
        os.environ.update(SETTINGS | stack.urls, SMTP_URL=f"smtp://127.0.0.1:{sink.port}", DATA_DIR=str(directory))
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        from tests.benchmarks.search_world import World

        World(PLACES).load()
        logs = directory / "log"
        result: dict[str, Any] = {"write": write_alerts(alerts)}
        result["drain"] = drain(mails, logs, sink)
    return result


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
