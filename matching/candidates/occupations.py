"""Closeness of occupations: the number of leading SSYK digits that two codes share (0-4)."""

from __future__ import annotations

import numpy as np

from matching.candidates.ragged import I64, Tokens, pointers, spans
from matching.candidates.tokens import TokenIndex

NONE = 10_000
_UNITS = (1000, 100, 10, 1)


def digit_table(wished: I64) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    """For each code 0-9999 the most leading digits shared with a wished one; the slot `NONE` is 0."""
    table = np.zeros(NONE + 1, np.int8)
    for digits, unit in enumerate(_UNITS, start=1):
        for code in wished.tolist():
            low = code // unit * unit
            table[low : low + unit] = digits
    return table


class WishedOccupations:
    """Wished occupations of many students."""

    __slots__ = ("tokens",)

    def __init__(self, occupations: Tokens, order: I64) -> None:
        self.tokens = TokenIndex(occupations, order)

    def closest(self, positions: I64, occupation: int) -> I64:
        """For each position the most digits that one of its wishes shares with `occupation` (-1 = none)."""
        index = self.tokens
        nearest = np.zeros(len(positions), np.int64)
        if occupation < 0 or len(positions) == 0 or len(index.distinct) == 0:
            return nearest
        lengths = index.ptr[positions + 1] - index.ptr[positions]
        low = occupation // 1000 * 1000
        edges = np.searchsorted(index.distinct, [low, low + 1000])
        if int(lengths.sum()) * 4 < int(index.holder_ptr[edges[1]] - index.holder_ptr[edges[0]]):
            digits = digit_table(np.array([occupation]))[index.distinct]
            filled = np.flatnonzero(lengths)
            if len(filled):
                walked = digits[index.numbers[spans(index.ptr[positions], lengths)]]
                nearest[filled] = np.maximum.reduceat(walked, pointers(lengths)[:-1][filled])
            return nearest
        # Codes that share a prefix stand side by side, so each number of digits is one slice; longer ones overwrite.
        marks = np.zeros(index.rows, np.int8)
        for digit, unit in enumerate(_UNITS, start=1):
            low = occupation // unit * unit
            first, last = np.searchsorted(index.distinct, [low, low + unit])
            marks[index.holders[index.holder_ptr[first] : index.holder_ptr[last]]] = digit
        return marks.take(positions).astype(np.int64)
