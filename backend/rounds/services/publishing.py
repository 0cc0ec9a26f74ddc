"""Publish: one person decides for one run, and everybody is told at once. Or nothing has happened at all."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, F, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import clock, outbox
from backend.common.errors import Conflict, Invalid
from backend.common.transitions import log, move
from backend.placements.enums import MatchState, PlacementState
from backend.placements.models import Match, Placement
from backend.rounds.eligibility import WorkRules, is_standing
from backend.rounds.enums import ROUND_TRANSITIONS, ResultState, RoundState, RunState
from backend.rounds.models import Adjustment, Outcome, Publication, Result, Round, RoundSeat, Run
from backend.rounds.notifications import tell_round
from backend.rounds.services.runs import locked_run
from backend.rounds.services.setup import locked_round, require_no_run, require_state

BATCH = 5_000
LEAST_TIME_TO_ANSWER = timedelta(days=1)


@transaction.atomic
def publish_round(*, actor: User, run_id: int, reason: str = "") -> Publication:
    """Makes a run the round's result: each participant gets a row, the seats are promised, all are told in one go.

    The person who publishes decides about the placements: a student's yes makes a match of the round, approved in this
    person's name when nothing legal stands against it.

    Raises Conflict when the run is not finished or not verified (`run.not_verified`), when the round has changed since
    (`round.changed`, naming how), when a minimum is not met and no reason says why it is published all the same
    (`round.minimums`), when the time to answer is over, or when it is published already (`round.wrong_state`).
    """
    run = locked_run(actor, run_id)
    the_round = Round.objects.get(pk=run.round_id)
    require_state(the_round, RoundState.CLOSED)
    require_no_run(the_round)
    if run.state != RunState.DONE:
        raise Conflict("run.not_done", _("Only a finished run can be published."))
    if not run.is_verified:
        raise Conflict("run.not_verified", _("The independent check did not confirm this run. Run again."))
    if the_round.accept_by <= clock.now() + LEAST_TIME_TO_ANSWER:
        raise Conflict("round.no_time_to_answer", _("Students would have less than a day to answer."))
    short = _short_of_minimum(run)
    if short and not reason.strip():
        raise Conflict(
            "round.minimums",
            _("Some places get fewer students than they need. Write why you publish all the same, or run again."),
            field="reason",
            data={"seats": short},
        )
    outcomes = list(
        Outcome.objects.filter(run=run).select_related("participant__student").order_by("participant").iterator(BATCH)
    )
    _refuse_what_changed(run, outcomes)
    publication = _publication(actor, the_round, run, reason)
    _promise(run)
    adjusted = set(Adjustment.objects.filter(run=run).values_list("participant", flat=True))
    Result.objects.bulk_create(
        [
            Result(
                publication=publication,
                participant_id=row.participant_id,
                seat_id=row.seat_id,
                state=ResultState.UNPLACED if row.seat_id is None else ResultState.OFFERED,
                rank=row.rank,
                lot=row.lot,
                kinds=row.kinds,
                is_adjusted=row.participant_id in adjusted,
                answer_by=None if row.seat_id is None else the_round.accept_by,
            )
            for row in outcomes
        ],
        batch_size=BATCH,
    )
    event = move(
        the_round,
        ROUND_TRANSITIONS,
        "round.published",
        actor=actor,
        reason=reason.strip(),
        data={"run": run.pk, "digest": run.digest, "publication": publication.pk, "short": short},
    )
    tell_round(event, the_round)
    outbox.wake()
    return publication


def _publication(actor: User, the_round: Round, run: Run, reason: str) -> Publication:
    try:
        with transaction.atomic():
            return Publication.objects.create(
                round=the_round, run=run, published_by=actor, published_at=clock.now(), reason=reason.strip()
            )
    except IntegrityError as error:
        raise Conflict("round.published_already", _("The round is published already.")) from error


def _short_of_minimum(run: Run) -> list[int]:
    """Rows of seats with some students but fewer than the organisation needs, as the run stands after adjustments."""
    return list(
        run.seats.filter(filled__gt=0, filled__lt=F("seat__minimum")).order_by("seat").values_list("seat", flat=True)
    )


def _refuse_what_changed(run: Run, outcomes: list[Outcome]) -> None:
    """What was true when the run was made must be true when people are told: seats, places, ages, participants."""
    seats = {
        seat.pk: seat
        for seat in RoundSeat.objects.select_for_update(of=("self",))
        .select_related("period__offer__workplace", "period__offer__form")
        .filter(round=run.round_id)
    }
    rules = WorkRules(list(seats.values()))
    for row in outcomes:
        seat = None if row.seat_id is None else seats[row.seat_id]
        if seat is None:
            continue
        if not is_standing(seat):
            raise _changed("seat", seat.pk, _("A place with a student has been closed since this run. Run again."))
        student = row.participant.student
        if not rules.takes(student, seat):
            raise _changed("seat", seat.pk, _("The risks at a place have changed since this run. Run again."))
    closed_at = run.round.closed_at
    if len(outcomes) != run.metrics["rows"] or closed_at is None or run.created_at < closed_at:
        raise _changed("participants", len(outcomes), _("Students have joined or left since this run. Run again."))
    if elsewhere := _placed_elsewhere(run):
        raise _changed("placed", elsewhere, _("Students have got other places since this run. Run again."))


def _placed_elsewhere(run: Run) -> int:
    same_days = {"start__lte": OuterRef("participant__end"), "end__gte": OuterRef("participant__start")}
    same = {"student": OuterRef("participant__student"), **same_days}
    standing = [PlacementState.UPCOMING, PlacementState.ONGOING]
    return (
        Outcome.objects.filter(run=run, seat__isnull=False)
        .filter(
            Exists(Match.objects.filter(**same, state=MatchState.PROPOSED))
            | Exists(Placement.objects.filter(**same, state__in=standing))
        )
        .count()
    )


def _changed(what: str, value: int, message: "str | Promise") -> Conflict:
    return Conflict("round.changed", message, data={what: value})


def _promise(run: Run) -> None:
    """The same check that keeps two students from one seat anywhere else: a promise needs a seat the round holds."""
    counts = Outcome.objects.filter(run=run, seat__isnull=False).order_by().values("seat").annotate(number=Count("pk"))
    try:
        with transaction.atomic():
            for row in counts:
                RoundSeat.objects.filter(pk=row["seat"]).update(promised=F("promised") + row["number"])
    except IntegrityError as error:
        raise Conflict("round.changed", _("There are fewer seats than when this run was made. Run again.")) from error


@transaction.atomic
def undo_publication(*, actor: User, round_id: int, reason: str) -> Round:
    """Takes a publication back until the first student has said yes, and while there is time to publish and answer anew.

    Everybody who was told is told. Raises Conflict `round.no_time_to_answer` when nobody could answer another result.
    """
    the_round = locked_round(actor, round_id)
    require_state(the_round, RoundState.PUBLISHED)
    if the_round.accept_by <= clock.now() + LEAST_TIME_TO_ANSWER:
        raise Conflict("round.no_time_to_answer", _("Students would have less than a day to answer."))
    if not reason.strip():
        raise Invalid("round.no_reason", _("Write why, so that everyone understands."), field="reason")
    publication = Publication.objects.select_for_update().get(round=the_round, undone_at=None)
    results = Result.objects.select_for_update().filter(publication=publication)
    list(results.values_list("pk", flat=True))  # waits for an answer of this moment before asking whether there is one
    if results.filter(state=ResultState.ACCEPTED).exists() or results.filter(match__isnull=False).exists():
        raise Conflict("round.accepted_already", _("A student has already said yes. The publication remains in force."))
    results.update(state=ResultState.TAKEN_BACK, seat=None, answer_by=None)
    the_round.seats.update(promised=0)
    publication.undone_at, publication.undone_by, publication.undo_reason = clock.now(), actor, reason.strip()
    publication.save(update_fields=["undone_at", "undone_by", "undo_reason"])
    log("publication.undone", publication, actor=actor, reason=reason.strip())
    event = move(
        the_round,
        ROUND_TRANSITIONS,
        "round.unpublished",
        actor=actor,
        reason=reason.strip(),
        data={"publication": publication.pk},
    )
    tell_round(event, the_round)
    outbox.wake()
    return the_round
