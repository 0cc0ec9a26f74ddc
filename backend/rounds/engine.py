"""The adapter to `matching` for rounds: plain rows in, decided seats with their reasons out.

Knows nothing of models. A round's snapshot becomes `Wishes` and `Seats`; what comes back is stored by the round.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from backend.rounds.enums import Method, RunFailure
from backend.rounds.explain import Kind
from backend.rounds.snapshot import Ints, Snapshot
from matching import (
    Assignment,
    Lottery,
    Market,
    MarketBuilder,
    MarketErrors,
    MatchingError,
    MissingExtra,
    SolverFailed,
    UnsupportedCombination,
    lower_quotas,
    optimal_assign,
    solve_stable,
    verify,
)
from matching.market import Pairs

__all__ = [
    "MatchingError",
    "Method",
    "Outcome",
    "Proposal",
    "Seats",
    "Why",
    "Wishes",
    "allocate",
    "compute",
    "failure_of",
]

# Above this size the ways out of missed minimums would take longer than anybody waits.
MOST_SEATS_FOR_WAYS, MOST_STUDENTS_FOR_WAYS = 500, 5_000
FAR_KM = 15
TOP = 3


@dataclass(frozen=True)
class Wishes:
    """One student's periods, best first, without those that rules forbid. group: what reserved seats may name."""

    student_id: int
    period_ids: Sequence[int]
    group: str = ""


@dataclass(frozen=True)
class Seats:
    """One period's seats. priorities: student to a number, lower goes first, equal is decided by the lottery; a student
    without a number comes last. Empty: the lottery decides among all. reserve: group to seats it gets first."""

    period_id: int
    capacity: int
    priorities: Mapping[int, int] | None = None
    region: str = ""
    reserve: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Why:
    """What happened with one wish. kind: as in `matching.Reason`; data: the numbers its sentence needs."""

    period_id: int | None
    kind: str
    data: Mapping[str, object]


@dataclass(frozen=True)
class Outcome:
    """seat_of: student to period, None = unplaced. digest: of the certificate, which names input and lottery.

    is_verified: an independent check of the result found it feasible, and stable or optimal as promised.
    """

    seat_of: dict[int, int | None]
    rank_profile: dict[int, int]
    digest: str
    is_verified: bool
    _assignment: Assignment

    def explain(self, student_id: int) -> list[Why]:
        """A reason for each wish of the student, in the order of the wishes."""
        return [
            Why(None if reason.offer is None else int(reason.offer), reason.kind, reason.data)
            for reason in self._assignment.explain(str(student_id))
        ]


def allocate(
    wishes: Sequence[Wishes],
    seats: Sequence[Seats],
    *,
    method: Method,
    seed: int,
    region_caps: Mapping[str, int] | None = None,
) -> Outcome:
    """Decides who gets which seat. The same input and seed give the same result, whatever the order of the rows.

    Raises `matching.MarketErrors`, which lists every problem of the input at once.
    """
    market = _market(wishes, seats, region_caps or {})
    is_stable = method == Method.STABLE
    assignment = solve_stable(market, tie_break=Lottery(seed=seed)) if is_stable else optimal_assign(market)
    seat_of = {}
    for row in wishes:
        period = assignment.offer_of(str(row.student_id))
        seat_of[row.student_id] = None if period is None else int(period)
    return Outcome(
        seat_of=seat_of,
        rank_profile=assignment.metrics.rank_profile,
        digest=assignment.certificate.digest,
        is_verified=verify(market, assignment).ok,
        _assignment=assignment,
    )


def _market(wishes: Sequence[Wishes], seats: Sequence[Seats], region_caps: Mapping[str, int]) -> Market:
    builder = MarketBuilder()
    for region, cap in sorted(region_caps.items()):
        builder.region(region, cap=cap)
    students = sorted(row.student_id for row in wishes)
    for place in sorted(seats, key=lambda place: place.period_id):
        builder.offer(
            str(place.period_id),
            capacity=place.capacity,
            ranking=_ranking(place.priorities, students) if place.priorities else None,
            region=place.region if place.region in region_caps else None,
            reserve=place.reserve or None,
        )
    for row in sorted(wishes, key=lambda row: row.student_id):
        builder.student(str(row.student_id), choices=[str(pk) for pk in row.period_ids], group=row.group or None)
    return builder.build()


def _ranking(priorities: Mapping[int, int], students: Sequence[int]) -> list[list[str]]:
    """Classes of equal priority, best first; those without a number share the last one."""
    last = max(priorities.values()) + 1
    classes: dict[int, list[str]] = {}
    for student in students:
        classes.setdefault(priorities.get(student, last), []).append(str(student))
    return [classes[level] for level in sorted(classes)]


