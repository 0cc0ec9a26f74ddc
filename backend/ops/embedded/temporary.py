"""Servers on throw-away data: for tests and for trying things out."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .account import ServerAccount
from .processes import ProcessMark
from .stack import Stack, remove_left_sockets

_PREFIX = "praktiknavet-tmp-"
_OWNER = "owner"


class TemporaryStack(Stack):
    """A Stack without durability in a new directory below the temporary directory, removed by ``stop``.

    Any number can run side by side. Directories left by killed processes are removed by the next one.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        base = _base_directory()
        _remove_leftovers(base)
        directory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
        directory.chmod(0o755)  # the server account passes through; its own folders are closed to everybody else
        mark = ProcessMark.of(os.getpid())
        assert mark is not None
        (directory / _OWNER).write_text(f"{mark.pid} {mark.started}", encoding="ascii")
        super().__init__(directory, environment, fast=True)

    def stop(self) -> None:
        super().stop()
        shutil.rmtree(self.data, ignore_errors=True)


def _base_directory() -> Path:
    account = ServerAccount.for_current_user()
    base = Path(tempfile.gettempdir())
    return base if account.can_reach(base / "x") else Path("/var/tmp")  # noqa: S108 (mkdtemp makes a private one)


def _remove_leftovers(base: Path) -> None:
    for directory in base.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError, ValueError):
            pid, _, started = (directory / _OWNER).read_text(encoding="ascii").partition(" ")
            if not ProcessMark(int(pid), started).is_running() and directory.stat().st_uid == os.geteuid():
                remove_left_sockets(directory)
                shutil.rmtree(directory, ignore_errors=True)
