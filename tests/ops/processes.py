"""Run the supervisor with dummy commands in a process of its own, and look for anything it leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30.0

_SCRIPT = """
import json, os, sys
from pathlib import Path
from backend.ops.embedded import EmbeddedServerError, Stack
from backend.ops.runner.environment import service_environment
from backend.ops.runner.journal import Journal
from backend.ops.runner.plan import Plan, Preparation, Service
from backend.ops.runner.supervisor import ServiceError, Supervisor

given = json.loads(sys.argv[1])
data = Path(given["data"])
stack = Stack(data, fast=True)
try:
    stack.claim()
    journal = Journal(data)
    print("leftovers", journal.stop_leftovers(), flush=True)
    plan = Plan(
        tuple(Preparation(name, tuple(command)) for name, command in given["preparations"]),
        tuple(Service(name, tuple(command), essential) for name, command, essential in given["services"]),
        address=given["address"],
        welcome=("WELCOME",),
    )
    environment = service_environment(os.environ, data=data, port=1, mail_port=1, urls=stack.urls)
    parent = os.getppid() if given["tied"] else None
    Supervisor(plan, stack, journal, parent=parent).run(environment)
except (EmbeddedServerError, ServiceError) as error:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(1)
finally:
    stack.stop()
"""


def shell(text: str) -> list[str]:
    return ["sh", "-c", text]


FOREVER = shell("while sleep 0.1; do :; done")


@dataclass
class DummyService:
    """A plan of dummy commands on ``data``; ``start`` runs the real supervisor on it."""

    data: Path
    preparations: Sequence[tuple[str, list[str]]] = ()
    services: Sequence[tuple[str, list[str], bool]] = (("loop", FOREVER, False),)
    address: str = ""
    tied: bool = False
    environment: dict[str, str] = field(default_factory=dict)

    def command(self) -> list[str]:
        given = {
            "data": str(self.data),
            "preparations": list(self.preparations),
            "services": list(self.services),
            "address": self.address,
            "tied": self.tied,
        }
        return [sys.executable, "-c", _SCRIPT, json.dumps(given)]

    def start(self) -> Running:
        process = subprocess.Popen(
            self.command(), cwd=ROOT, env=clean_environment() | self.environment, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        return Running(process)


@dataclass
class Running:
    """The supervisor's process and what it has printed so far."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def wait_for(self, text: str) -> str:
        """Read the output up to the line that holds ``text``, and return that line."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if text in line:
                return self.lines[-1]
        raise AssertionError(f"ended without {text!r}: {self.lines[-20:]} {self.errors()}")

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def finish(self) -> tuple[int, str, str]:
        """Wait for the end: exit code, all output, all errors."""
        out, err = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, "\n".join([*self.lines, out]), err

    def signal(self, number: int) -> None:
        self.process.send_signal(number)


@contextlib.contextmanager
def running(service: DummyService) -> Iterator[Running]:
    """A started service; killed at the end of the block if it still runs."""
    started = service.start()
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()
        with contextlib.suppress(ValueError):
            started.process.communicate(timeout=PATIENCE_SECONDS)


def clean_environment() -> dict[str, str]:
    """The test session's environment without its own servers and settings."""
    hidden = {"DATABASE_URL", "REDIS_URL", "SMTP_URL", "MAIL_DIR", "DATA_DIR", "PORT", "SECRET_KEY"}
    hidden |= {"DJANGO_SETTINGS_MODULE", "MAKEFLAGS", "MAKELEVEL"}
    return {name: value for name, value in os.environ.items() if name not in hidden and "PYTEST" not in name}


def processes_of(data: Path) -> list[str]:
    """Every running process whose command line or environment names the data directory."""
    wanted = os.fsencode(data)
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if command and int(entry.name) != os.getpid() and (wanted in command or wanted in environment):
            found.append(f"{entry.name}: {command.replace(bytes(1), b' ').decode(errors='replace')[:200]}")
    return found


def assert_nothing_left(data: Path) -> None:
    """No process of the service runs any more, and its sockets and notes are gone."""
    deadline = time.monotonic() + 5.0
    while processes_of(data) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_of(data) == []
    assert (
        sorted(path.name for path in data.iterdir() if path.name in {"sockets", "service.env", "processes.json"}) == []
    )


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
