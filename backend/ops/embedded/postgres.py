"""An embedded PostgreSQL server: one data directory, one Unix socket, no network."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg

from .account import ServerAccount
from .binaries import PostgresPrograms, find_postgres, place_atomically, private_cache_directory
from .errors import EmbeddedServerError
from .processes import ProcessMark, signal_on_parent_death, started_at, stop_child, stop_marked, wait_until

ROLE = "app"  # owns the tables
SERVICE_ROLE = "service"  # what the processes of the service log in as; `prepare_database` gives it its rights
DATABASE = "app"
# Plain C breaks ILIKE on Å, Ä and Ö, and no ICU is built in: the built-in C.UTF-8 has correct case mapping.
INITDB_ARGUMENTS = ["-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale"]
_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "256MB",
    "unix_socket_permissions": "0700",
    "max_connections": "120",
    # An error's text holds what people wrote ("invalid input ...", "Key (email)=(...)", the statement itself), and the
    # service has it already: only the server's own messages are kept, without statements and their values.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
# Only for data that may be lost with the machine: the tests' own.
_FAST_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
_CLOCK_TOLERANCE_SECONDS = 5.0
_START_SECONDS = 60.0  # recovery after a crash can take a while
_STOP_STEPS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))  # fast shutdown, then immediate


class PostgresServer:
    """Starts and stops PostgreSQL on ``data`` (made when missing) with its socket in ``sockets``.

    ``fast`` trades durability for speed and makes the data from a cached template: for tests only. All methods raise
    EmbeddedServerError with one line for the terminal.
    """

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # a fast shutdown: SIGTERM would wait for every client to leave

    def __init__(self, data: Path, sockets: Path, log: Path, account: ServerAccount, *, fast: bool = False) -> None:
        self.data = data
        self.sockets = sockets
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self._account = account
        self._fast = fast

    @property
    def url(self) -> str:
        """The form of address that django-environ reads as a socket directory (libpq wants it percent-encoded)."""
        return f"postgres://{ROLE}@/{self.sockets}/{DATABASE}"

    @property
    def service_url(self) -> str:
        """The address for the processes of the service, whose role is no owner and no superuser."""
        return f"postgres://{SERVICE_ROLE}@/{self.sockets}/{DATABASE}"

    @property
    def libpq(self) -> dict[str, str]:
        """Environment variables with which psql and pg_dump find this server."""
        return {"PGHOST": str(self.sockets), "PGUSER": ROLE, "PGDATABASE": DATABASE}

    def start(self) -> None:
        """Start the server, wait until it answers, and make sure that the database exists."""
        programs = find_postgres(self._account)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(programs)
        self._check_version(programs)
        self.clear_leftover()
        settings = _SETTINGS | (_FAST_SETTINGS if self._fast else {})
        options = [f"--{key}={value}" for key, value in settings.items()]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [programs.postgres, "-D", self.data, "-k", self.sockets, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=_environment(), start_new_session=True,
                preexec_fn=signal_on_parent_death(signal.SIGINT),  # noqa: PLW1509 (one system call, no lock)
                **self._account.popen_arguments(),
            )  # fmt: skip
        self._wait_until_ready()
        self._ensure_database()

    def stop(self) -> None:
        """Stop the server if it runs: connections are closed, committed data is safe."""
        if self.process is not None:
            stop_child(self.process, _STOP_STEPS)
            self.process = None

    def clear_leftover(self) -> None:
        """Stop the server that a killed run left on this data, and remove its lock file.

        The caller must hold the lock on the data, so a server found here belongs to nobody any more. A process that
        merely got the old id is recognised by its start time and left alone.
        """
        lock = self.data / "postmaster.pid"
        try:
            lines = lock.read_text(encoding="utf-8", errors="replace").splitlines()
            pid, started = int(lines[0]), int(lines[2])
        except (OSError, IndexError, ValueError):
            return
        mark = ProcessMark.of(pid)
        if mark and _is_postgres_started_at(pid, started):
            stop_marked(mark, _STOP_STEPS)
        lock.unlink(missing_ok=True)

    def _initialise(self, programs: PostgresPrograms) -> None:
        if self.data.exists() and any(self.data.iterdir()):
            raise EmbeddedServerError(f"{self.data} holds files but no database: move it away and start again")
        try:
            if self._fast:
                template = self._template(programs)
                self.data.parent.mkdir(parents=True, exist_ok=True)
                shutil.copytree(template, self.data, dirs_exist_ok=True)
                self._account.make_private_directory(self.data)
                self._account.give(self.data)
            else:
                self._run_initdb(programs, self.data)
        except OSError as error:
            shutil.rmtree(self.data, ignore_errors=True)
            raise EmbeddedServerError(f"cannot create the database in {self.data}: {error}") from error
        except EmbeddedServerError:
            shutil.rmtree(self.data, ignore_errors=True)
            raise

    def _template(self, programs: PostgresPrograms) -> Path:
        """An initialised, never started data directory, made once per version: copying it takes a tenth of initdb."""
        key = "".join(letter if letter.isalnum() else "-" for letter in programs.version)
        target = private_cache_directory() / f"database-template-{key}"
        if not target.is_dir():
            made = Path(tempfile.mkdtemp(prefix=".database-", dir=target.parent))
            try:
                self._run_initdb(programs, made)
                place_atomically(made, target)
            except BaseException:
                shutil.rmtree(made, ignore_errors=True)
                raise
        return target

    def _run_initdb(self, programs: PostgresPrograms, data: Path) -> None:
        self._account.make_private_directory(data)
        command = [str(programs.initdb), "-D", str(data), "-U", ROLE, "--auth=trust", *INITDB_ARGUMENTS]
        if self._fast:
            command.append("--no-sync")
        result = subprocess.run(
            command, capture_output=True, text=True, cwd="/", env=_environment(), check=False,
            **self._account.popen_arguments(),
        )  # fmt: skip
        if result.returncode != 0:
            raise EmbeddedServerError(f"cannot create the database in {data}: {_reason(result.stderr)}")

    def _check_version(self, programs: PostgresPrograms) -> None:
        made_by = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        answer = subprocess.run([programs.postgres, "--version"], capture_output=True, text=True, check=False)
        running = answer.stdout.rpartition(" ")[2].partition(".")[0].strip()
        if made_by != running:
            raise EmbeddedServerError(
                f"{self.data} was made by PostgreSQL {made_by} and this is {running or 'broken'}: "
                "dump it with the old version, or move it away to start afresh"
            )

    def _wait_until_ready(self) -> None:
        process = self.process
        assert process is not None
        lock = self.data / "postmaster.pid"

        def ready() -> bool:
            try:
                lines = lock.read_text(encoding="utf-8", errors="replace").splitlines()
            except OSError:
                return False
            # The eighth line is the server's state, see pg_ctl's own wait.
            return len(lines) >= 8 and lines[0].strip() == str(process.pid) and lines[7].strip() == "ready"

        wait_until(lambda: process.poll() is not None or ready(), _START_SECONDS)
        if process.poll() is not None or not ready():
            self.stop()
            raise EmbeddedServerError(f"PostgreSQL did not start: {_reason(_tail(self.log))} (see {self.log})")

    def _ensure_database(self) -> None:
        try:
            with psycopg.connect(host=str(self.sockets), user=ROLE, dbname="postgres", autocommit=True) as connection:
                known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
                if known is None:
                    connection.execute(f'CREATE DATABASE "{DATABASE}"')
        except psycopg.Error as error:
            self.stop()
            raise EmbeddedServerError(f"cannot create the database {DATABASE}: {_reason(str(error))}") from error


def _environment() -> dict[str, str]:
    """Nothing of the caller's: PGDATA, PGHOST or a locale would change what the server does."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _is_postgres_started_at(pid: int, seconds: float) -> bool:
    """Whether ``pid`` is a postgres process that started at this time (seconds since 1970, as its lock file says)."""
    try:
        command = Path("/proc", str(pid), "cmdline").read_bytes()
    except OSError:
        return False
    started = started_at(pid)
    return b"postgres" in command and started is not None and abs(started - seconds) < _CLOCK_TOLERANCE_SECONDS


def _tail(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4000))
            return file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""


def _reason(output: str) -> str:
    """The line of a server's output that names the cause, without its prefix."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "error:", "could not"))]
    line = (telling or lines or ["no message"])[-1 if not telling else 0]
    return line.removeprefix("initdb: error: ")
