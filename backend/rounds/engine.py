"""The adapter to `matching` for rounds: plain rows in, decided seats with their reasons out.

Knows nothing of models. A round's snapshot becomes `Wishes` and `Seats`; what comes back is stored by the round.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from matching import Assignment, Lottery, Market, MarketBuilder, optimal_assign, solve_stable, verify


class Method(StrEnum):
    """STABLE: nobody is passed over by someone with lower priority. OPTIMAL: the best sum of wishes for all together."""

    STABLE = "stable"
    OPTIMAL = "optimal"


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
