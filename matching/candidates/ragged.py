"""Lists of lists as flat arrays: row `i` of a ragged column is `values[ptr[i]:ptr[i + 1]]`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matching.candidates.errors import CandidateError

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Row number and day share one 64-bit sort key while intervals are merged, so days must stay small.
MAX_DAY = 10_000_000


def as_int64(values: ArrayLike, name: str) -> I64:
    """One-dimensional int64 array; refuses fractions, text and numbers that do not fit."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise CandidateError(f"{name}: expected one dimension, got {array.ndim}")
    if array.size == 0:
        return np.zeros(0, np.int64)
    if array.dtype.kind not in "iu":
        raise CandidateError(f"{name}: expected whole numbers, got {array.dtype}")
    if array.dtype.kind == "u" and int(array.max()) > np.iinfo(np.int64).max:
        raise CandidateError(f"{name}: a value does not fit in 64 signed bits")
    return np.ascontiguousarray(array, dtype=np.int64)


def spans(starts: I64, counts: I64) -> I64:
    """The concatenation of `range(start, start + count)` over all pairs."""
    total = int(counts.sum())
    if total == 0:
        return np.zeros(0, np.int64)
    ends = np.cumsum(counts)
    return np.arange(total, dtype=np.int64) + np.repeat(starts - ends + counts, counts)


def pointers(counts: I64) -> I64:
    """Row pointers for the given row lengths."""
    ptr = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=ptr[1:])
    return ptr


def row_sums(values: I64, ptr: I64) -> I64:
    """Sum of each row; empty rows give 0."""
    running = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=running[1:])
    return running[ptr[1:]] - running[ptr[:-1]]


@dataclass(frozen=True, eq=False)
class Ragged:
    """Base of the ragged columns: `ptr` int64[n + 1] and flat value columns of equal length."""

    ptr: I64

    def __post_init__(self) -> None:
        for field in fields(self):
            name = f"{type(self).__name__}.{field.name}"
            object.__setattr__(self, field.name, as_int64(getattr(self, field.name), name))
        ptr = self.ptr
        if len(ptr) == 0 or ptr[0] != 0 or bool((np.diff(ptr) < 0).any()):
            raise CandidateError(f"{type(self).__name__}.ptr must start at 0 and never fall")
        for name, column in self.flat().items():
            if len(column) != ptr[-1]:
                raise CandidateError(f"{type(self).__name__}.{name}: {len(column)} values, ptr says {ptr[-1]}")
        self._check()

    def _check(self) -> None:
        """Checks of one kind of column."""

    def __len__(self) -> int:
        return len(self.ptr) - 1

    def flat(self) -> dict[str, I64]:
        """The value columns by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)[1:]}

    def counts(self) -> I64:
        """Length of each row."""
        return np.diff(self.ptr)

    def rows_of_values(self) -> I64:
        """For each value the row it stands in."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.counts())

    def take(self, rows: I64) -> Self:
        """The given rows, in the given order."""
        counts = self.ptr[rows + 1] - self.ptr[rows]
        where = spans(self.ptr[rows], counts)
        return self._trusted(pointers(counts), {name: column[where] for name, column in self.flat().items()})

    @classmethod
    def _trusted(cls, ptr: I64, flat: dict[str, I64]) -> Self:
        """From arrays known to be right: queries cut rows out of checked columns all the time."""
        made = object.__new__(cls)
        object.__setattr__(made, "ptr", ptr)
        for name, column in flat.items():
            object.__setattr__(made, name, column)
        return made

    @classmethod
    def concat(cls, blocks: Sequence[Self]) -> Self:
        """All rows of all blocks, one after the other."""
        ptr = pointers(np.concatenate([block.counts() for block in blocks]))
        names = [field.name for field in fields(cls)[1:]]
        return cls(ptr, **{name: np.concatenate([block.flat()[name] for block in blocks]) for name in names})

    @classmethod
    def from_lists(cls, rows: Iterable[Sequence[Any]]) -> Self:
        """From one sequence per row: of numbers where there is one value column, of tuples otherwise."""
        kept = [list(row) for row in rows]
        names = [field.name for field in fields(cls)[1:]]
        values = [value if len(names) > 1 else (value,) for row in kept for value in row]
        flat = np.array(values if values else np.zeros((0, len(names))), dtype=np.int64).reshape(-1, len(names))
        ptr = pointers(np.array([len(row) for row in kept], dtype=np.int64))
        return cls(ptr, **{name: np.ascontiguousarray(flat[:, column]) for column, name in enumerate(names)})

    @classmethod
    def empty(cls, rows: int) -> Self:
        """`rows` empty rows."""
        return cls.from_lists([()] * rows)


@dataclass(frozen=True, eq=False)
class Tokens(Ragged):
    """Whole numbers per row: skills, interests, programmes, occupations. Order and repeats do not matter."""

    values: I64


@dataclass(frozen=True, eq=False)
class Intervals(Ragged):
    """Day intervals per row, both ends included. A day is any running day number, e.g. `date.toordinal()`."""

    start: I64
    end: I64

    def _check(self) -> None:
        check_days(type(self).__name__, self.start, self.end)

    def merged(self) -> Intervals:
        """The same days as disjoint, ordered intervals with a gap of at least one day between them."""
        if len(self.start) == 0:
            return self
        row = self.rows_of_values()
        order = np.lexsort((self.start, row))
        row, start, end = row[order], self.start[order], self.end[order]
        # A key that rises by more than any day from row to row keeps one running maximum from crossing rows.
        step = 4 * MAX_DAY
        reach = np.maximum.accumulate(end + row * step)
        first = np.ones(len(row), np.bool_)
        first[1:] = start[1:] + row[1:] * step > reach[:-1] + 1
        heads = np.flatnonzero(first)
        tails = np.append(heads[1:], len(row)) - 1
        ptr = pointers(np.bincount(row[heads], minlength=len(self)).astype(np.int64))
        return Intervals(ptr, start[heads], reach[tails] - row[heads] * step)


@dataclass(frozen=True, eq=False)
class Periods(Ragged):
    """Periods of an offer: first day, last day (included) and free seats."""

    start: I64
    end: I64
    seats: I64

    def _check(self) -> None:
        check_days(type(self).__name__, self.start, self.end)


@dataclass(frozen=True, eq=False)
class Prefixes(Ragged):
    """SSYK prefixes per row: `code` zero-filled on the right to four digits, `digits` 1-4 of them counting.

    7223 with digits 2 means every occupation that starts with 72.
    """

    code: I64
    digits: I64

    def _check(self) -> None:
        check_occupations("Prefixes.code", self.code)
        if bool(((self.digits < 1) | (self.digits > 4)).any()):
            raise CandidateError("Prefixes.digits must be 1 to 4")


def check_days(name: str, start: I64, end: I64) -> None:
    """Refuse intervals that end before they start or lie absurdly far away."""
    if bool((end < start).any()):
        raise CandidateError(f"{name}: an interval ends before it starts")
    if len(start) and (int(start.min()) < -MAX_DAY or int(end.max()) > MAX_DAY):
        raise CandidateError(f"{name}: day numbers must lie within ±{MAX_DAY}")


def check_occupations(name: str, codes: I64) -> None:
    """Refuse anything but SSYK 2012 level 4 codes as numbers (0110 is 110)."""
    if bool(((codes < 0) | (codes > 9999)).any()):
        raise CandidateError(f"{name}: occupations are SSYK level 4 codes, 0 to 9999")
