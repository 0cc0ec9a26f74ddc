"""Notifications under load, in a process of its own: writing many rows, draining many mails, the web meanwhile.

``contender_notifications.py DIRECTORY MAILS ALERTS``: prints a JSON object last. DIRECTORY gets a database of its own
that is durable as in production, a broker and the logs.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from backend.ops.embedded.stack import Stack
from tests.benchmarks.fast_sink import counting_sink

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "backend.config.settings.production",
    "SECRET_KEY": "a key for the processes of the benchmark, of sufficient length",
    "ALLOWED_HOSTS": "127.0.0.1",
    "SITE_URL": "https://127.0.0.1",
    "SECURE_SSL_REDIRECT": "false",
    "PYTHONPATH": str(ROOT),
}
WORKER = ["-m", "celery", "-A", "backend.config.celery", "worker", "-c", "2", "-l", "WARNING"]
DISPATCHER = ["-m", "backend.manage", "dispatch"]
PAGE_EVERY = 0.1
PATIENCE = 1800.0


@contextlib.contextmanager
def running(logs: Path, name: str, *command: str) -> Iterator[None]:
    with (logs / f"{name}.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    try:
        yield
    finally:
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
        time.sleep(every)


def write_alerts(number: int) -> dict[str, float]:
    """Publishing one offer that answers `number` alerts: seconds for the rows, and for everything its subscriber does."""
    from django.db import connection, transaction

    from backend.accounts.models import User
    from backend.common import events
    from backend.common.models import DomainEvent
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
    with transaction.atomic():
        event = events.record("offer.published", offer)
        began = time.perf_counter()
        notify(event=event, recipients=users, kind="alert.matched", subject=offer)
        rows = time.perf_counter() - began
        transaction.set_rollback(True)
    event = DomainEvent.objects.create(kind="offer.published", subject_type="offer", subject_id=offer.pk, at=event.at)
    began = time.perf_counter()
    told = suggest_offer(event=event)
    whole = time.perf_counter() - began
    assert told == number == Notification.objects.filter(event=event).count(), told
    Delivery.objects.all().delete()
    return {"rows": rows, "whole": whole}


def drain(mails: int, logs: Path, sink: Any) -> dict[str, Any]:
    """The rate of no-op tasks and of mails through the same two worker processes, tasks and mails a second."""
    import redis
    from django.conf import settings

    from backend.accounts.models import User
    from backend.notifications.models import Delivery
    from tests.benchmarks.noop import noop

    broker = redis.Redis.from_url(settings.REDIS_URL)

    def broker_is_empty() -> bool:
        return not broker.llen("default") and not broker.hlen("unacked")

    def noop_rate(number: int) -> float:
        for n in range(number):
            noop.apply_async((n,), retry=False)
        wait_for(lambda: int(broker.llen("default")) < number - 2)
        left, began = int(broker.llen("default")), time.perf_counter()
        wait_for(broker_is_empty)
        return left / (time.perf_counter() - began)

    users = User.objects.bulk_create(User(email=f"drain{n}@load.example", name=f"Person {n}") for n in range(mails))
    found: dict[str, Any] = {}
    with running(logs, "worker", *WORKER, "-I", "tests.benchmarks.noop"):
        noop_rate(200)  # until the worker has started and is warm
        with running(logs, "dispatcher", *DISPATCHER):
            tell(users[:50])
            wait_for(lambda: sink.mails == 50)
        tell(users)
        before = sink.mails, sink.connections
        noops = [noop_rate(mails)]
        with running(logs, "dispatcher", *DISPATCHER):
            wait_for(lambda: sink.mails > before[0], 0.002)
            began = time.perf_counter()
            wait_for(lambda: sink.mails >= before[0] + mails)
            seconds = time.perf_counter() - began
            wait_for(lambda: not Delivery.objects.filter(channel="email").exclude(state="sent").exists())
        noops.append(noop_rate(mails))
    found.update(mails=mails, seconds=seconds, rate=mails / seconds, noops=noops)
    found.update(connections=sink.connections - before[1], doubled=sink.mails - before[0] - mails)
    return found


def tell(users: list[Any]) -> None:
    from django.db import transaction

    from backend.common import events
    from backend.notifications.services import notify

    with transaction.atomic():
        event = events.record("load.wanted", users[0])
        notify(event=event, recipients=users, kind="notifications.trial", subject=users[0])


def main(directory: Path, mails: int, alerts: int) -> dict[str, Any]:
    with Stack(directory, {}) as stack, counting_sink() as sink:
        os.environ.update(SETTINGS | stack.urls, SMTP_URL=f"smtp://127.0.0.1:{sink.port}", DATA_DIR=str(directory))
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        call_command("load_reference", verbosity=0)
        logs = directory / "log"
        result: dict[str, Any] = {"write": write_alerts(alerts)}
        result["drain"] = drain(mails, logs, sink)
    return result


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
