"""Optimal assignment as a minimum-cost flow, with prices that prove it optimal.

1. Network: every student sends one unit along a listed choice to its offer, on through the offer's regions to the
   sink, or straight to the sink as unplaced. Seats and regional caps are capacities. Priorities only say who is
   acceptable; reserved seats are a matter of priority and play no part.
2. Objective "rank": as many placed as possible, then the smallest sum of squared ranks. One integer expresses both: a
   further placement moves each offer at most one step along a path, so an unplaced student who costs more than
   min(n, p) x (worst - best) + worst is worth any such path. Weights: the largest sum, nobody placed at a loss.
3. OR-Tools solves it by cost scaling (Goldberg 1997, *Journal of Algorithms* 22(1), 1-29).
4. Prices: OR-Tools returns no dual values, so shortest distances in the residual network of the offers are computed
   by Bellman and Ford's method, relaxing only the arcs into offers whose price changed. At these prices every student
   holds a choice of least cost plus price and only full offers cost anything, which proves the assignment optimal
   (complementary slackness; Shapley and Shubik 1971, *International Journal of Game Theory* 1, 111-130).

Time: the flow dominates; prices O(rounds x arcs into changed offers). Fails with :class:`MarketErrors` when the costs do
not fit into the solver's 64 bits, with :class:`MissingExtra` without OR-Tools.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from matching.assignment import Assignment, OptimalCertificate, offers_of_edges
from matching.errors import (
    DtypeOverflow,
    InvalidValue,
    LengthMismatch,
    Location,
    MarketErrors,
    MissingExtra,
    SolverFailed,
    UnsupportedCombination,
)
from matching.market import Int64Array, Market

Weights: TypeAlias = npt.ArrayLike | Mapping[tuple[str, str], float]
_LIMIT = 2**61


def optimal_assign(market: Market, *, objective: Literal["rank"] | Weights = "rank") -> Assignment:
    """The best assignment as a whole, with prices as certificate.

    ``objective`` is "rank", or a number for each listed choice, float ``(E,)`` in the order of ``market.choices`` or by
    ``(student, offer)`` name, higher is better. Numbers that are not whole are rounded to multiples of a power of two;
    ``certificate.gap_bound`` bounds what that can cost.
    """
    if market.pairs is not None:
        raise UnsupportedCombination("optimal_assign has no model for pairs")
    if isinstance(objective, str):
        if objective != "rank":
            raise MarketErrors([InvalidValue(Location("array", "objective"), f"{objective!r} is not known")])
        costs, unplaced_cost = rank_costs(market)
        scale, gap, name = 1.0, 0.0, "rank"
    else:
        costs, scale, gap = _weight_costs(market, objective)
        unplaced_cost, name = 0, "weights"
    edge = solve_flow(market, costs, unplaced_cost)
    prices, region_prices = _prices(market, costs, unplaced_cost, edge)
    placed = edge >= 0
    result = int(costs[edge[placed]].sum()) + unplaced_cost * int((~placed).sum())
    return Assignment(
        market=market,
        assignment=offers_of_edges(market, edge),
        edge=edge,
        method="optimal",
        certificate=OptimalCertificate(
            objective_name=name,
            objective=result,
            dual=_dual(market, costs, unplaced_cost, prices, region_prices),
            costs=costs,
            unplaced_cost=unplaced_cost,
            prices=prices,
            region_prices=region_prices,
            scale=scale,
            gap_bound=gap,
            placed=int(placed.sum()),
            unplaced=int((~placed).sum()),
            market=market,
        ),
    )


def rank_costs(market: Market) -> tuple[Int64Array, int]:
    """Squared rank of every choice, int64 ``(E,)``, and the cost of staying unplaced."""
    ranks = market.ranks()
    worst = int(ranks.max()) if len(ranks) else 1
    unplaced = min(market.students, market.offers) * (worst * worst - 1) + worst * worst + 1
    _check_bound(market, unplaced)
    return ranks.astype(np.int64) ** 2, unplaced


def _check_bound(market: Market, largest: int) -> None:
    # the solver multiplies costs by the number of nodes
    nodes = market.students + market.offers + len(market.region_cap if market.region_cap is not None else ()) + 2
    if largest * nodes >= _LIMIT:
        raise MarketErrors([DtypeOverflow(Location("array", "objective"), "int64", largest)])


def _weight_costs(market: Market, weights: Weights) -> tuple[Int64Array, float, float]:
    where = Location("array", "objective")
    if isinstance(weights, Mapping):
        names = [
            (str(market.student_id(student)), str(market.offer_id(int(market.choices[edge]))))
            for student in range(market.students)
            for edge in market.choices_of(student)
        ]
        missing = [name for name in names if name not in weights]
        if missing:
            raise MarketErrors([InvalidValue(where, f"no weight for {name}") for name in missing])
        values = np.array([weights[name] for name in names], dtype=np.float64)
    else:
        values = np.asarray(weights, dtype=np.float64)
    if values.shape != market.choices.shape:
        raise MarketErrors([LengthMismatch(where, len(market.choices), values.size)])
    if not bool(np.isfinite(values).all()):
        raise MarketErrors([InvalidValue(where, "a weight is not a finite number")])
    largest = float(np.abs(values).max()) if len(values) else 0.0
    if bool((values == np.rint(values)).all()):
        _check_bound(market, int(largest) + 1)
        return -values.astype(np.int64), 1.0, 0.0
    nodes = market.students + market.offers + len(market.region_cap if market.region_cap is not None else ()) + 2
    exponent = min(30, math.floor(math.log2(_LIMIT / nodes / (largest + 1))) - 1)
    scale = 2.0**exponent
    scaled = np.rint(values * scale)
    exact = bool((scaled == values * scale).all())
    return -scaled.astype(np.int64), scale, 0.0 if exact else market.students / scale


def solve_flow(
    market: Market, costs: Int64Array, unplaced_cost: int, *, minimum: npt.NDArray[np.int64] | None = None
) -> Int64Array:
    """The choice each student holds in a flow of least cost, int64 ``(n,)``, -1 for unplaced.

    ``minimum`` int64 ``(p,)``: seats to fill before anything else, as far as that is possible at all.
    """
    try:
        from ortools.graph.python import min_cost_flow
    except ImportError as error:
        raise MissingExtra("ortools") from error
    n, p = market.students, market.offers
    edge = np.full(n, -1, dtype=np.int64)
    listed = np.flatnonzero(market.priority >= 0)
    if len(listed) == 0:
        return edge
    students = np.repeat(np.arange(n, dtype=np.int32), np.diff(market.student_ptr))[listed]
    parents, capacity = _tree(market)
    sink = n + len(parents)
    above = np.where(parents < 0, sink, n + parents).astype(np.int32)
    nodes = np.arange(n, sink, dtype=np.int32)
    tails = [students, np.arange(n, dtype=np.int32), nodes]
    heads = [market.choices[listed] + np.int32(n), np.full(n, sink, dtype=np.int32), above]
    bounds = [np.ones(len(listed), dtype=np.int64), np.ones(n, dtype=np.int64), capacity]
    prices = [costs[listed], np.full(n, unplaced_cost, dtype=np.int64), np.zeros(len(nodes), dtype=np.int64)]
    if minimum is not None:
        wanted = np.minimum(minimum, capacity[:p])
        bonus = 4 * max(unplaced_cost, 1)
        _check_bound(market, bonus)
        bounds[2] = capacity - np.concatenate((wanted, np.zeros(len(nodes) - p, dtype=np.int64)))
        tails.append(nodes[:p])
        heads.append(above[:p])
        bounds.append(wanted)
        prices.append(np.full(p, -bonus, dtype=np.int64))
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        np.concatenate(tails), np.concatenate(heads), np.concatenate(bounds), np.concatenate(prices)
    )
    flow.set_nodes_supplies(
        np.arange(sink + 1, dtype=np.int32),
        np.concatenate((np.ones(n, dtype=np.int64), np.zeros(len(nodes), dtype=np.int64), [-n])),
    )
    status = flow.solve()
    if status != flow.OPTIMAL:
        raise SolverFailed(f"the flow solver stopped with status {status}")
    used = flow.flows(arcs[: len(listed)]) > 0
    edge[students[used]] = listed[used]
    return edge


def _tree(market: Market) -> tuple[Int64Array, Int64Array]:
    """Offers and regions as one forest: parent of each (-1 for the sink) and capacity, both int64 ``(p + R,)``."""
    p = market.offers
    seats = market.capacity.astype(np.int64)
    if market.region is None or market.region_parent is None or market.region_cap is None:
        return np.full(p, -1, dtype=np.int64), seats
    region, parent = market.region.astype(np.int64), market.region_parent.astype(np.int64)
    parents = np.concatenate((np.where(region < 0, -1, region + p), np.where(parent < 0, -1, parent + p)))
    cap = market.region_cap.astype(np.int64)
    return parents, np.concatenate((seats, np.where(cap < 0, market.students + 1, cap)))


def _prices(market: Market, costs: Int64Array, unplaced_cost: int, edge: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Least prices' upper end: shortest distances to the sink in the residual network of offers and regions."""
    p = market.offers
    parents, capacity = _tree(market)
    placed = np.flatnonzero(edge >= 0)
    own = np.full(market.students, -1, dtype=np.int64)
    own[placed] = market.choices[edge[placed]]
    used = np.bincount(own[placed], minlength=len(parents)).astype(np.int64)
    order = _children_first(parents, p)
    for node in order:
        if parents[node] >= 0:
            used[parents[node]] += used[node]
    cheapest = int(costs[market.priority >= 0].min(initial=0))
    distance = np.full(len(parents) + 1, max(unplaced_cost - cheapest, 0), dtype=np.int64)
    distance[-1] = 0  # the sink, which a parent of -1 points to
    np.minimum.at(distance, own[placed], unplaced_cost - costs[edge[placed]])
    arcs = _Arcs(market, costs, edge, own)
    free = np.flatnonzero(used < capacity)
    carrying = np.flatnonzero((used > 0) & (parents >= 0))
    changed = np.arange(p)
    while True:
        before = distance.copy()
        for _ in range(2 if len(parents) > p else 1):
            np.minimum.at(distance, free, distance[parents[free]])
            np.minimum.at(distance, parents[carrying], distance[carrying])
        changed = np.union1d(changed, np.flatnonzero(distance[:p] < before[:p]))
        arcs.relax(distance, changed)
        changed = np.flatnonzero(distance[:p] < before[:p])
        if np.array_equal(distance, before):
            break
    full_price = np.zeros(len(parents) + 1, dtype=np.int64)
    price = np.zeros(len(parents), dtype=np.int64)
    for node in reversed(order):
        price[node] = max(0, int(distance[node] - full_price[parents[node]]))
        full_price[node] = full_price[parents[node]] + price[node]
    above = full_price[parents[:p]]
    price[:p] = np.maximum(0, distance[:p] - above)
    return price[:p].copy(), price[p:].copy()


