"""The real thing: every process of the service, started by the command behind `make run` on an empty data directory."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from backend.ops import healthcheck
from backend.ops.embedded.processes import wait_until
from backend.ops.runner.plan import PERSONAS
from backend.ops.runner.ports import free_port
from tests.ops.processes import (
    PATIENCE_SECONDS,
    ROOT,
    Running,
    assert_nothing_left,
    clean_environment,
    processes_of,
)

pytestmark = [pytest.mark.real_clock, pytest.mark.slow]

COMMANDS = ("backend.ops.mailcatcher", "granian", "celery", "backend.manage dispatch", "backend.manage schedule")


def start(data: Path, port: int) -> Running:
    environment = clean_environment() | {"DATA_DIR": str(data), "PORT": str(port), "DEMO_SCALE": "0.05"}
    process = subprocess.Popen(
        [sys.executable, "-m", "backend.ops.runner"],
        cwd=ROOT, env=environment, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    return Running(process)


def stop(service: Running) -> None:
    service.signal(signal.SIGTERM)
    code, output, errors = service.finish()
    assert (code, errors) == (0, ""), output


def in_another_terminal(data: Path, code: str) -> str:
    """The output of a Python program that joins the running service."""
    prelude = (
        "import os, pathlib, django\n"
        "from backend.ops.runner.environment import join_running_service\n"
        "assert join_running_service(os.environ, pathlib.Path())\n"
        "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'backend.config.settings.dev')\n"
        "django.setup()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", prelude + code], cwd=ROOT, env=clean_environment() | {"DATA_DIR": str(data)},
        capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout


COUNT_USERS = "from backend.accounts.models import User; print(User.objects.count())"
SEND_MAIL = "from django.core.mail import send_mail; send_mail('Prov', 'Hej', None, ['asa@demo.example'])"


def test_the_whole_service_starts_serves_stops_continues_and_dies_whole(data: Path) -> None:
    port = free_port()
    service = start(data, port)
    try:
        shown = service.wait_for("Demo logins")
        assert all(f"{persona}@demo.example" in shown for persona in PERSONAS)
        assert re.search(rf"running: http://127\.0\.0\.1:{port}/", "\n".join(service.lines))
        service.wait_for("ready after")
        running = "\n".join(processes_of(data))
        assert [command for command in COMMANDS if command not in running] == []
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as page:
            assert b"<html" in page.read()
        assert healthcheck.failure({"PORT": str(port)}) == ""
        users = in_another_terminal(data, COUNT_USERS)
        assert int(users) > len(PERSONAS)
        in_another_terminal(data, SEND_MAIL)
        assert len(list((data / "mail").glob("*.eml"))) >= 1
        stop(service)
        assert_nothing_left(data)

        service = start(data, port)
        service.wait_for("ready after")
        assert in_another_terminal(data, COUNT_USERS) == users
        if sys.platform == "linux":
            service.signal(signal.SIGKILL)
            service.process.wait()
            assert wait_until(lambda: not processes_of(data), 10), processes_of(data)
        else:
            stop(service)
    finally:
        if service.process.poll() is None:
            os.kill(service.process.pid, signal.SIGKILL)
        service.process.communicate(timeout=PATIENCE_SECONDS)
