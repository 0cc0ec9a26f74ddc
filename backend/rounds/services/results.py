"""A student's answer to what the round gave, and what becomes of seats that are given back."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.applications.services import release_applications_in
from backend.common import clock, outbox
from backend.common.errors import Conflict, NotAllowed, NotFound
from backend.common.transitions import move
from backend.common.workdays import end_of_day
from backend.offers.seats import hold_seat
from backend.placements.enums import MatchState, PlacementState
from backend.placements.models import Match
from backend.placements.services import place_by_round, withdraw_match
from backend.reference.selectors import form_on
from backend.rounds import policies
from backend.rounds.eligibility import problems_for
from backend.rounds.enums import RESULT_TRANSITIONS, ResultState, RoundState
from backend.rounds.models import EmployerRanking, Result, RoundSeat
from backend.rounds.notifications import tell_result
from backend.rounds.services.wishes import SEAT
from backend.students.models import Student

RELATED = (
    "participant__student__user",
    "participant__round",
    "publication__published_by",
    *(f"seat__{x}" for x in SEAT),
)


def _locked(result_id: int) -> Result:
    """Locks in the order student, result, so that an answer here and an accepted application never wait for each other."""
    owner = Result.objects.filter(pk=result_id).values_list("participant__student", flat=True).first()
    if owner is None:
        raise NotFound("result.unknown", _("There is no such result."))
    Student.objects.select_for_update(of=("self",)).filter(pk=owner).first()
    return Result.objects.select_related(*RELATED).select_for_update(of=("self",)).get(pk=result_id)


@transaction.atomic
def accept_result(*, actor: User, result_id: int) -> Result:
    """The student says yes until the last day: the seat becomes a match of the round, and applications for the same days
    make way.

    Raises Conflict when the time is over (`result.late`), or the student has a place in these weeks (`match.overlap`).
    """
    result = _locked(result_id)
    if not policies.can_accept(actor, result):
        raise _refusal(actor, result)
    if result.state == ResultState.OFFERED and result.answer_by is not None and result.answer_by <= clock.now():
        raise Conflict("result.late", _("The time to answer has run out."))
    if result.state == ResultState.OFFERED:
        assert result.seat is not None
        result.match = place_by_round(
            student=result.participant.student,
            period=result.seat.period,
            decided_by=result.publication.published_by,
        )
        # The match holds the seat from now on.
        RoundSeat.objects.filter(pk=result.seat.pk).update(held=F("held") - 1, promised=F("promised") - 1)
    result.answered_at = clock.now()
    move(result, RESULT_TRANSITIONS, "result.accepted", actor=actor, update_fields=["match", "answered_at"])
    assert result.seat is not None
    release_applications_in(student_id=result.participant.student_id, period=result.seat.period)
    outbox.wake()
    return result


@transaction.atomic
def decline_result(*, actor: User, result_id: int) -> Result:
    """The student, or a minor's guardian, says no, also after a yes that nobody has approved yet. The seat goes on at
    once, in the round's order.

    Raises Conflict once the place is approved (`result.approved`): then the coordinator ends it.
    """
    result = _locked(result_id)
    if not policies.can_decline(actor, result):
        raise _refusal(actor, result)
    if result.state == ResultState.ACCEPTED:
        _step_back(result, actor)
    else:
        _give_back(result, "result.declined", actor)
    return result


def _step_back(result: Result, actor: User) -> None:
    assert result.match is not None
    match = Match.objects.select_for_update().get(pk=result.match.pk)
    if match.state != MatchState.PROPOSED:
        raise Conflict("result.approved", _("The place is approved already. Write to the coordinator instead."))
    move(result, RESULT_TRANSITIONS, "result.stepped_back", actor=actor)
    withdraw_match(actor=actor, match_id=match.pk)
    _take_seat_again(result)


@transaction.atomic
def end_fallen_result(*, result_id: int) -> bool:
    """A match of the round came to nothing after the student's yes, and the time to undo that has passed: the seat goes
    to the next in the round's order. False when the match stands (again)."""
    result = _locked(result_id)
    if result.state != ResultState.ACCEPTED or not fallen().filter(pk=result.pk).exists():
        return False
    move(result, RESULT_TRANSITIONS, "result.fell_through", actor=None)
    _take_seat_again(result)
    return True


def fallen() -> QuerySet[Result]:
    """Accepted results whose match or placement is no more, beyond undoing."""
    refused = Q(match__state__in=[MatchState.REJECTED, MatchState.WITHDRAWN])
    cancelled = Q(match__placement__state=PlacementState.CANCELLED)
    undoable = Q(match__undo_until__gt=clock.now(), match__state=MatchState.REJECTED)
    return Result.objects.filter(refused | cancelled, state=ResultState.ACCEPTED).exclude(undoable)


