"""What runs say of themselves: figures, fairness, comparison, what people would read."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, QuerySet

from backend.accounts.models import User
from backend.rounds.enums import RunState
from backend.rounds.models import (
    Outcome,
    Result,
    Round,
    Run,
)
from backend.rounds.policies import can_watch_round
from backend.rounds.reasons import FEWEST_SHOWN, facts_for, summary_of


@dataclass(frozen=True)
class Group:
    """A line of the fairness table: how many students, how many with a place, with their first, with one of three."""

    name: str
    students: int
    placed: int
    first: int
    top: int

    @property
    def unplaced(self) -> int:
        return self.students - self.placed

    @property
    def top_share(self) -> float:
        return self.top / self.students if self.students else 0.0


@dataclass(frozen=True)
class RunFigures:
    """What a finished run says of itself, as computed; students with protected identity are counted nowhere.

    rank_profile: rank to students. passed_over: students who see somebody of lower priority where they wanted to be.
    short: rows below their minimum. ways: what other ways of meeting minimums would give up. mean_km: of those placed.
    """

    run: Run
    students: int
    placed: int
    first: int
    rank_profile: Mapping[int, int]
    passed_over: int
    seats: int
    unused_seats: int
    wishes: int
    mean_km: float | None
    schools: Sequence[Group]
    groups: Sequence[Group]
    sexes: Sequence[Group]
    far: Group | None
    short: Sequence[Mapping[str, int]]
    ways: Sequence[Mapping[str, Any]] = field(default_factory=list)
    adjustments: int = 0

    @property
    def unplaced(self) -> int:
        return self.students - self.placed

    @property
    def later(self) -> int:
        """Students with their fourth wish or a later one."""
        return sum(number for rank, number in self.rank_profile.items() if rank > 3)


def list_runs(the_round: Round) -> "QuerySet[Run]":
    """Newest first, without the frozen input, which is large."""
    return the_round.runs.defer("snapshot").select_related("started_by").order_by("-number")


def get_run(user: User, run_id: int) -> Run | None:
    run = Run.objects.defer("snapshot").select_related("round", "started_by").filter(pk=run_id).first()
    return run if run is not None and can_watch_round(user, run.round) else None


def figures_of(run: Run) -> RunFigures | None:
    """None unless the run is done. Two queries."""
    if run.state != RunState.DONE:
        return None
    m = run.metrics
    groups = {name: [_group(row, row["name"]) for row in m[name]] for name in ("schools", "groups", "sexes")}
    adjusted = _as_adjusted(run)
    profile = adjusted or {int(rank): number for rank, number in m["rank_profile"].items()}
    return RunFigures(
        run=run,
        students=m["students"],
        placed=m["placed"] if adjusted is None else sum(adjusted.values()),
        first=profile.get(1, 0),
        rank_profile={rank: number for rank, number in profile.items() if rank},
        passed_over=m["passed_over"],
        seats=m["seats"],
        unused_seats=m["unused_seats"],
        wishes=m["wishes"],
        mean_km=m["mean_km"],
        schools=_large_enough(groups["schools"]),
        groups=_large_enough(groups["groups"]),
        sexes=_large_enough(groups["sexes"]),
        far=_group(m["far"], "") if m["far"]["students"] >= FEWEST_SHOWN else None,
        short=m["short"],
        ways=m["ways"],
        adjustments=run.adjustments.count(),
    )


def _group(row: Mapping[str, Any], name: str) -> Group:
    return Group(name, row["students"], row["placed"], row["first"], row["top"])


def _large_enough(groups: Sequence[Group]) -> list[Group]:
    """Groups of fewer than five are left out: their figures would be about persons."""
    return [group for group in groups if group.students >= FEWEST_SHOWN]


def _as_adjusted(run: Run) -> dict[int, int] | None:
    """Rank to students as the run stands after adjustments (0 = not wished for), None when nobody was moved."""
    if not run.adjustments.exists():
        return None
    rows = (
        run.outcomes.filter(seat__isnull=False, participant__student__is_protected=False)
        .order_by()
        .values("rank")
        .annotate(number=Count("pk"))
    )
    return {row["rank"] or 0: row["number"] for row in rows}


@dataclass(frozen=True)
class RunComparison:
    """Two finished runs side by side. better, worse, same: students, as seen going from the first to the second."""

    first: RunFigures
    second: RunFigures
    better: int
    worse: int
    same: int


def compare_runs(user: User, first_id: int, second_id: int) -> RunComparison | None:
    """None when the user must not see one of them, they are of different rounds, or one is not done."""
    first, second = get_run(user, first_id), get_run(user, second_id)
    if first is None or second is None or first.round_id != second.round_id:
        return None
    one, two = figures_of(first), figures_of(second)
    if one is None or two is None:
        return None
    before, after = _ranks_in(first), _ranks_in(second)
    shared = before.keys() & after.keys()
    better = sum(after[pk] < before[pk] for pk in shared)
    worse = sum(after[pk] > before[pk] for pk in shared)
    return RunComparison(one, two, better, worse, len(shared) - better - worse)


def _ranks_in(run: Run) -> dict[int, int]:
    """Each participant's wish, with places not wished for after all wishes and no place last."""
    rows = run.outcomes.filter(participant__student__is_protected=False).values_list("participant", "rank", "seat")
    return {pk: rank or (1_000 if seat else 2_000) for pk, rank, seat in rows}


def list_outcomes(run: Run) -> "QuerySet[Outcome]":
    """The proposal student by student, those without a place first."""
    return (
        run.outcomes.filter(participant__student__is_protected=False)
        .select_related(
            "participant__student__user",
            "participant__student__programme",
            "seat__period__offer__organisation",
            "seat__period__offer__workplace",
        )
        .order_by(F("seat").asc(nulls_first=True), "participant__student__user__name", "pk")
    )


def example_messages(run: Run, limit: int = 3) -> list[tuple[str, str]]:
    """What some students would read, without their names: the label of the case and the sentence. For the preview."""
    shown: dict[int | None, Outcome] = {}
    for outcome in list_outcomes(run).order_by(F("rank").asc(nulls_last=True), "lot")[:2_000]:
        shown.setdefault(outcome.rank, outcome)
    chosen = list(shown.values())
    chosen = chosen[: limit - 1] + chosen[-1:] if len(chosen) > limit else chosen
    adjusted = set(run.adjustments.values_list("participant", flat=True))
    results = [
        Result(
            pk=row.pk,
            participant=row.participant,
            seat=row.seat,
            rank=row.rank,
            lot=row.lot,
            kinds=row.kinds,
            is_adjusted=row.participant_id in adjusted,
        )
        for row in chosen
    ]
    facts = facts_for(results)
    return [(str(row.seat.period.offer.title) if row.seat else "", summary_of(row, facts[row.pk])) for row in results]


def snapshot_of(run: Run) -> bytes:
    """The frozen input as JSON, whose SHA-256 is `run.digest`: anybody who has it can compute the run again."""
    raw = Run.objects.values_list("snapshot", flat=True).get(pk=run.pk)
    return zlib.decompress(bytes(raw)) if raw else b""
