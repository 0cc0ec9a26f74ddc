"""Starts everything of a plan, keeps it running, and leaves nothing behind."""

from __future__ import annotations

import http.client
import os
import selectors
import signal
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import FrameType

from backend.ops.embedded import EmbeddedServerError, Stack
from backend.ops.runner.children import Child, print_line
from backend.ops.runner.environment import forget_service, note_service
from backend.ops.runner.journal import INSTANCE_VARIABLE, Journal
from backend.ops.runner.plan import Plan, Preparation, Service

_TICK_SECONDS = 0.2
_STOP_SECONDS = 10.0
# A web process that ends is noticed at once: this only limits how slow a machine may be.
_ANSWER_SECONDS = 300.0
_ERROR_PAGE_SECONDS = 10.0
_SAME_REQUEST_SECONDS = 1.0
_RESTARTS = 3
_RESTART_WINDOW_SECONDS = 60.0


class ServiceError(RuntimeError):
    """The service cannot start or go on; ``str(error)`` is one line for the terminal."""


class StopRequested(Exception):
    """Somebody asked the service to stop."""


@dataclass
class _Watched:
    service: Service
    child: Child | None = None
    ends: deque[float] = field(default_factory=deque)
    start_again_at: float = 0.0


class Supervisor:
    """Runs ``plan`` with the servers of ``stack``, whose data directory the caller has claimed, until asked to stop.

    ``parent`` is the process whose end stops the service too (`make`, which may be killed without a word); None for no
    such tie. SIGINT, SIGTERM and SIGHUP ask for an orderly stop, a second one for a hurried one.
    """

    def __init__(self, plan: Plan, stack: Stack, journal: Journal, *, parent: int | None = None) -> None:
        self._plan = plan
        self._stack = stack
        self._journal = journal
        self._parent = parent
        self._selector = selectors.DefaultSelector()
        self._watched = [_Watched(service) for service in plan.services]
        self._stopping = False
        self._hurry = False
        self._asked_at = 0.0
        self._environment: dict[str, str] = {}
        self._width = max((len(service.name) for service in plan.services), default=0)

    def run(self, environment: Mapping[str, str]) -> None:
        """Run until asked to stop. Raises ServiceError or EmbeddedServerError; whatever happens, all is stopped."""
        self._environment = {**environment, INSTANCE_VARIABLE: self._journal.instance}
        previous = {number: signal.signal(number, self._on_signal) for number in _STOP_SIGNALS}
        try:
            self._start_and_watch()
        except StopRequested:
            self._say("stopping ...")
        finally:
            self._stop_everything()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _start_and_watch(self) -> None:
        began = time.monotonic()
        absent = self._plan.missing()
        if absent:
            raise ServiceError(f"not installed: {', '.join(absent)} (make setup installs what is missing)")
        self._stack.start()
        for server in self._stack.servers:
            if server.process is not None:
                self._journal.add(server.process.pid, server.stop_signal)
        self._check_stop()
        if self._stack.urls:
            self._say(f"{' and '.join(server.name for server in self._stack.servers)} started")
        for preparation in self._plan.preparations:
            self._prepare(preparation)
        note_service(self._stack.data, self._environment)
        for watched in self._watched:
            self._launch(watched)
        self._await_first_page()
        for line in self._plan.welcome:
            self._say(line)
        self._say(f"ready after {time.monotonic() - began:.1f} s")
        while True:
            self._tick()

    def _prepare(self, preparation: Preparation) -> None:
        began = time.monotonic()
        words: deque[str] = deque(maxlen=200)
        child = Child(preparation.name, preparation.command, self._owner_environment(), words.append)
        self._journal.add(child.process.pid)
        try:
            while not child.has_ended():
                child.pass_output_on()
                self._check_stop()
                self._check_servers()
                time.sleep(0.02)
        finally:
            child.ask_to_stop()
            child.finish()
        if child.process.returncode != 0:
            for line in words:
                self._say(f"{preparation.name} | {line}")
            raise ServiceError(f"{preparation.name} {child.describe_end()} (its output stands above)")
        self._say(f"{preparation.name} done in {time.monotonic() - began:.1f} s")

    def _owner_environment(self) -> dict[str, str]:
        """Preparations log in as the owner of the tables, and are told who logs in afterwards."""
        owner = self._stack.urls.get("DATABASE_URL")
        if owner is None:  # a server of the user's own, with one role for all
            return self._environment
        named = {"DATABASE_URL": owner, "SERVICE_DATABASE_URL": self._environment["DATABASE_URL"]}
        return {**self._environment, **named}

    def _launch(self, watched: _Watched) -> None:
        name = watched.service.name
        label = name.ljust(self._width)
        watched.child = Child(
            name,
            watched.service.command,
            self._environment,
            lambda line: self._say(f"{label} | {line}"),
            watched.service.orphan_signal,
        )
        self._journal.add(watched.child.process.pid)
        self._selector.register(watched.child.output, selectors.EVENT_READ, watched.child)

    def _await_first_page(self) -> None:
        if not self._plan.address:
            return
        began = time.monotonic()
        while (answer := first_page(self._plan.address)) is not None:
            # An error page will not get better by waiting; a connection that is refused may.
            patience = _ERROR_PAGE_SECONDS if answer.startswith("status") else _ANSWER_SECONDS
            if time.monotonic() - began > patience:
                raise ServiceError(f"no first page at {self._plan.address} after {patience:.0f} s: {answer}")
            self._tick()

    def _tick(self) -> None:
        """Pass output on for a moment, then look after the processes."""
        self._pump(_TICK_SECONDS)
        self._check_stop()
        self._check_servers()
        for watched in self._watched:
            if watched.child is not None and watched.child.has_ended():
                self._bury(watched)
            elif watched.child is None and time.monotonic() >= watched.start_again_at:
                self._launch(watched)

    def _bury(self, watched: _Watched) -> None:
        """React to the end of a process that should be running."""
        child = watched.child
        assert child is not None
        self._finish(child)
        watched.child = None
        name = watched.service.name
        if watched.service.essential:
            raise ServiceError(f"{name} {child.describe_end()}, and without it there is no service")
        now = time.monotonic()
        watched.ends.append(now)
        while now - watched.ends[0] > _RESTART_WINDOW_SECONDS:
            watched.ends.popleft()
        if len(watched.ends) > _RESTARTS:
            raise ServiceError(f"{name} {child.describe_end()} for the {len(watched.ends)}th time within a minute")
        pause = 2.0 ** (len(watched.ends) - 1)
        watched.start_again_at = now + pause
        self._say(f"{name} {child.describe_end()}; starting it again in {pause:.0f} s")

    def _pump(self, seconds: float) -> None:
        if not self._selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in self._selector.select(seconds):
            child: Child = key.data
            if not child.pass_output_on():
                self._selector.unregister(child.output)

    def _finish(self, child: Child) -> None:
        if child.output in {key.fileobj for key in self._selector.get_map().values()}:
            self._selector.unregister(child.output)
        child.finish()

    def _check_stop(self) -> None:
        if self._parent is not None and os.getppid() != self._parent:
            self._stopping = True
        if self._stopping:
            raise StopRequested

    def _check_servers(self) -> None:
        failure = self._stack.failure()
        if failure:
            raise ServiceError(failure)

    def _stop_everything(self) -> None:
        children = [watched.child for watched in self._watched if watched.child is not None]
        try:
            for child in children:
                child.ask_to_stop()
            deadline = time.monotonic() + _STOP_SECONDS
            while not all(child.has_ended() for child in children):
                if self._hurry or time.monotonic() > deadline:
                    break
                self._pump(0.05)
        finally:
            for child in children:
                self._finish(child)
            self._stack.stop_servers()
            forget_service(self._stack.data)
            self._journal.close()
            self._stack.stop()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        # One Ctrl-C can arrive twice, from the terminal and from a wrapper: only a later one means hurry.
        now = time.monotonic()
        self._hurry = self._stopping and now - self._asked_at > _SAME_REQUEST_SECONDS
        self._asked_at = self._asked_at if self._stopping else now
        self._stopping = True

    def _say(self, text: str) -> None:
        if not print_line(text):
            self._stopping = True


_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy cannot see our loopback address


def first_page(address: str) -> str | None:
    """None when ``address`` answers with a page, after redirections if any, else the reason in a few words."""
    try:
        with _DIRECT.open(address, timeout=5):
            return None
    except urllib.error.HTTPError as error:
        return f"status {error.code}"
    except (OSError, http.client.HTTPException) as error:
        return str(error)


__all__ = ["EmbeddedServerError", "ServiceError", "Supervisor", "first_page"]
