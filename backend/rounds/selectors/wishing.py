"""What students see: rounds, places with live demand, the own result with its reasons."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from backend.accounts.models import User
from backend.common import clock
from backend.placements.enums import MatchState
from backend.rounds.eligibility import problems_for
from backend.rounds.enums import ResultState, RoundState
from backend.rounds.explain import WishFacts, reason_for
from backend.rounds.models import (
    Appeal,
    OwnFoundPlace,
    Participant,
    Result,
    Round,
    RoundSeat,
)
from backend.rounds.policies import can_watch_round, rounds_visible_to
from backend.rounds.reasons import FEWEST_SHOWN, facts_for, summary_of
from backend.students.policies import is_guardian_of

SEAT_ROW = ("period__offer__organisation", "period__offer__workplace__municipality", "period__offer__form")


def list_rounds(user: User) -> "QuerySet[Round]":
    """The user's rounds, newest first, each with `joined` (students) and `offered` (seats)."""
    return (
        Round.objects.filter(pk__in=rounds_visible_to(user).values("pk"))
        .select_related("lead", "form")
        .annotate(
            joined=Count("participants", filter=Q(participants__student__is_protected=False), distinct=True),
        )
        .order_by("-opens_at", "-pk")
    )


def get_round(user: User, round_id: int) -> Round | None:
    """The round when the user may see it."""
    return (
        Round.objects.filter(pk__in=rounds_visible_to(user).values("pk"))
        .select_related("lead", "form", "created_by", "follows")
        .filter(pk=round_id)
        .first()
    )


def list_seats(the_round: Round) -> "QuerySet[RoundSeat]":
    """The rows students may wish for, by title: those a student found for oneself are nobody else's business."""
    return (
        the_round.seats.filter(is_own_place=False)
        .select_related(*SEAT_ROW)
        .prefetch_related("period__offer__hazards", "reserves")
        .order_by("period__offer__title", "pk")
    )


@dataclass(frozen=True)
class Demand:
    """How many students wish for a row of seats, and how many of them most of all. None: fewer than five, not shown."""

    wishes: int | None
    first: int | None


def demand(the_round: Round) -> dict[int, Demand]:
    """Live demand by row of seats, shown while students rank. One query. Protected identities are not counted."""
    visible = Q(wishes__participant__student__is_protected=False, wishes__participant__is_live=True)
    rows = the_round.seats.annotate(
        number=Count("wishes", filter=visible), first=Count("wishes", filter=visible & Q(wishes__rank=1))
    ).values_list("pk", "number", "first")
    return {pk: Demand(_shown(number), _shown(first)) for pk, number, first in rows}


def demand_rows(the_round: Round) -> "list[WishableSeat]":
    """The rows that students may wish for, each with its demand, and nothing of whoever asks."""
    counts = demand(the_round)
    return [WishableSeat(seat, counts[seat.pk], None, "") for seat in the_round.seats.filter(is_own_place=False)]


def _shown(number: int) -> int | None:
    return number if number >= FEWEST_SHOWN else None


@dataclass(frozen=True)
class WishableSeat:
    """A row of seats as the student sees it. problem: why it cannot be wished for, empty when it can."""

    seat: RoundSeat
    demand: Demand
    rank: int | None
    problem: str


@dataclass(frozen=True)
class StudentRound:
    """Everything a student's page of a round shows."""

    round: Round
    participant: Participant | None
    seats: Sequence[WishableSeat]
    own_place: OwnFoundPlace | None
    result: Result | None
    summary: str
    reasons: Sequence[tuple[WishFacts, str]]
    appeals: Sequence[Appeal]
    can_wish: bool
    can_answer: bool
    can_step_back: bool


def get_student_round(user: User, round_id: int) -> StudentRound | None:
    """The page data for the student's own round; None when the user is no student or must not see it."""
    the_round = get_round(user, round_id)
    student = getattr(user, "student", None)
    if the_round is None or student is None:
        return None
    participant = the_round.participants.filter(student=student).select_related("student__user").first()
    ranks = dict(participant.wishes.values_list("seat", "rank")) if participant else {}
    rows = list(list_seats(the_round))
    problems = problems_for(student, rows, the_round)
    counts = demand(the_round)
    seats = [
        WishableSeat(
            seat,
            counts[seat.pk],
            ranks.get(seat.pk),
            str(problems[seat.pk][0].text) if problems[seat.pk] else "",
        )
        for seat in rows
    ]
    result = get_result_of(participant) if participant else None
    facts = facts_for([result])[result.pk] if result else []
    now = clock.now()
    return StudentRound(
        round=the_round,
        participant=participant,
        seats=seats,
        own_place=participant.own_places.order_by("-pk").first() if participant else None,
        result=result,
        summary=summary_of(result, facts) if result else "",
        reasons=[(wish, reason_for(wish)) for wish in facts],
        appeals=list(result.appeals.select_related("answered_by")) if result else [],
        can_wish=the_round.state == RoundState.OPEN and the_round.opens_at <= now < the_round.closes_at,
        can_answer=bool(
            result and result.state == ResultState.OFFERED and result.answer_by is not None and now < result.answer_by
        ),
        can_step_back=bool(
            result
            and result.state == ResultState.ACCEPTED
            and result.match is not None
            and result.match.state == MatchState.PROPOSED
        ),
    )


def get_result_of(participant: Participant) -> Result | None:
    """The result that counts, None while nothing is published."""
    return (
        Result.objects.filter(participant=participant, publication__undone_at=None)
        .select_related(
            "seat__period__offer__organisation",
            "seat__period__offer__workplace__municipality",
            "match",
            "publication__run",
            "participant__student__user",
            "participant__round",
        )
        .first()
    )


def get_result(user: User, result_id: int) -> Result | None:
    """A result the user may see: the student, a minor's guardian, or a coordinator of the round."""
    result = (
        Result.objects.select_related(
            "participant__student__user", "participant__round", "seat__period__offer__organisation"
        )
        .filter(pk=result_id, publication__undone_at=None)
        .first()
    )
    if result is None:
        return None
    student = result.participant.student
    is_party = student.user_id == user.pk or is_guardian_of(user, student)
    watches = not student.is_protected and can_watch_round(user, result.participant.round)
    return result if is_party or watches else None
