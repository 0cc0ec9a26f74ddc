"""Runs and what people decide around them: start, cancel, lock, leave out, move."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import clock, outbox
from backend.common.errors import Conflict, Invalid, NotFound
from backend.common.transitions import log
from backend.rounds import policies
from backend.rounds.eligibility import problems_for
from backend.rounds.enums import RUN_BUSY, Method, RoundState, RunState
from backend.rounds.models import Adjustment, LockedPair, Outcome, Participant, Round, RoundSeat, Run, RunSeat, Wish
from backend.rounds.services.setup import (
    has_rules_against_pairs,
    locked_participant,
    locked_round,
    require_no_run,
    require_state,
)
from backend.rounds.services.wishes import SEAT

MOST_RUNS = 50


@transaction.atomic
def start_run(*, actor: User, round_id: int, method: str = "") -> Run:
    """Asks for a proposal; a worker computes it, see `runner`. One at a time, and only of a closed round.

    Raises Conflict for a round without wishes, a run at work, or pairs together with rules that know none.
    """
    the_round = locked_round(actor, round_id)
    require_state(the_round, RoundState.CLOSED)
    require_no_run(the_round)
    chosen = method or the_round.method
    if chosen not in Method.values:
        raise Invalid("run.unknown_method", _("Choose from the list."), field="method")
    if the_round.pairs.exists() and (chosen != Method.STABLE or has_rules_against_pairs(the_round)):
        raise Conflict("round.pairs_alone", _("Pairs need the stable method, without reserved seats and caps."))
    if (
        not Wish.objects.filter(participant__round=the_round).exists()
        and not the_round.seats.filter(locks__isnull=False).exists()
    ):
        raise Conflict("round.no_wishes", _("Nobody has wished for anything in this round."))
    if not the_round.seats.filter(is_excluded=False).exists():
        raise Conflict("round.no_seats", _("The round has no seats."))
    if (
        the_round.employers_answer_by is not None
        and the_round.employers_answer_by > clock.now()
        and not the_round.runs.exists()
    ):
        log("round.run_early", the_round, actor=actor)
    number = (the_round.runs.aggregate(last=Max("number"))["last"] or 0) + 1
    if number > MOST_RUNS:
        raise Conflict("round.too_many_runs", _("There are 50 runs already. Choose one of them."))
    assert the_round.seed is not None
    run = Run.objects.create(
        round=the_round, number=number, method=chosen, seed=the_round.seed, started_by=actor, due_at=clock.now()
    )
    log("run.started", run, actor=actor, data={"round": the_round.pk, "method": chosen})
    outbox.wake()
    return run


@transaction.atomic
def cancel_run(*, actor: User, run_id: int) -> Run:
    """Stops a run that waits or works. The worker notices at its next step and leaves nothing behind."""
    run = locked_run(actor, run_id)
    if run.state not in RUN_BUSY:
        raise Conflict("run.wrong_state", _("The run has already ended."))
    _stop(run, actor)
    return run


def _stop(run: Run, actor: User | None) -> None:
    run.state, run.finished_at = RunState.CANCELLED, clock.now()
    run.lease_until = run.lease_token = run.queued_until = None
    run.save(update_fields=["state", "finished_at", "lease_until", "lease_token", "queued_until", "updated_at"])
    log("run.cancelled", run, actor=actor)


def stop_runs(the_round: Round, actor: User | None) -> None:
    """Stops whatever is at work, as part of the round's own end."""
    for run in the_round.runs.select_for_update().filter(state__in=RUN_BUSY):
        _stop(run, actor)


def locked_run(actor: User, run_id: int) -> Run:
    of_round = Run.objects.filter(pk=run_id).values_list("round", flat=True).first()
    if of_round is None or not policies.rounds_visible_to(actor).filter(pk=of_round).exists():
        raise NotFound("run.unknown", _("There is no such run."))
    # The round's row first: whoever publishes, cancels or starts takes it too.
    locked_round(actor, of_round)
    return Run.objects.select_related("round").select_for_update(of=("self",)).get(pk=run_id)


