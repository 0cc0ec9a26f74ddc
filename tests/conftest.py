"""What every test can rely on: a clock that stands still, no network but loopback, real PostgreSQL and Valkey."""

import gc
import os
from collections.abc import Generator, Iterator
from datetime import UTC, date, datetime, time

import pytest
import time_machine
from django.db import connection
from django.utils import translation
from pytest_django import DjangoDbBlocker

from backend.common import clock
from tests.today_plugin import TODAY

LONG = ("celery_worker", "browser", "slow")
# Nine o'clock in UTC on the date of `--today`, else on a Monday in ISO week 48 (ten in Sweden then).
NOW = datetime.combine(date.fromisoformat(os.environ.get(TODAY) or "2026-11-23"), time(9), UTC)


@pytest.fixture(autouse=True)
def frozen_clock(request: pytest.FixtureRequest) -> Iterator[time_machine.Traveller | None]:
    """Both clocks, of the process and of the database, stand still at 09:00 UTC of `--today` or of the test's own date.

    A test that is about a certain day is marked `today("2026-11-23")`. `frozen_clock.shift(...)` and `move_to(...)` move
    both clocks. With the mark `real_clock` both run; so they do in every other process that a test starts.
    """
    if request.node.get_closest_marker("real_clock"):
        yield None
        return
    own = request.node.get_closest_marker("today")
    moment = datetime.combine(date.fromisoformat(own.args[0]), NOW.timetz()) if own else NOW
    clock.held_database_clock = clock.now
    try:
        with time_machine.travel(moment, tick=False) as traveller:
            yield traveller
    finally:
        clock.held_database_clock = None


@pytest.fixture(autouse=True)
def fresh_engine() -> Iterator[None]:
    """The candidate index of one test knows nothing of another's rows."""
    from backend.suggestions import engine

    engine.forget()
    yield
    engine.forget()


@pytest.fixture(autouse=True)
def own_language() -> None:
    """A request speaks its person's language until the thread's next one: that is not the next test's language."""
    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Before the test database is dropped, whoever still talks to it is cut off: a thread of the live server may be
    answering a page that no browser waits for any more."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long is begun first, so that no process is left alone with it at the end."""
    items.sort(key=lambda item: not any(item.get_closest_marker(name) for name in LONG))


def pytest_collection_finish() -> None:
    """What is loaded by now stays until the end: the garbage collector need not go through it time and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, None, None]:
    """A transactional test empties every table when it ends; the reference lists come back for the next one."""
    try:
        yield
    finally:
        if nextitem is not None:  # after the last test the database is gone already
            _restore_reference(item)


def _restore_reference(item: pytest.Item) -> None:
    marker = item.get_closest_marker("django_db")
    wants = {"transactional_db", "live_server", "django_db_reset_sequences"}
    if (marker and marker.kwargs.get("transaction")) or wants.intersection(getattr(item, "fixturenames", ())):
        from pytest_django.plugin import blocking_manager_key

        from backend.reference.services import load_reference

        with item.config.stash[blocking_manager_key].unblock():
            load_reference()
