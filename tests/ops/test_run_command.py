"""`python -m backend.ops.runner` itself: what it refuses at once, and the environment it gives the service."""

from __future__ import annotations

import http.server
import shlex
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from unittest import mock

import environ
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from backend.accounts.models import User
from backend.accounts.policies import is_network_office
from backend.ops import healthcheck
from backend.ops.management.commands import prepare
from backend.ops.runner.environment import (
    forget_service,
    join_running_service,
    note_service,
    secret_key,
    service_environment,
)
from backend.ops.runner.plan import PERSONAS, Plan, Preparation, service_plan
from backend.ops.runner.ports import PortError, check_port_is_free, free_port, port_from
from backend.ops.runner.seeds import first_person_command, note_seed, seed_from
from backend.ops.runner.supervisor import first_page
from tests.ops.processes import ROOT, assert_nothing_left, clean_environment

pytestmark = pytest.mark.real_clock
URLS = {"DATABASE_URL": "postgres://app@//tmp/x/app", "REDIS_URL": "unix:///tmp/x/vk.sock"}


def run(data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "backend.ops.runner"],
        cwd=ROOT, env=clean_environment() | {"DATA_DIR": str(data)} | environment,
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def test_a_port_in_use_is_told_at_once_and_nothing_starts(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        began = time.monotonic()
        result = run(data, PORT=str(port))
        assert time.monotonic() - began < 5
    assert result.returncode == 1
    assert result.stdout == ""
    assert (
        result.stderr
        == f"error: port {port} cannot be used (Address already in use): choose another, PORT=8123 make run\n"
    )
    assert_nothing_left(data)
    assert not (data / "postgres").exists()


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "80.5", "８０"])
def test_a_port_that_is_none_is_told_at_once(port: str) -> None:
    with pytest.raises(PortError, match=r"^PORT must be a number from 1 to 65535, not "):
        port_from({"PORT": port})


@pytest.mark.parametrize(("given", "port"), [({}, 8000), ({"PORT": ""}, 8000), ({"PORT": "8123"}, 8123)])
def test_the_port_is_8000_unless_another_is_asked_for(given: dict[str, str], port: int) -> None:
    assert port_from(given) == port


def test_a_free_port_passes_the_check() -> None:
    check_port_is_free(free_port())


def test_a_data_directory_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run(tmp_path / "file/data", PORT=str(free_port()))
    assert result.returncode == 1
    assert result.stderr == f"error: cannot write to the data directory {tmp_path}/file/data: Not a directory\n"


def test_the_settings_can_read_what_the_service_is_given(tmp_path: Path) -> None:
    result = service_environment({"HOME": "/h"}, data=tmp_path, port=8123, mail_port=2525, urls=URLS)
    env = environ.Env()
    env.ENVIRON = result
    assert env.db("DATABASE_URL")["HOST"] == "/tmp/x"
    assert env.email("SMTP_URL")["EMAIL_PORT"] == 2525
    assert result["DJANGO_SETTINGS_MODULE"] == "backend.config.settings.dev"
    assert result["HOME"] == "/h"
    assert (result["DATA_DIR"], result["MAIL_DIR"], result["PORT"]) == (str(tmp_path), f"{tmp_path}/mail", "8123")


def test_what_the_user_has_set_stays(tmp_path: Path) -> None:
    own = {"SMTP_URL": "smtp://mail.example:25", "SECRET_KEY": "own", "DJANGO_SETTINGS_MODULE": "own.settings"}
    result = service_environment(own, data=tmp_path, port=1, mail_port=2, urls={})
    assert own.items() <= result.items()
    assert not (tmp_path / "secret_key").exists()


def test_the_secret_key_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    first = secret_key(tmp_path)
    assert len(first) > 50
    assert secret_key(tmp_path) == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_an_empty_secret_key_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("")
    assert len(secret_key(tmp_path)) > 50


def test_another_terminal_joins_the_running_service(tmp_path: Path) -> None:
    note_service(tmp_path, service_environment({}, data=tmp_path, port=8123, mail_port=2525, urls=URLS))
    assert (tmp_path / "service.env").stat().st_mode & 0o077 == 0
    joining = {"DATA_DIR": str(tmp_path), "PORT": "9000"}
    assert join_running_service(joining, ROOT)
    assert joining["DATABASE_URL"] == URLS["DATABASE_URL"]
    assert joining["SMTP_URL"] == "smtp://127.0.0.1:2525"
    assert joining["PORT"] == "9000", "what is set already stays"
    assert "HOME" not in joining
    own = {"DATA_DIR": str(tmp_path), "DATABASE_URL": "postgres://own/db"}
    assert not join_running_service(own, ROOT)
    assert "REDIS_URL" not in own
    forget_service(tmp_path)
    assert not join_running_service({"DATA_DIR": str(tmp_path)}, ROOT)


