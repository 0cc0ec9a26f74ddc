"""Clients of the API, and rate limits that no other test has used up."""

from collections.abc import Iterator

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from backend.api.throttling import RateThrottle


@pytest.fixture(autouse=True)
def own_limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test counts its own requests: test processes share one cache, and their people have the same ids."""
    cache = LocMemCache("api-limits", {})
    cache.clear()
    monkeypatch.setattr(RateThrottle, "cache", cache)
    yield
    cache.clear()


@pytest.fixture
def in_process() -> Iterator[None]:
    """Requests through the WSGI door stay in the test's transaction, as those of Django's own test client do."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
