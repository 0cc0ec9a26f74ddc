"""Which processes a run has started, on disk, so that the next run can stop what a killed one left."""

from __future__ import annotations

import json
import secrets
import signal
from pathlib import Path

from backend.ops.embedded.processes import ProcessMark, send_signal, session_members, stop_marked

INSTANCE_VARIABLE = "PRAKTIKNAVET_INSTANCE"
_PATIENCE_SECONDS = 5.0


class Journal:
    """The processes of one run on one data directory.

    Each is noted with its start time, and carries the run's random name in its environment: nothing else is ever
    stopped, even when process ids have been reused since. The caller holds the lock on the data directory.
    """

    def __init__(self, data: Path) -> None:
        self.instance = secrets.token_hex(8)
        self._path = data / "processes.json"
        self._noted: list[tuple[ProcessMark, int]] = []

    def add(self, pid: int, stop_signal: int = signal.SIGTERM) -> None:
        """Note a process just started, and what asks it to stop; it must lead a session of its own."""
        mark = ProcessMark.of(pid)
        if mark is None:  # it has ended already
            return
        self._noted = [*(known for known in self._noted if known[0].is_running()), (mark, stop_signal)]
        content = {
            "instance": self.instance,
            "processes": [
                {"pid": known.pid, "started": known.started, "stop_signal": int(number)}
                for known, number in self._noted
            ],
        }
        unfinished = self._path.with_suffix(".new")
        unfinished.write_text(json.dumps(content), encoding="utf-8")
        unfinished.rename(self._path)

    def close(self) -> None:
        """Everything noted has been stopped."""
        self._path.unlink(missing_ok=True)

    def stop_leftovers(self) -> int:
        """Stop what an earlier, killed run noted; how many processes were found alive."""
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            instance = str(content["instance"])
            noted = [
                (ProcessMark(int(entry["pid"]), str(entry["started"])), int(entry["stop_signal"]))
                for entry in content["processes"]
            ]
        except (OSError, ValueError, KeyError, TypeError):  # none, or cut short by a full disk
            return 0
        stopped = 0
        for mark, number in noted:
            stopped += mark.is_running()
            stop_marked(mark, ((number, _PATIENCE_SECONDS),))
            for pid in session_members(mark.pid, f"{INSTANCE_VARIABLE}={instance}"):
                stopped += 1
                send_signal(pid, signal.SIGKILL)
        self.close()
        return stopped
