"""Pytest plugin: one embedded PostgreSQL and Valkey per test session, unless DATABASE_URL and REDIS_URL name others.

Loaded with ``-p`` (pyproject.toml) so that it is imported before pytest-django reads the settings: the addresses must
be in the environment by then, while the servers start in ``pytest_configure``. Workers of pytest-xdist inherit the
addresses from the controlling process and start nothing; each has a database of its own in both servers.
"""

from __future__ import annotations

import os
import sys
from urllib.parse import urlsplit

import pytest

from backend.ops.embedded.errors import EmbeddedServerError
from backend.ops.embedded.stack import Stack
from backend.ops.embedded.temporary import TemporaryStack
from tests import database_template

# These answer without running a test, so they need no server.
_QUIET_OPTIONS = {"--collect-only", "--co", "--help", "-h", "--version", "-V", "--markers", "--fixtures"}

_stack: Stack | None = None


def _needs_servers() -> bool:
    complete = os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")
    return not complete and not _QUIET_OPTIONS.intersection(sys.argv[1:])


def own_database(redis_url: str, worker: str) -> str:
    """A test that empties the cache would forget what another process is just counting. Valkey has 16 databases."""
    number = 1 + int(worker.removeprefix("gw")) % 15
    if redis_url.startswith("unix://"):
        return f"{redis_url.partition('?')[0]}?db={number}"
    return urlsplit(redis_url)._replace(path=f"/{number}", query="").geturl()


def _prepare() -> None:
    global _stack
    if _needs_servers():
        _stack = TemporaryStack()
        os.environ.update(_stack.urls)
        if "DATABASE_URL" in _stack.urls:
            os.environ["TEST_DATABASE_TEMPLATE"] = database_template.NAME
    elif (worker := os.environ.get("PYTEST_XDIST_WORKER")) and "REDIS_URL" in os.environ:
        os.environ["REDIS_URL"] = own_database(os.environ["REDIS_URL"], worker)


_prepare()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the servers; without them no test could tell anything, so a failure ends the session."""
    if _stack is not None:
        try:
            _stack.start()
            if "DATABASE_URL" in _stack.urls:
                database_template.switch_off_autovacuum(_stack)
                database_template.make_template(_stack)
        except EmbeddedServerError as error:
            pytest.exit(f"embedded servers: {error}", returncode=3)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers and remove their files."""
    if _stack is not None:
        _stack.stop()
