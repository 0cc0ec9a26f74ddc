"""Open, close, cancel and finish a round; and the second round after it."""

import secrets
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import clock, outbox
from backend.common.errors import Conflict, Invalid
from backend.common.transitions import lock, log, move
from backend.offers.seats import hold_seats, release_seats
from backend.rounds.enums import ROUND_TRANSITIONS, WITHOUT_A_PLACE, ResultState, RoundState
from backend.rounds.models import Participant, Result, Round
from backend.rounds.notifications import tell_round
from backend.rounds.services.runs import stop_runs
from backend.rounds.services.setup import (
    RoundDetails,
    SeatDetails,
    add_participants,
    create_round,
    locked_round,
    require_no_run,
    require_state,
    set_seats,
)

# 53 bits: the number is shown to people and must survive every program that reads JSON.
SEEDS = 2**53


@transaction.atomic
def open_round(*, actor: User, round_id: int) -> Round:
    """Holds the round's seats in their periods, draws the seed of the lottery, and invites the participants.

    Raises Conflict for a round without seats or without anybody who could take part, and `period.full` when seats were
    taken meanwhile.
    """
    the_round = locked_round(actor, round_id)
    require_state(the_round, RoundState.DRAFT)
    if the_round.closes_at <= clock.now():
        raise Conflict("round.closed_already", _("The closing time has passed. Change the times first."))
    seats = list(the_round.seats.select_for_update().select_related("period"))
    if not seats:
        raise Conflict("round.no_seats", _("The round has no seats yet."))
    if not the_round.is_joinable and not the_round.participants.exists():
        raise Conflict("round.no_students", _("The round has no students yet."))
    for seat in seats:
        hold_seats(seat.period_id, seat.seats)
        seat.held = seat.seats
        seat.save(update_fields=["held"])
    the_round.seed = secrets.randbelow(SEEDS)
    the_round.opened_at = clock.now()
    event = move(
        the_round,
        ROUND_TRANSITIONS,
        "round.opened",
        actor=actor,
        data={"seed": the_round.seed},
        update_fields=["seed", "opened_at"],
    )
    tell_round(event, the_round)
    outbox.wake()
    return the_round


@transaction.atomic
def close_round(*, actor: User, round_id: int) -> Round:
    """No more wishes, before the time if need be. Organisations that rank are asked to."""
    the_round = locked_round(actor, round_id)
    require_state(the_round, RoundState.OPEN)
    _close(the_round, actor)
    return the_round


@transaction.atomic
def close_overdue(*, round_id: int) -> bool:
    """The calendar closes a round. False when it is not open or not yet due."""
    the_round = lock(Round.objects.all(), round_id)
    if the_round.state != RoundState.OPEN or the_round.closes_at > clock.now():
        return False
    _close(the_round, None)
    return True


def _close(the_round: Round, actor: User | None) -> None:
    the_round.closed_at = clock.now()
    event = move(the_round, ROUND_TRANSITIONS, "round.closed", actor=actor, update_fields=["closed_at"])
    tell_round(event, the_round)
    outbox.wake()


@transaction.atomic
def reopen_round(*, actor: User, round_id: int, closes_at: datetime, reason: str) -> Round:
    """Lets students wish again until `closes_at` (an aware moment), with a reason. Runs made so far stay to be read."""
    the_round = locked_round(actor, round_id)
    require_state(the_round, RoundState.CLOSED)
    require_no_run(the_round)
    if not reason.strip():
        raise Invalid("round.no_reason", _("Write why."), field="reason")
    if not clock.now() < closes_at < the_round.accept_by:
        raise Invalid("round.bad_closing", _("Choose a moment before students answer."), field="closes_at")
    the_round.closes_at, the_round.closed_at = closes_at, None
    if the_round.employers_answer_by is not None:
        the_round.employers_answer_by = max(the_round.employers_answer_by, closes_at)
    move(
        the_round,
        ROUND_TRANSITIONS,
        "round.reopened",
        actor=actor,
        reason=reason.strip(),
        update_fields=["closes_at", "closed_at", "employers_answer_by"],
    )
    return the_round


@transaction.atomic
def cancel_round(*, actor: User, round_id: int, reason: str) -> Round:
    """Ends a round that is not published. The seats go back to their periods, a run at work is stopped, all are told."""
    the_round = locked_round(actor, round_id)
    if not reason.strip():
        raise Invalid("round.no_reason", _("Write why, so that everyone understands."), field="reason")
    was_open = the_round.opened_at is not None
    the_round.cancel_reason = reason.strip()
    event = move(
        the_round, ROUND_TRANSITIONS, "round.cancelled", actor=actor, reason=reason, update_fields=["cancel_reason"]
    )
    if was_open:
        tell_round(event, the_round)
    stop_runs(the_round, actor)
    _let_go(the_round)
    outbox.wake()
    return the_round


def _let_go(the_round: Round) -> None:
    """Gives back what the round still holds; its students may be in other rounds again."""
    for seat in the_round.seats.select_for_update().select_related("period").filter(held__gt=0):
        number = seat.held
        seat.held = seat.promised = 0
        seat.save(update_fields=["held", "promised"])
        release_seats(seat.period, number)
    the_round.participants.update(is_live=False)


@transaction.atomic
def finish_round(*, actor: User | None, round_id: int) -> Round:
    """Ends a published round when nobody has an answer to give any more: seats nobody took go to the open market."""
    the_round = lock(Round.objects.all(), round_id) if actor is None else locked_round(actor, round_id)
    require_state(the_round, RoundState.PUBLISHED)
    if Result.objects.filter(
        publication__round=the_round, publication__undone_at=None, state=ResultState.OFFERED
    ).exists():
        raise Conflict("round.answers_missing", _("Some students have not answered yet."))
    the_round.finished_at = clock.now()
    move(the_round, ROUND_TRANSITIONS, "round.finished", actor=actor, update_fields=["finished_at"])
    _let_go(the_round)
    outbox.wake()
    return the_round


@transaction.atomic
def start_second_round(*, actor: User, round_id: int, details: RoundDetails) -> Round:
    """A draft for those left without a place, with the seats that are left. The first round is finished by it."""
    first = finish_round(actor=actor, round_id=round_id)
    left = [
        SeatDetails(seat.period_id, min(seat.seats, seat.period.free))
        for seat in first.seats.select_related("period").filter(is_own_place=False, is_excluded=False)
        if seat.period.free > 0
    ]
    second = create_round(actor=actor, details=replace(details, lead_code=first.lead_id, form=first.form_id))
    second.follows = first
    second.save(update_fields=["follows"])
    if left:
        set_seats(actor=actor, round_id=second.pk, seats=left)
    unplaced = Result.objects.filter(
        publication__round=first,
        publication__undone_at=None,
        state__in=WITHOUT_A_PLACE,
    )
    ids = unplaced.filter(participant__student__is_protected=False).values_list("participant__student", flat=True)
    add_participants(actor=actor, round_id=second.pk, student_ids=list(ids))
    hidden = unplaced.filter(participant__student__is_protected=True)
    Participant.objects.bulk_create(
        Participant(round=second, student_id=pk, start=second.start, end=second.end)
        for pk in hidden.values_list("participant__student", flat=True)
    )
    log("round.followed", first, actor=actor, data={"second": second.pk})
    return second
