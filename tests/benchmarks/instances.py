"""Generated instances, stored once so that every contender reads the same numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.benchmarks.environment import ROOT

FOLDER = ROOT / ".data" / "bench"
# seats for each student: fewer students than seats, and the other way round
PLENTY, SHORT = 1.2, 0.9


def stored(students: int, offers: int, length: int, seats: float, *, seed: int = 1) -> Path:
    """Path of an instance: ``length`` distinct choices a student, drawn evenly; strict priorities; even capacities."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{students}x{length}-{offers}-{seats}-{seed}.npz"
    if not path.exists():
        draw = np.random.default_rng(seed)
        capacity = np.full(offers, max(1, round(students * seats / offers)), dtype=np.int32)
        np.savez(
            path,
            ptr=np.arange(0, students * length + 1, length, dtype=np.int64),
            choices=_distinct(draw, students, offers, length).ravel(),
            # one permutation of all choices: no two students tie at any offer
            priority=draw.permutation(students * length).astype(np.int32),
            capacity=capacity,
        )
    return path


def _distinct(draw: np.random.Generator, students: int, offers: int, length: int) -> npt.NDArray[np.int32]:
    choices = draw.integers(0, offers, (students, length)).astype(np.int32)
    while True:
        ordered = np.sort(choices, axis=1)
        repeated = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
        if len(repeated) == 0:
            return choices
        choices[repeated] = draw.integers(0, offers, (len(repeated), length))
