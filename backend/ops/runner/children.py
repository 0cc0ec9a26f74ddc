"""One child process: started in a session of its own, its output passed on line by line under its name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import IO

from backend.ops.embedded.processes import send_signal, signal_on_parent_death

_CHUNK = 65536


class Child:
    """A running command. Its standard output and error go, in whole lines, to ``show``.

    The kernel sends it ``orphan_signal`` when this process dies.
    """

    def __init__(
        self,
        name: str,
        command: tuple[str, ...],
        environment: Mapping[str, str],
        show: Callable[[str], None],
        orphan_signal: int = signal.SIGTERM,
    ) -> None:
        self.name = name
        self._show = show
        self._partial = b""
        self.process = subprocess.Popen(
            command,
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then stops the children in order
            preexec_fn=signal_on_parent_death(orphan_signal),  # noqa: PLW1509 (one system call, no lock)
        )  # fmt: skip
        os.set_blocking(self.output.fileno(), False)

    @property
    def output(self) -> IO[bytes]:
        """The reading end of the child's output, not blocking."""
        assert self.process.stdout is not None
        return self.process.stdout

    def has_ended(self) -> bool:
        """Whether the process has ended (its helpers may still run)."""
        return self.process.poll() is not None

    def describe_end(self) -> str:
        """How it ended, for a message: ``ended with exit code 1`` or ``was killed by SIGKILL``."""
        code = self.process.returncode
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def pass_output_on(self) -> bool:
        """Show the complete lines that have arrived; False once no more can come."""
        while True:
            try:
                chunk = os.read(self.output.fileno(), _CHUNK)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            *lines, self._partial = (self._partial + chunk).split(b"\n")
            for line in lines:
                self._show(line.decode("utf-8", errors="replace"))

    def ask_to_stop(self) -> None:
        """Request an orderly end."""
        if not self.has_ended():
            send_signal(self.process.pid, signal.SIGTERM)

    def finish(self) -> None:
        """Kill what is left of it, helpers included, and show its last words."""
        send_signal(self.process.pid, signal.SIGKILL, group=True)
        self.process.wait()
        self.pass_output_on()
        if self._partial:
            self._show(self._partial.decode("utf-8", errors="replace"))
            self._partial = b""
        self.output.close()


def print_line(text: str) -> bool:
    """Print to the terminal; False when nobody reads any more (``make run | head``)."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True
