"""Small numbers for things that repeat: equal rows get the same number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from matching.candidates.ragged import I64, Ragged

# Below this spread a lookup table beats sorting.
_TABLE = 1 << 22


def vocabulary(values: I64) -> tuple[I64, I64]:
    """Sorted distinct values, and for each value its place among them."""
    if len(values) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    low, high = int(values.min()), int(values.max())
    if high - low < _TABLE:
        seen = np.zeros(high - low + 1, np.bool_)
        seen[values - low] = True
        distinct = np.flatnonzero(seen)
        number = np.zeros(len(seen), np.int64)
        number[distinct] = np.arange(len(distinct))
        return distinct + low, number[values - low]
    distinct, inverse = np.unique(values, return_inverse=True)
    return distinct, inverse.astype(np.int64).reshape(-1)


def lookup(distinct: I64, wanted: I64) -> I64:
    """Places of the wanted values among sorted distinct ones; values that are absent are left out."""
    if len(distinct) == 0 or len(wanted) == 0:
        return np.zeros(0, np.int64)
    place = np.searchsorted(distinct, wanted)
    place[place == len(distinct)] = 0
    return np.unique(place[distinct[place] == wanted]).astype(np.int64)


def combine(columns: Sequence[I64]) -> tuple[I64, I64]:
    """Number the distinct rows of several columns: the number of each row, and one example row for each number."""
    _, numbers = vocabulary(columns[0])
    for column in columns[1:]:
        distinct, more = vocabulary(column)
        _, numbers = vocabulary(numbers * max(len(distinct), 1) + more)
    return numbers, _examples(numbers)


def combine_rows(ragged: Ragged) -> tuple[I64, I64]:
    """The same for the rows of a ragged column, compared value by value in order."""
    counts = ragged.counts()
    numbers = np.zeros(len(ragged), np.int64)
    values = list(ragged.flat().values())
    if len(values[0]) == 0:
        return numbers, _examples(numbers)
    packed = vocabulary(values[0])[1]
    for column in values[1:]:
        distinct, more = vocabulary(column)
        packed = vocabulary(packed * len(distinct) + more)[1]
    spread = int(packed.max()) + 1
    used = 1
    for depth in range(int(counts.max())):
        rows = np.flatnonzero(counts > depth)
        longer = vocabulary(numbers[rows] * spread + packed[ragged.ptr[rows] + depth])[1]
        # Fresh numbers keep a row apart from the shorter rows that share its beginning.
        numbers[rows] = longer + used
        used += int(longer.max()) + 1
    numbers = vocabulary(numbers)[1]
    return numbers, _examples(numbers)


def _examples(numbers: I64) -> I64:
    count = int(numbers.max()) + 1 if len(numbers) else 0
    rows = np.zeros(count, np.int64)
    rows[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)
    return rows
