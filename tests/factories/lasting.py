"""A world built once for all tests of a module; each of them changes it as it likes and leaves no trace.

    @pytest.fixture(scope="module")
    def world_as_built(django_db_setup, django_db_blocker):
        with lasting(make_world, django_db_blocker) as world:
            yield world

    @pytest.fixture
    def world(world_as_built):
        return copy.deepcopy(world_as_built)

The rows stay in a transaction around the module's tests; the transaction of each test is a savepoint in it. Of what the
builder returned every test takes a copy of its own, or an instance changed in one would be changed in the next.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import time_machine
from django.db import transaction
from django.utils import translation
from pytest_django import DjangoDbBlocker

from tests.conftest import NOW

World = TypeVar("World")


@contextmanager
def lasting(build: Callable[[], World], blocker: DjangoDbBlocker) -> Iterator[World]:
    """What `build` returns, built at NOW. Not for tests that commit (`transaction=True`)."""
    with blocker.unblock(), transaction.atomic():
        try:
            with time_machine.travel(NOW, tick=False):
                translation.deactivate()
                world = build()
            yield world
        finally:
            transaction.set_rollback(True)
