"""Stable matching with pairs of students, by the method of the American residency match.

Source: Roth and Peranson 1999, *American Economic Review* 89(4), 748-780.

1. Place the single students by deferred acceptance.
2. Add the pairs one at a time. A pair goes down its joint list to the first choice that both offers would take.
3. Whoever is displaced applies again from the top of their list; the partner of a displaced member gives up the other
   seat. A seat that falls free is offered to all who would rather have it.
4. That can go round in circles, so the number of applications is bounded. A run that ends without a blocking pair is
   the answer; otherwise the pairs are added in another order, drawn from the lottery's seed, up to :data:`RESTARTS`
   times. The best run counts.

A stable matching may not exist, and finding one is NP-complete (Ronn 1990, *Journal of Algorithms* 11(2), 285-304), so
a remaining blocking pair proves nothing; :mod:`matching.pairs_exact` can. Time O(E) for the singles plus the bounded
number of applications, each O(length of the list x log seats).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

import numpy as np

from matching.assignment import Assignment, StableCertificate, cut_offs
from matching.core import deferred_acceptance
from matching.lottery import Lottery, splitmix64
from matching.market import Int64Array, Market
from matching.stable_notions import PAIRS

RESTARTS = 16
Claim = tuple[int, int, int]  # priority, place in the lottery, student


class Run:
    """One attempt, with the pairs added in the given order."""

    def __init__(self, market: Market, lots: list[int], singles: Int64Array) -> None:
        assert market.pairs is not None
        self.market, self.pairs, self.lots = market, market.pairs, lots
        self.edge = singles.copy()
        self.entry = np.full(len(market.pairs), -1, dtype=np.int64)
        self.pair_of: dict[int, int] = {}
        for pair, members in enumerate(market.pairs.members.tolist()):
            self.pair_of.update(dict.fromkeys(members, pair))
        self.held: dict[int, list[Claim]] = {}
        for student in np.flatnonzero(singles >= 0).tolist():
            edge = int(singles[student])
            offer = int(market.choices[edge])
            self.held.setdefault(offer, []).append((int(market.priority[edge]), lots[student], student))
        for claims in self.held.values():
            claims.sort()
        order = np.argsort(market.choices, kind="stable")
        self.by_offer = order
        self.by_offer_ptr = np.concatenate(([0], np.cumsum(np.bincount(market.choices, minlength=market.offers))))
        self.pairs_by_offer: dict[int, list[int]] = {}
        for pair in range(len(market.pairs)):
            for offer in np.unique(market.pairs.offers[market.pairs.ptr[pair] : market.pairs.ptr[pair + 1]]).tolist():
                self.pairs_by_offer.setdefault(offer, []).append(pair)
        self.queue: deque[tuple[bool, int]] = deque()
        self.applications = 0

    def go(self, order: list[int]) -> None:
        budget = 2_000 + 400 * len(self.pairs) + self.market.students
        for pair in order:
            self.queue.append((True, pair))
            while self.queue and self.applications < budget:
                self.applications += 1
                is_pair, who = self.queue.popleft()
                if is_pair:
                    self._pair_applies(who)
                else:
                    self._single_applies(who)

    def _takes(self, offer: int, claims: list[Claim], members: tuple[int, ...]) -> bool:
        """Whether the offer keeps all of ``claims`` next to its students other than ``members``."""
        here = self.held.get(offer, [])
        worst = max(claims)
        ahead = bisect_left(here, worst)
        ahead -= sum(1 for claim in here[:ahead] if claim[2] in members) if members else 0
        return ahead + len(claims) <= int(self.market.capacity[offer])

    def _seat(self, offer: int, claim: Claim) -> None:
        here = self.held.setdefault(offer, [])
        insort(here, claim)
        if len(here) > int(self.market.capacity[offer]):
            self._displaced(here.pop()[2])

    def _displaced(self, student: int) -> None:
        pair = self.pair_of.get(student)
        if pair is None:
            self.edge[student] = -1
            self.queue.append((False, student))
        else:
            self._leave_pair(pair, already_out=student)
            self.queue.append((True, pair))

    def _leave_pair(self, pair: int, already_out: int = -1) -> None:
        entry = int(self.entry[pair])
        if entry < 0:
            return
        self.entry[pair] = -1
        for member, offer in zip(self.pairs.members[pair].tolist(), self.pairs.offers[entry].tolist(), strict=True):
            if offer >= 0 and member != already_out:
                self.held[offer] = [claim for claim in self.held[offer] if claim[2] != member]
                self._offer_seat(offer)

    def _offer_seat(self, offer: int) -> None:
        market = self.market
        for edge in self.by_offer[self.by_offer_ptr[offer] : self.by_offer_ptr[offer + 1]].tolist():
            student = int(np.searchsorted(market.student_ptr, edge, side="right")) - 1
            if market.priority[edge] >= 0 and (self.edge[student] < 0 or edge < self.edge[student]):
                self.queue.append((False, student))
        self.queue.extend((True, pair) for pair in self.pairs_by_offer.get(offer, []))

    def _single_applies(self, student: int) -> None:
        market, own = self.market, int(self.edge[student])
        for edge in market.choices_of(student):
            if edge == own:
                return
            offer, priority = int(market.choices[edge]), int(market.priority[edge])
            claim = (priority, self.lots[student], student)
            if priority >= 0 and self._takes(offer, [claim], ()):
                if own >= 0:
                    left = int(market.choices[own])
                    self.held[left] = [held for held in self.held[left] if held[2] != student]
                    self._offer_seat(left)
                self.edge[student] = edge
                self._seat(offer, claim)
                return

    def _pair_applies(self, pair: int) -> None:
        members = tuple(self.pairs.members[pair].tolist())
        stop = int(self.entry[pair]) if self.entry[pair] >= 0 else int(self.pairs.ptr[pair + 1])
        for entry in range(int(self.pairs.ptr[pair]), stop):
            wanted: dict[int, list[Claim]] = {}
            refused = False
            for member, offer, priority in zip(
                members, self.pairs.offers[entry].tolist(), self.pairs.priority[entry].tolist(), strict=True
            ):
                if offer >= 0:
                    refused = refused or priority < 0
                    wanted.setdefault(offer, []).append((priority, self.lots[member], member))
            if refused or not all(self._takes(offer, claims, members) for offer, claims in wanted.items()):
                continue
            self._leave_pair(pair)
            self.entry[pair] = entry
            for offer, claims in wanted.items():
                for claim in claims:
                    self._seat(offer, claim)
            return


def solve_heuristic(market: Market, lottery: Lottery) -> Assignment:
    """The run with the fewest blocking pairs; ``is_stable`` says whether that is none."""
    assert market.pairs is not None
    outcome = deferred_acceptance(market, lottery)
    lots = lottery.positions(market.students).tolist()
    best: Assignment | None = None
    for restart in range(RESTARTS):
        keys = splitmix64(lottery.seed + restart, len(market.pairs))
        order = np.argsort(keys).tolist() if restart else list(range(len(market.pairs)))
        run = Run(market, lots, outcome.edge)
        run.go(order)
        result = pair_assignment(
            market, lottery, run.edge, run.entry, run.applications + outcome.proposals, restart + 1
        )
        if best is None or _blocking(result) < _blocking(best):
            best = result
        if _blocking(best) == 0:
            break
    assert best is not None
    return best


def _blocking(result: Assignment) -> int:
    certificate = result.certificate
    assert isinstance(certificate, StableCertificate)
    return certificate.blocking


def pair_assignment(
    market: Market,
    lottery: Lottery,
    edge: Int64Array,
    entry: Int64Array,
    proposals: int,
    rounds: int,
    *,
    exact: bool = False,
    none_exists: bool = False,
) -> Assignment:
    """Wrap a result with pairs; the blocking pairs are counted by the independent check."""
    from matching.verification import verify

    assert market.pairs is not None
    assignment = np.full(market.students, -1, dtype=np.int32)
    priorities = np.full(market.students, -1, dtype=np.int32)
    singles = np.flatnonzero(edge >= 0)
    assignment[singles] = market.choices[edge[singles]]
    priorities[singles] = market.priority[edge[singles]]
    for pair in np.flatnonzero(entry >= 0):
        assignment[market.pairs.members[pair]] = market.pairs.offers[entry[pair]]
        priorities[market.pairs.members[pair]] = market.pairs.priority[entry[pair]]
    placed = int((assignment >= 0).sum())
    blocking = verify(market, assignment, limit=0).blocking
    return Assignment(
        market=market,
        assignment=assignment,
        edge=edge,
        pair_entry=entry,
        method="stable",
        certificate=StableCertificate(
            notion=PAIRS,
            lottery=lottery,
            cut_offs=cut_offs(market, assignment, priorities),
            placed=placed,
            unplaced=market.students - placed,
            free_seats=int(market.capacity.sum(dtype=np.int64)) - placed,
            rounds=rounds,
            proposals=proposals,
            blocking=blocking,
            exact=exact,
            proves_none_exists=none_exists,
            market=market,
        ),
    )
