"""Deferred acceptance with reserved seats and regional caps: the same loop, with a richer choice of whom to keep.

Sources: minority reserves, Hafalir, Yenmez and Yildirim 2013, *Theoretical Economics* 8(2), 325-363; regional caps with
targets, Kamada and Kojima 2015, *American Economic Review* 105(1), 67-99; caps on a tree of regions, Kamada and Kojima
2018, *Theoretical Economics* 13(2), 761-793.

How a set of applicants is chosen from:

1. At each offer the best applicants of every group take that group's reserved seats. The rest, of whatever group,
   take the seats left, in order of priority. Unused reserves go to others: they are a priority, not empty chairs.
2. Under a cap the offers of a region compete for its places: first those in reserved seats, then those within the
   offer's target, then the others; inside each of the three by the offer's rank of the student, then by lot. Regions
   are cut from the leaves of the tree to its roots, each keeping its best ``cap``. On a tree (a laminar family) that
   equals the greedy choice over the whole tree.
3. The choice is substitutable and keeps at least as many from a larger set, so proposing in any order gives one
   result, best for every student among the stable ones, and no student gains by a false list (Hatfield and Milgrom
   2005, *American Economic Review* 95(4), 913-935).

Kamada and Kojima fill the places beyond the targets offer by offer in turn; here the better-ranked student goes first,
which needs no arbitrary order of the offers. With a target at every offer and no places beyond, the two agree.

Time O(rounds x affected applicants x tree depth) plus O(n) a round; long chains make many rounds.
"""

from __future__ import annotations

import numpy as np

from matching.core import NOBODY, Keys, Outcome, segment_positions
from matching.lottery import Lottery
from matching.market import BoolArray, Int32Array, Int64Array, Market


class Choice:
    """The offers' joint choice rule of one market."""

    def __init__(self, market: Market, keys: Keys) -> None:
        self.keys = keys
        self.capacity = market.capacity.astype(np.int64)
        self.reserve = market.reserve
        self.groups = market.student_group
        self.width = 1 if market.reserve is None else market.reserve.shape[1] + 1
        self.target = market.target
        self.levels = _capped_ancestors(market)
        self.cap = market.region_cap
        self.component = _components(market)

    def group_cells(self, offers: Int64Array, students: Int64Array) -> Int64Array:
        """One number for each (offer, group), int64."""
        if self.groups is None or self.width == 1:
            return offers * self.width
        return offers * self.width + np.minimum(self.groups[students] + 1, self.width - 1)

    def keep(self, keys: Int64Array) -> BoolArray:
        """Which of the packed, ascending ``keys`` are kept; bool ``(len(keys),)``."""
        offers = self.keys.offers(keys)
        students = self.keys.students(keys)
        protected = self._protected(offers, students)
        if protected is None:
            _, place = segment_positions(offers)
        else:
            order = np.lexsort((~protected, offers))
            _, sorted_place = segment_positions(offers[order])
            place = np.empty_like(sorted_place)
            place[order] = sorted_place
        kept: BoolArray = place < self.capacity[offers]
        if self.levels:
            phase = np.full(len(keys), 2, dtype=np.int64)
            if self.target is not None:
                phase[place < self.target[offers]] = 1
            if protected is not None:
                phase[protected] = 0
            rank = keys & ((1 << self.keys.offer_shift) - 1)
            self._cut_regions(kept, offers, phase, rank)
        return kept

    def _protected(self, offers: Int64Array, students: Int64Array) -> BoolArray | None:
        if self.reserve is None or self.groups is None:
            return None
        cells = self.group_cells(offers, students)
        order = np.argsort(cells, kind="stable")
        _, sorted_place = segment_positions(cells[order])
        place = np.empty_like(sorted_place)
        place[order] = sorted_place
        group = self.groups[students]
        protected: BoolArray = (group >= 0) & (place < self.reserve[offers, np.maximum(group, 0)])
        return protected

    def _cut_regions(self, kept: BoolArray, offers: Int64Array, phase: Int64Array, rank: Int64Array) -> None:
        assert self.cap is not None
        for ancestors in self.levels:
            rows = np.flatnonzero(kept)
            regions = ancestors[offers[rows]].astype(np.int64)
            rows, regions = rows[regions >= 0], regions[regions >= 0]
            order = np.lexsort((rank[rows], phase[rows], regions))
            _, place = segment_positions(regions[order])
            kept[rows[order[place >= self.cap[regions[order]]]]] = False