@transaction.atomic
def set_seat_excluded(*, actor: User, seat_id: int, is_excluded: bool, reason: str = "") -> RoundSeat:
    """Leaves a row of seats out of the coming runs, because too few want it say, or takes it back in."""
    of_round = RoundSeat.objects.filter(pk=seat_id).values_list("round", flat=True).first()
    if of_round is None or not policies.rounds_visible_to(actor).filter(pk=of_round).exists():
        raise NotFound("seat.unknown", _("There is no such place."))
    the_round = locked_round(actor, of_round)
    require_state(the_round, RoundState.DRAFT, RoundState.OPEN, RoundState.CLOSED)
    require_no_run(the_round)
    if is_excluded and not reason.strip():
        raise Invalid("seat.no_reason", _("Write why."), field="reason")
    seat = RoundSeat.objects.select_for_update().get(pk=seat_id)
    seat.is_excluded = is_excluded
    seat.save(update_fields=["is_excluded"])
    log("seat.excluded" if is_excluded else "seat.included", seat, actor=actor, reason=reason.strip())
    return seat


@transaction.atomic
def lock_pair(*, actor: User, participant_id: int, seat_id: int, reason: str) -> LockedPair:
    """Decides one student's seat before the runs. The legal limits hold here as everywhere.

    Raises Conflict `lock.full` when every seat of the row is locked, `lock.twice` when the student has a lock.
    """
    participant = locked_participant(actor, participant_id)
    the_round = locked_round(actor, participant.round_id)
    require_state(the_round, RoundState.DRAFT, RoundState.OPEN, RoundState.CLOSED)
    require_no_run(the_round)
    seat = _seat(the_round, seat_id)
    if not reason.strip():
        raise Invalid("lock.no_reason", _("Write why."), field="reason")
    refuse_hard(participant, seat, the_round)
    if LockedPair.objects.filter(participant=participant).exists():
        raise Conflict("lock.twice", _("The student already has a seat that is decided."))
    if seat.locks.count() >= seat.seats:
        raise Conflict("lock.full", _("No seat is left there."))
    locked = LockedPair.objects.create(participant=participant, seat=seat, locked_by=actor, reason=reason.strip())
    log(
        "lock.created",
        locked,
        actor=actor,
        reason=reason.strip(),
        data={"participant": participant.pk, "seat": seat.pk},
    )
    return locked


@transaction.atomic
def unlock_pair(*, actor: User, lock_id: int) -> None:
    locked = LockedPair.objects.select_related("seat").filter(pk=lock_id).first()
    if locked is None:
        raise NotFound("lock.unknown", _("There is no such decision."))
    participant = locked_participant(actor, locked.participant_id)
    require_state(participant.round, RoundState.DRAFT, RoundState.OPEN, RoundState.CLOSED)
    require_no_run(participant.round)
    if locked.seat.is_own_place:
        raise Conflict("lock.own_place", _("The student found this place. Reject the place instead."))
    log("lock.removed", locked, actor=actor, data={"participant": participant.pk})
    locked.delete()


def _seat(the_round: Round, seat_id: int) -> RoundSeat:
    seat = the_round.seats.select_related(*SEAT).select_for_update(of=("self",)).filter(pk=seat_id).first()
    if seat is None:
        raise NotFound("seat.unknown", _("There is no such place."))
    return seat


def refuse_hard(participant: Participant, seat: RoundSeat, the_round: Round) -> None:
    for problem in problems_for(participant.student, [seat], the_round)[seat.pk]:
        if problem.is_hard:
            raise Conflict(f"seat.{problem.code}", problem.text)


@dataclass(frozen=True)
class MoveWarning:
    """Something to mind before a student is moved. code: what `adjust` wants named to go on."""

    code: str
    text: "str | Promise"


def warnings_for(run: Run, participant: Participant, seat: RoundSeat | None) -> list[MoveWarning]:
    """What moving the participant in the run would go against; the hard limits are not among them, they refuse."""
    found = []
    outcome = Outcome.objects.filter(run=run, participant=participant).first()
    if outcome is not None and outcome.seat_id is not None and seat is None:
        found.append(MoveWarning("unplaces", _("The student would be without a place.")))
    if LockedPair.objects.filter(participant=participant).exists():
        found.append(MoveWarning("locked", _("The student's seat was decided beforehand.")))
    if seat is None:
        return found
    if not participant.wishes.filter(seat=seat).exists():
        found.append(MoveWarning("not_wished", _("The student has not wished for this place.")))
    found += [
        MoveWarning(problem.code, problem.text)
        for problem in problems_for(participant.student, [seat], run.round)[seat.pk]
        if not problem.is_hard
    ]
    if _passes_somebody(run, participant, seat):
        found.append(MoveWarning("passes_over", _("Somebody else wanted this place more and is passed over.")))
    return found


