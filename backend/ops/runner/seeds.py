"""What a new installation is filled with. Standard library only (see the package)."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

DEMO, NONE = SEEDS = ("demo", "none")
_NOTE = "seed"


class SeedError(ValueError):
    """SEED names nothing that can be planted; ``str(error)`` is one line for the terminal."""


def seed_from(environment: Mapping[str, str], data: Path) -> str:
    """``demo`` or ``none``: what SEED asks for, else what this data directory was begun with, else ``demo``.

    An empty service stays empty however it is started later: a forgotten SEED plants no invented people among real ones.
    Raises SeedError for anything else.
    """
    asked = environment.get("SEED", "").strip()
    if asked and asked not in SEEDS:
        raise SeedError(f"SEED must be demo or none, not {asked!r}: SEED=none make run starts an empty service")
    return asked or _noted(data) or DEMO


def note_seed(data: Path, seed: str) -> None:
    """Remember what the data directory, which must exist, was begun with."""
    (data / _NOTE).write_text(f"{seed}\n", encoding="ascii")


def _noted(data: Path) -> str:
    try:
        noted = (data / _NOTE).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
    return noted if noted in SEEDS else ""


def first_person_command(environment: Mapping[str, str], root: Path) -> str:
    """The command line that makes the first person of an empty service, to be typed in a second terminal in ``root``."""
    python = os.path.relpath(sys.executable, root)
    where = f"DATA_DIR={shlex.quote(environment['DATA_DIR'])} " if environment.get("DATA_DIR") else ""
    return f"{where}{python} -m backend.manage create_user --role network you@example.org --name 'Your Name'"
