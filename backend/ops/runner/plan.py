"""What `make run` runs: the commands, in order, and what happens when one of them ends."""

from __future__ import annotations

import shutil
import signal
import sys
from dataclasses import dataclass
from importlib.util import find_spec

from backend.ops.runner.ports import LOOPBACK

PERSONAS = ("student", "company", "coordinator", "network", "guardian")


@dataclass(frozen=True)
class Preparation:
    """A command that must succeed before the service starts. Its output is shown only when it fails."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Service:
    """A process that runs as long as the service does.

    One that ends by itself is started again, after a pause, up to three times within a minute; without an
    ``essential`` one the service stops at once. ``orphan_signal`` is what the kernel sends it when the supervisor itself
    is killed.
    """

    name: str
    command: tuple[str, ...]
    essential: bool = False
    orphan_signal: int = signal.SIGTERM


@dataclass(frozen=True)
class Plan:
    """Everything to run. ``address`` is fetched until it answers; ``welcome`` is then shown."""

    preparations: tuple[Preparation, ...]
    services: tuple[Service, ...]
    address: str = ""
    welcome: tuple[str, ...] = ()

    def missing(self) -> list[str]:
        """The programs and Python modules that the commands name and this machine lacks."""
        absent = []
        commands = [item.command for item in self.preparations] + [item.command for item in self.services]
        for command in commands:
            if shutil.which(command[0]) is None:
                absent.append(command[0])
            elif "-m" in command and not _has_module(command[command.index("-m") + 1]):
                absent.append(command[command.index("-m") + 1])
        return sorted(set(absent))


def _has_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # its package is missing
        return False


def service_plan(port: int, mail_port: int | None, *, begin: str = "") -> Plan:
    """The whole service on ``port``. The mail catcher listens on ``mail_port``; None leaves it out.

    ``begin`` is the command line that makes the first person of an empty service; without it the demo is there.
    """

    def python(module: str, *arguments: str) -> tuple[str, ...]:
        return (sys.executable, "-m", module, *arguments)

    catcher = Service("mail", python("backend.ops.mailcatcher", "--port", str(mail_port)))
    web = python(
        "granian", "--interface", "wsgi", "--host", LOOPBACK, "--port", str(port), "--workers", "2",
        "--blocking-threads", "4", "--respawn-failed-workers", "--no-ws", "--log-level", "warning",
        "backend.config.wsgi:application",
    )  # fmt: skip
    worker = (
        # Celery warns against running as root; on a fresh machine that is how `make run` is tried.
        sys.executable, "-W", "ignore:You're running the worker with superuser privileges", "-m",
        "celery", "--quiet", "--app", "backend.config.celery", "worker", "--concurrency", "2", "--loglevel", "warning",
        "--without-gossip", "--without-mingle", "--queues", "default,imports",
    )  # fmt: skip
    address = f"http://{LOOPBACK}:{port}/"
    return Plan(
        preparations=(Preparation("migrate" if begin else "migrate and seed", python("backend.manage", "prepare")),),
        services=(
            *((catcher,) if mail_port is not None else ()),
            Service("web", web, essential=True),
            # Its orderly stop waits for the broker, which is gone with the supervisor: it would wait forever. Its pool
            # ends when it does, and the outbox gives the tasks to another worker.
            Service("worker", worker, orphan_signal=signal.SIGKILL),
            Service("dispatcher", python("backend.manage", "dispatch")),
            Service("scheduler", python("backend.manage", "schedule")),
        ),
        address=address,
        welcome=(
            "",
            f"  Praktiknavet is running: {address}",
            *(_for_an_empty_service(begin, address, mail_port) if begin else _for_the_demo()),
            "  Ctrl-C stops it; the data stays.",
            "",
        ),
    )


def _for_the_demo() -> tuple[str, ...]:
    personas = " ".join(f"{name}@demo.example" for name in PERSONAS)
    return (f"  Demo logins, one click on the login page: {personas}",)


def _for_an_empty_service(begin: str, address: str, mail_port: int | None) -> tuple[str, ...]:
    arrives = f"at {address}demo/mail/" if mail_port is not None else "by mail"
    return (
        "  It is empty: the reference lists, nobody and no place. Become its first network office in a second terminal:",
        f"    {begin}",
        f"  Then log in with that address; the code arrives {arrives}. Invite the coordinators from there.",
    )
