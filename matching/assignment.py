"""The result of a solver: who goes where, what it was computed from, and the certificate that comes with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from matching.lottery import Lottery
from matching.market import Int32Array, Int64Array, Market

if TYPE_CHECKING:
    from matching.explain import Reason
    from matching.metrics import Metrics

Method: TypeAlias = Literal["stable", "optimal", "given"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StableCertificate:
    """What a stable result can be checked against by hand.

    ``notion`` names the stability notion. ``cut_offs`` int32 ``(p,)``: the worst priority admitted at every full
    offer, -1 where seats are free: nobody with a better number may prefer that offer to their own. ``digest`` is the
    SHA-256 of the input, ``lottery`` the draw that broke ties, ``cycles`` the number of stable improvement cycles
    carried out. ``blocking`` counts blocking pairs: always 0 without pairs of students. ``proves_none_exists`` is True
    only when an exact solve proved that no stable matching exists.
    """

    notion: str
    lottery: Lottery
    cut_offs: Int32Array
    placed: int
    unplaced: int
    free_seats: int
    rounds: int
    proposals: int
    cycles: int = 0
    blocking: int = 0
    proves_none_exists: bool = False
    exact: bool = False
    market: Market = field(repr=False)

    @property
    def digest(self) -> str:
        return self.market.digest


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OptimalCertificate:
    """Prices that prove an optimal result (linear programming duality).

    ``costs`` int64 ``(E,)`` what each listed choice costs, ``unplaced_cost`` what staying unplaced costs, all divided
    by ``scale`` when the caller's weights were not whole numbers. ``prices`` int64 ``(p,)`` of a seat at each offer and
    ``region_prices`` int64 ``(R,)``; both are 0 wherever seats are left. Every student holds a choice of least cost
    plus price, so ``objective`` (the cost of the result) equals ``dual`` (the sum of those least values minus prices
    times seats) and no assignment can cost less. ``gap_bound`` bounds what rounding to whole numbers can have lost,
    in the caller's units; 0 where nothing was rounded.
    """

    objective_name: str
    objective: int
    dual: int
    costs: Int64Array
    unplaced_cost: int
    prices: Int64Array
    region_prices: Int64Array
    scale: float
    gap_bound: float
    placed: int
    unplaced: int
    proves_none_exists: bool = False
    market: Market = field(repr=False)

    @property
    def digest(self) -> str:
        return self.market.digest


Certificate: TypeAlias = StableCertificate | OptimalCertificate


@dataclass(slots=True, eq=False, kw_only=True)
class Assignment:
    """Who goes where.

    ``assignment`` int32 ``(n,)``: offer index of each student, -1 for unplaced. ``edge`` int64 ``(n,)``: the position
    in ``market.choices`` of the choice held, -1 for none (always -1 for members of pairs). ``pair_entry`` int64
    ``(k,)``: the joint choice each pair holds, -1 for none.
    """

    market: Market = field(repr=False)
    assignment: Int32Array
    edge: Int64Array = field(repr=False)
    method: Method
    certificate: Certificate = field(repr=False)
    pair_entry: Int64Array | None = field(default=None, repr=False)
    _cache: dict[str, Any] = field(default_factory=dict, repr=False)

    def offer_of(self, student: str | int) -> str | int | None:
        """The offer of a student in the caller's names, None when unplaced; KeyError for an unknown student."""
        offer = int(self.assignment[self.market.student_index(student)])
        return None if offer < 0 else self.market.offer_id(offer)

    @property
    def unplaced(self) -> list[str | int]:
        """Students without an offer, in the order they were listed."""
        return [self.market.student_id(int(student)) for student in np.flatnonzero(self.assignment < 0)]

    @property
    def vacancies(self) -> dict[str | int, int]:
        """Free seats of every offer that has some, in the order the offers were listed."""
        free = self.market.capacity - self.filled
        return {self.market.offer_id(int(offer)): int(free[offer]) for offer in np.flatnonzero(free > 0)}

    @property
    def filled(self) -> Int64Array:
        """Students placed at each offer, int64 ``(p,)``."""
        placed = self.assignment[self.assignment >= 0]
        return np.bincount(placed, minlength=self.market.offers).astype(np.int64)

    @property
    def is_stable(self) -> bool:
        """Whether the independent check finds no blocking pair; computed on first use."""
        if "stable" not in self._cache:
            from matching.verification import verify

            report = verify(self.market, self)
            self._cache["stable"] = report.is_feasible and bool(report.is_stable)
        return bool(self._cache["stable"])

    @property
    def metrics(self) -> Metrics:
        """Rank profile, shares, fill and envy; computed on first use."""
        if "metrics" not in self._cache:
            from matching.metrics import measure

            self._cache["metrics"] = measure(self)
        result: Metrics = self._cache["metrics"]
        return result

    def explain(self, student: str | int) -> list[Reason]:
        """Why the student got, or did not get, each offer on the list, in the order of the list."""
        from matching.explain import explain

        return explain(self, self.market.student_index(student))


def offers_of_edges(market: Market, edge: Int64Array) -> Int32Array:
    """Offer index of each held choice, int32 like ``edge``; -1 where ``edge`` is."""
    held = edge >= 0
    result = np.full(len(edge), -1, dtype=np.int32)
    result[held] = market.choices[edge[held]]
    return result


def cut_offs(market: Market, assignment: Int32Array, priorities: Int32Array) -> Int32Array:
    """Worst admitted priority of every full offer, -1 where seats are free; int32 ``(p,)``.

    ``priorities`` int32 ``(n,)`` the priority of each student at their offer, anything where unplaced. An offer
    without seats has 0, which nobody is below.
    """
    placed = np.flatnonzero(assignment >= 0)
    offers = assignment[placed]
    worst = np.full(market.offers, -1, dtype=np.int32)
    np.maximum.at(worst, offers, priorities[placed])
    worst[np.bincount(offers, minlength=market.offers) < market.capacity] = -1
    worst[market.capacity == 0] = 0
    return worst
