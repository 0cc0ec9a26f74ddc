"""Rows grouped by segment (everything the hard rules look up in a table) and, inside large segments, by map cell."""

from __future__ import annotations

import numpy as np

from matching.candidates.geo import Places, Point
from matching.candidates.ragged import F64, I64, pointers, spans

# Smaller segments are cheaper to scan than to cut into cells.
_SPLIT = 512
# Positions are whole metres; one more metre keeps rounding from pruning a row on the limit.
_SLACK_M = 1.0


class Buckets:
    """Immutable. Position `p` of the index holds row `order[p]` of the input; a bucket is a range of positions."""

    __slots__ = ("high", "low", "order", "reach_m", "segment_ptr", "start")

    def __init__(self, segment: I64, segments: int, cell: I64, places: Places, limit_km: F64, tie: I64) -> None:
        """`tie` orders rows inside a bucket, so that the layout does not depend on the order of the input."""
        size = np.bincount(segment, minlength=segments)
        cell = np.where(size[segment] >= _SPLIT, cell, -1)
        self.order: I64 = np.lexsort((tie, cell, segment)).astype(np.int64)
        segment, cell, placed = segment[self.order], cell[self.order], places.take(self.order)
        fresh = np.ones(len(segment), np.bool_)
        fresh[1:] = (segment[1:] != segment[:-1]) | (cell[1:] != cell[:-1])
        heads = np.flatnonzero(fresh)
        self.start: I64 = np.append(heads, len(segment)).astype(np.int64)
        self.segment_ptr = pointers(np.bincount(segment[heads], minlength=segments).astype(np.int64))
        everywhere = np.iinfo(np.int32).max
        axes = (placed.x, placed.y, placed.z)
        if len(heads) == 0:
            self.low = self.high = np.zeros((3, 0), np.int32)
            self.reach_m: F64 = np.zeros(0)
            return
        # A row without a position may be anywhere: its bucket is never pruned.
        self.low = np.stack([np.minimum.reduceat(np.where(placed.known, axis, -everywhere), heads) for axis in axes])
        self.high = np.stack([np.maximum.reduceat(np.where(placed.known, axis, everywhere), heads) for axis in axes])
        self.reach_m = np.maximum.reduceat(limit_km[self.order], heads) * 1000.0

    def gather(self, segments: I64, point: Point | None, limit_km: float) -> I64:
        """Positions in the given segments, without buckets that lie wholly out of reach.

        Nothing within both `limit_km` and its own limit of `point` is lost; `point` None prunes nothing.
        """
        first = self.segment_ptr[segments]
        buckets = spans(first, self.segment_ptr[segments + 1] - first)
        if point is not None and len(buckets):
            square = np.zeros(len(buckets))
            for axis, coordinate in enumerate((point.x, point.y, point.z)):
                below = self.low[axis][buckets].astype(np.float64) - coordinate
                above = coordinate - self.high[axis][buckets].astype(np.float64)
                gap = np.maximum(np.maximum(below, above), 0.0)
                square += gap * gap
            reach = np.minimum(self.reach_m[buckets], limit_km * 1000.0) + _SLACK_M
            buckets = buckets[square <= reach * reach]
        return spans(self.start[buckets], self.start[buckets + 1] - self.start[buckets])

    def nbytes(self) -> int:
        """Bytes held."""
        return sum(a.nbytes for a in (self.order, self.start, self.segment_ptr, self.low, self.high, self.reach_m))
