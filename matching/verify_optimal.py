"""Check the prices of an optimal result: if they hold, no assignment can be better, and no solver need be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from matching.assignment import OptimalCertificate
from matching.market import Int32Array, Int64Array, Market

if TYPE_CHECKING:
    from matching.verification import Violation


def prices_prove(
    market: Market,
    offers: Int32Array,
    edge: Int64Array,
    certificate: OptimalCertificate,
    violations: list[Violation],
) -> bool:
    """True when the prices prove the assignment optimal; what fails is added to ``violations``.

    1. The costs are those of the objective. 2. No price is negative, and only what is full has one. 3. At these prices
    nobody has a cheaper choice than the one held. 4. The stated objective is the cost of the assignment and equals
    the dual value.
    """
    from matching.verification import Violation

    def fail(detail: str) -> bool:
        violations.append(Violation("prices do not prove it", "certificate", detail))
        return False

    shape_ok = (
        certificate.costs.shape == market.choices.shape
        and certificate.prices.shape == market.capacity.shape
        and len(certificate.region_prices) == (0 if market.region_cap is None else len(market.region_cap))
    )
    if not shape_ok:
        return fail("costs or prices have the wrong length")
    if certificate.objective_name == "rank" and not _is_rank_objective(market, certificate):
        violations.append(Violation("wrong objective", "certificate", "the costs are not squared ranks"))
        return False
    if (certificate.prices < 0).any() or (certificate.region_prices < 0).any():
        return fail("a price is negative")
    total, income, slack = _prices_paid(market, offers, certificate)
    if slack:
        return fail("something that is not full has a price")
    placed = edge >= 0
    paid = np.full(market.students, certificate.unplaced_cost, dtype=np.int64)
    paid[placed] = certificate.costs[edge[placed]] + total[offers[placed]]
    if (paid > certificate.unplaced_cost).any():
        return fail("a placed student costs more than an unplaced one")
    step = 1 << 18
    for start in range(0, len(market.choices), step):
        rows = slice(start, start + step)
        asked = np.where(
            market.priority[rows] >= 0,
            certificate.costs[rows] + total[market.choices[rows]],
            np.iinfo(np.int64).max,
        )
        owners = np.searchsorted(market.student_ptr, np.arange(start, start + len(asked)), side="right") - 1
        if (asked < paid[owners]).any():
            return fail("a student has a cheaper choice at these prices")
    cost = int(certificate.costs[edge[placed]].sum()) + certificate.unplaced_cost * int((~placed).sum())
    if cost != certificate.objective:
        return fail(f"the assignment costs {cost}, the certificate says {certificate.objective}")
    if int(paid.sum()) - income != certificate.dual or certificate.dual != certificate.objective:
        return fail("the dual value differs from the objective")
    return True


def _is_rank_objective(market: Market, certificate: OptimalCertificate) -> bool:
    ranks = market.ranks().astype(np.int64)
    if not np.array_equal(certificate.costs, ranks * ranks):
        return False
    worst = int(ranks.max()) if len(ranks) else 1
    # above this bound one more placement is worth any change of ranks
    return certificate.unplaced_cost > min(market.students, market.offers) * (worst * worst - 1) + worst * worst


def _prices_paid(market: Market, offers: Int32Array, certificate: OptimalCertificate) -> tuple[Int64Array, int, bool]:
    """Price of each offer with its regions, prices times capacities, and whether anything with a price has room."""
    counts = np.bincount(offers[offers >= 0], minlength=market.offers)
    total = certificate.prices.astype(np.int64)
    income = int((certificate.prices * market.capacity).sum())
    slack = bool(((certificate.prices > 0) & (counts < market.capacity)).any())
    if market.region is None or market.region_parent is None or market.region_cap is None:
        return total, income, slack
    inside = [0] * len(market.region_cap)
    for offer in np.flatnonzero(market.region >= 0).tolist():
        at = int(market.region[offer])
        while at >= 0:
            total[offer] += certificate.region_prices[at]
            inside[at] += int(counts[offer])
            at = int(market.region_parent[at])
    for region, price in enumerate(certificate.region_prices.tolist()):
        cap = int(market.region_cap[region])
        if price > 0:
            slack = slack or cap < 0 or inside[region] < cap
            income += price * cap
    return total, income, slack
