"""`make run` with dummy commands: what starts, what is said, and that nothing stays behind however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backend.ops.embedded.processes import ProcessMark
from backend.ops.runner.journal import Journal
from backend.ops.runner.ports import free_port
from tests.ops.processes import (
    FOREVER,
    ROOT,
    DummyService,
    assert_nothing_left,
    clean_environment,
    kill,
    processes_of,
    running,
    shell,
)

pytestmark = pytest.mark.real_clock


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything_and_the_data_stays(data: Path, number: int) -> None:
    helpers = shell("sleep 60 & sleep 60 & wait")
    with running(DummyService(data, services=[("one", FOREVER, True), ("two", helpers, False)])) as service:
        service.wait_for("WELCOME")
        assert len(processes_of(data)) >= 5, "the supervisor, two servers and two services"
        service.signal(number)
        code, output, errors = service.finish()
    assert (code, errors) == (0, "")
    assert "stopping" in output
    assert_nothing_left(data)
    assert (data / "postgres/PG_VERSION").exists()


def test_a_second_start_continues_with_the_same_data(data: Path) -> None:
    write = shell(
        f"{sys.executable} -c \"import psycopg, os; c = psycopg.connect(host=os.environ['DATABASE_URL'][16:-4], "
        "user='app', dbname='app'); c.execute('CREATE TABLE IF NOT EXISTS runs (id int)'); "
        "c.execute('INSERT INTO runs VALUES (1)'); print('runs', c.execute('SELECT count(*) FROM runs').fetchone()[0]); "
        'c.commit()"; sleep 60'
    )
    for expected in ("runs 1", "runs 2"):
        with running(DummyService(data, services=[("count", write, False)])) as service:
            service.wait_for(expected)
            service.signal(signal.SIGTERM)
            assert service.finish()[0] == 0


def test_preparations_run_in_order_before_the_services(data: Path) -> None:
    note = data.parent / "order"
    plan = DummyService(
        data,
        preparations=[("first", shell(f"sleep 0.2; echo first >>{note}")), ("second", shell(f"echo second >>{note}"))],
        services=[("loop", shell(f"echo service >>{note}; echo started; sleep 60"), False)],
    )
    with running(plan) as service:
        service.wait_for("loop | started")
        assert note.read_text().split() == ["first", "second", "service"]


def test_a_failing_preparation_shows_its_output_and_stops_everything(data: Path) -> None:
    failing = shell("echo 'column does not exist'; exit 3")
    with running(DummyService(data, preparations=[("migrate", failing)])) as service:
        code, output, errors = service.finish()
    assert code == 1
    assert "migrate | column does not exist" in output
    assert errors == "error: migrate ended with exit code 3 (its output stands above)\n"
    assert_nothing_left(data)


def test_a_stop_during_a_preparation_is_heeded_at_once(data: Path) -> None:
    with running(DummyService(data, preparations=[("seed", shell("sleep 60"))])) as service:
        service.wait_for("started")
        time.sleep(0.3)
        service.signal(signal.SIGTERM)
        assert service.finish()[0] == 0
    assert_nothing_left(data)


def test_the_welcome_waits_for_the_first_page(data: Path) -> None:
    port = free_port()
    late = shell(f"sleep 1; exec {sys.executable} -m http.server --bind 127.0.0.1 {port}")
    plan = DummyService(data, services=[("web", late, True)], address=f"http://127.0.0.1:{port}/")
    began = time.monotonic()
    with running(plan) as service:
        service.wait_for("WELCOME")
        assert time.monotonic() - began > 1.0


def test_a_service_that_ends_is_started_again_with_growing_pauses_and_given_up_at_last(data: Path) -> None:
    note = data.parent / "starts"
    short = shell(f"echo start >>{note}; exit 4")
    with running(DummyService(data, services=[("worker", short, False), ("other", FOREVER, False)])) as service:
        assert service.wait_for("starting it again") == "worker ended with exit code 4; starting it again in 1 s"
        assert service.wait_for("starting it again").endswith("in 2 s")
        code, _, errors = service.finish()
    assert code == 1
    assert errors == "error: worker ended with exit code 4 for the 4th time within a minute\n"
    assert note.read_text().split() == ["start"] * 4
    assert_nothing_left(data)


def test_the_end_of_an_essential_service_stops_everything(data: Path) -> None:
    plan = DummyService(data, services=[("web", shell("sleep 0.5; kill -9 $$"), True), ("other", FOREVER, False)])
    with running(plan) as service:
        code, _, errors = service.finish()
    assert code == 1
    assert errors == "error: web was killed by SIGKILL, and without it there is no service\n"
    assert_nothing_left(data)


def test_the_end_of_the_database_stops_everything(data: Path) -> None:
    with running(DummyService(data)) as service:
        service.wait_for("WELCOME")
        kill(int((data / "postgres/postmaster.pid").read_text().split()[0]))
        code, _, errors = service.finish()
    assert code == 1
    assert errors.startswith("error: PostgreSQL stopped unexpectedly (see ")
    assert_nothing_left(data)


def test_a_second_service_on_the_same_data_is_refused_in_one_line(data: Path) -> None:
    with running(DummyService(data)) as first:
        first.wait_for("WELCOME")
        with running(DummyService(data)) as second:
            code, output, errors = second.finish()
        assert (code, output.strip()) == (1, "")
        assert (
            errors
            == f"error: already running on {data} (process {first.process.pid}): stop it first, or set DATA_DIR\n"
        )
        assert first.process.poll() is None
        assert (data / "service.env").exists(), "the refused one must not touch the running one's files"


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels do not tell children of their parent's death")
def test_kill_9_alone_already_takes_servers_and_services_along(data: Path) -> None:
    with running(DummyService(data)) as service:
        service.wait_for("WELCOME")
        service.signal(signal.SIGKILL)
        service.process.wait()
        deadline = time.monotonic() + 10
        while processes_of(data) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert processes_of(data) == []


def test_after_kill_9_the_next_start_stops_what_was_left_and_recovers(data: Path) -> None:
    deaf = shell("trap '' TERM; (trap '' TERM; while sleep 0.1; do :; done) & while sleep 0.1; do :; done")
    with running(DummyService(data, services=[("deaf", deaf, False)])) as first:
        first.wait_for("WELCOME")
        first.signal(signal.SIGKILL)
        first.process.wait()
    assert processes_of(data), "the deaf ones survive the supervisor"
    with running(DummyService(data)) as second:
        assert second.wait_for("leftovers") != "leftovers 0"
        second.wait_for("WELCOME")
        second.signal(signal.SIGTERM)
        assert second.finish()[0] == 0
    assert_nothing_left(data)


def test_a_process_that_got_a_noted_id_later_is_left_alone(data: Path) -> None:
    data.mkdir()
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as foreign:
        journal = Journal(data)
        journal.add(foreign.pid)
        noted = json.loads((data / "processes.json").read_text())
        noted["processes"][0]["started"] += "0"
        (data / "processes.json").write_text(json.dumps(noted))
        assert Journal(data).stop_leftovers() == 0
        assert foreign.poll() is None
        journal = Journal(data)
        journal.add(foreign.pid)
        assert Journal(data).stop_leftovers() == 1, "the noted process itself is stopped"
        assert foreign.wait(5) == -signal.SIGTERM


@pytest.mark.parametrize("content", ["", "{", "[]", '{"instance": "x"}', '{"instance": "x", "processes": [{}]}'])
def test_a_damaged_journal_stops_nothing(data: Path, content: str) -> None:
    data.mkdir()
    (data / "processes.json").write_text(content)
    assert Journal(data).stop_leftovers() == 0


def test_a_missing_program_is_named_before_anything_starts(data: Path) -> None:
    plan = DummyService(
        data, services=[("web", ["no-such-program"], True)], preparations=[("p", shell("echo prepared"))]
    )
    with running(plan) as service:
        code, output, errors = service.finish()
    assert code == 1
    assert errors == "error: not installed: no-such-program (make setup installs what is missing)\n"
    assert "prepared" not in output
    assert_nothing_left(data)


def test_the_service_stops_when_its_parent_is_killed(data: Path) -> None:
    """`make` may be killed without a word; what it started must not go on."""
    plan = DummyService(data, tied=True)
    with subprocess.Popen(
        ["sh", "-c", '"$@"; true', "sh", *plan.command()],
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        assert any("WELCOME" in line for line in parent.stdout)
        parent.kill()
        parent.wait()
        rest = parent.stdout.read()
    assert "stopping" in rest
    assert_nothing_left(data)


def test_closing_the_output_stops_the_service(data: Path) -> None:
    """`make run | head` must not leave a service running that nobody sees."""
    chatty = shell("while sleep 0.05; do echo tick; done")
    with running(DummyService(data, services=[("chatty", chatty, False)])) as service:
        service.wait_for("tick")
        assert service.process.stdout is not None
        service.process.stdout.close()
        service.process.wait(20)
    assert_nothing_left(data)


def test_a_mark_does_not_fit_a_process_that_has_ended() -> None:
    with subprocess.Popen(["true"]) as process:
        mark = ProcessMark.of(process.pid) or ProcessMark(process.pid, "gone already")
        process.wait()
        assert not mark.is_running()
    own = ProcessMark.of(os.getpid())
    assert own is not None
    assert own.is_running()
