"""Take part in a round and rank places; organisations rank those who wish for theirs."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import log
from backend.rounds import policies
from backend.rounds.eligibility import problems_for
from backend.rounds.enums import RoundState
from backend.rounds.models import EmployerRanking, Participant, Round, RoundSeat, Wish
from backend.rounds.notifications import tell_of_help
from backend.rounds.services.setup import require_no_run, require_state, students_allowed
from backend.students.models import Student
from backend.students.policies import is_self

SEAT = ("period__offer__workplace", "period__offer__form")


@transaction.atomic
def join_round(*, actor: User, round_id: int) -> Participant:
    """A student takes part by oneself. Doing it twice changes nothing."""
    student = Student.objects.select_for_update(of=("self",)).filter(user=actor).first()
    the_round = policies.rounds_visible_to(actor).filter(pk=round_id).first()
    if the_round is None:
        raise NotFound("round.unknown", _("There is no such round."))
    if student is None:
        raise NotAllowed("student.no_profile", _("Fill in your profile first."))
    present = the_round.participants.filter(student=student).first()
    if present is not None:
        return present
    if not students_allowed(the_round, student):
        raise NotAllowed("round.not_for_you", _("This round is for students of other municipalities or forms."))
    _require_open(the_round)
    try:
        with transaction.atomic():
            participant = Participant.objects.create(
                round=the_round, student=student, start=the_round.start, end=the_round.end
            )
    except IntegrityError as error:
        raise Conflict("round.overlap", _("You are in another round in the same weeks.")) from error
    log("participant.joined", participant, actor=actor, data={"round": the_round.pk})
    return participant


@transaction.atomic
def leave_round(*, actor: User, participant_id: int) -> None:
    """A student takes the wishes back and leaves, while the round is open."""
    participant = _participant(actor, participant_id)
    if not is_self(actor, participant.student):
        raise NotAllowed("participant.not_student", _("Only the student can leave the round."))
    _require_open(participant.round)
    log("participant.left", participant, actor=actor, data={"round": participant.round_id})
    participant.delete()


def _require_open(the_round: Round) -> None:
    now = clock.now()
    if the_round.state == RoundState.OPEN and now < the_round.opens_at:
        raise Conflict("round.not_yet_open", _("The round has not opened yet."))
    if the_round.state != RoundState.OPEN or now >= the_round.closes_at:
        raise Conflict("round.closed", _("The round has closed. Wishes can no longer be changed."))


def _participant(actor: User, participant_id: int) -> Participant:
    participant = (
        Participant.objects.select_related("round", "student__user")
        .select_for_update(of=("self",))
        .filter(pk=participant_id)
        .first()
    )
    if participant is None or not policies.can_wish_for(actor, participant):
        raise NotFound("participant.unknown", _("There is no such participant."))
    return participant


@transaction.atomic
def set_wishes(
    *, actor: User, participant_id: int, seat_ids: Sequence[int], reason: str = "", seen: Sequence[int] | None = None
) -> list[Wish]:
    """The whole list, best first; an empty one takes all wishes back. A coordinator on a student's behalf says why.
    seen: the list that the change was made from; None when that does not matter.

    Raises Invalid naming the wish (`wishes-0`): unknown, twice, not allowed at this age, closed, too far, too many.
    Raises Conflict when the list is no longer the one that was seen, so that a second window deletes nothing unseen.
    """
    participant = _participant(actor, participant_id)
    the_round = participant.round
    by_student = is_self(actor, participant.student)
    _require_open(the_round)
    if seen is not None and list(seen) != list(participant.wishes.order_by("rank").values_list("seat", flat=True)):
        raise Conflict("wishes.changed", _("Your list has changed in another window. Here it is as it stands now."))
    if not by_student and not reason.strip():
        raise Invalid("wishes.no_reason", _("Write why you wish on the student's behalf."), field="reason")
    if len(seat_ids) > the_round.max_wishes:
        raise Invalid(
            "wishes.too_many",
            _("The round takes %(number)d wishes at most.") % {"number": the_round.max_wishes},
            field=f"wishes-{the_round.max_wishes}",
        )
    seats = the_round.seats.filter(is_own_place=False).select_related(*SEAT).in_bulk(list(seat_ids))
    problems = problems_for(participant.student, list(seats.values()), the_round)
    for number, pk in enumerate(seat_ids):
        field = f"wishes-{number}"
        if pk not in seats:
            raise Invalid("wishes.unknown", _("There is no such place in the round."), field=field)
        if pk in seat_ids[:number]:
            raise Invalid("wishes.twice", _("You have wished for this place already."), field=field)
        if problems[pk]:
            first = problems[pk][0]
            raise Invalid(f"wishes.{first.code}", first.text, field=field)
    participant.wishes.all().delete()
    wishes = Wish.objects.bulk_create(
        Wish(participant=participant, seat=seats[pk], rank=number) for number, pk in enumerate(seat_ids, start=1)
    )
    participant.wished_at = clock.now() if wishes else None
    participant.save(update_fields=["wished_at", "updated_at"])
    log(
        "wishes.set",
        participant,
        actor=actor,
        reason=reason.strip(),
        data={"seats": list(seat_ids), "by_student": by_student},
    )
    if not by_student:
        tell_of_help(events.record("wishes.set_for_you", participant), participant)
        outbox.wake()
    return wishes


@transaction.atomic
def rank_applicants(*, actor: User, seat_id: int, ranking: Sequence[Sequence[int]]) -> int:
    """An organisation orders those who wish for its seats: classes of participants, best first; within a class, and among
    those it leaves out, the lottery decides. Returns how many were ranked.

    Raises Invalid for somebody who does not wish for the place or is named twice; Conflict before the round has closed
    or after the time to rank.
    """
    seat = (
        RoundSeat.objects.select_related("round", "period__offer")
        .select_for_update(of=("self",))
        .filter(pk=seat_id)
        .first()
    )
    if seat is None or not policies.can_rank(actor, seat):
        raise NotFound("seat.unknown", _("There is no such place."))
    until = seat.round.employers_answer_by
    if until is None:
        raise Conflict("round.no_ranking", _("In this round organisations do not rank."))
    require_state(seat.round, RoundState.CLOSED)
    require_no_run(seat.round)
    if clock.now() > until:
        raise Conflict("round.ranking_over", _("The time to rank has passed."))
    named = [pk for group in ranking for pk in group]
    if len(set(named)) < len(named):
        raise Invalid("ranking.twice", _("Somebody is named twice."), field="ranking")
    wishing = set(seat.wishes.values_list("participant", flat=True))
    if set(named) - wishing:
        raise Invalid("ranking.unknown", _("Only those who wish for the place can be ranked."), field="ranking")
    seat.rankings.all().delete()
    EmployerRanking.objects.bulk_create(
        EmployerRanking(seat=seat, participant_id=pk, rank=number)
        for number, group in enumerate(ranking, start=1)
        for pk in group
    )
    log("seat.ranked", seat, actor=actor, data={"round": seat.round_id, "ranked": len(named)})
    return len(named)
