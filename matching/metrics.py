"""Figures that describe a result, and the comparison of two results on the same market."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.assignment import Assignment
from matching.errors import MatchingError
from matching.market import Int32Array, Int64Array


@dataclass(frozen=True, slots=True)
class GroupMetrics:
    """Figures of one group of students; ``average_rank`` is None when nobody is placed."""

    students: int
    placed: int
    average_rank: float | None


@dataclass(frozen=True, slots=True)
class Metrics:
    """Figures of a result.

    ``rank_profile[r]`` students hold their choice of rank ``r`` (1 = first). ``wishing`` students list an acceptable
    offer above what they have. ``justified_envy`` counts (student, offer) where such an offer holds somebody it ranks
    strictly lower; it is 0 in a stable result without reserves and caps, and there it can be seen what these cost.
    ``reserve_filled`` of ``reserve_seats`` reserved seats are held by their groups.
    """

    students: int
    placed: int
    seats: int
    rank_profile: dict[int, int]
    average_rank: float | None
    by_group: dict[str | int, GroupMetrics]
    wishing: int
    justified_envy: int
    reserve_seats: int
    reserve_filled: int

    @property
    def share_placed(self) -> float:
        """Placed students of all, 0-1; 1.0 for a market without students."""
        return self.placed / self.students if self.students else 1.0

    @property
    def fill(self) -> float:
        """Filled seats of all, 0-1; 1.0 for a market without seats."""
        return self.placed / self.seats if self.seats else 1.0


def held_ranks(result: Assignment) -> Int64Array:
    """The rank of each student's offer on their own list from 1, 0 where unplaced; int64 ``(n,)``."""
    market = result.market
    ranks = np.zeros(market.students, dtype=np.int64)
    held = np.flatnonzero(result.edge >= 0)
    edges = result.edge[held]
    if market.choice_rank is not None:
        ranks[held] = market.choice_rank[edges]
    else:
        ranks[held] = edges - market.student_ptr[held] + 1
    if market.pairs is not None and result.pair_entry is not None:
        for pair in np.flatnonzero(result.pair_entry >= 0):
            for member in market.pairs.members[pair]:
                if result.assignment[member] >= 0:
                    ranks[member] = result.pair_entry[pair] - market.pairs.ptr[pair] + 1
    return ranks


def held_priorities(result: Assignment) -> Int32Array:
    """The offer's rank of each placed student, -1 where unplaced; int32 ``(n,)``."""
    market = result.market
    held = np.full(market.students, -1, dtype=np.int32)
    rows = np.flatnonzero(result.edge >= 0)
    held[rows] = market.priority[result.edge[rows]]
    if market.pairs is not None and result.pair_entry is not None:
        for pair in np.flatnonzero(result.pair_entry >= 0):
            held[market.pairs.members[pair]] = market.pairs.priority[result.pair_entry[pair]]
    return held


def measure(result: Assignment) -> Metrics:
    """All figures of a result in O(E)."""
    market = result.market
    ranks = held_ranks(result)
    placed = result.assignment >= 0
    profile = np.bincount(ranks[placed])
    groups: dict[str | int, GroupMetrics] = {}
    if market.student_group is not None:
        for group in range(int(market.student_group.max(initial=-1)) + 1):
            inside = market.student_group == group
            name = market.group_ids[group] if market.group_ids is not None else group
            groups[name] = GroupMetrics(int(inside.sum()), int((inside & placed).sum()), _mean(ranks[inside & placed]))
    wishing, envy = _envy(result)
    reserve_seats = reserve_filled = 0
    if market.reserve is not None and market.student_group is not None:
        reserve_seats = int(market.reserve.sum(dtype=np.int64))
        members = np.flatnonzero(placed & (market.student_group >= 0))
        table = np.zeros(market.reserve.shape, dtype=np.int64)
        np.add.at(table, (result.assignment[members], market.student_group[members]), 1)
        reserve_filled = int(np.minimum(table, market.reserve).sum())
    return Metrics(
        students=market.students,
        placed=int(placed.sum()),
        seats=int(market.capacity.sum(dtype=np.int64)),
        rank_profile={int(rank): int(profile[rank]) for rank in np.flatnonzero(profile)},
        average_rank=_mean(ranks[placed]),
        by_group=groups,
        wishing=wishing,
        justified_envy=envy,
        reserve_seats=reserve_seats,
        reserve_filled=reserve_filled,
    )


def _mean(values: Int64Array) -> float | None:
    return float(values.mean()) if len(values) else None


def _envy(result: Assignment) -> tuple[int, int]:
    market = result.market
    worst = np.full(market.offers, -1, dtype=np.int32)
    placed = np.flatnonzero(result.assignment >= 0)
    np.maximum.at(worst, result.assignment[placed], held_priorities(result)[placed])
    students = np.repeat(np.arange(market.students), np.diff(market.student_ptr))
    own = result.edge[students]
    if market.choice_rank is not None:
        above = (own < 0) | (market.choice_rank < market.choice_rank[np.maximum(own, 0)])
    else:
        above = (own < 0) | (np.arange(len(students)) < own)
    above &= market.priority >= 0
    wishing = len(np.unique(students[above]))
    return wishing, int((market.priority[above] < worst[market.choices[above]]).sum())


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two results side by side, seen from the students: who is better off in the second, who is worse off.

    A student without an offer is worse off than with any; students in pairs are compared by their joint choice.
    """

    first: Metrics
    second: Metrics
    better: list[str | int]
    worse: list[str | int]
    moved: int

    @property
    def same(self) -> int:
        """Students equally well off in both."""
        return self.first.students - len(self.better) - len(self.worse)


def compare(first: Assignment, second: Assignment) -> Comparison:
    """Compare two results on the same students and lists; :class:`MatchingError` when those differ."""
    a, b = first.market, second.market
    same_lists = a is b or (
        np.array_equal(a.student_ptr, b.student_ptr)
        and np.array_equal(a.choices, b.choices)
        and np.array_equal(a.ranks(), b.ranks())
    )
    if not same_lists:
        raise MatchingError("the two results come from students with different lists")
    far = np.iinfo(np.int64).max
    before, after = held_ranks(first), held_ranks(second)
    before[before == 0] = far
    after[after == 0] = far
    return Comparison(
        first=first.metrics,
        second=second.metrics,
        better=[a.student_id(int(s)) for s in np.flatnonzero(after < before)],
        worse=[a.student_id(int(s)) for s in np.flatnonzero(after > before)],
        moved=int((first.assignment != second.assignment).sum()),
    )
