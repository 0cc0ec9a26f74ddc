"""Minimum numbers of students: whether they can be met, and what each way of meeting them gives up.

Every stable matching fills an offer with the same number of students unless it is full in all of them (the rural
hospitals theorem, Roth 1986, *Econometrica* 54(2), 425-427). So one stable matching decides at once whether minimums can
be met without giving up stability, for strict priorities; where ties were drawn, the answer holds for that draw.

If not, fairness and filled minimums are in conflict (Goto et al. 2016, *Artificial Intelligence* 235), and which to
give up is a matter of policy. :func:`lower_quotas` does not choose. It computes

- "close": the offer that misses its minimum by most is closed, and so on until all open ones meet theirs
- "caps": all offers above their minimum lose the same number of seats until enough students are left for the others
- "flow": minimums first, then most placed, then best ranks, regardless of priorities (needs OR-Tools)

and lists for each what is still unmet and how many blocking pairs of the original market it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from matching.assignment import offers_of_edges
from matching.errors import LengthMismatch, Location, MarketErrors, NegativeCapacity, UnsupportedCombination
from matching.lottery import Lottery
from matching.market import Int32Array, Int64Array, Market
from matching.stable import solve_stable
from matching.verification import verify

Way: TypeAlias = Literal["stable", "close", "caps", "flow"]


@dataclass(frozen=True, slots=True, eq=False)
class QuotaOption:
    """One way to deal with the minimums.

    ``assignment`` int32 ``(n,)``; ``unmet`` offers and how many students each still lacks; ``closed`` offers;
    ``seats_removed`` from each offer above its minimum; ``blocking`` pairs of the original market; ``placed`` students.
    """

    way: Way
    assignment: Int32Array
    unmet: dict[str | int, int]
    closed: list[str | int]
    seats_removed: int
    blocking: int
    placed: int


@dataclass(frozen=True, slots=True, eq=False)
class QuotaReport:
    """``met`` by plain stability, and the options; the first is always the plain stable matching."""

    met: bool
    options: list[QuotaOption]


def lower_quotas(
    market: Market,
    minimum: Sequence[int] | npt.NDArray[np.integer],
    *,
    tie_break: Lottery | None = None,
    flow: bool = True,
) -> QuotaReport:
    """Decide whether ``minimum`` ``(p,)`` students an offer can be met, and what the alternatives give up.

    ``flow=False`` leaves out the option that needs OR-Tools. Raises :class:`UnsupportedCombination` for
    markets with reserves, regional caps or pairs. Time: "close" O(p) and "caps" O(largest capacity) stable solves.
    """
    wanted = np.asarray(minimum, dtype=np.int64)
    if wanted.shape != market.capacity.shape:
        raise MarketErrors([LengthMismatch(Location("array", "minimum"), market.offers, wanted.size)])
    if (wanted < 0).any():
        bad = np.flatnonzero(wanted < 0)
        raise MarketErrors([NegativeCapacity(Location("offer", int(i)), "minimum", int(wanted[i])) for i in bad])
    if not market.is_plain:
        raise UnsupportedCombination("minimums are defined for markets without reserves, regional caps and pairs")
    lottery = tie_break if tie_break is not None else Lottery()
    plain = solve_stable(market, tie_break=lottery).assignment
    first = _option(market, "stable", plain, wanted)
    if not first.unmet:
        return QuotaReport(met=True, options=[first])
    options = [first, _close(market, wanted, lottery), _caps(market, wanted, lottery)]
    if flow:
        from matching.optimal import rank_costs, solve_flow

        costs, unplaced_cost = rank_costs(market)
        edge = solve_flow(market, costs, unplaced_cost, minimum=wanted)
        options.append(_option(market, "flow", offers_of_edges(market, edge), wanted))
    return QuotaReport(met=False, options=options)


def _missing(market: Market, assignment: Int32Array, wanted: Int64Array) -> Int64Array:
    counts = np.bincount(assignment[assignment >= 0], minlength=market.offers)
    missing: Int64Array = np.maximum(wanted - counts, 0).astype(np.int64)
    return missing


def _option(
    market: Market,
    way: Way,
    assignment: Int32Array,
    wanted: Int64Array,
    *,
    closed: Sequence[int] = (),
    seats_removed: int = 0,
) -> QuotaOption:
    missing = _missing(market, assignment, wanted)
    missing[list(closed)] = 0
    return QuotaOption(
        way=way,
        assignment=assignment,
        unmet={market.offer_id(int(o)): int(missing[o]) for o in np.flatnonzero(missing)},
        closed=[market.offer_id(offer) for offer in closed],
        seats_removed=seats_removed,
        blocking=verify(market, assignment, limit=0).blocking,
        placed=int((assignment >= 0).sum()),
    )


def _with_capacity(market: Market, capacity: Int64Array) -> Market:
    return replace(market, capacity=capacity.astype(np.int32), _cache={})


def _close(market: Market, wanted: Int64Array, lottery: Lottery) -> QuotaOption:
    capacity = market.capacity.astype(np.int64)
    closed: list[int] = []
    while True:
        assignment = solve_stable(_with_capacity(market, capacity), tie_break=lottery).assignment
        missing = _missing(market, assignment, wanted)
        missing[closed] = 0
        if not missing.any():
            return _option(market, "close", assignment, wanted, closed=closed)
        worst = int(np.argmax(missing))
        capacity[worst] = 0
        closed.append(worst)


def _caps(market: Market, wanted: Int64Array, lottery: Lottery) -> QuotaOption:
    capacity = market.capacity.astype(np.int64)
    best: tuple[int, int, Int32Array] | None = None
    for removed in range(1, int(capacity.max(initial=0)) + 1):
        reduced = np.maximum(np.minimum(capacity, wanted), capacity - removed)
        assignment = solve_stable(_with_capacity(market, reduced), tie_break=lottery).assignment
        short = int(_missing(market, assignment, wanted).sum())
        if best is None or short < best[0]:
            best = (short, removed, assignment)
        if short == 0:
            break
    if best is None:
        best = (0, 0, np.full(market.students, -1, dtype=np.int32))
    return _option(market, "caps", best[2], wanted, seats_removed=best[1])
