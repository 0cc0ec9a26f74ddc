"""Tokens of many rows, readable both ways: tokens of a row, and rows of a token."""

from __future__ import annotations

import numpy as np

from matching.candidates.interning import lookup, vocabulary
from matching.candidates.ragged import I32, I64, Tokens, pointers, row_sums, spans

# Walking one candidate's tokens costs about this many times as much as one entry of a token's list of rows.
_WALK_COST = 4


class TokenIndex:
    """Immutable. `distinct` are the sorted tokens; `numbers` and `holders` are the two directions."""

    __slots__ = ("distinct", "holder_ptr", "holders", "numbers", "ptr", "rows")

    def __init__(self, tokens: Tokens, order: I64) -> None:
        """`order[p]` is the row of `tokens` that stands at position `p` of the index."""
        self.rows = len(order)
        self.distinct, numbers = vocabulary(tokens.values)
        position = np.empty(self.rows, np.int64)
        position[order] = np.arange(self.rows)
        key = (position[tokens.rows_of_values()] << 32) | numbers
        key.sort()
        key = key[_firsts(key)]
        where, number = key >> 32, key & 0xFFFFFFFF
        self.ptr = pointers(np.bincount(where, minlength=self.rows).astype(np.int64))
        self.numbers: I32 = number.astype(np.int32)
        swapped = (number << 32) | where
        swapped.sort()
        self.holder_ptr = pointers(np.bincount(number, minlength=len(self.distinct)).astype(np.int64))
        self.holders: I32 = (swapped & 0xFFFFFFFF).astype(np.int32)

    def row(self, position: int) -> I64:
        """Tokens of one row, sorted."""
        return self.distinct[self.numbers[self.ptr[position] : self.ptr[position + 1]]]

    def shared(self, positions: I64, wanted: I64) -> I64:
        """For each position the number of its tokens that are among `wanted` (distinct)."""
        numbers = lookup(self.distinct, wanted)
        counts = np.zeros(len(positions), np.int64)
        if len(numbers) == 0 or len(positions) == 0:
            return counts
        lengths = self.ptr[positions + 1] - self.ptr[positions]
        listed = int((self.holder_ptr[numbers + 1] - self.holder_ptr[numbers]).sum())
        if int(lengths.sum()) * _WALK_COST < listed:
            is_wanted = np.zeros(len(self.distinct), np.int64)
            is_wanted[numbers] = 1
            walked = self.numbers[spans(self.ptr[positions], lengths)]
            return row_sums(is_wanted[walked], pointers(lengths))
        # Holders are in ascending order, and so are the candidates of most queries: only their stretch is tallied.
        low, high = int(positions.min()), int(positions.max()) + 1
        tally = np.zeros(high - low, np.min_scalar_type(len(numbers)))
        for number in numbers.tolist():
            holders = self.holders[self.holder_ptr[number] : self.holder_ptr[number + 1]]
            first, last = np.searchsorted(holders, [low, high])
            tally[holders[first:last] - low] += 1
        return tally.take(positions - low).astype(np.int64)

    def which(self, positions: I64, wanted: I64) -> Tokens:
        """For each position those of its tokens that are among `wanted`, sorted."""
        lengths = self.ptr[positions + 1] - self.ptr[positions]
        walked = self.distinct[self.numbers[spans(self.ptr[positions], lengths)]]
        hit = np.isin(walked, wanted)
        return Tokens(pointers(row_sums(hit.astype(np.int64), pointers(lengths))), walked[hit])

    def nbytes(self) -> int:
        """Bytes held."""
        return sum(a.nbytes for a in (self.distinct, self.ptr, self.numbers, self.holder_ptr, self.holders))


def _firsts(ordered: I64) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """True where a sorted array shows a value for the first time."""
    first = np.ones(len(ordered), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return first
