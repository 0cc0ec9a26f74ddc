"""The embedded servers: what starts, what they can do, and the one line said when they cannot start."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import environ
import psycopg
import pytest
import redis
from kombu import Connection

from backend.config.settings.base import broker_url
from backend.ops.embedded import EmbeddedServerError, Stack, binaries, check_free_space
from backend.ops.embedded.account import SOCKET_PREFIX, ServerAccount, make_socket_directory
from backend.ops.embedded.temporary import TemporaryStack
from tests.embedded_plugin import own_database
from tests.ops.processes import ROOT, assert_nothing_left, clean_environment

pytestmark = pytest.mark.real_clock


def connect(stack: Stack) -> psycopg.Connection:
    return psycopg.connect(host=stack.libpq["PGHOST"], user=stack.libpq["PGUSER"], dbname=stack.libpq["PGDATABASE"])


def test_both_servers_answer_at_the_addresses_that_the_settings_read(data: Path) -> None:
    with Stack(data, {}, fast=True) as stack:
        database = environ.Env.db_url_config(stack.urls["DATABASE_URL"])
        with psycopg.connect(host=database["HOST"], user=database["USER"], dbname=database["NAME"]) as connection:
            row = connection.execute("SELECT current_setting('server_version_num')::int").fetchone()
        assert row is not None
        assert row[0] >= 180000
        with redis.Redis.from_url(stack.urls["REDIS_URL"]) as client:
            assert client.ping()
    assert_nothing_left(data)


def test_the_database_knows_swedish_letters_and_has_the_extensions_we_use(data: Path) -> None:
    with Stack(data, {"REDIS_URL": "redis://x"}, fast=True) as stack, connect(stack) as connection:
        for extension in ("pg_trgm", "unaccent", "btree_gist", "citext"):
            connection.execute(f"CREATE EXTENSION {extension}")
        row = connection.execute("SELECT 'ÅSELE' ILIKE 'å%', to_tsvector('swedish', 'svetsarna')::text").fetchone()
    assert row == (True, "'svets':1")


def test_durable_data_is_still_there_after_a_restart(data: Path) -> None:
    with Stack(data, {}) as stack:
        with connect(stack) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        with redis.Redis.from_url(stack.urls["REDIS_URL"]) as client:
            client.set("kept", "42")
    with Stack(data, {}) as stack:
        with connect(stack) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        with redis.Redis.from_url(stack.urls["REDIS_URL"]) as client:
            assert client.get("kept") == b"42"


@pytest.mark.parametrize(
    ("given", "started"),
    [
        ({}, ["PostgreSQL", "Valkey"]),
        ({"DATABASE_URL": "postgres://db/x"}, ["Valkey"]),
        ({"REDIS_URL": "redis://r"}, ["PostgreSQL"]),
        ({"DATABASE_URL": "postgres://db/x", "REDIS_URL": "redis://r"}, []),
        ({"DATABASE_URL": "", "REDIS_URL": ""}, ["PostgreSQL", "Valkey"]),
    ],
)
def test_only_what_the_environment_does_not_name_starts(data: Path, given: dict[str, str], started: list[str]) -> None:
    stack = Stack(data, given)
    try:
        assert [server.name for server in stack.servers] == started
        assert not set(stack.urls) & {name for name, value in given.items() if value}
    finally:
        stack.stop()


def test_nobody_else_reaches_the_sockets_and_the_files(data: Path) -> None:
    with Stack(data, {}, fast=True) as stack:
        sockets = Path(stack.libpq["PGHOST"])
        assert sockets.stat().st_mode & 0o077 == 0
        assert (data / "postgres").stat().st_mode & 0o077 == 0
        assert (data / "valkey").stat().st_mode & 0o077 == 0


def test_no_server_runs_as_root(data: Path) -> None:
    with Stack(data, {}, fast=True) as stack:
        for server in stack.servers:
            assert server.process is not None
            assert Path("/proc", str(server.process.pid)).stat().st_uid != 0


def test_data_already_in_use_is_refused_and_left_running(data: Path) -> None:
    with Stack(data, {}, fast=True) as first:
        second = Stack(data, {}, fast=True)
        with pytest.raises(EmbeddedServerError, match=rf"already running on {data} \(process {os.getpid()}\)"):
            second.start()
        with connect(first) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_lock_file_with_a_reused_process_id_does_not_hinder_and_harms_nobody(data: Path) -> None:
    with Stack(data, {"REDIS_URL": "redis://x"}, fast=True):
        lock = (data / "postgres/postmaster.pid").read_text().splitlines()
    account = ServerAccount.for_current_user()
    with subprocess.Popen(["sleep", "60"], **account.popen_arguments()) as foreign:
        stale = data / "postgres/postmaster.pid"
        stale.write_text("\n".join([str(foreign.pid), *lock[1:]]))
        account.give(stale.parent)
        with Stack(data, {"REDIS_URL": "redis://x"}, fast=True):
            assert foreign.poll() is None
        foreign.kill()


def test_data_of_another_postgres_version_is_refused(data: Path) -> None:
    with Stack(data, {"REDIS_URL": "redis://x"}, fast=True):
        pass
    (data / "postgres/PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedServerError, match="was made by PostgreSQL 16 and this is 18: dump it"):
        Stack(data, {"REDIS_URL": "redis://x"}, fast=True).start()
    assert_nothing_left(data)


def test_a_folder_with_foreign_files_is_not_taken_for_a_database(data: Path) -> None:
    (data / "postgres").mkdir(parents=True)
    (data / "postgres/letter.txt").write_text("mine")
    with pytest.raises(EmbeddedServerError, match="holds files but no database"):
        Stack(data, {"REDIS_URL": "redis://x"}).start()
    assert (data / "postgres/letter.txt").read_text() == "mine"


def test_missing_server_programs_are_one_clear_line(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_package_directory", lambda name: None)
    monkeypatch.setattr(binaries, "_system_postgres_directories", list)
    monkeypatch.setenv("PATH", str(data))
    with pytest.raises(EmbeddedServerError, match=r"^PostgreSQL 17 or newer not found: .*set DATABASE_URL[^\n]*$"):
        Stack(data, {"REDIS_URL": "redis://x"}).start()
    with pytest.raises(EmbeddedServerError, match=r"^neither valkey-server nor redis-server found: .*REDIS_URL[^\n]*$"):
        Stack(data, {"DATABASE_URL": "postgres://x/y"}).start()
    assert_nothing_left(data)


def test_a_broken_server_program_is_one_clear_line(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.ops.embedded.valkey.find_valkey", lambda account: Path("/bin/false"))
    with pytest.raises(EmbeddedServerError, match=r"^Valkey did not start: [^\n]*$"):
        Stack(data, {}, fast=True).start()
    assert_nothing_left(data)


def test_a_full_disk_is_told_before_anything_is_written(data: Path) -> None:
    with pytest.raises(EmbeddedServerError, match=r"^the disk is full: \d+ MB free in .*, at least \d+ MB are needed$"):
        check_free_space(data.parent, shutil.disk_usage(data.parent).free * 2 + 2**21)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_a_really_full_disk_leaves_nothing_running(data: Path) -> None:
    small = data.parent / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(EmbeddedServerError, match=r"the disk is full: [78] MB free"):
            Stack(small / "data", {}).start()
        assert_nothing_left(small / "data")
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_data_directory_that_cannot_be_written_is_one_clear_line(data: Path) -> None:
    data.parent.joinpath("file").write_text("")
    with pytest.raises(
        EmbeddedServerError, match=r"^cannot write to the data directory .*/file/data: Not a directory$"
    ):
        Stack(data.parent / "file/data", {}).start()


def test_sockets_go_to_a_directory_with_a_short_path(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = data / ("x" * 120)
    long.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(long))
    made = make_socket_directory(ServerAccount.for_current_user())
    try:
        assert made.name.startswith(SOCKET_PREFIX)
        assert len(str(made / ".s.PGSQL.5432.lock")) < 104
    finally:
        made.rmdir()


def test_throw_away_servers_leave_no_file_and_tidy_up_after_killed_ones(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.mkdir(mode=0o755)
    monkeypatch.setattr("tempfile.tempdir", str(data))
    stack = TemporaryStack({})
    (stack.data / "owner").write_text("1 never")  # as a killed one would leave it
    with TemporaryStack({}) as other:
        assert [path for path in data.glob("praktiknavet-tmp-*") if path != other.data] == []
    assert list(data.glob("praktiknavet-tmp-*")) == []
    stack.stop()


@pytest.mark.parametrize(("command", "code"), [("exit 7", 7), ('test -S "$PGHOST/.s.PGSQL.5432"', 0)])
def test_a_command_runs_with_servers_of_its_own(command: str, code: int) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "backend.ops.embedded", "shell", "--", "sh", "-c", command],
        cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (code, "")


def test_a_strict_umask_does_not_lock_the_servers_out(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_CACHE_BASE", data.parent / "cache")
    previous = os.umask(0o077)
    try:
        with Stack(data / "deep/down", {}) as stack:
            assert stack.failure() is None
    finally:
        os.umask(previous)


def test_processes_that_test_side_by_side_have_databases_of_their_own_in_valkey(data: Path) -> None:
    with Stack(data, {"DATABASE_URL": "postgres://db/x"}, fast=True) as stack:
        own = [own_database(stack.urls["REDIS_URL"], worker) for worker in ("gw0", "gw1")]
        for number, address in enumerate(own):
            with redis.Redis.from_url(address) as client, Connection(broker_url(address)) as broker:
                client.set("whose", number)
                assert broker.default_channel.client.get("whose") == str(number).encode()
        with redis.Redis.from_url(own[0]) as client:
            client.flushdb()
        with redis.Redis.from_url(own[1]) as client:
            assert client.get("whose") == b"1"
    assert own_database("redis://127.0.0.1:6379/0", "gw16") == "redis://127.0.0.1:6379/2"
    assert broker_url("redis://127.0.0.1:6379/2") == "redis://127.0.0.1:6379/2"
