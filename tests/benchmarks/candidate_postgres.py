"""The same question, students for an offer, asked of PostgreSQL in the best ways we know.

The table is given every advantage: one flat row per student, coordinates in metres, windows as plain columns, prefixes
as arrays, statistics, everything in shared buffers, prepared arguments and no durability.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from types import TracebackType
from typing import Any

import numpy as np
import psycopg

from backend.ops.embedded.temporary import TemporaryStack
from matching.candidates import StudentColumns, Weights
from matching.candidates.geo import places
from matching.candidates.ragged import Tokens
from matching.candidates.views import OfferView

UNITS = (1000, 100, 10, 1)
WINDOWS = 3
COLUMNS = """id bigint, forms bigint, age_classes int, programme int, x int, y int, z int, max_km float8, languages bigint,
    s1 int, e1 int, s2 int, e2 int, s3 int, e3 int, skills int[], interests int[], prefixes int[], reach box"""
INDEXES = (
    "create index on student (forms, programme, age_classes)",
    "create index on student using gist (reach)",
)
# Each way of asking is a set of planner switches; the planner is free within them.
WAYS: dict[str, dict[str, str]] = {
    "planner's choice": {},
    "tree of forms and programmes": {"enable_seqscan": "off", "enable_indexonlyscan": "off"},
    "parallel scan": {"enable_indexscan": "off", "enable_bitmapscan": "off"},
}


class StudentTable:
    """A throw-away PostgreSQL with one table of students; use as a context manager."""

    def __init__(self, students: StudentColumns) -> None:
        self.students = students
        self.masks: list[int] = np.unique(students.forms).tolist()
        self.stack = TemporaryStack(environment={})

    def __enter__(self) -> StudentTable:
        self.stack.start()
        try:
            self._fill()
        except BaseException:
            self.stack.stop()
            raise
        return self

    def _fill(self) -> None:
        address = self.stack.libpq
        self.connection = psycopg.connect(
            host=address["PGHOST"], user=address["PGUSER"], dbname=address["PGDATABASE"], autocommit=True
        )
        self.connection.execute("create extension intarray")
        self.connection.execute(f"create unlogged table student ({COLUMNS})")
        names = ", ".join(column.split()[0] for column in COLUMNS.split(","))
        with self.connection.cursor().copy(f"copy student ({names}) from stdin") as copy:
            for row in _rows(self.students):
                copy.write_row(row)
        for statement in (*INDEXES, "vacuum analyze student"):
            self.connection.execute(statement)
        for setting in ("work_mem = '256MB'", "jit = off", "max_parallel_workers_per_gather = 2"):
            self.connection.execute(f"set {setting}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()
        self.stack.stop()

    def ask(
        self, offer: OfferView, lat: float, lon: float, weights: Weights, k: int, way: str
    ) -> tuple[float, list[Any]]:
        """Seconds taken, and (id, score) of the best `k`."""
        for name in ("enable_seqscan", "enable_indexonlyscan", "enable_indexscan", "enable_bitmapscan"):
            self.connection.execute(f"set {name} = {WAYS[way].get(name, 'on')}")
        query = _query(offer, self.masks, lat, lon, weights, k)
        started = time.perf_counter()
        rows = self.connection.execute(query).fetchall()
        return time.perf_counter() - started, rows


def _rows(students: StudentColumns) -> Iterator[tuple[Any, ...]]:
    where = places(students.lat, students.lon)
    merged = students.availability.merged()
    row, number = merged.rows_of_values(), np.arange(len(merged.start)) - np.repeat(merged.ptr[:-1], merged.counts())
    # An empty window overlaps nothing.
    windows = np.tile(np.array([1, 0], np.int64), (len(students), WINDOWS))
    windows[row, 2 * number], windows[row, 2 * number + 1] = merged.start, merged.end
    codes = students.occupations
    stacked = np.stack([codes.values // unit * 10 + digits for digits, unit in enumerate(UNITS, start=1)], axis=1)
    prefixes = Tokens(codes.ptr * len(UNITS), stacked.ravel())
    degrees = np.minimum(students.max_km, 20_000) / 111.0
    east = degrees / np.cos(np.radians(np.minimum(np.abs(students.lat) + degrees, 89)))
    flat = [
        *(students.id, students.forms.astype(np.int64), students.age_classes, students.programme),
        *(where.x, where.y, where.z, students.max_km, students.languages.astype(np.int64)),
        *windows.T,
    ]
    lists = [_texts(column) for column in (students.skills, students.interests, prefixes)]
    boxes = zip(students.lon - east, students.lat - degrees, students.lon + east, students.lat + degrees, strict=True)
    reach = (f"({west},{south}),({right},{north})" for west, south, right, north in boxes)
    return zip(*(column.tolist() for column in flat), *lists, reach, strict=True)


def _texts(tokens: Tokens) -> Iterator[str]:
    values, ptr = tokens.values.tolist(), tokens.ptr.tolist()
    return ("{" + ",".join(map(str, sorted(set(values[a:b])))) + "}" for a, b in pairwise(ptr))


def _query(offer: OfferView, masks: list[int], lat: float, lon: float, weights: Weights, k: int) -> str:
    free = offer.periods.seats > 0
    shares = []
    for start, end in zip(offer.periods.start[free].tolist(), offer.periods.end[free].tolist(), strict=True):
        days = " + ".join(
            f"greatest(least(e{window}, {end}) - greatest(s{window}, {start}) + 1, 0)"
            for window in range(1, WINDOWS + 1)
        )
        shares.append(f"({days}) / {end - start + 1}::float8")
    tests = [
        f"forms = any('{_array([mask for mask in masks if mask >> offer.form & 1])}')",
        f"{offer.age_classes} & age_classes <> 0",
        f"languages & {offer.languages} = {offer.languages}",
    ]
    if len(offer.programmes):
        tests.append(f"programme = any('{_array(offer.programmes.tolist())}')")
    km = "null::float8"
    near = "1.0::float8" if offer.remote else "0.0::float8"
    if offer.place is not None:
        tests.append(f"reach @> point({lon}, {lat})")
        point = offer.place
        km = f"sqrt((x - {point.x})::float8 ^ 2 + (y - {point.y})::float8 ^ 2 + (z - {point.z})::float8 ^ 2) / 1000"
        near = f"{weights.half_km} / ({weights.half_km} + km)"
    digits = "0"
    if offer.occupation >= 0:
        prefixes = [offer.occupation // unit * 10 + digit for digit, unit in enumerate(UNITS, start=1)]
        digits = f"icount(prefixes & '{_array(prefixes)}')"
    fits = "{" + ",".join(map(str, weights.occupation_fit)) + "}"
    score = " + ".join(
        [
            f"{weights.skills} * {_enough('skills', offer.skills.tolist(), weights.skills_enough)}",
            f"{weights.occupation} * ('{fits}'::float8[])[{digits} + 1]",
            f"{weights.interests} * {_enough('interests', offer.interests.tolist(), weights.interests_enough)}",
            f"{weights.distance} * {near}",
            f"{weights.period} * share",
        ]
    )
    return f"""
        select id, {score} as score from (
            select *, {km} as km, {f"greatest({', '.join(shares)})"} as share from student where {" and ".join(tests)}
            offset 0
        ) as candidate
        where share >= {weights.min_period_share} and (km is null or km <= max_km)
        order by score desc, id limit {k}"""


def _enough(column: str, named: list[int], enough: int) -> str:
    needed = min(len(named), enough)
    return f"least(icount({column} & '{_array(named)}'), {needed}) / {max(needed, 1)}::float8"


def _array(values: list[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"
