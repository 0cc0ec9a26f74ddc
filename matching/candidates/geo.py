"""Positions and distances, computed so that every machine gets the same bits.

Library sines may differ in the last bit between processors and between the vectorised and the scalar path. Positions
are therefore turned into whole metres once, with a polynomial of plain multiplications and additions, and distances
use only operations that IEEE 754 defines exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from matching.candidates.errors import CandidateError
from matching.candidates.ragged import F64, I32, I64, Mask

EARTH_RADIUS_M = 6_371_009.0
CELLS_PER_DEGREE = 4
_COLUMNS = 360 * CELLS_PER_DEGREE

# Taylor series: below 1e-15 on the whole circle, far finer than the metre that positions are rounded to.
_SINE = [(-1.0) ** term / math.factorial(2 * term + 1) for term in range(15)]
_COSINE = [(-1.0) ** term / math.factorial(2 * term) for term in range(16)]


@dataclass(frozen=True, slots=True)
class Point:
    """A place as earth-centred coordinates in whole metres."""

    x: int
    y: int
    z: int


@dataclass(frozen=True, eq=False, slots=True)
class Places:
    """Places of many rows: metres int32[n] and whether a position is known."""

    x: I32
    y: I32
    z: I32
    known: Mask

    def take(self, rows: I64) -> Places:
        """The given rows, in the given order."""
        return Places(self.x[rows], self.y[rows], self.z[rows], self.known[rows])

    def point(self, row: int) -> Point | None:
        """The place of one row, None where unknown."""
        if not self.known[row]:
            return None
        return Point(int(self.x[row]), int(self.y[row]), int(self.z[row]))


def check_degrees(name: str, lat: F64, lon: F64) -> None:
    """Refuse degrees off the globe; NaN in either means an unknown position."""
    if bool((np.abs(lat) > 90).any()) or bool((np.abs(lon) > 180).any()):
        raise CandidateError(f"{name}: lat must lie within ±90 and lon within ±180")


def places(lat: F64, lon: F64) -> Places:
    """Degrees (WGS 84 taken as a sphere, NaN = unknown) to places."""
    known = ~(np.isnan(lat) | np.isnan(lon))
    phi = np.where(known, lat, 0.0) * (math.pi / 180)
    theta = np.where(known, lon, 0.0) * (math.pi / 180)
    flat = _cosine(phi)
    return Places(
        np.rint(EARTH_RADIUS_M * (flat * _cosine(theta))).astype(np.int32),
        np.rint(EARTH_RADIUS_M * (flat * _sine(theta))).astype(np.int32),
        np.rint(EARTH_RADIUS_M * _sine(phi)).astype(np.int32),
        known,
    )


def cells(lat: F64, lon: F64) -> I64:
    """Number of the quarter-degree cell of each position, -1 where unknown."""
    known = ~(np.isnan(lat) | np.isnan(lon))
    row = np.floor((np.where(known, lat, 0.0) + 90) * CELLS_PER_DEGREE).astype(np.int64)
    column = np.floor((np.where(known, lon, 0.0) + 180) * CELLS_PER_DEGREE).astype(np.int64)
    return np.where(known, row * (_COLUMNS + 1) + column, -1)


def kilometres(x: I32, y: I32, z: I32, point: Point) -> F64:
    """Great-circle distance from many places to one point, exact to a metre or two within 3000 km.

    Chord and arc are joined by the first four terms of the arcsine, which is monotone everywhere.
    """
    dx = x.astype(np.float64) - point.x
    dy = y.astype(np.float64) - point.y
    dz = z.astype(np.float64) - point.z
    chord = np.sqrt(dx * dx + dy * dy + dz * dz)
    half = chord / (2 * EARTH_RADIUS_M)
    square = half * half
    arc: F64 = chord / 1000.0 * (1.0 + square * (1 / 6 + square * (3 / 40 + square * (15 / 336))))
    return arc


def _series(x: F64, coefficients: list[float]) -> F64:
    square = x * x
    total = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = total * square + coefficient
    return total


def _sine(x: F64) -> F64:
    return x * _series(x, _SINE)


def _cosine(x: F64) -> F64:
    return _series(x, _COSINE)