def _capped_ancestors(market: Market) -> list[Int32Array]:
    """Per depth, deepest first: the capped region each offer is in at that depth, -1 for none; int32 ``(p,)``."""
    if not market.has_caps or market.region is None or market.region_parent is None or market.region_cap is None:
        return []
    depth = [0] * len(market.region_parent)
    for region in range(len(depth)):
        above = int(market.region_parent[region])
        while above >= 0:
            depth[region] += 1
            above = int(market.region_parent[above])
    levels = [np.full(market.offers, -1, dtype=np.int32) for _ in range(max(depth) + 1)]
    for offer, start in enumerate(market.region.tolist()):
        region = start
        while region >= 0:
            if market.region_cap[region] >= 0:
                levels[depth[region]][offer] = region
            region = int(market.region_parent[region])
    return [level for level in reversed(levels) if (level >= 0).any()]


def _components(market: Market) -> Int64Array:
    """Offers that share a cap, directly or not, have the same number; int64 ``(p,)``."""
    component = np.arange(market.offers, dtype=np.int64)
    for ancestors in _capped_ancestors(market):
        # shallower levels come later and overwrite: the number is that of the highest capped region
        component = np.where(ancestors >= 0, market.offers + ancestors.astype(np.int64), component)
    return component


def deferred_acceptance_constrained(market: Market, lottery: Lottery) -> Outcome:
    """The student-optimal stable matching under reserves and regional caps, and the lottery's tie-breaking."""
    keys = Keys.of(market, lottery)
    choice = Choice(market, keys)
    edge = market.student_ptr[:-1].copy()
    # key of the best refused applicant of each (offer, group): no later one behind it can be kept
    refused_from = np.full(max(market.offers, 1) * choice.width, NOBODY)
    closed = np.flatnonzero(market.capacity == 0)
    refused_from.reshape(-1, choice.width)[closed] = -1
    held = np.empty(0, dtype=np.int64)
    free = np.arange(market.students)
    rounds = proposals = 0
    affected = np.zeros(market.offers * 2 + len(market.region_cap if market.region_cap is not None else ()) + 1, bool)
    while len(free):
        new = _proposals(market, keys, choice, edge, free, refused_from)
        if len(new) == 0:
            break
        rounds += 1
        proposals += len(new)
        affected[:] = False
        affected[choice.component[keys.offers(new)]] = True
        touched = affected[choice.component[keys.offers(held)]]
        pool = np.concatenate((held[touched], new))
        pool.sort()
        kept = choice.keep(pool)
        held = np.concatenate((held[~touched], pool[kept]))
        refused = pool[~kept]
        free = keys.students(refused)
        np.minimum.at(refused_from, choice.group_cells(keys.offers(refused), free), refused)
        edge[free] += 1
    return Outcome(edge, rounds, proposals)


def _proposals(
    market: Market, keys: Keys, choice: Choice, edge: Int64Array, free: Int64Array, refused_from: Int64Array
) -> Int64Array:
    made: list[Int64Array] = []
    while len(free):
        at = edge[free]
        listed = at < market.student_ptr[free + 1]
        edge[free[~listed]] = -1
        free, at = free[listed], at[listed]
        offers = market.choices[at].astype(np.int64)
        packed = keys.pack(offers, keys.priority[at], free)
        hopeful = (market.priority[at] >= 0) & (packed < refused_from[choice.group_cells(offers, free)])
        made.append(packed[hopeful])
        free = free[~hopeful]
        edge[free] += 1
    return np.concatenate(made) if made else np.empty(0, dtype=np.int64)
