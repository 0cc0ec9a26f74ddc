"""An embedded Valkey server (speaks the Redis protocol) on a Unix socket."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

from .account import ServerAccount
from .binaries import find_valkey
from .errors import EmbeddedServerError
from .processes import signal_on_parent_death, stop_child, wait_until

_START_SECONDS = 20.0
_STOP_STEPS = ((signal.SIGTERM, 10.0),)


class ValkeyServer:
    """Starts and stops Valkey with its files in ``data`` and its socket in ``sockets``.

    ``fast`` keeps everything in memory: for tests. All methods raise EmbeddedServerError with one line for the
    terminal.
    """

    name = "Valkey"
    stop_signal = signal.SIGTERM  # saves and leaves

    def __init__(self, data: Path, sockets: Path, log: Path, account: ServerAccount, *, fast: bool = False) -> None:
        self.data = data
        self.socket = sockets / "vk.sock"
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self._account = account
        self._fast = fast

    @property
    def url(self) -> str:
        """The form that redis-py reads; settings derive Celery's ``redis+socket://`` form from it."""
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start the server and wait until it answers PING."""
        program = find_valkey(self._account)
        self._account.make_private_directory(self.data)
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "save": "",
            "appendonly": "no" if self._fast else "yes",
            "daemonize": "no",
        }
        arguments = [part for key, value in options.items() for part in (f"--{key}", value)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [program, *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                start_new_session=True,
                preexec_fn=signal_on_parent_death(signal.SIGTERM),  # noqa: PLW1509 (one system call, no lock)
                **self._account.popen_arguments(),
            )  # fmt: skip
        process = self.process
        wait_until(lambda: process.poll() is not None or self._answers(), _START_SECONDS)
        if process.poll() is not None or not self._answers():
            self.stop()
            raise EmbeddedServerError(f"Valkey did not start: {self._last_log_line()} (see {self.log})")

    def stop(self) -> None:
        """Stop the server if it runs."""
        if self.process is not None:
            stop_child(self.process, _STOP_STEPS)
            self.process = None

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1.0)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(64).startswith(b"+PONG")  # "-LOADING" while it reads its files
            except OSError:
                return False

    def _last_log_line(self) -> str:
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        return next((line.strip() for line in reversed(lines) if line.strip()), "no message")
