"""Student-proposing deferred acceptance over flat arrays, for markets with seats and priorities only.

Source: Gale and Shapley 1962, *American Mathematical Monthly* 69(1), 9-15; many seats an offer as in Roth 1985,
*Journal of Economic Theory* 36(2), 277-288.

1. Every free student proposes to the best offer on the list that has not refused them. All proposals of a round are
   made at once: by McVitie and Wilson 1971 (*Communications of the ACM* 14(7)) the order does not change the result.
2. A proposal that is worse than the worst held one of a full offer (its cut-off) is hopeless, since cut-offs only
   rise; it is skipped without being made.
3. Only the offers that got a proposal sort again: their held students and the new ones, in one sort of packed
   integers (offer, priority, lot) for all of them. The best ``capacity`` stay, the others are free again.
4. Below :data:`TAIL` free students the rounds stop: each costs a fixed number of array calls, however few students
   are left, and crowded markets end in long chains of one displacing the next. Heaps finish those.

Time O(E log E) in the worst case and close to the number of proposals in practice; memory O(n + p) beyond the market.
Fails only where the three numbers do not fit into 63 bits together (see :class:`Keys`).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from matching.errors import DtypeOverflow, Location, MarketErrors
from matching.lottery import Lottery
from matching.market import Int32Array, Int64Array, Market

TAIL = 96
NOBODY = np.int64(2**63 - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """Packs offer, priority and lot into one integer that sorts like the three in that order.

    ``priority`` int32 ``(E,)`` is the market's, or, where that needs too many bits, its dense rank inside each offer.
    ``positions`` and ``order`` are the lottery's, see :class:`matching.Lottery`.
    """

    priority: Int32Array
    positions: Int32Array
    order: Int32Array
    lot_bits: int
    offer_shift: int

    @classmethod
    def of(cls, market: Market, lottery: Lottery) -> Keys:
        order = lottery.order(market.students)
        positions = np.empty(market.students, dtype=np.int32)
        positions[order] = np.arange(market.students, dtype=np.int32)
        priority = market.priority
        highest = int(priority.max()) if len(priority) else 0
        lot_bits, offer_bits = market.students.bit_length(), market.offers.bit_length()
        if lot_bits + offer_bits + highest.bit_length() > 62:
            priority = _dense_priority(market)
            highest = int(priority.max())
            if lot_bits + offer_bits + highest.bit_length() > 62:
                raise MarketErrors([DtypeOverflow(Location("array", "priority"), "int64", highest)])
        return cls(priority, positions, order, lot_bits, lot_bits + max(highest, 0).bit_length())

    def pack(self, offers: Int64Array | Int32Array, priority: Int32Array, students: Int64Array) -> Int64Array:
        keys = offers.astype(np.int64)
        keys <<= self.offer_shift - self.lot_bits
        keys |= priority
        keys <<= self.lot_bits
        keys |= self.positions[students]
        return keys

    def students(self, keys: Int64Array) -> Int64Array:
        lots = keys & ((1 << self.lot_bits) - 1)
        students: Int64Array = self.order[lots].astype(np.int64)
        return students

    def offers(self, keys: Int64Array) -> Int64Array:
        return keys >> self.offer_shift


def _dense_priority(market: Market) -> Int32Array:
    order = np.lexsort((market.priority, market.choices))
    offers, ranks = market.choices[order], market.priority[order]
    step = np.zeros(len(order), dtype=np.int64)
    step[1:] = (ranks[1:] != ranks[:-1]) | (offers[1:] != offers[:-1])
    dense = np.cumsum(step)
    first = np.zeros(len(order), dtype=np.int64)
    changes = np.flatnonzero(np.r_[True, offers[1:] != offers[:-1]])
    first[changes] = dense[changes]
    dense -= np.maximum.accumulate(first)
    result = np.empty(len(order), dtype=np.int32)
    result[order] = dense
    result[market.priority < 0] = -1
    return result


@dataclass(slots=True)
class Outcome:
    """Result of a run: ``edge`` int64 ``(n,)`` the choice each student holds, -1 for none, and the work done."""

    edge: Int64Array
    rounds: int
    proposals: int


def segment_positions(sorted_groups: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Starts of the runs of equal values, and the position of every element inside its run (int64 like the input)."""
    count = len(sorted_groups)
    is_start = np.empty(count, dtype=np.bool_)
    is_start[:1] = True
    np.not_equal(sorted_groups[1:], sorted_groups[:-1], out=is_start[1:])
    starts = np.flatnonzero(is_start)
    positions = np.arange(count)
    positions -= np.repeat(starts, np.diff(starts, append=count))
    return starts, positions


