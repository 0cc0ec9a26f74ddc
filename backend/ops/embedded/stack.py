"""PostgreSQL and Valkey together, on one data directory: what `make run` and the tests start."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO

from .account import SOCKET_PREFIX, ServerAccount, make_open_directory, make_socket_directory
from .binaries import private_cache_directory
from .errors import EmbeddedServerError
from .postgres import PostgresServer
from .valkey import ValkeyServer

_NEEDED_BYTES = 200 * 1024 * 1024  # an empty database with its write-ahead log, and room to work in
_SOCKETS_NOTE = "sockets"
_DATABASE_VARIABLE = "DATABASE_URL"
_REDIS_VARIABLE = "REDIS_URL"


class Stack:
    """The embedded servers that ``environment`` does not already name, with their files in ``data``.

    A set DATABASE_URL or REDIS_URL means a server of the user's own: that one is not started. ``urls`` is known from
    construction on, so settings may be read before ``start``: it names the owner of the tables. ``service_urls`` names the
    role of the running service instead. ``libpq`` holds the variables that psql and other PostgreSQL programs read. Use as
    a context manager, or call ``start`` and ``stop``.
    Only one stack can use a data directory at a time; a second one is refused, and what a killed one left is stopped.

    Raises EmbeddedServerError with one line for the terminal.
    """

    def __init__(self, data: Path, environment: Mapping[str, str] = os.environ, *, fast: bool = False) -> None:
        self.data = data.resolve()
        self.urls: dict[str, str] = {}
        self.service_urls: dict[str, str] = {}
        self.libpq: dict[str, str] = {}
        self.servers: list[PostgresServer | ValkeyServer] = []
        self._lock: IO[str] | None = None
        self._sockets: Path | None = None
        self._files = self.data
        wanted = [name for name in (_DATABASE_VARIABLE, _REDIS_VARIABLE) if not environment.get(name)]
        if not wanted:
            return
        account = ServerAccount.for_current_user()
        self._sockets = make_socket_directory(account)
        if not account.can_reach(self.data / "x"):
            self._files = _reachable_stand_in(self.data)
        logs = self.data / "log"
        if _DATABASE_VARIABLE in wanted:
            postgres = PostgresServer(
                self._files / "postgres", self._sockets, logs / "postgres.log", account, fast=fast
            )
            self.servers.append(postgres)
            self.urls[_DATABASE_VARIABLE] = postgres.url
            self.service_urls[_DATABASE_VARIABLE] = postgres.service_url
            self.libpq = postgres.libpq
        if _REDIS_VARIABLE in wanted:
            valkey = ValkeyServer(self._files / "valkey", self._sockets, logs / "valkey.log", account, fast=fast)
            self.servers.append(valkey)
            self.urls[_REDIS_VARIABLE] = self.service_urls[_REDIS_VARIABLE] = valkey.url

    def __enter__(self) -> Stack:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the servers one after the other; when one fails, those already started are stopped again."""
        try:
            self.claim()
            self._note_sockets()
            if self.servers:
                check_free_space(self.data, _NEEDED_BYTES)
            for server in self.servers:
                server.start()
        except OSError as error:
            self.stop()
            raise EmbeddedServerError(f"cannot start the servers in {self.data}: {error}") from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop what runs, remove the sockets and let go of the data, which stays. Safe to call twice."""
        self.stop_servers()
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
        if self._lock is not None:
            (self.data / _SOCKETS_NOTE).unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def stop_servers(self) -> None:
        """Stop the servers but keep the claim on the data directory."""
        for server in reversed(self.servers):
            server.stop()

    def failure(self) -> str | None:
        """One line about a server that stopped by itself; None while all run."""
        for server in self.servers:
            if server.process is not None and server.process.poll() is not None:
                return f"{server.name} stopped unexpectedly (see {server.log})"
        return None

    def claim(self) -> None:
        """Take the data directory for this process; ``start`` does so too. Refused while another process has it."""
        if self._lock is not None:
            return
        try:
            self._make_directories()
            self._take_lock()
        except OSError as error:
            self.stop()
            raise EmbeddedServerError(f"cannot write to the data directory {self.data}: {error.strerror}") from error
        except EmbeddedServerError:
            self.stop()
            raise

    def _make_directories(self) -> None:
        for directory in {self.data, self._files}:
            make_open_directory(directory)
        (self.data / "log").mkdir(exist_ok=True)

    def _take_lock(self) -> None:
        # The kernel drops the lock with the process, so a killed run never blocks the next one.
        lock = (self.data / "lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            by = f" (process {holder})" if holder else ""
            raise EmbeddedServerError(f"already running on {self.data}{by}: stop it first, or set DATA_DIR") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _note_sockets(self) -> None:
        """Remove the socket directory of a killed run and note ours for the same purpose."""
        remove_left_sockets(self.data)
        if self._sockets is not None:
            (self.data / _SOCKETS_NOTE).write_text(str(self._sockets), encoding="utf-8")


def remove_left_sockets(data: Path) -> None:
    """Remove the socket directory that a killed run on ``data`` left behind; the caller holds the data."""
    with contextlib.suppress(OSError):
        left = Path((data / _SOCKETS_NOTE).read_text(encoding="utf-8"))
        if left.name.startswith(SOCKET_PREFIX):
            shutil.rmtree(left, ignore_errors=True)


def check_free_space(directory: Path, needed: int) -> None:
    """Raise EmbeddedServerError unless ``needed`` bytes are free where ``directory`` lies."""
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise EmbeddedServerError(
            f"the disk is full: {free // 2**20} MB free in {directory}, at least {needed // 2**20} MB are needed"
        )


def _reachable_stand_in(data: Path) -> Path:
    """Where the servers keep their files when root's data directory is closed to their account (below /root, say)."""
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return private_cache_directory() / f"data-{name}"