def test_every_module_of_the_service_is_installed() -> None:
    assert service_plan(8000, 1025).missing() == []


def test_the_plan_names_address_and_logins_and_leaves_the_catcher_out_when_mail_goes_elsewhere() -> None:
    plan = service_plan(8123, None)
    shown = "\n".join(plan.welcome)
    assert "http://127.0.0.1:8123/" in shown
    for persona in PERSONAS:
        assert f"{persona}@demo.example" in shown
    assert [service.name for service in plan.services] == ["web", "worker", "dispatcher", "scheduler"]
    assert "mail" in {service.name for service in service_plan(1, 2).services}


def test_the_worker_serves_every_queue_that_tasks_go_to() -> None:
    from backend.config.celery import app

    app.loader.import_default_modules()
    worker = next(each for each in service_plan(8123, 1025).services if each.name == "worker")
    served = set(worker.command[worker.command.index("--queues") + 1].split(","))
    wanted = {app.amqp.router.route({}, name)["queue"].name for name in app.tasks if not name.startswith("celery.")}
    assert wanted <= served


class TestSeed:
    def test_the_demo_unless_something_else_is_asked_for(self, tmp_path: Path) -> None:
        assert seed_from({}, tmp_path) == "demo"
        assert seed_from({"SEED": ""}, tmp_path) == "demo"
        assert seed_from({"SEED": "none"}, tmp_path) == "none"

    def test_an_empty_service_stays_empty_when_it_is_started_again(self, tmp_path: Path) -> None:
        note_seed(tmp_path, "none")
        assert seed_from({}, tmp_path) == "none"
        assert seed_from({"SEED": "demo"}, tmp_path) == "demo"

    def test_another_word_is_told_at_once_and_nothing_starts(self, data: Path) -> None:
        result = run(data, PORT=str(free_port()), SEED="empty")
        assert result.returncode == 1
        assert result.stderr == (
            "error: SEED must be demo or none, not 'empty': SEED=none make run starts an empty service\n"
        )
        assert not data.exists()

    @pytest.mark.django_db
    def test_an_empty_service_says_how_to_begin_with_a_line_that_works(self, tmp_path: Path) -> None:
        line = first_person_command({"DATA_DIR": "/srv/my data"}, ROOT)
        words = shlex.split(line)
        assert words[0] == "DATA_DIR=/srv/my data"
        assert (ROOT / words[1]).exists()
        call_command(words[words.index("create_user")], *words[words.index("create_user") + 1 :])
        assert is_network_office(User.objects.get())
        plan = service_plan(8123, 1025, begin=line)
        shown = "\n".join(plan.welcome)
        assert line in shown
        assert f"http://127.0.0.1:8123{reverse('caught_mails')}" in shown
        assert "demo.example" not in shown

    @pytest.mark.django_db
    def test_nothing_is_planted_in_an_empty_service(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        monkeypatch.setenv("SEED", "none")
        with mock.patch.object(prepare, "call_command") as commands:
            prepare.Command().handle()
        assert [call.args[0] for call in commands.call_args_list] == ["migrate", "vapid_keys"]
        monkeypatch.setenv("SEED", "nothing")
        with mock.patch.object(prepare, "call_command"), pytest.raises(CommandError, match="SEED must be demo or none"):
            prepare.Command().handle()


def test_an_address_that_nobody_serves_does_not_count_as_answering() -> None:
    assert "refused" in str(first_page(f"http://127.0.0.1:{free_port()}/"))


def test_the_health_check_tells_why_it_fails() -> None:
    assert healthcheck.failure({"PORT": str(free_port())}).startswith("no answer: ")


@pytest.mark.parametrize(("status", "answer"), [(200, None), (404, "status 404"), (500, "status 500")])
def test_only_a_page_counts_as_an_answer(status: int, answer: str | None) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Nothing on the terminal of the tests."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert first_page(f"http://127.0.0.1:{server.server_port}/") == answer
        thread.join()


def test_a_missing_python_module_is_named() -> None:
    plan = Plan((Preparation("p", (sys.executable, "-W", "ignore", "-m", "no_such.module")),), ())
    assert plan.missing() == ["no_such.module"]