def _passes_somebody(run: Run, participant: Participant, seat: RoundSeat) -> bool:
    """Whether an unplaced student who wishes for the seat comes before this one in the run's order."""
    own = Outcome.objects.filter(run=run, participant=participant).first()
    if own is None:
        return False
    waiting = Outcome.objects.filter(run=run, seat=None, participant__wishes__seat=seat).exclude(pk=own.pk)
    return (
        waiting.filter(participant__priority__lt=participant.priority).exists()
        or waiting.filter(participant__priority=participant.priority, lot__lt=own.lot).exists()
    )


@transaction.atomic
def adjust(
    *,
    actor: User,
    run_id: int,
    participant_id: int,
    seat_id: int | None,
    overridden: Sequence[str] = (),
    reason: str = "",
) -> Adjustment:
    """Moves a student to a seat, or to none, in a finished run. Every warning must be named in `overridden`, with a reason.

    Raises Conflict `adjust.warnings` with the warnings that are not named, `run.full` when no seat is left, and what the
    law forbids (`seat.age`, `seat.offer_closed`, ...), which nobody overrides.
    """
    run = locked_run(actor, run_id)
    require_state(run.round, RoundState.CLOSED)
    if run.state != RunState.DONE:
        raise Conflict("run.not_done", _("Only a finished run can be adjusted."))
    participant = locked_participant(actor, participant_id)
    outcome = Outcome.objects.select_for_update().filter(run=run, participant=participant).first()
    if outcome is None:
        raise NotFound("participant.unknown", _("There is no such participant."))
    seat = None if seat_id is None else _seat(run.round, seat_id)
    if (seat.pk if seat else None) == outcome.seat_id:
        raise Invalid("adjust.same", _("The student has that place already."), field="seat")
    if seat is not None:
        refuse_hard(participant, seat, run.round)
    open_warnings = [row for row in warnings_for(run, participant, seat) if row.code not in overridden]
    if open_warnings:
        raise Conflict(
            "adjust.warnings",
            open_warnings[0].text,
            field="overridden",
            data={"warnings": [row.code for row in open_warnings]},
        )
    if not reason.strip():
        raise Invalid("adjust.no_reason", _("Write why."), field="reason")
    _shift(run, outcome, seat)
    adjustment = Adjustment.objects.create(
        run=run,
        participant=participant,
        from_seat_id=outcome.seat_id,
        to_seat=seat,
        overridden=sorted(set(overridden)),
        reason=reason.strip(),
        made_by=actor,
        made_at=clock.now(),
    )
    outcome.rank = None if seat is None else participant.wishes.filter(seat=seat).values_list("rank", flat=True).first()
    outcome.seat = seat
    outcome.save(update_fields=["seat", "rank"])
    log(
        "run.adjusted",
        run,
        actor=actor,
        reason=reason.strip(),
        data={
            "participant": participant.pk,
            "from": adjustment.from_seat_id,
            "to": seat_id,
            "overridden": adjustment.overridden,
        },
    )
    return adjustment


def _shift(run: Run, outcome: Outcome, seat: RoundSeat | None) -> None:
    if seat is not None:
        try:
            with transaction.atomic():
                taken = RunSeat.objects.filter(run=run, seat=seat).update(filled=F("filled") + 1)
        except IntegrityError as error:
            raise Conflict("run.full", _("No seat is left there.")) from error
        if not taken:
            raise Conflict("run.unknown_seat", _("The place was not part of this run."))
    if outcome.seat_id is not None:
        RunSeat.objects.filter(run=run, seat=outcome.seat_id).update(filled=F("filled") - 1)


@transaction.atomic
def move_and_lock(
    *, actor: User, run_id: int, participant_id: int, seat_id: int, overridden: Sequence[str], reason: str
) -> LockedPair:
    """`adjust`, and the same seat in every later run."""
    adjust(
        actor=actor,
        run_id=run_id,
        participant_id=participant_id,
        seat_id=seat_id,
        overridden=overridden,
        reason=reason,
    )
    return lock_pair(actor=actor, participant_id=participant_id, seat_id=seat_id, reason=reason)
