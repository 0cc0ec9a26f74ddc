"""Check a result against the market alone. Shares no code with the solvers, so a mistake there shows here.

Blocking pairs (Gale and Shapley 1962): a student and an offer that both prefer each other to what they have. Ties do
not block: the offer has to strictly prefer the student to someone it took, the student the offer to their own.

1. Feasible: every student is at an offer they listed that accepts them, and no offer or region holds more than it may.
2. For every student only the choices above their own are looked at: in a good result those are few.
3. A choice blocks when the offer has a free seat or holds someone with a worse priority.

With reserves and regional caps "would take the student" is asked of the choice rule, see
:mod:`matching.verify_constrained`; with pairs see :mod:`matching.verify_pairs`; the prices of an optimal result are
checked in :mod:`matching.verify_optimal`.

Time O(choices above the assigned ones + n + p), memory O(block).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from matching.assignment import Assignment, OptimalCertificate
from matching.market import Int32Array, Int64Array, Market

ViolationKind: TypeAlias = Literal[
    "wrong length", "unknown offer", "not listed", "unacceptable", "forbidden", "over capacity", "over regional cap",
    "pair split", "other market", "wrong objective", "prices do not prove it",
]  # fmt: skip
_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class Violation:
    """Something no result may do; ``subject`` is the student, offer or region in the caller's names."""

    kind: ViolationKind
    subject: str | int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BlockingPair:
    """A student and an offer that would both rather have each other; for a pair of students both with their offers."""

    student: str | int
    offer: str | int | None
    partner: str | int | None = None
    partner_offer: str | int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Result of :func:`verify`.

    ``is_stable`` is None where the result is not feasible, ``is_optimal`` None where no prices came with it.
    ``blocking_pairs`` holds at most the number asked for, ``blocking`` counts all of them.
    """

    is_feasible: bool
    is_stable: bool | None
    is_optimal: bool | None
    blocking: int
    blocking_pairs: list[BlockingPair]
    violations: list[Violation]
    placed: int
    unplaced: int

    @property
    def ok(self) -> bool:
        """Feasible and as good as its method promises: optimal if prices came with it, stable otherwise."""
        return self.is_feasible and bool(self.is_stable if self.is_optimal is None else self.is_optimal)


def verify(market: Market, result: Assignment | npt.ArrayLike, *, limit: int = 100) -> Report:
    """Check ``result``: an :class:`matching.Assignment` or offer indices ``(n,)`` with -1 for unplaced.

    Never raises for a wrong result; it is reported. ``limit`` bounds how many blocking pairs are listed.
    """
    violations: list[Violation] = []
    claimed = np.asarray(result.assignment if isinstance(result, Assignment) else result)
    if claimed.shape != (market.students,) or claimed.dtype.kind not in "iu":
        violations.append(Violation("wrong length", "assignment", f"{claimed.dtype.name} {claimed.shape}"))
        return _infeasible(violations, 0, 0)
    if isinstance(result, Assignment) and result.market is not market and result.market.digest != market.digest:
        violations.append(Violation("other market", "digest", "the result was computed from another market"))
    outside = (claimed < -1) | (claimed >= market.offers)
    violations.extend(
        Violation("unknown offer", market.student_id(int(student)), str(int(claimed[student])))
        for student in np.flatnonzero(outside)
    )
    offers = np.where(outside, -1, claimed).astype(np.int32) if violations else claimed.astype(np.int32, copy=False)
    hint = result.edge if isinstance(result, Assignment) else None
    edge = _held_choices(market, offers, hint)
    held = _held_priorities(market, offers, edge, violations)
    entries = None
    if market.pairs is not None:
        from matching.verify_pairs import held_entries

        entries = held_entries(market, offers, held, violations)
    _check_lists(market, offers, edge, held, violations)
    _check_seats(market, offers, violations)
    placed = int((offers >= 0).sum())
    if violations:
        return _infeasible(violations, placed, market.students - placed)
    is_optimal = None
    if isinstance(result, Assignment) and isinstance(result.certificate, OptimalCertificate):
        from matching.verify_optimal import prices_prove

        is_optimal = prices_prove(market, offers, edge, result.certificate, violations)
    pairs, count = _blocking(market, offers, edge, held, entries, limit)
    return Report(
        is_feasible=True,
        is_stable=count == 0,
        is_optimal=is_optimal,
        blocking=count,
        blocking_pairs=pairs,
        violations=violations,
        placed=placed,
        unplaced=market.students - placed,
    )


def _infeasible(violations: list[Violation], placed: int, unplaced: int) -> Report:
    return Report(
        is_feasible=False,
        is_stable=None,
        is_optimal=None,
        blocking=0,
        blocking_pairs=[],
        violations=violations,
        placed=placed,
        unplaced=unplaced,
    )


def _held_choices(market: Market, offers: Int32Array, hint: Int64Array | None) -> Int64Array:
    """Position of each student's offer in their list, int64 ``(n,)``, -1 where unplaced or not on the list."""
    if hint is not None and hint.shape == offers.shape:
        inside = (hint >= market.student_ptr[:-1]) & (hint < market.student_ptr[1:])
        if np.array_equal(inside, offers >= 0):
            guess = np.where(inside, hint, 0)
            if len(market.choices) == 0 or bool(np.all((market.choices[guess] == offers) | ~inside)):
                return np.where(inside, hint, np.int64(-1))
    edge = np.full(market.students, -1, dtype=np.int64)
    for first, last in _blocks(market):
        start, stop = market.student_ptr[first], market.student_ptr[last]
        lengths = np.diff(market.student_ptr[first : last + 1])
        wanted = np.repeat(offers[first:last], lengths)
        hits = np.flatnonzero(market.choices[start:stop] == wanted) + start
        edge[np.searchsorted(market.student_ptr, hits, side="right") - 1] = hits
    return edge


