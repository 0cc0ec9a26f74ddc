"""Every matching of a small market, judged by the definitions alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

from matching import Market
from tests.matching.markets import lists_of

Matching = tuple[int, ...]


def stable_matchings(market: Market) -> set[Matching]:
    """All stable matchings of a market with seats and priorities only, as offer indices (-1 = unplaced)."""
    lists = [[(o, r) for o, r in row if r >= 0] for row in lists_of(market)]
    sizes = [len(row) + 1 for row in lists]
    held = np.array(list(product(*map(range, sizes))), dtype=np.int64).reshape(-1, len(lists))
    offers = np.full(held.shape, -1)
    ranks = np.full(held.shape, -1)
    for student, row in enumerate(lists):
        table = np.array([*row, (-1, -1)])
        offers[:, student], ranks[:, student] = table[held[:, student]].T
    good = np.ones(len(held), dtype=bool)
    has_room: list[npt.NDArray[np.bool_]] = []
    worst: list[npt.NDArray[np.int64]] = []
    for offer in range(market.offers):
        inside = offers == offer
        count = inside.sum(axis=1)
        good &= count <= market.capacity[offer]
        has_room.append(count < market.capacity[offer])
        worst.append(np.where(inside, ranks, -1).max(axis=1, initial=-1))
    for student, row in enumerate(lists):
        for position, (offer, rank) in enumerate(row):
            wishes = held[:, student] > position
            good &= ~(wishes & (has_room[offer] | (worst[offer] > rank)))
    return {tuple(int(o) for o in row) for row in offers[good]}


def choose(
    market: Market, applicants: list[tuple[int, int, int]], lot_of: Callable[[int, int], int]
) -> set[tuple[int, int]]:
    """Whom the offers keep of ``applicants`` (student, offer, priority): (student, offer).

    ``lot_of`` student and offer breaks ties.

    The greedy rule of Kamada and Kojima in one pass over the places in order of claim, unlike the package, which cuts
    region by region.
    """
    claims = []
    for offer in range(market.offers):
        people = sorted((rank, lot_of(student, at), student) for student, at, rank in applicants if at == offer)
        left = market.reserve[offer].tolist() if market.reserve is not None else []
        target = int(market.target[offer]) if market.target is not None else 0
        reserved, others = [], []
        for rank, lot, student in people:
            group = int(market.student_group[student]) if market.student_group is not None else -1
            if 0 <= group < len(left) and left[group]:
                left[group] -= 1
                reserved.append((rank, lot, student))
            else:
                others.append((rank, lot, student))
        for place, (rank, lot, student) in enumerate([*reserved, *others]):
            phase = 0 if place < len(reserved) else 1 if place < target else 2
            claims.append((phase, rank, lot, student, offer, place))
    kept: set[tuple[int, int]] = set()
    seats = market.capacity.tolist()
    places = market.region_cap.tolist() if market.region_cap is not None else []
    for _, _, _, student, offer, place in sorted(claims):
        around = []
        region = int(market.region[offer]) if market.region is not None else -1
        while region >= 0:
            assert market.region_parent is not None
            around.append(region)
            region = int(market.region_parent[region])
        if place < market.capacity[offer] and seats[offer] > 0 and all(places[r] != 0 for r in around):
            seats[offer] -= 1
            for r in around:
                places[r] -= 1  # below zero from the start means no cap and never reaches zero
            kept.add((student, offer))
    return kept


def is_stable_by_choice(market: Market, matching: Matching, lots: Sequence[int] | None = None) -> bool:
    """No student is wanted by an offer they prefer. Without ``lots`` a tie goes to whoever is already there."""
    lists = lists_of(market)
    present = [(s, o, dict(lists[s])[o]) for s, o in enumerate(matching) if o >= 0]
    fixed = (lambda student, _: lots[student]) if lots is not None else None
    if len(choose(market, present, fixed or (lambda _student, _offer: 0))) != len(present):
        return False
    for student, row in enumerate(lists):
        for offer, rank in row:
            if offer == matching[student]:
                break
            asked = [*present, (student, offer, rank)]

            def newcomer_last(s: int, o: int, new: tuple[int, int] = (student, offer)) -> int:
                return int((s, o) == new)

            if rank >= 0 and (student, offer) in choose(market, asked, fixed or newcomer_last):
                return False
    return True


def stable_by_choice(market: Market, lots: Sequence[int]) -> set[Matching]:
    """All stable matchings of a market with reserves or regional caps, ties broken by ``lots``."""
    options = [[*(o for o, r in row if r >= 0), -1] for row in lists_of(market)]
    return {matching for matching in product(*options) if is_stable_by_choice(market, matching, lots)}


def rank_of(market: Market, student: int, offer: int) -> int:
    """Position of an offer on a student's list, after the last for unplaced."""
    row = [listed for listed, _ in lists_of(market)[student]]
    return row.index(offer) if offer >= 0 else len(row)
