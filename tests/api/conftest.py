"""The world of who may what, and rate limits that no other test has used up."""

import copy
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from pytest_django import DjangoDbBlocker

from backend.api.throttling import RateThrottle
from tests.api.world import World, make_world
from tests.factories.lasting import lasting


@pytest.fixture(scope="module")
def world_as_built(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with lasting(make_world, django_db_blocker) as world:
        yield world


@pytest.fixture
def world(world_as_built: World) -> World:
    """As it was built: what another test did to it is undone."""
    return copy.deepcopy(world_as_built)


@pytest.fixture(autouse=True)
def own_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test counts its own requests: test processes share one Valkey, and their people have the same ids."""
    monkeypatch.setattr(RateThrottle, "prefix", f"api-rate:{uuid4().hex}")


@pytest.fixture
def in_process() -> Iterator[None]:
    """Requests through the WSGI door stay in the test's transaction, as those of Django's own test client do."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
