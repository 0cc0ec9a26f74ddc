"""How much of a period falls on days on which the student is available."""

from __future__ import annotations

import numpy as np

from matching.candidates.interning import combine_rows
from matching.candidates.ragged import F64, I32, I64, Intervals, Periods, pointers, row_sums, spans

# Calendars shared by at least so many students are compared for every query.
_FREQUENT = 16


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
    """Availability of many students; equal availability is stored and compared once.

    Distinct calendars are numbered by falling frequency. The frequent ones are compared for every query; the others,
    which may be as many as there are students, only where a candidate has one.
    """

    __slots__ = ("distinct", "frequent", "number", "slot", "table")

    def __init__(self, availability: Intervals, order: I64) -> None:
        merged = availability.merged()
        number, examples = combine_rows(merged)
        size = np.bincount(number, minlength=len(examples))
        falling = np.argsort(-size, kind="stable")
        rank = np.empty(len(examples), np.int64)
        rank[falling] = np.arange(len(examples))
        self.number: I32 = rank[number[order]].astype(np.int32)
        self.distinct = merged.take(examples[falling])
        self.frequent = int((size >= _FREQUENT).sum())
        self.table = self.distinct.take(np.arange(self.frequent, dtype=np.int64))
        self.slot: I32 = np.minimum(self.number, self.frequent).astype(np.int32)

    def row(self, position: int) -> Intervals:
        """Availability at one position as a ragged column of one row."""
        return self.distinct.take(np.array([self.number[position]], np.int64))

    def query(self, start: I64, end: I64, least: float) -> CalendarQuery:
        """Ask for students whose best share of the periods is at least `least` (above 0)."""
        return CalendarQuery(self, start, end, least)

    def nbytes(self) -> int:
        """Bytes held."""
        return (
            self.number.nbytes
            + self.slot.nbytes
            + sum(part.ptr.nbytes + part.start.nbytes + part.end.nbytes for part in (self.distinct, self.table))
        )


class CalendarQuery:
    """One offer's periods against all calendars."""

    __slots__ = ("calendars", "end", "least", "start", "table")

    def __init__(self, calendars: Calendars, start: I64, end: I64, least: float) -> None:
        self.calendars, self.start, self.end, self.least = calendars, start, end, least
        # The last slot stands for every rare calendar and is replaced by its own share in `fitting`.
        self.table = np.append(shares_of_rows(calendars.table, start, end)[0], 1.0)

    def possible(self, positions: I64) -> I64:
        """The positions, without those that a frequent calendar rules out: a cheap first filter."""
        calendars = self.calendars
        passes = self.table >= self.least
        return positions.take(np.flatnonzero(passes.take(calendars.slot.take(positions))))

    def fitting(self, positions: I64) -> tuple[I64, F64]:
        """Places in `positions` of the students who fit, and their best shares."""
        calendars = self.calendars
        slots = calendars.slot.take(positions)
        share = self.table.take(slots)
        rare = np.flatnonzero(slots == calendars.frequent)
        rows = calendars.number[positions[rare]].astype(np.int64)
        share[rare] = shares_of_rows(calendars.distinct.take(rows), self.start, self.end)[0]
        fits = np.flatnonzero(share >= self.least)
        return fits, share.take(fits)

    def periods(self, positions: I64) -> I64:
        """For each position the first period that reaches its best share."""
        rows = self.calendars.number[positions].astype(np.int64)
        return shares_of_rows(self.calendars.distinct.take(rows), self.start, self.end)[1]


class FreePeriods:
    """Periods with free seats of many offers, in index order, with their places in the list that was given."""

    __slots__ = ("end", "given", "ptr", "start")

    def __init__(self, periods: Periods, order: I64) -> None:
        arranged = periods.take(order)
        free = arranged.seats > 0
        given = np.arange(len(free), dtype=np.int64) - np.repeat(arranged.ptr[:-1], arranged.counts())
        self.ptr = pointers(row_sums(free.astype(np.int64), arranged.ptr))
        self.start, self.end, self.given = arranged.start[free], arranged.end[free], given[free]

    def shares(self, positions: I64, availability: Intervals) -> F64:
        """For each offer the best share of its free periods; every offer asked for must have one."""
        if len(positions) == 0:
            return np.zeros(0)
        share, counts = self._walk(positions, availability)
        return np.maximum.reduceat(share, pointers(counts)[:-1])

    def periods(self, positions: I64, availability: Intervals) -> I64:
        """For each offer the place, in the list that was given, of the first free period that reaches the best share."""
        share, counts = self._walk(positions, availability)
        row = np.repeat(np.arange(len(positions)), counts)
        order = np.lexsort((-share, row))
        heads = pointers(counts)[:-1]
        given: I64 = self.given[self.ptr[positions] + order[heads] - heads]
        return given

    def _walk(self, positions: I64, availability: Intervals) -> tuple[F64, I64]:
        first = self.ptr[positions]
        counts = self.ptr[positions + 1] - first
        walked = spans(first, counts)
        if len(availability.start) == 0:
            return np.ones(len(walked)), counts
        start, end = self.start[walked], self.end[walked]
        days = np.zeros(len(walked), np.int64)
        for begin, finish in zip(availability.start.tolist(), availability.end.tolist(), strict=True):
            days += np.maximum(np.minimum(end, finish) - np.maximum(start, begin) + 1, 0)
        return days / (end - start + 1).astype(np.float64), counts

    def nbytes(self) -> int:
        """Bytes held."""
        return self.ptr.nbytes + self.start.nbytes + self.end.nbytes + self.given.nbytes