@dataclass(frozen=True)
class Proposal:
    """A run's result. seat, rank (n): index of the row and rank of the wish, -1 and 0 = unplaced; lot (n): place in the
    lottery from 1; kinds: for each participant one letter a wish, see `explain.Kind`; filled, cut_off (p), the latter -1
    while seats are left. certificate: the solver's digest. is_verified: checked by code that shares nothing with it.
    """

    seat: Ints
    rank: Ints
    lot: Ints
    kinds: list[str]
    filled: Ints
    cut_off: Ints
    certificate: str
    is_verified: bool
    metrics: dict[str, Any]


def failure_of(error: MatchingError) -> RunFailure:
    """The reason that people are told."""
    reasons: dict[type[MatchingError], RunFailure] = {
        MissingExtra: RunFailure.NOT_INSTALLED,
        MarketErrors: RunFailure.BAD_INPUT,
        UnsupportedCombination: RunFailure.COMBINATION,
        SolverFailed: RunFailure.NO_SOLUTION,
    }
    return next((reason for kind, reason in reasons.items() if isinstance(error, kind)), RunFailure.OTHER)


def compute(snapshot: Snapshot, progress: Callable[[int], None] = lambda percent: None) -> Proposal:
    """Decides who gets which seat. The same snapshot gives the same proposal, byte for byte.

    Raises `matching.MarketErrors` for an input that does not hold together, `UnsupportedCombination` for pairs together
    with reserves, caps or the optimal method.
    """
    market, locked = _market_of(snapshot)
    progress(20)
    if snapshot.method == Method.STABLE:
        assignment = solve_stable(market, tie_break=Lottery(seed=snapshot.seed))
    else:
        assignment = optimal_assign(market)
    progress(60)
    is_verified = verify(market, assignment, limit=0).ok
    progress(75)
    seat = assignment.assignment.astype(np.int32)
    for participant, index in snapshot.locks:
        seat[participant] = index
    count = len(snapshot.participants)
    ranks = _ranks(snapshot.ptr)
    owner = np.repeat(np.arange(count), np.diff(snapshot.ptr))
    held = snapshot.wishes == seat[owner]
    rank = np.zeros(count, dtype=np.int32)
    rank[owner[held]] = ranks[held]
    filled = np.bincount(seat[seat >= 0], minlength=len(snapshot.seats)).astype(np.int32)
    cut_off = _cut_offs(market, assignment)
    letters = _kinds(snapshot, market, assignment, locked, seat, rank, ranks, owner)
    text = letters.tobytes().decode("ascii")
    bounds = snapshot.ptr.tolist()
    return Proposal(
        seat=seat,
        rank=rank,
        lot=(Lottery(seed=snapshot.seed).positions(count) + 1).astype(np.int32),
        kinds=[text[bounds[i] : bounds[i + 1]] for i in range(count)],
        filled=filled,
        cut_off=cut_off,
        certificate=assignment.certificate.digest,
        is_verified=is_verified,
        metrics=_metrics(snapshot, market, assignment, seat, rank, held, owner, ranks, filled),
    )


def _market_of(snapshot: Snapshot) -> tuple[Market, npt.NDArray[np.bool_]]:
    """The market without those whose seat is locked, and with pairs on joint lists; locked (n) says who they are."""
    count = len(snapshot.participants)
    locked = np.zeros(count, dtype=np.bool_)
    capacity = snapshot.capacity.copy()
    for participant, index in snapshot.locks:
        locked[participant] = True
        capacity[index] -= 1
    paired = np.zeros(count, dtype=np.bool_)
    pairs = [pair for pair in snapshot.pairs if not locked[pair].any()]
    for pair in pairs:
        paired[pair] = True
    owner = np.repeat(np.arange(count), np.diff(snapshot.ptr))
    kept = ~(locked | paired)[owner]
    lengths = np.bincount(owner[kept], minlength=count)
    options: dict[str, Any] = {}
    if any(cap >= 0 for cap in snapshot.region_caps):
        options["region"] = snapshot.region
        options["region_parent"] = np.full(len(snapshot.regions), -1, dtype=np.int32)
        options["region_cap"] = np.array(snapshot.region_caps, dtype=np.int32)
    if snapshot.groups:
        options["student_group"] = snapshot.group
    if snapshot.reserves:
        reserve = np.zeros((len(snapshot.seats), len(snapshot.groups)), dtype=np.int32)
        for index, group, seats in snapshot.reserves:
            reserve[index, group] = min(seats, max(0, int(capacity[index]) - int(reserve[index].sum())))
        options["reserve"] = reserve
    market = Market.from_arrays(
        np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        snapshot.wishes[kept],
        snapshot.priority[kept],
        capacity,
        **options,
    )
    if pairs:
        market = replace(market, pairs=_joint_lists(snapshot, pairs), _cache={})
    return market, locked


