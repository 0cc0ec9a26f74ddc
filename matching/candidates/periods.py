"""How much of a period falls on days on which the student is available."""

from __future__ import annotations

import numpy as np

from matching.candidates.interning import combine_rows
from matching.candidates.ragged import F64, I32, I64, Intervals, Periods, pointers, row_sums, spans


def shares_of_rows(availability: Intervals, start: I64, end: I64) -> tuple[F64, I64]:
    """For each row of (merged) availability its best share of the periods, and the first period that reaches it.

    A row without intervals has not said anything and counts as always available.
    """
    silent = availability.counts() == 0
    best = np.full(len(availability), -1.0)
    which = np.zeros(len(availability), np.int64)
    for number in range(len(start)):
        first, last = start[number], end[number]
        days = np.minimum(availability.end, last) - np.maximum(availability.start, first) + 1
        share = row_sums(np.maximum(days, 0), availability.ptr) / float(last - first + 1)
        share[silent] = 1.0
        better = share > best
        best[better] = share[better]
        which[better] = number
    return best, which


class Calendars:
    """Availability of many students; equal availability is stored and compared once."""

    __slots__ = ("distinct", "number")

    def __init__(self, availability: Intervals, order: I64) -> None:
        merged = availability.merged()
        number, examples = combine_rows(merged)
        self.number: I32 = number[order].astype(np.int32)
        self.distinct = merged.take(examples)

    def row(self, position: int) -> Intervals:
        """Availability at one position as a ragged column of one row."""
        return self.distinct.take(np.array([self.number[position]], np.int64))

    def shares(self, positions: I64, start: I64, end: I64) -> tuple[F64, I64]:
        """Best share and period for each position; see `shares_of_rows`."""
        numbers = self.number[positions]
        if len(self.distinct) <= len(positions):
            best, which = shares_of_rows(self.distinct, start, end)
            return best[numbers], which[numbers]
        return shares_of_rows(self.distinct.take(numbers.astype(np.int64)), start, end)

    def nbytes(self) -> int:
        """Bytes held."""
        return self.number.nbytes + self.distinct.ptr.nbytes + self.distinct.start.nbytes + self.distinct.end.nbytes


class FreePeriods:
    """Periods with free seats of many offers, in index order, with their places in the list that was given."""

    __slots__ = ("end", "given", "ptr", "start")

    def __init__(self, periods: Periods, order: I64) -> None:
        arranged = periods.take(order)
        free = arranged.seats > 0
        given = np.arange(len(free), dtype=np.int64) - np.repeat(arranged.ptr[:-1], arranged.counts())
        self.ptr = pointers(row_sums(free.astype(np.int64), arranged.ptr))
        self.start, self.end, self.given = arranged.start[free], arranged.end[free], given[free]

    def shares(self, positions: I64, availability: Intervals) -> tuple[F64, I64]:
        """For each offer (all must have a free period) the best share, and the place of the first period reaching it."""
        first = self.ptr[positions]
        counts = self.ptr[positions + 1] - first
        walked = spans(first, counts)
        start, end = self.start[walked], self.end[walked]
        if len(availability.start) == 0:
            share = np.ones(len(walked))
        else:
            days = np.zeros(len(walked), np.int64)
            for begin, finish in zip(availability.start.tolist(), availability.end.tolist(), strict=True):
                days += np.maximum(np.minimum(end, finish) - np.maximum(start, begin) + 1, 0)
            share = days / (end - start + 1).astype(np.float64)
        if len(positions) == 0:
            return np.zeros(0), np.zeros(0, np.int64)
        heads = pointers(counts)[:-1]
        best = np.maximum.reduceat(share, heads)
        # Positions of non-best periods are pushed out of the way of the minimum.
        late = np.where(share == np.repeat(best, counts), self.given[walked], np.iinfo(np.int64).max)
        return best, np.minimum.reduceat(late, heads)

    def nbytes(self) -> int:
        """Bytes held."""
        return self.ptr.nbytes + self.start.nbytes + self.end.nbytes + self.given.nbytes
