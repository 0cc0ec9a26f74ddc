"""Blocking pairs under reserves and regional caps, found by reasoning about one newcomer at a time.

A student and an offer block when the student strictly prefers the offer and the choice rule, offered the present
students and this one, would keep this one. For a feasible result that can be decided without choosing anew:

1. Among the offer's students and the newcomer, ties going to those already there, mark who sits in a reserved seat.
   When the offer is full and the newcomer comes last, they are refused.
2. When the offer is full and someone else is pushed out, no region holds more than before: the newcomer is kept.
3. Otherwise the newcomer adds one. In the smallest capped region around the offer that is already full, whoever comes
   last by (reserved seat, within target, rank) leaves; if that is not the newcomer, all larger regions are back to
   what they held, so the newcomer is kept.

Only the best-ranked wishing student of each (offer, group) is asked first: if the rule refuses that one it refuses the
others. Time O(choices above the assigned ones log + (p x groups) x seats of a full region).
"""

from __future__ import annotations

import numpy as np

from matching.market import Int32Array, Int64Array, Market
from matching.verification import BlockingPair, preferred_choices

Entry = tuple[int, int, int]  # (0 reserved, 1 within target, 2 other), priority, 1 for the newcomer


def blocking_constrained(
    market: Market, offers: Int32Array, edge: Int64Array, held: Int32Array, limit: int
) -> tuple[list[BlockingPair], int]:
    """Up to ``limit`` blocking pairs and the number of all."""
    state = _State(market, offers, held)
    positions, students = preferred_choices(market, edge, 0, market.students)
    acceptable = market.priority[positions] >= 0
    positions, students = positions[acceptable], students[acceptable]
    wished = market.choices[positions]
    priority = market.priority[positions]
    group = state.group[students]
    order = np.lexsort((students, priority, group, wished))
    found: list[BlockingPair] = []
    count = 0
    refused: tuple[int, int] | None = None
    for row in order.tolist():
        cell = (int(wished[row]), int(group[row]))
        if cell == refused:
            continue
        if state.would_keep(cell[0], cell[1], int(priority[row])):
            count += 1
            if len(found) < limit:
                found.append(BlockingPair(market.student_id(int(students[row])), market.offer_id(cell[0])))
        else:
            refused = cell
    return found, count


class _State:
    """Who is where, per offer and per region."""

    def __init__(self, market: Market, offers: Int32Array, held: Int32Array) -> None:
        self.market = market
        missing = np.full(market.students, -1, dtype=np.int32)
        self.group = market.student_group if market.student_group is not None else missing
        self.at: list[list[tuple[int, int]]] = [[] for _ in range(market.offers)]
        for student in np.flatnonzero(offers >= 0).tolist():
            self.at[int(offers[student])].append((int(held[student]), int(self.group[student])))
        self.inside: dict[int, set[int]] = {}
        self.count: dict[int, int] = {}
        for offer in range(market.offers):
            for region in self.capped_regions(offer):
                self.inside.setdefault(region, set()).add(offer)
                self.count[region] = self.count.get(region, 0) + len(self.at[offer])
        self.seated = [self.seat_order(offer, None) for offer in range(market.offers)]

    def capped_regions(self, offer: int) -> list[int]:
        """Capped regions around an offer, smallest first."""
        market = self.market
        if market.region is None or market.region_parent is None or market.region_cap is None:
            return []
        around = []
        region = int(market.region[offer])
        while region != -1:
            if int(market.region_cap[region]) != -1:
                around.append(region)
            region = int(market.region_parent[region])
        return around

    def seat_order(self, offer: int, newcomer: tuple[int, int] | None) -> list[Entry]:
        """The offer's students in the order in which they have a claim to its seats."""
        people = [(priority, 0, group) for priority, group in self.at[offer]]
        if newcomer is not None:
            people.append((newcomer[0], 1, newcomer[1]))
        people.sort(key=lambda person: person[:2])
        left = self.market.reserve[offer].tolist() if self.market.reserve is not None else []
        reserved, others = [], []
        for priority, is_new, group in people:
            if 0 <= group < len(left) and left[group] > 0:
                left[group] -= 1
                reserved.append((0, priority, is_new))
            else:
                others.append((2, priority, is_new))
        target = int(self.market.target[offer]) if self.market.target is not None else 0
        within = max(0, target - len(reserved))
        return reserved + [(1, *entry[1:]) for entry in others[:within]] + others[within:]

    def would_keep(self, offer: int, group: int, priority: int) -> bool:
        capacity = int(self.market.capacity[offer])
        seats = self.seat_order(offer, (priority, group))
        if len(seats) > capacity:
            # somebody leaves this offer: the newcomer, or another, in which case every region is as full as before
            return seats[-1][2] == 0
        cap = self.market.region_cap
        for region in self.capped_regions(offer):
            assert cap is not None
            if self.count[region] >= int(cap[region]):
                rest = [entry for other in self.inside[region] if other != offer for entry in self.seated[other]]
                return max(seats + rest)[2] == 0
        return True