def _blocks(market: Market) -> Iterator[tuple[int, int]]:
    """Ranges of students whose lists together have about ``_BLOCK`` choices."""
    first = 0
    while first < market.students:
        limit = market.student_ptr[first] + _BLOCK
        last = max(first + 1, int(np.searchsorted(market.student_ptr, limit, side="right")) - 1)
        yield first, last
        first = last


def _held_priorities(market: Market, offers: Int32Array, edge: Int64Array, violations: list[Violation]) -> Int32Array:
    """The offer's rank of each placed student, -1 where unplaced; members of pairs are filled in later."""
    held = np.full(market.students, -1, dtype=np.int32)
    listed = edge >= 0
    held[listed] = market.priority[edge[listed]]
    unlisted = (offers >= 0) & ~listed
    if market.pairs is not None:
        unlisted[market.pairs.members.ravel()] = False
    for student in np.flatnonzero(unlisted):
        offer = market.offer_id(int(offers[student]))
        violations.append(Violation("not listed", market.student_id(int(student)), f"placed at {offer!r}"))
    return held


def _check_lists(
    market: Market, offers: Int32Array, edge: Int64Array, held: Int32Array, violations: list[Violation]
) -> None:
    for student in np.flatnonzero((edge >= 0) & (held < 0)):
        forbidden = market.forbidden is not None and bool(market.forbidden[edge[student]])
        offer = market.offer_id(int(offers[student]))
        kind: ViolationKind = "forbidden" if forbidden else "unacceptable"
        violations.append(Violation(kind, market.student_id(int(student)), f"placed at {offer!r}"))


def _check_seats(market: Market, offers: Int32Array, violations: list[Violation]) -> None:
    counts = np.bincount(offers[offers >= 0], minlength=market.offers)
    for offer in np.flatnonzero(counts > market.capacity):
        detail = f"{int(counts[offer])} of {int(market.capacity[offer])} seats"
        violations.append(Violation("over capacity", market.offer_id(int(offer)), detail))
    if market.region is None or market.region_parent is None or market.region_cap is None:
        return
    inside = [0] * len(market.region_cap)
    for offer in np.flatnonzero((counts > 0) & (market.region >= 0)):
        region = int(market.region[offer])
        while region >= 0:
            inside[region] += int(counts[offer])
            region = int(market.region_parent[region])
    for region, count in enumerate(inside):
        cap = int(market.region_cap[region])
        if 0 <= cap < count:
            name = market.region_ids[region] if market.region_ids is not None else region
            violations.append(Violation("over regional cap", name, f"{count} of {cap}"))


def preferred_choices(market: Market, edge: Int64Array, first: int, last: int) -> tuple[Int64Array, Int64Array]:
    """Choices that students ``first:last`` list strictly above their own: positions and students, both int64."""
    starts = market.student_ptr[first:last]
    own = edge[first:last]
    stops = np.where(own >= 0, own, market.student_ptr[first + 1 : last + 1])
    lengths = stops - starts
    total = int(lengths.sum())
    if total == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    wishing = np.flatnonzero(lengths)
    lengths = lengths[wishing]
    ends = np.cumsum(lengths)
    positions = np.arange(total) + np.repeat(starts[wishing] - (ends - lengths), lengths)
    students = np.repeat(wishing + first, lengths)
    if market.choice_rank is not None:
        own_edge = edge[students]
        strict = (own_edge < 0) | (market.choice_rank[positions] < market.choice_rank[np.maximum(own_edge, 0)])
        return positions[strict], students[strict]
    return positions, students


def _blocking(
    market: Market,
    offers: Int32Array,
    edge: Int64Array,
    held: Int32Array,
    entries: Int64Array | None,
    limit: int,
) -> tuple[list[BlockingPair], int]:
    if market.reserve is not None or market.has_caps:
        from matching.verify_constrained import blocking_constrained

        return blocking_constrained(market, offers, edge, held, limit)
    # an offer takes everyone below this number: all acceptable ones while it has seats, nobody when it has none
    bound = np.zeros(market.offers, dtype=np.uint32)
    placed = np.flatnonzero(offers >= 0)
    at = offers[placed]
    np.maximum.at(bound, at, held[placed].view(np.uint32))
    bound[np.bincount(at, minlength=market.offers) < market.capacity] = np.iinfo(np.uint32).max
    unsigned = market.priority.view(np.uint32)  # -1, unacceptable, becomes the largest number
    found: list[BlockingPair] = []
    count = 0
    for first, last in _blocks(market):
        positions, students = preferred_choices(market, edge, first, last)
        if len(positions) == 0:
            continue
        hits = np.flatnonzero(unsigned[positions] < bound[market.choices[positions]])
        count += len(hits)
        for hit in hits[: max(0, limit - len(found))]:
            offer = int(market.choices[positions[hit]])
            found.append(BlockingPair(market.student_id(int(students[hit])), market.offer_id(offer)))
    if market.pairs is not None and entries is not None:
        from matching.verify_pairs import blocking_pairs

        by_pairs = blocking_pairs(market, offers, held, entries)
        count += len(by_pairs)
        found += by_pairs[: max(0, limit - len(found))]
    return found, count
