"""People, events, kinds of their own and a real SMTP server for the notification tests."""

import socket
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from backend.accounts.models import User
from backend.common import events
from backend.notifications import registry, sending
from backend.notifications.enums import DeliveryState
from backend.notifications.models import Delivery, Notification
from backend.notifications.registry import Kind
from backend.notifications.services import notify
from tests.notifications.smtp_server import SmtpSink, running_sink


def make_user(**fields: Any) -> User:
    fields = {"email": f"{uuid.uuid4().hex}@example.test", "name": "Åsa Öberg", **fields}
    return User.objects.create_user(**fields)


@pytest.fixture
def user(db: None) -> User:
    return make_user()


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with running_sink() as sink:
        yield sink


@pytest.fixture
def smtp(sink: SmtpSink, settings: Any) -> SmtpSink:
    """The SMTP server, and the settings that lead to it."""
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
    return sink


@pytest.fixture
def templates(tmp_path: Path, settings: Any) -> Path:
    """A folder searched for templates before the project's own."""
    config = [{**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}]
    settings.TEMPLATES = config
    return tmp_path


@pytest.fixture
def make_kind(templates: Path) -> Iterator[Callable[..., Kind]]:
    """Registers a kind for one test; `body` is the text template."""
    names: list[str] = []

    def make(name: str = "probe.thing", *, body: str = "Hello {{ recipient_name }} {{ link }}", **fields: Any) -> Kind:
        folder = templates / "emails" / name.replace(".", "/")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "subject.txt").write_text("{{ title }}", encoding="utf-8")
        (folder / "body.txt").write_text(body, encoding="utf-8")
        (folder / "body.html").write_text("<p>{{ title }}</p>", encoding="utf-8")
        standard: dict[str, Any] = {
            "category": "applications",
            "title": lambda notification: "A thing & another",
            "context": lambda notification: {"link": "/things/1/"},
        }
        names.append(name)
        return registry.register(Kind(name=name, **{**standard, **fields}))

    yield make
    for name in names:
        registry.unregister(name)


def tell(recipients: Iterable[User], kind: str = "notifications.trial", **data: Any) -> list[Notification]:
    people = list(recipients)
    with transaction.atomic():
        event = events.record("probe.happened", people[0])
        return notify(event=event, recipients=people, kind=kind, subject=people[0], data=data)


def mail_of(notification: Notification) -> Delivery:
    return notification.deliveries.get(channel="email")


def hand_over(delivery: Delivery) -> Delivery:
    """What dispatcher and worker do with one id, in this process."""
    moved = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.PENDING).advance("delivery.queued")
    assert moved == 1
    sending.deliver(delivery.pk)
    delivery.refresh_from_db()
    return delivery


@pytest.fixture
def closed_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port
