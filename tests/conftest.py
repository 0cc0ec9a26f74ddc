"""What every test can rely on: a clock that stands still, no network but loopback, real PostgreSQL and Valkey."""

import gc
from collections.abc import Generator, Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from django.utils import translation
from pytest_django import DjangoDbBlocker

LONG = ("celery_worker", "browser", "slow")
# A Monday in ISO week 48, ten o'clock in Sweden.
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def frozen_clock(request: pytest.FixtureRequest) -> Iterator[time_machine.Traveller | None]:
    """Time stands still at NOW unless the test is marked `real_clock`. `frozen_clock.shift(...)` moves it."""
    if request.node.get_closest_marker("real_clock"):
        yield None
        return
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


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