def _joint_lists(snapshot: Snapshot, pairs: Sequence[Sequence[int]]) -> Pairs:
    """Both in one municipality first, by the sum of their ranks; then both anywhere; then one of them alone."""
    offers: list[tuple[int, int]] = []
    priorities: list[tuple[int, int]] = []
    ptr = [0]
    for first, second in pairs:
        lists = [
            [
                (position + 1, int(snapshot.wishes[edge]), int(snapshot.priority[edge]))
                for position, edge in enumerate(range(int(snapshot.ptr[who]), int(snapshot.ptr[who + 1])))
            ]
            for who in (first, second)
        ]
        joint = [(a, b) for a in lists[0] for b in lists[1]]
        joint.sort(
            key=lambda ab: (snapshot.region[ab[0][1]] != snapshot.region[ab[1][1]], ab[0][0] + ab[1][0], ab[0][0])
        )
        nobody = (0, -1, -1)
        alone = sorted(
            [(a, nobody) for a in lists[0]] + [(nobody, b) for b in lists[1]], key=lambda ab: ab[0][0] + ab[1][0]
        )
        for a, b in [*joint, *alone]:
            offers.append((a[1], b[1]))
            priorities.append((a[2], b[2]))
        ptr.append(len(offers))
    return Pairs(
        members=np.array(pairs, dtype=np.int32).reshape(-1, 2),
        ptr=np.array(ptr, dtype=np.int64),
        offers=np.array(offers, dtype=np.int32).reshape(-1, 2),
        priority=np.array(priorities, dtype=np.int32).reshape(-1, 2),
    )


def _ranks(ptr: npt.NDArray[np.int64]) -> Ints:
    ranks = np.arange(1, int(ptr[-1]) + 1, dtype=np.int32)
    ranks -= np.repeat(ptr[:-1], np.diff(ptr)).astype(np.int32)
    return ranks


def _cut_offs(market: Market, assignment: Assignment) -> Ints:
    """The worst priority held at each full row (locked seats aside), -1 while seats are left."""
    worst = _worst(market, assignment, np.ones(market.students, dtype=np.bool_))
    worst[assignment.filled < market.capacity] = -1
    return worst


def _worst(market: Market, assignment: Assignment, who: npt.NDArray[np.bool_]) -> Ints:
    worst = np.full(market.offers, -1, dtype=np.int32)
    rows = np.flatnonzero((assignment.edge >= 0) & who)
    np.maximum.at(worst, assignment.assignment[rows], market.priority[assignment.edge[rows]])
    return worst


def _kinds(
    snapshot: Snapshot,
    market: Market,
    assignment: Assignment,
    locked: npt.NDArray[np.bool_],
    seat: Ints,
    rank: Ints,
    ranks: Ints,
    owner: npt.NDArray[np.int64],
) -> npt.NDArray[np.uint8]:
    """What happened with each wish, as `matching.explain` says it for one student, for all of them at once."""
    wished, priority = snapshot.wishes, snapshot.priority
    worst = _worst(market, assignment, np.ones(market.students, dtype=np.bool_))
    full = assignment.filled >= market.capacity
    letters = np.full(len(wished), ord(Kind.TOTAL), dtype=np.uint8)
    if snapshot.method == Method.STABLE:
        letters[:] = ord(Kind.REGION)
        letters[full[wished] & (priority == worst[wished])] = ord(Kind.LOTTERY)
        if market.reserve is not None and market.student_group is not None:
            group = market.student_group[np.arange(market.students)]
            at = np.maximum(assignment.assignment, 0)
            in_reserve = (group >= 0) & (market.reserve[at, np.maximum(group, 0)] > 0)
            reserved = _worst(market, assignment, in_reserve)
            letters[full[wished] & (reserved[wished] >= priority)] = ord(Kind.RESERVE)
        letters[full[wished] & (priority > worst[wished])] = ord(Kind.FILLED)
    for pair in snapshot.pairs:
        for who in pair:
            letters[int(snapshot.ptr[who]) : int(snapshot.ptr[who + 1])] = ord(Kind.PAIR)
    letters[snapshot.capacity[wished] == 0] = ord(Kind.CLOSED)
    letters[(rank[owner] > 0) & (ranks > rank[owner])] = ord(Kind.BETTER)
    letters[priority < 0] = ord(Kind.NOT_POSSIBLE)
    letters[wished == seat[owner]] = ord(Kind.ACCEPTED)
    letters[locked[owner]] = ord(Kind.LOCKED)
    return letters