class DeferredAcceptance:
    """One run over one market; :meth:`run` gives the outcome."""

    def __init__(self, market: Market, keys: Keys) -> None:
        self.ptr, self.choices, self.priority = market.student_ptr, market.choices, keys.priority
        self.keys = keys
        capacity = market.capacity.astype(np.int64)
        if int(capacity.sum()) > 2 * market.students + market.offers:
            # more seats than applicants are never filled; without this a generous capacity would cost memory
            capacity = np.minimum(capacity, np.bincount(market.choices, minlength=market.offers))
        self.capacity = capacity
        self.seat_ptr = np.concatenate(([0], np.cumsum(capacity)))
        self.seats = np.full(int(self.seat_ptr[-1]), NOBODY)
        self.held = np.zeros(market.offers, dtype=np.int64)
        # key of the worst held proposal of a full offer; anything above it is refused
        self.cut = np.where(capacity > 0, NOBODY, np.int64(-1))
        self.edge = self.ptr[:-1].copy()
        self.proposals = 0

    def run(self) -> Outcome:
        rounds = 0
        free = np.arange(len(self.edge))
        while len(free):
            if rounds and len(free) < TAIL:
                self._tail(free)
                break
            rounds += 1
            free = self._round(free)
        return Outcome(self.edge, rounds, self.proposals)

    def _next_proposals(self, free: Int64Array) -> Int64Array:
        """Advance each free student to the next choice that may succeed and return the packed proposals."""
        made: list[Int64Array] = []
        ends = self.ptr[free + 1]
        while len(free):
            edges = self.edge[free]
            listed = edges < ends
            if not listed.all():
                self.edge[free[~listed]] = -1
                free, ends, edges = free[listed], ends[listed], edges[listed]
            offers = self.choices[edges]
            ranks = self.priority[edges]
            keys = self.keys.pack(offers, ranks, free)
            # an unacceptable student has priority -1, which makes the whole key negative
            hopeful = (keys < self.cut[offers]) & (ranks >= 0)
            made.append(keys[hopeful])
            missed = ~hopeful
            free, ends = free[missed], ends[missed]
            self.edge[free] += 1
        return np.concatenate(made) if made else np.empty(0, dtype=np.int64)

    def _round(self, free: Int64Array) -> Int64Array:
        keys = self._next_proposals(free)
        if len(keys) == 0:
            return keys
        self.proposals += len(keys)
        asked = np.unique(self.keys.offers(keys))
        held = self.held[asked]
        rows = np.repeat(self.seat_ptr[asked] - np.concatenate(([0], np.cumsum(held)[:-1])), held)
        rows += np.arange(len(rows))
        keys = np.concatenate((keys, self.seats[rows]))
        keys.sort()
        offers = self.keys.offers(keys)
        starts, positions = segment_positions(offers)
        kept = positions < self.capacity[offers]
        rows = self.seat_ptr[offers]
        rows += positions
        self.seats[rows[kept]] = keys[kept]
        counts = np.minimum(np.diff(starts, append=len(keys)), self.capacity[asked])
        self.held[asked] = counts
        full = counts == self.capacity[asked]
        self.cut[asked[full]] = self.seats[self.seat_ptr[asked[full] + 1] - 1]
        refused = self.keys.students(keys[~kept])
        self.edge[refused] += 1
        return refused

    def _tail(self, free: Int64Array) -> None:
        heaps: dict[int, list[int]] = {}
        stack: list[int] = free.tolist()
        lot_bits, offer_shift = self.keys.lot_bits, self.keys.offer_shift - self.keys.lot_bits
        mask = (1 << lot_bits) - 1
        capacity, order = self.capacity, self.keys.order
        while stack:
            student = stack.pop()
            start, end = int(self.edge[student]), int(self.ptr[student + 1])
            lot = int(self.keys.positions[student])
            offers, ranks = self.choices[start:end].tolist(), self.priority[start:end].tolist()
            placed = -1
            for step, offer in enumerate(offers):
                rank = ranks[step]
                if rank < 0:
                    continue
                heap = heaps.get(offer)
                if heap is None:
                    first = int(self.seat_ptr[offer])
                    heap = heaps[offer] = [-key for key in self.seats[first : first + int(self.held[offer])].tolist()]
                    heapq.heapify(heap)
                key = (((offer << offer_shift) | rank) << lot_bits) | lot
                if len(heap) < capacity[offer]:
                    heapq.heappush(heap, -key)
                elif heap and key < -heap[0]:
                    loser = int(order[-heapq.heapreplace(heap, -key) & mask])
                    self.edge[loser] += 1
                    stack.append(loser)
                else:
                    continue
                self.proposals += 1
                placed = start + step
                break
            self.edge[student] = placed


def deferred_acceptance(market: Market, lottery: Lottery) -> Outcome:
    """The student-optimal stable matching of a plain market under the lottery's tie-breaking."""
    return DeferredAcceptance(market, Keys.of(market, lottery)).run()
