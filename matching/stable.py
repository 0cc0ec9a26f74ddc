"""Stable matching: choose the algorithm that fits the market, and put together the result with its certificate."""

from __future__ import annotations

from typing import Literal

import numpy as np

from matching.assignment import Assignment, StableCertificate, cut_offs, offers_of_edges
from matching.core import Outcome, deferred_acceptance
from matching.errors import UnsupportedCombination
from matching.lottery import Lottery
from matching.market import Int64Array, Market
from matching.stable_notions import CAPS, PLAIN, RESERVES


def solve_stable(
    market: Market,
    *,
    tie_break: Lottery | None = None,
    improve_ties: bool = False,
    pairs: Literal["heuristic", "exact"] = "heuristic",
    max_nodes: int = 100_000,
) -> Assignment:
    """The student-optimal stable matching under the lottery's tie-breaking (default: seed 0).

    - plain markets: :mod:`matching.core`; with reserves or regional caps: :mod:`matching.constrained`
    - ``improve_ties``: carry out stable improvement cycles among tied students (:mod:`matching.cycles`)
    - markets with pairs: :mod:`matching.pairs`, or with ``pairs="exact"`` :mod:`matching.pairs_exact`, which needs
      ``highspy`` and gives up with :class:`SolverFailed` after ``max_nodes`` nodes of its search

    Raises :class:`UnsupportedCombination` for pairs together with reserves or regional caps, and for ``improve_ties``
    together with any of the three: no theory says what the result would be.
    """
    lottery = tie_break if tie_break is not None else Lottery()
    if improve_ties and not market.is_plain:
        raise UnsupportedCombination("improve_ties is defined for markets without reserves, regional caps and pairs")
    if market.pairs is not None:
        if market.reserve is not None or market.has_caps:
            raise UnsupportedCombination("pairs cannot be combined with reserves or regional caps")
        if pairs == "exact":
            from matching.pairs_exact import solve_exact

            return solve_exact(market, lottery, max_nodes=max_nodes)
        from matching.pairs import solve_heuristic

        return solve_heuristic(market, lottery)
    if not market.is_plain:
        from matching.constrained import deferred_acceptance_constrained

        notion = " and ".join(
            name for name, has in ((RESERVES, market.reserve is not None), (CAPS, market.has_caps)) if has
        )
        return stable_assignment(market, lottery, deferred_acceptance_constrained(market, lottery), notion)
    outcome = deferred_acceptance(market, lottery)
    cycles = 0
    if improve_ties:
        from matching.cycles import improve

        outcome.edge, cycles = improve(market, outcome.edge)
    return stable_assignment(market, lottery, outcome, PLAIN, cycles=cycles)


def stable_assignment(
    market: Market, lottery: Lottery, outcome: Outcome, notion: str, *, cycles: int = 0
) -> Assignment:
    """Wrap the outcome of a run on a market without pairs."""
    edge: Int64Array = outcome.edge
    assignment = offers_of_edges(market, edge)
    priorities = np.where(edge >= 0, market.priority[np.maximum(edge, 0)], -1) if len(market.choices) else edge
    placed = int((edge >= 0).sum())
    return Assignment(
        market=market,
        assignment=assignment,
        edge=edge,
        method="stable",
        certificate=StableCertificate(
            notion=notion,
            lottery=lottery,
            cut_offs=cut_offs(market, assignment, priorities.astype(np.int32)),
            placed=placed,
            unplaced=market.students - placed,
            free_seats=int(market.capacity.sum(dtype=np.int64)) - placed,
            rounds=outcome.rounds,
            proposals=outcome.proposals,
            cycles=cycles,
            market=market,
        ),
    )