def _metrics(
    snapshot: Snapshot,
    market: Market,
    assignment: Assignment,
    seat: Ints,
    rank: Ints,
    held: npt.NDArray[np.bool_],
    owner: npt.NDArray[np.int64],
    ranks: Ints,
    filled: Ints,
) -> dict[str, Any]:
    visible = snapshot.visible.astype(np.bool_)
    profile = np.bincount(rank[visible & (seat >= 0)])
    worst = _worst(market, assignment, np.ones(market.students, dtype=np.bool_))
    above = (rank[owner] == 0) | (ranks < rank[owner])
    passed = above & (snapshot.priority >= 0) & (snapshot.priority < worst[snapshot.wishes])
    km = np.full(len(seat), -1, dtype=np.int32)
    km[owner[held]] = snapshot.km[held]
    nearest = np.full(len(seat), np.iinfo(np.int32).max, dtype=np.int32)
    known = snapshot.km >= 0
    np.minimum.at(nearest, owner[known], snapshot.km[known])
    short = np.flatnonzero((filled < snapshot.minimum) & (snapshot.capacity > 0))
    figures: dict[str, Any] = {
        **_counted(visible, seat, rank),
        "wishes": int(snapshot.ptr[-1]),
        "rank_profile": {str(r): int(profile[r]) for r in np.flatnonzero(profile)},
        "passed_over": len(np.unique(owner[passed & visible[owner]])),
        "seats": int(snapshot.capacity.sum()),
        "unused_seats": int(snapshot.capacity.sum() - filled.sum()),
        "mean_km": _mean_km(km[visible & (km >= 0)]),
        "schools": _by_label(snapshot.school, snapshot.schools, visible, seat, rank),
        "groups": _by_label(snapshot.group, snapshot.groups, visible, seat, rank),
        "sexes": _by_label(snapshot.sex, snapshot.sexes, visible, seat, rank),
        # Those for whom every place they wish for is far away.
        "far": _counted(visible & (nearest > FAR_KM * 10) & (nearest < np.iinfo(np.int32).max), seat, rank),
        "short": [
            {"seat": snapshot.seats[i], "filled": int(filled[i]), "minimum": int(snapshot.minimum[i])}
            for i in short.tolist()
        ],
    }
    figures["ways"] = _ways_out(snapshot, market) if len(short) else []
    return figures


def _counted(who: npt.NDArray[np.bool_], seat: Ints, rank: Ints) -> dict[str, int]:
    return {
        "students": int(who.sum()),
        "placed": int((who & (seat >= 0)).sum()),
        "first": int((who & (rank == 1)).sum()),
        "top": int((who & (rank >= 1) & (rank <= TOP)).sum()),
    }


def _by_label(
    label: Ints, names: Sequence[str], visible: npt.NDArray[np.bool_], seat: Ints, rank: Ints
) -> list[dict[str, Any]]:
    return [{"name": name, **_counted(visible & (label == i), seat, rank)} for i, name in enumerate(names)]


def _mean_km(tenths: Ints) -> float | None:
    return round(float(tenths.mean()) / 10, 1) if len(tenths) else None


def _ways_out(snapshot: Snapshot, market: Market) -> list[dict[str, Any]]:
    """What each way of meeting the minimums gives up; nothing where the market is too large or not a plain one."""
    if (
        snapshot.method != Method.STABLE
        or not market.is_plain
        or market.offers > MOST_SEATS_FOR_WAYS
        or market.students > MOST_STUDENTS_FOR_WAYS
    ):
        return []
    locked = np.bincount([index for _who, index in snapshot.locks], minlength=market.offers)
    wanted = np.maximum(snapshot.minimum - locked, 0) * (market.capacity > 0)
    report = lower_quotas(market, wanted, tie_break=Lottery(seed=snapshot.seed), flow=False)
    return [
        {
            "way": option.way,
            "placed": option.placed + len(snapshot.locks),
            "unmet": {str(snapshot.seats[int(index)]): lacking for index, lacking in option.unmet.items()},
            "closed": [snapshot.seats[int(index)] for index in option.closed],
            "passed_over": option.blocking,
        }
        for option in report.options
    ]
