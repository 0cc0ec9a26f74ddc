"""No line of the log quotes an exception: neither ours, nor Django's, nor Celery's, nor PostgreSQL's."""

import io
import logging
import logging.config
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.test import Client

from backend.accounts.models import User
from backend.common.logs import PlacesOnlyFormatter
from tests import embedded_plugin
from tests.factories import UserFactory

CANARY = "Kanariefågel-9271"
ADDRESS = "kanariefagel-9271@school.example"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the service's own handler writes."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(PlacesOnlyFormatter("{levelname} {name} {message}", style="{"))
    root = logging.getLogger()
    root.addHandler(handler)
    yield out
    root.removeHandler(handler)


def fail_twice() -> None:
    try:
        int(CANARY)
    except ValueError as error:
        raise LookupError(CANARY) from error


def test_the_service_logs_through_it():
    formatter = settings.LOGGING["formatters"]["line"]
    assert formatter["()"] == f"{PlacesOnlyFormatter.__module__}.{PlacesOnlyFormatter.__qualname__}"
    assert {handler["formatter"] for handler in settings.LOGGING["handlers"].values()} == {"line"}


def test_a_traceback_names_types_and_places_only(written):
    try:
        fail_twice()
    except LookupError:
        logging.getLogger("backend").exception("it failed")
    text = written.getvalue()
    assert CANARY not in text
    assert "builtins.ValueError\nthen:" in text
    assert f"{__file__}:" in text
    assert "in fail_twice" in text


def test_celerys_failure_line_names_the_type_only(written):
    words = {"id": "1", "name": "task", "description": "raised", "exc": repr(ValueError(CANARY)), "traceback": CANARY}
    try:
        fail_twice()
    except LookupError:
        logging.getLogger("celery.app.trace").exception(
            "Task %(name)s[%(id)s] %(description)s: %(exc)s", {**words, "args": CANARY}
        )
    assert CANARY not in written.getvalue()
    assert "Task task[1] raised: LookupError" in written.getvalue()


@pytest.mark.django_db
def test_a_refused_row_is_named_by_the_constraint_alone(written):
    UserFactory(email=ADDRESS)
    try:
        with transaction.atomic():
            User.objects.create(email=ADDRESS, name=CANARY)
    except DatabaseError:
        logging.getLogger("backend").exception("refused")
    assert "IntegrityError" in written.getvalue()
    assert CANARY not in written.getvalue()
    assert ADDRESS not in written.getvalue()


@pytest.mark.django_db
@pytest.mark.skipif(embedded_plugin._stack is None, reason="the log of a PostgreSQL server of your own is not read")
def test_postgresql_writes_down_no_statement_and_no_value():
    """Constraints, types and syntax: each refusal of the database holds what was sent to it."""
    UserFactory(email=ADDRESS)
    refused = [
        ("INSERT INTO accounts_user (email, name) VALUES (%s, %s)", [ADDRESS, CANARY]),
        ("SELECT %s::integer", [CANARY]),
        ("SELECT %s::date", [CANARY]),
        (f"SELECT '{CANARY}' FROM nowhere", []),
        (f"SELEKT '{CANARY}'", []),
    ]
    for statement, values in refused:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
    stack = embedded_plugin._stack
    assert stack is not None
    log = next(server for server in stack.servers if server.name == "PostgreSQL").log.read_text(encoding="utf-8")
    assert "ready to accept connections" in log
    assert CANARY not in log
    assert ADDRESS not in log


@pytest.mark.django_db
def test_a_page_that_fails_in_the_database_is_logged_without_values(written, monkeypatch):
    """Through Django's own handling of a request."""
    from backend.web import public

    def fail(*_args: object, **_options: object) -> None:
        raise DatabaseError(f"duplicate key\nDETAIL:  Key (email)=({ADDRESS}) already exists.")

    monkeypatch.setattr(public, "render", fail)
    answer = Client(raise_request_exception=False).get("/sa-fungerar-det/")
    assert answer.status_code in {500, 503}
    assert ADDRESS not in written.getvalue()