def _children_first(parents: Int64Array, p: int) -> list[int]:
    """Regions, each after all regions inside it, with the offers' share already counted by their own nodes."""
    depth = np.zeros(len(parents), dtype=np.int64)
    for node in range(p, len(parents)):
        above = int(parents[node])
        while above >= 0:
            depth[node] += 1
            above = int(parents[above])
    regions = p + np.argsort(-depth[p:], kind="stable")
    inside = np.flatnonzero(parents[:p] >= 0)
    return [*inside.tolist(), *regions.tolist()]


class _Arcs:
    """Residual arcs between offers, sorted by the offer they lead to."""

    def __init__(self, market: Market, costs: Int64Array, edge: Int64Array, own: Int64Array) -> None:
        students = np.repeat(np.arange(market.students), np.diff(market.student_ptr))
        held = edge[students]
        rows = np.flatnonzero((held >= 0) & (market.priority >= 0) & (held != np.arange(len(held))))
        heads = market.choices[rows].astype(np.int64)
        order = np.argsort(heads, kind="stable")
        rows = rows[order]
        self.tails = own[students[rows]]
        self.extra = costs[rows] - costs[held[rows]]
        self.ptr = np.concatenate(([0], np.cumsum(np.bincount(heads, minlength=market.offers))))

    def relax(self, distance: Int64Array, changed: Int64Array) -> None:
        """Lower the distance of every tail of an arc into one of the ``changed`` offers."""
        lengths = self.ptr[changed + 1] - self.ptr[changed]
        changed, lengths = changed[lengths > 0], lengths[lengths > 0]
        if len(changed) == 0:
            return
        ends = np.cumsum(lengths)
        rows = np.arange(int(ends[-1])) + np.repeat(self.ptr[changed] - (ends - lengths), lengths)
        tails = self.tails[rows]
        reached = np.repeat(distance[changed], lengths) + self.extra[rows]
        lower = reached < distance[tails]
        np.minimum.at(distance, tails[lower], reached[lower])


def _dual(market: Market, costs: Int64Array, unplaced_cost: int, prices: Int64Array, region_prices: Int64Array) -> int:
    """Sum of every student's least cost plus price, minus prices times seats."""
    parents, capacity = _tree(market)
    p = market.offers
    every = np.concatenate((prices, region_prices))
    total = np.zeros(len(parents) + 1, dtype=np.int64)
    for node in reversed(_children_first(parents, p)):
        total[node] = total[parents[node]] + every[node]
    total[:p] = total[parents[:p]] + prices
    best = np.full(market.students, unplaced_cost, dtype=np.int64)
    listed = np.flatnonzero(market.priority >= 0)
    values = np.full(len(market.choices) + 1, np.iinfo(np.int64).max)
    values[listed] = costs[listed] + total[market.choices[listed]]
    nonempty = np.flatnonzero(np.diff(market.student_ptr) > 0)
    if len(nonempty):
        best[nonempty] = np.minimum(best[nonempty], np.minimum.reduceat(values[:-1], market.student_ptr[:-1][nonempty]))
    return int(best.sum()) - int((every * capacity).sum())
