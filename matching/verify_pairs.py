"""Feasibility and blocking in markets with pairs of students (Roth and Peranson 1999; Klaus and Klijn 2005).

A pair and the offers of one of its joint choices block when the pair prefers that choice to what it has, and each
offer would take the member it concerns: counting out the pair's own members, fewer than all seats are held by students
ranked at least as high. When both want the same offer there must be two such seats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from matching.market import Int32Array, Int64Array, Market

if TYPE_CHECKING:
    from matching.verification import BlockingPair, Violation


def held_entries(market: Market, offers: Int32Array, held: Int32Array, violations: list[Violation]) -> Int64Array:
    """The joint choice each pair holds, int64 ``(k,)``, -1 for none; fills in the members' priorities in ``held``."""
    from matching.verification import Violation

    assert market.pairs is not None
    entries = np.full(len(market.pairs), -1, dtype=np.int64)
    for pair, (first, second) in enumerate(market.pairs.members.tolist()):
        now = (int(offers[first]), int(offers[second]))
        if now == (-1, -1):
            continue
        for entry in range(int(market.pairs.ptr[pair]), int(market.pairs.ptr[pair + 1])):
            if tuple(market.pairs.offers[entry].tolist()) == now:
                entries[pair] = entry
                break
        if entries[pair] < 0:
            violations.append(Violation("pair split", market.student_id(first), "not a joint choice of the pair"))
            continue
        for member, offer, priority in zip((first, second), now, market.pairs.priority[entries[pair]], strict=True):
            held[member] = priority
            if offer >= 0 and priority < 0:
                violations.append(Violation("unacceptable", market.student_id(member), "as member of a pair"))
    return entries


def blocking_pairs(market: Market, offers: Int32Array, held: Int32Array, entries: Int64Array) -> list[BlockingPair]:
    """Every joint choice that blocks."""
    from matching.verification import BlockingPair

    assert market.pairs is not None
    wanted = set(np.unique(market.pairs.offers).tolist()) - {-1}
    there: dict[int, list[tuple[int, int]]] = {offer: [] for offer in wanted}
    for student in np.flatnonzero(np.isin(offers, list(wanted))).tolist():
        there[int(offers[student])].append((student, int(held[student])))
    found = []
    for pair, (first, second) in enumerate(market.pairs.members.tolist()):
        start, stop = int(market.pairs.ptr[pair]), int(market.pairs.ptr[pair + 1])
        if entries[pair] >= 0:
            stop = int(entries[pair])
        for entry in range(start, stop):
            one, other = market.pairs.offers[entry].tolist()
            priorities = market.pairs.priority[entry].tolist()
            if _would_take(market, there, (first, second), (one, other), priorities):
                found.append(
                    BlockingPair(
                        market.student_id(first),
                        None if one < 0 else market.offer_id(one),
                        market.student_id(second),
                        None if other < 0 else market.offer_id(other),
                    )
                )
    return found


def _would_take(
    market: Market,
    there: dict[int, list[tuple[int, int]]],
    members: tuple[int, int],
    wanted: tuple[int, int],
    priorities: list[int],
) -> bool:
    if any(offer >= 0 and priority < 0 for offer, priority in zip(wanted, priorities, strict=True)):
        return False
    needs: dict[int, list[int]] = {}
    for offer, priority in zip(wanted, priorities, strict=True):
        if offer >= 0:
            needs.setdefault(offer, []).append(priority)
    for offer, ranks in needs.items():
        ahead = sum(1 for student, rank in there[offer] if student not in members and rank <= max(ranks))
        if ahead > int(market.capacity[offer]) - len(ranks):
            return False
    return True