def _take_seat_again(result: Result) -> None:
    """The seat the match gave back is the round's once more, unless the waiting list of the place was first."""
    assert result.seat is not None
    seat = RoundSeat.objects.select_related("round", "period").select_for_update(of=("self",)).get(pk=result.seat.pk)
    is_over = seat.round.state != RoundState.PUBLISHED or seat.period.start <= clock.today()
    if is_over or seat.is_own_place or seat.held >= seat.seats:
        return
    try:
        with transaction.atomic():
            hold_seat(seat.period_id)
    except Conflict:
        return
    RoundSeat.objects.filter(pk=seat.pk).update(held=F("held") + 1)
    refill_seat(seat_id=seat.pk)
    outbox.wake()


def _refusal(actor: User, result: Result) -> NotAllowed | NotFound:
    if policies.rounds_visible_to(actor).filter(pk=result.participant.round_id).exists() and policies.can_watch_round(
        actor, result.participant.round
    ):
        return NotAllowed("result.not_student", _("Only the student can answer."))
    return NotFound("result.unknown", _("There is no such result."))


@transaction.atomic
def lapse_result(*, result_id: int) -> bool:
    """The last day to answer has passed. False when the student answered meanwhile."""
    result = _locked(result_id)
    if result.state != ResultState.OFFERED or result.answer_by is None or result.answer_by > clock.now():
        return False
    _give_back(result, "result.lapsed", None)
    return True


@transaction.atomic
def release_overlapping_results(*, student_id: int, match_id: int) -> int:
    """The student has got another place: what rounds have offered for the same days is given back. Asking twice changes
    nothing."""
    match = Match.objects.filter(pk=match_id).first()
    if match is None:
        return 0
    offered = Result.objects.filter(
        participant__student=student_id,
        state=ResultState.OFFERED,
        seat__period__start__lte=match.end,
        seat__period__end__gte=match.start,
    )
    ids = list(offered.values_list("pk", flat=True))
    for pk in ids:
        result = _locked(pk)
        if result.state == ResultState.OFFERED:
            _give_back(result, "result.declined", None)
    return len(ids)


def _give_back(result: Result, action: str, actor: User | None) -> None:
    seat = result.seat
    result.answered_at = clock.now() if actor else None
    event = move(result, RESULT_TRANSITIONS, action, actor=actor, update_fields=["answered_at"])
    tell_result(event, result)
    assert seat is not None
    RoundSeat.objects.filter(pk=seat.pk).update(promised=F("promised") - 1)
    refill_seat(seat_id=seat.pk)
    outbox.wake()


@transaction.atomic
def refill_seat(*, seat_id: int) -> Result | None:
    """Promises a free seat of a published round to the next student in the round's order.

    The order among those without a place who wished for it is that of the run: priority, the organisation's ranking, the
    lottery. A seat nobody is left for stays with the round until it is finished. None when there is nobody or no seat.
    """
    seat = RoundSeat.objects.select_related("round", *SEAT).select_for_update(of=("self",)).get(pk=seat_id)
    if seat.round.state != RoundState.PUBLISHED or seat.free < 1 or seat.is_own_place:
        return None
    if seat.period.start <= clock.today():
        return None
    for result in waiting_for(seat):
        problems = problems_for(result.participant.student, [seat], seat.round)[seat.pk]
        if any(problem.is_hard for problem in problems):
            continue
        rules = form_on(seat.period.offer.form_id, seat.period.start)
        wish = result.participant.wishes.get(seat=seat)
        result.seat, result.rank, result.is_refill = seat, wish.rank, True
        # A round has all answers before the first day, whatever the form says.
        eve = end_of_day(seat.period.start - timedelta(days=1))
        result.answer_by = min(clock.now() + timedelta(hours=rules.refill_hold_hours), eve)
        seat.promised += 1
        seat.save(update_fields=["promised"])
        event = move(
            result,
            RESULT_TRANSITIONS,
            "result.offered",
            actor=None,
            data={"seat": seat.pk},
            update_fields=["seat", "rank", "is_refill", "answer_by"],
        )
        tell_result(event, result)
        outbox.wake()
        return result
    return None


def waiting_for(seat: RoundSeat) -> list[Result]:
    """Those without a place who wished for the seat, in the round's order, their rows locked."""
    waiting = list(
        Result.objects.select_related(*RELATED[:3])
        .select_for_update(of=("self",))
        .filter(
            publication__round=seat.round_id,
            publication__undone_at=None,
            state=ResultState.UNPLACED,
            participant__wishes__seat=seat,
        )
    )
    ranks = dict(EmployerRanking.objects.filter(seat=seat).values_list("participant", "rank"))
    last = max(ranks.values(), default=0) + 1
    return sorted(
        waiting, key=lambda row: (row.participant.priority, ranks.get(row.participant_id, last), row.lot, row.pk)
    )
