"""Clients of the API, and rate limits that no other test has used up."""

from collections.abc import Iterator

import pytest
from django.core.cache.backends.locmem import LocMemCache

from backend.api.throttling import RateThrottle


@pytest.fixture(autouse=True)
def own_limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test counts its own requests: test processes share one cache, and their people have the same ids."""
    cache = LocMemCache("api-limits", {})
    cache.clear()
    monkeypatch.setattr(RateThrottle, "cache", cache)
    yield
    cache.clear()
