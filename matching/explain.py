"""Why a student got an offer or did not, one reason for each choice, in words an interface can translate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from matching.assignment import Assignment, OptimalCertificate
from matching.market import Int32Array, Int64Array
from matching.metrics import held_priorities

Kind: TypeAlias = Literal[
    "accepted", "below assignment", "filled", "lottery", "regional cap", "reserve", "forbidden", "unacceptable",
    "closed", "total cost", "pair", "blocking",
]  # fmt: skip

_TEXTS: dict[Kind, str] = {
    "accepted": "placed here, choice {choice}",
    "below assignment": "not needed: a better choice was given",
    "filled": "filled by students with higher priority (last admitted: {cut_off}, yours: {rank})",
    "lottery": "the last seats were drawn among students with equal priority ({rank}), lottery place {lot}",
    "regional cap": "{free} seats are left, but region {region} has reached its cap of {cap}",
    "reserve": "{reserved} seats went to students with a reserved seat (last admitted: {cut_off}, yours: {rank})",
    "forbidden": "this student may not be placed here",
    "unacceptable": "the offer does not accept this student",
    "closed": "the offer has no seats",
    "total cost": "would make the whole more expensive: a seat costs {price}, moving here saves {saving}",
    "pair": "the pair could not be placed together like this",
    "blocking": "the student and the offer would both prefer this",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """What happened with one choice: the offer, a kind to branch on, and the numbers its text needs."""

    offer: str | int | None
    kind: Kind
    data: Mapping[str, Any]

    @property
    def text(self) -> str:
        """A short English sentence."""
        return _TEXTS[self.kind].format_map(self.data)


def explain(result: Assignment, student: int) -> list[Reason]:
    """Reasons for every choice of one student, in list order.

    The first call on a result computes the cut-offs in O(n + p), later ones take O(length of the list).
    """
    market = result.market
    if market.pairs is not None and len(market.choices_of(student)) == 0:
        rows = np.argwhere(market.pairs.members == student)
        if len(rows):
            return _explain_pair(result, int(rows[0][0]), int(rows[0][1]))
    worst, counts = _levels(result)
    own = int(result.edge[student])
    ranks = market.ranks()
    reasons = []
    for edge in market.choices_of(student):
        offer = int(market.choices[edge])
        rank = int(market.priority[edge])
        data: dict[str, Any] = {"choice": int(ranks[edge]), "rank": rank, "cut_off": int(worst[offer])}
        if edge == own:
            kind: Kind = "accepted"
        elif market.forbidden is not None and market.forbidden[edge]:
            kind = "forbidden"
        elif rank < 0:
            kind = "unacceptable"
        elif own >= 0 and ranks[edge] >= ranks[own]:
            kind = "below assignment"
        elif market.capacity[offer] == 0:
            kind = "closed"
        elif isinstance(result.certificate, OptimalCertificate):
            kind = _by_price(result, result.certificate, edge, own, data)
        else:
            kind = _refused(result, student, offer, rank, data, int(worst[offer]), int(counts[offer]))
        reasons.append(Reason(market.offer_id(offer), kind, data))
    return reasons


def _levels(result: Assignment) -> tuple[Int32Array, Int64Array]:
    """Worst priority held at each offer (-1 for none) and the number of students there; int ``(p,)``."""
    if "levels" not in result._cache:  # noqa: SLF001 - the result keeps it for the next call
        worst = np.full(result.market.offers, -1, dtype=np.int32)
        placed = np.flatnonzero(result.assignment >= 0)
        np.maximum.at(worst, result.assignment[placed], held_priorities(result)[placed])
        result._cache["levels"] = (worst, result.filled)  # noqa: SLF001
    levels: tuple[Int32Array, Int64Array] = result._cache["levels"]  # noqa: SLF001
    return levels


def _refused(
    result: Assignment, student: int, offer: int, rank: int, data: dict[str, Any], cut_off: int, count: int
) -> Kind:
    market = result.market
    free = int(market.capacity[offer]) - count
    if free > 0:
        full = _full_region(result, offer)
        if full is None:
            return "blocking"
        assert market.region_cap is not None
        name = market.region_ids[full] if market.region_ids is not None else full
        data.update(free=free, region=name, cap=int(market.region_cap[full]))
        return "regional cap"
    if rank > cut_off:
        return "filled"
    if market.reserve is not None and market.student_group is not None:
        reserved = _in_reserved_seats(result, offer, worse_than=rank)
        if reserved:
            data["reserved"] = reserved
            return "reserve"
    if rank == cut_off:
        lottery = getattr(result.certificate, "lottery", None)
        data["lot"] = int(lottery.positions(market.students)[student]) + 1 if lottery is not None else 0
        return "lottery"
    if market.has_caps and (full := _full_region(result, offer)) is not None:
        assert market.region_cap is not None
        name = market.region_ids[full] if market.region_ids is not None else full
        data.update(free=free, region=name, cap=int(market.region_cap[full]))
        return "regional cap"
    return "blocking"


def _full_region(result: Assignment, offer: int) -> int | None:
    market = result.market
    if market.region is None or market.region_parent is None or market.region_cap is None:
        return None
    counts = _levels(result)[1]
    region = int(market.region[offer])
    while region >= 0:
        cap = int(market.region_cap[region])
        if cap >= 0:
            inside = sum(int(counts[other]) for other in range(market.offers) if _within(result, other, region))
            if inside >= cap:
                return region
        region = int(market.region_parent[region])
    return None


def _within(result: Assignment, offer: int, region: int) -> bool:
    market = result.market
    assert market.region is not None
    assert market.region_parent is not None
    at = int(market.region[offer])
    while at >= 0:
        if at == region:
            return True
        at = int(market.region_parent[at])
    return False


def _in_reserved_seats(result: Assignment, offer: int, *, worse_than: int) -> int:
    """Students of a group with reserved seats here whom the offer ranks no better than ``worse_than``."""
    market = result.market
    assert market.reserve is not None
    assert market.student_group is not None
    there = np.flatnonzero(result.assignment == offer)
    groups = market.student_group[there]
    has_reserve = (groups >= 0) & (market.reserve[offer, np.maximum(groups, 0)] > 0)
    return int((has_reserve & (held_priorities(result)[there] >= worse_than)).sum())


def _by_price(result: Assignment, certificate: OptimalCertificate, edge: int, own: int, data: dict[str, Any]) -> Kind:
    market = result.market
    now = certificate.unplaced_cost
    if own >= 0:
        now = int(certificate.costs[own]) + full_price(result, certificate, int(market.choices[own]))
    data["price"] = full_price(result, certificate, int(market.choices[edge])) / certificate.scale
    data["saving"] = (now - int(certificate.costs[edge])) / certificate.scale
    return "total cost"


def full_price(result: Assignment, certificate: OptimalCertificate, offer: int) -> int:
    """Price of a seat at an offer with those of all regions around it."""
    market = result.market
    price = int(certificate.prices[offer])
    if market.region is not None and market.region_parent is not None:
        region = int(market.region[offer])
        while region >= 0:
            price += int(certificate.region_prices[region])
            region = int(market.region_parent[region])
    return price


def _explain_pair(result: Assignment, pair: int, side: int) -> list[Reason]:
    market = result.market
    assert market.pairs is not None
    assert result.pair_entry is not None
    own = int(result.pair_entry[pair])
    reasons = []
    for entry in range(int(market.pairs.ptr[pair]), int(market.pairs.ptr[pair + 1])):
        offer, other = int(market.pairs.offers[entry, side]), int(market.pairs.offers[entry, 1 - side])
        data = {
            "choice": entry - int(market.pairs.ptr[pair]) + 1,
            "rank": int(market.pairs.priority[entry, side]),
            "partner_offer": None if other < 0 else market.offer_id(other),
        }
        if entry == own:
            kind: Kind = "accepted"
        elif 0 <= own < entry:
            kind = "below assignment"
        else:
            unacceptable = (market.pairs.offers[entry] >= 0) & (market.pairs.priority[entry] < 0)
            kind = "unacceptable" if bool(unacceptable.any()) else "pair"
        reasons.append(Reason(None if offer < 0 else market.offer_id(offer), kind, data))
    return reasons
