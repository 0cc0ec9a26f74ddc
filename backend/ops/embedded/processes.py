"""Recognise, signal and stop operating-system processes without ever hitting a foreign one."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.02
# Fields of /proc/PID/stat counted from the closing bracket of the command name (proc(5)): state is 3rd, starttime 22nd.
_STATE_FIELD = 0
_SESSION_FIELD = 3
_STARTED_FIELD = 19


@dataclass(frozen=True)
class ProcessMark:
    """A process id together with when that process started, so that a reused id is never taken for the old process."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> ProcessMark | None:
        """The mark of the running process ``pid``, or None when there is no such process (a zombie counts as gone)."""
        started = _started(pid)
        return cls(pid, started) if started else None

    def is_running(self) -> bool:
        """Whether exactly this process, not a later one with the same id, still runs."""
        return _started(self.pid) == self.started


def _stat_fields(pid: int) -> list[str]:
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _started(pid: int) -> str:
    """A text that identifies the start of process ``pid``; empty when it is not running."""
    if _PROC.joinpath("self", "stat").exists():
        fields = _stat_fields(pid)
        if not fields or fields[_STATE_FIELD] in {"Z", "X"}:
            return ""
        return f"{_boot_id()}:{fields[_STARTED_FIELD]}"
    answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def started_at(pid: int) -> float | None:
    """When process ``pid`` started, in seconds since 1970 (to about a second); None when it cannot be told."""
    fields = _stat_fields(pid)
    try:
        boot = next(line for line in (_PROC / "stat").read_text().splitlines() if line.startswith("btime "))
        return int(boot.split()[1]) + int(fields[_STARTED_FIELD]) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, StopIteration):
        return None


@functools.cache
def _boot_id() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"


def session_members(session: int, marker: str) -> list[int]:
    """Ids of the processes in ``session`` whose environment holds ``marker`` (``NAME=value``).

    Finds children that outlived a killed session leader. The marker keeps a foreign session that happens to have got
    the same number out of it. Returns an empty list where there is no /proc.
    """
    wanted = marker.encode()
    found = []
    for entry in _PROC.glob("[0-9]*"):
        pid = int(entry.name)
        fields = _stat_fields(pid)
        if not fields or fields[_SESSION_FIELD] != str(session) or fields[_STATE_FIELD] in {"Z", "X"}:
            continue
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(pid)
    return found


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll ``condition`` until it holds or ``seconds`` have passed; the last answer."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return condition()
        time.sleep(_POLL_SECONDS)
    return True


def send_signal(pid: int, number: int, *, group: bool = False) -> None:
    """Signal a process, or the process group it leads; one that is already gone is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if group:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)


def stop_child(process: subprocess.Popen[bytes], steps: Iterable[tuple[int, float]]) -> None:
    """Stop our own child: send each signal of ``steps`` and wait its seconds; at last kill its whole process group."""
    for number, seconds in steps:
        if process.poll() is not None:
            break
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    # The leader may have left helpers behind, and killpg on an empty group is harmless.
    send_signal(process.pid, signal.SIGKILL, group=True)
    process.wait()


def stop_marked(mark: ProcessMark, steps: Iterable[tuple[int, float]]) -> None:
    """Stop a process that an earlier run left behind, if it is still the one that ``mark`` names."""
    for number, seconds in (*steps, (signal.SIGKILL, 5.0)):
        if not mark.is_running():
            return
        send_signal(mark.pid, number)
        wait_until(lambda: not mark.is_running(), seconds)


def signal_on_parent_death(number: int) -> Callable[[], None]:
    """A ``preexec_fn`` that makes the kernel send ``number`` to the child when its parent dies, even by SIGKILL.

    Does nothing where the kernel has no such service; the next start then cleans up from its journal. The library is
    loaded here, before the fork, because little is safe to do in between.
    """
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def arm() -> None:
        prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and prctl
            os.kill(os.getpid(), number)

    return arm
