"""What coordinators and organisations see of a round: who stands where, what waits, who wishes for a place."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When

from backend.accounts.models import User
from backend.placements.enums import MatchState
from backend.rounds.enums import WITHOUT_A_PLACE, OwnPlaceState, ResultState, RoundState
from backend.rounds.models import (
    Appeal,
    OwnFoundPlace,
    Participant,
    Publication,
    Result,
    Round,
    RoundSeat,
)
from backend.rounds.policies import rounds_visible_to
from backend.rounds.reasons import wish_counts
from backend.rounds.selectors.wishing import SEAT_ROW

# A Participant with the columns of the board: the type checker knows no such model.
BoardParticipant = Any


def list_participants(the_round: Round) -> "QuerySet[BoardParticipant]":
    """The round's students, those who need somebody first. Each has `wished` (number of wishes), `need` (0 = most) and
    `result_state`, empty before the publication."""
    current = Q(results__publication__undone_at=None)
    state = Case(
        *(When(current & Q(results__state=value), then=Value(value)) for value in ResultState.values),
        default=Value(""),
    )
    return (
        the_round.participants.filter(student__is_protected=False)
        .select_related("student__user", "student__programme", "student__municipality", "lock__seat__period__offer")
        .annotate(wished=Count("wishes", distinct=True), result_state=state)
        .annotate(
            need=Case(
                When(result_state=ResultState.UNPLACED, then=Value(0)),
                When(result_state__in=[ResultState.LAPSED, ResultState.DECLINED, ResultState.FELL], then=Value(1)),
                When(wished=0, result_state="", lock=None, then=Value(2)),
                When(result_state=ResultState.OFFERED, then=Value(3)),
                default=Value(4),
                output_field=IntegerField(),
            )
        )
        .filter(Q(results=None) | current | ~Q(pk__in=_with_current_result(the_round)))
        .distinct()
        .order_by("need", "student__user__name", "pk")
    )


def _with_current_result(the_round: Round) -> "QuerySet[Result, Any]":
    return Result.objects.filter(publication__round=the_round, publication__undone_at=None).values_list("participant")


def list_unplaced(user: User) -> "QuerySet[Result]":
    """Students whom published rounds of the user's municipalities left without a place and who have got none since."""
    return (
        Result.objects.filter(
            publication__undone_at=None,
            publication__round__in=rounds_visible_to(user).filter(
                state__in=[RoundState.PUBLISHED, RoundState.FINISHED]
            ),
            state__in=WITHOUT_A_PLACE,
            participant__student__is_protected=False,
        )
        .exclude(participant__student__matches__state__in=[MatchState.PROPOSED, MatchState.APPROVED])
        .select_related("participant__student__user", "participant__round")
        .order_by("participant__student__user__name", "pk")
    )


@dataclass(frozen=True)
class RoundCounts:
    """What a round's head line says. wishing: students with at least one wish."""

    students: int
    wishing: int
    seats: int
    places: int
    schools: int
    answered: int
    accepted: int
    unplaced: int
    unanswered_appeals: int
    own_places_waiting: int


def counts_of(the_round: Round) -> RoundCounts:
    """Four queries. Protected identities are not counted."""
    people = the_round.participants.filter(student__is_protected=False).aggregate(
        students=Count("pk"),
        wishing=Count("pk", filter=Q(wished_at__isnull=False)),
        schools=Count("student__school", distinct=True, filter=~Q(student__school="")),
    )
    rows = the_round.seats.values_list("seats", flat=True)
    results = Result.objects.filter(
        publication__round=the_round, publication__undone_at=None, participant__student__is_protected=False
    ).aggregate(
        answered=Count("pk", filter=Q(state__in=[ResultState.ACCEPTED, ResultState.DECLINED, ResultState.FELL])),
        accepted=Count("pk", filter=Q(state=ResultState.ACCEPTED)),
        unplaced=Count("pk", filter=Q(state=ResultState.UNPLACED)),
        appeals=Count("appeals", filter=Q(appeals__answered_at=None, appeals__isnull=False)),
    )
    waiting = OwnFoundPlace.objects.filter(participant__round=the_round, state=OwnPlaceState.SUBMITTED).exclude(
        participant__student__is_protected=True
    )
    seats = list(rows)
    return RoundCounts(
        students=people["students"],
        wishing=people["wishing"],
        schools=people["schools"],
        seats=sum(seats),
        places=len(seats),
        answered=results["answered"],
        accepted=results["accepted"],
        unplaced=results["unplaced"],
        unanswered_appeals=results["appeals"],
        own_places_waiting=waiting.count(),
    )


def list_appeals(the_round: Round) -> "QuerySet[Appeal]":
    """Unanswered first, oldest first."""
    return (
        Appeal.objects.filter(result__publication__round=the_round, result__participant__student__is_protected=False)
        .select_related("result__participant__student__user", "sent_by", "answered_by")
        .order_by(F("answered_at").asc(nulls_first=True), "sent_at", "pk")
    )


def list_own_places(the_round: Round) -> "QuerySet[OwnFoundPlace]":
    return (
        OwnFoundPlace.objects.filter(participant__round=the_round, participant__student__is_protected=False)
        .select_related("participant__student__user", "municipality", "decided_by")
        .order_by("state", "created_at", "pk")
    )


@dataclass(frozen=True)
class Applicant:
    """Somebody who wishes for an organisation's seats, as it sees the person: an alias for a protected identity. The
    organisation does not learn which wish it is."""

    participant_id: int
    name: str
    programme: str
    school_class: str
    rank: int | None


def list_applicants(seat: RoundSeat) -> list[Applicant]:
    """In the organisation's own order, the unranked last by number. Two queries."""
    ranks = dict(seat.rankings.values_list("participant", "rank"))
    rows = (
        Participant.objects.filter(wishes__seat=seat, is_live=True)
        .select_related("student__user", "student__programme")
        .order_by("pk")
    )
    found = [
        Applicant(
            row.pk,
            row.display_name,
            str(row.student.programme or ""),
            "" if row.student.is_protected else row.student.class_name,
            ranks.get(row.pk),
        )
        for row in rows
    ]
    return sorted(found, key=lambda row: (row.rank is None, row.rank or 0, row.participant_id))


def list_seats_of_organisations(user: User, the_round: Round) -> "QuerySet[RoundSeat]":
    """The rows of seats of the user's organisations in the round."""
    return (
        the_round.seats.filter(period__offer__organisation__memberships__user=user)
        .select_related(*SEAT_ROW)
        .annotate(applicants=Count("wishes", distinct=True))
        .order_by("period__offer__title", "pk")
    )


def get_publication(the_round: Round) -> Publication | None:
    """The publication that counts."""
    return Publication.objects.select_related("run", "published_by").filter(round=the_round, undone_at=None).first()


def count_wishes(the_round: Round) -> dict[int, int]:
    """Wishes by row of seats for the coordinator, protected identities left out. Two queries."""
    return wish_counts(list(the_round.seats.values_list("pk", flat=True)))
