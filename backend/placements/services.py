"""Commands about matches and placements: propose, approve, reject, undo, withdraw, start, end."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.selectors import has_coordinator
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import lock, log, move
from backend.common.workdays import next_working_day
from backend.offers.facts import Facts, facts_of
from backend.offers.models import OfferPeriod
from backend.offers.seats import hold_seat, release_seat
from backend.offers.timing import require_in_time
from backend.organisations.municipality_settings import settings_of
from backend.placements import policies
from backend.placements.enums import (
    MATCH_TRANSITIONS,
    PLACEMENT_TRANSITIONS,
    MatchSource,
    MatchState,
    PlacementState,
    RestState,
)
from backend.placements.gates import gates_of
from backend.placements.models import Match, Placement
from backend.placements.notifications import tell, tell_first_day, tell_rest
from backend.reference.enums import Approver
from backend.reference.selectors import form_on
from backend.students.models import Student

DECISION = ("decided_at", "decided_by", "decision_reason", "undo_until")
RELATED = ("student__user", "period__offer__workplace", "period__offer__organisation", "period__offer__form")


@transaction.atomic
def propose_match(*, actor: User | None, student: Student, period: OfferPeriod, source: MatchSource) -> Match:
    """Both sides said yes. The caller holds the seat already.

    Decided by the student's own municipality, whose school owner answers for the student; without one that has a
    coordinator, by the workplace's, and without that one either by the network office. A form may name the workplace's as
    its approver; for a protected identity it is the student's own all the same.
    Raises Conflict when the student has a match or a placement in overlapping dates.
    """
    match = _create_match(student, period, source)
    log("match.proposed", match, actor=actor)
    tell(events.record("match.proposed", match), match)
    outbox.wake()
    return match


def _create_match(student: Student, period: OfferPeriod, source: MatchSource) -> Match:
    rules = form_on(period.offer.form_id, period.start)
    require_in_time(period, rules)
    if _has_place_in(student, period):
        raise Conflict("match.overlap", _("You already have a place in these weeks."))
    candidates = [student.municipality_id, period.offer.municipality_code]
    if rules.approver == Approver.WORKPLACE_MUNICIPALITY and not student.is_protected:
        candidates.reverse()
    # Without a coordinator in either it stays the student's own municipality's: the network office decides for it until a
    # coordinator comes, see accounts/policies.py.
    named = [code for code in candidates if code]
    deciding = next((code for code in named if has_coordinator(code)), named[0] if named else None)
    try:
        with transaction.atomic():
            return Match.objects.create(
                student=student,
                period=period,
                source=source,
                deciding_municipality_id=deciding,
                start=period.start,
                end=period.end,
                proposed_at=clock.now(),
                agreed=facts_of(period),
            )
    except IntegrityError as error:
        raise Conflict("match.overlap", _("You already have a place in these weeks.")) from error


@transaction.atomic
def place_by_round(*, student: Student, period: OfferPeriod, decided_by: User) -> Match:
    """A round has decided and the student says yes. The caller holds the seat already.

    Whoever published the round has decided about the placement, so it is approved in that person's name. Where that
    person may not decide about the student, or something blocking is missing still, the match waits for the coordinator
    like every other. Raises Conflict when the student has a match or a placement in overlapping dates.
    """
    match = _create_match(student, period, MatchSource.ROUND)
    log("match.proposed", match, actor=student.user, data={"decided_by": decided_by.pk})
    event = events.record("match.proposed", match)
    match = Match.objects.select_related(*RELATED).select_for_update(of=("self",)).get(pk=match.pk)
    is_open = all(gate.is_open or not gate.is_blocking for gate in gates_of(match))
    if is_open and decided_by.is_active and policies.can_decide_match(decided_by, match):
        _approve(match, decided_by)
    else:
        tell(event, match)
        outbox.wake()
    return match


@transaction.atomic
def place_by_coordinator(*, actor: User, student: Student, period: OfferPeriod) -> Placement:
    """A coordinator decides without an application. The caller holds the seat already, and has locked the student.

    The same gates as for an approval. Raises NotAllowed for somebody who may not decide about the student, Invalid with
    the first gate that is shut, Conflict when the student has a match or a placement in overlapping dates.
    """
    made = _create_match(student, period, MatchSource.COORDINATOR)
    log("match.proposed", made, actor=actor)
    events.record("match.proposed", made)
    match = Match.objects.select_related(*RELATED).select_for_update(of=("self",)).get(pk=made.pk)
    if not policies.can_decide_match(actor, match):
        raise NotAllowed("match.not_allowed", _("Another municipality decides about this match."))
    shut = next((gate for gate in gates_of(match) if gate.is_blocking and not gate.is_open), None)
    if shut is not None:
        raise Invalid(f"match.{shut.code}", shut.text, field="period")
    return _approve(match, actor)


def _has_place_in(student: Student, period: OfferPeriod) -> bool:
    standing = Placement.objects.filter(student=student, state__in=[PlacementState.UPCOMING, PlacementState.ONGOING])
    return standing.filter(start__lte=period.end, end__gte=period.start).exists()


def match_to_decide(actor: User, match_id: int) -> Match:
    # The student's row before the match's, as whoever withdraws locks them: a placement's row refers to the student, and
    # in the other order each would wait for the other.
    owner = Match.objects.filter(pk=match_id).values("student")
    Student.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=owner).first()
    match = Match.objects.select_related(*RELATED).select_for_update(of=("self",)).filter(pk=match_id).first()
    if match is None or not policies.may_know_match(actor, match):
        raise NotFound("match.unknown", _("There is no such match."))
    if not policies.can_decide_match(actor, match):
        raise NotAllowed("match.not_allowed", _("Another municipality decides about this match."))
    return match


def _decide(match: Match, actor: User, reason: str = "") -> None:
    now, minutes = clock.now(), settings_of(match.deciding_municipality_id).undo_minutes
    match.decided_at, match.decided_by, match.decision_reason = now, actor, reason.strip()
    match.undo_until = now + timedelta(minutes=minutes) if minutes else None


def _decision_to_undo(actor: User, match_id: int, state: MatchState) -> Match:
    """The decided match, its decision taken off it. Raises Conflict when it is too late or was changed meanwhile."""
    match = match_to_decide(actor, match_id)
    if match.state == state and (match.undo_until is None or match.undo_until <= clock.now()):
        raise Conflict("match.undo_late", _("The time to undo this decision has passed."))
    match.decided_at = match.decided_by = match.undo_until = None
    match.decision_reason = ""
    return match


@transaction.atomic
def undo_match_approval(*, actor: User, match_id: int) -> Match:
    """Takes an approval back within the municipality's time: the match waits again, the placement is gone from the table.

    Raises Conflict when the time is over (`match.undo_late`), when the placement has begun or ended, or when something
    was built on it since (`match.undo_depends`). Everyone who heard of the approval is told.
    """
    match = _decision_to_undo(actor, match_id, MatchState.APPROVED)
    placement = Placement.objects.select_for_update().filter(match=match).first()
    data = {"placement": placement.pk} if placement else {}
    if placement is not None:
        if placement.state != PlacementState.UPCOMING or placement.start <= clock.today():
            raise Conflict("match.undo_depends", _("The placement has already begun or ended. End it instead."))
        log("placement.revoked", placement, actor=actor, data={"match": match.pk})
        try:
            placement.delete()
        except ProtectedError as error:
            raise Conflict("match.undo_depends", _("Something has come of the placement already.")) from error
    event = move(match, MATCH_TRANSITIONS, "match.approval_undone", actor=actor, data=data, update_fields=DECISION)
    tell(event, match)
    outbox.wake()
    return match


@transaction.atomic
def undo_match_rejection(*, actor: User, match_id: int) -> Match:
    """Takes a rejection back within the municipality's time: the seat is held and the match waits again.

    Raises Conflict when the time is over, the seat has gone to someone else, or the student has another place by now.
    """
    match = _decision_to_undo(actor, match_id, MatchState.REJECTED)
    require_in_time(match.period, form_on(match.period.offer.form_id, match.start))
    if _has_place_in(match.student, match.period):
        raise Conflict("match.overlap", _("The student has another place in these weeks by now."))
    try:
        with transaction.atomic():
            event = move(match, MATCH_TRANSITIONS, "match.rejection_undone", actor=actor, update_fields=DECISION)
            hold_seat(match.period_id)
    except IntegrityError as error:
        raise Conflict("match.overlap", _("The student has another place in these weeks by now.")) from error
    except Conflict as error:
        if error.code != "period.full":
            raise
        raise Conflict("match.undo_depends", _("The seat has gone to someone else by now.")) from error
    tell(event, match)
    outbox.wake()
    return match


@transaction.atomic
def approve_match(*, actor: User, match_id: int) -> Placement:
    """A coordinator says yes: the placement stands.

    Raises Conflict `match.gate_closed` naming what is missing, or when the match was decided meanwhile.
    """
    match = match_to_decide(actor, match_id)
    if closed := [gate for gate in gates_of(match) if gate.is_blocking and not gate.is_open]:
        raise Conflict("match.gate_closed", closed[0].text, data={"gates": [gate.code for gate in closed]})
    return _approve(match, actor)


def _approve(match: Match, actor: User) -> Placement:
    _decide(match, actor)
    event = move(match, MATCH_TRANSITIONS, "match.approved", actor=actor, update_fields=DECISION)
    try:
        with transaction.atomic():
            placement = Placement.objects.create(
                match=match,
                student=match.student,
                period=match.period,
                start=match.start,
                end=match.end,
                supervisor_name=match.period.offer.supervisor_name,
                supervisor_email=match.period.offer.supervisor_email,
                supervisor_phone=match.period.offer.supervisor_phone,
            )
    except IntegrityError as error:
        raise Conflict("placement.overlap", _("The student already has a placement in these weeks.")) from error
    log("placement.created", placement, actor=actor)
    tell(event, match)
    outbox.wake()
    return placement


@transaction.atomic
def reject_match(*, actor: User, match_id: int, reason: str) -> Match:
    """A coordinator says no, and why. The seat is free again."""
    match = match_to_decide(actor, match_id)
    if not reason.strip():
        raise Invalid(
            "match.no_reason", _("Write why, so that the student and the organisation understand."), field="reason"
        )
    _decide(match, actor, reason)
    event = move(
        match,
        MATCH_TRANSITIONS,
        "match.rejected",
        actor=actor,
        reason=reason,
        update_fields=DECISION,
    )
    tell(event, match)
    release_seat(match.period)
    outbox.wake()
    return match


@transaction.atomic
def withdraw_match(*, actor: User | None, match_id: int) -> Match:
    """The student steps back before the decision; the application's command has authorised it. The seat is free again."""
    match = lock(Match.objects.select_related("period"), match_id)
    tell(move(match, MATCH_TRANSITIONS, "match.withdrawn", actor=actor), match)
    release_seat(match.period)
    outbox.wake()
    return match


@transaction.atomic
def agree_anew(*, match_id: int, facts: Facts) -> None:
    """The student says yes to the place as it is now; the application's command has authorised it."""
    match = lock(Match.objects.all(), match_id)
    match.agreed = facts
    match.save(update_fields=["agreed", "updated_at"])


@transaction.atomic
def end_placement(*, actor: User, placement_id: int, reason: str) -> Placement:
    """A coordinator cancels an upcoming placement or interrupts an ongoing one, with a reason.

    The dates decide which of the two it is, also in the hour before the calendar has moved it on. Raises Conflict
    `placement.over` after the last day.
    """
    placement = (
        Placement.objects.select_related("match__student", "period")
        .select_for_update(of=("self",))
        .filter(pk=placement_id)
        .first()
    )
    if placement is None or not policies.may_know_match(actor, placement.match):
        raise NotFound("placement.unknown", _("There is no such placement."))
    if not policies.can_decide_match(actor, placement.match):
        raise NotAllowed("placement.not_allowed", _("Another municipality looks after this placement."))
    if not reason.strip():
        raise Invalid("placement.no_reason", _("Write why, so that everyone understands."), field="reason")
    if placement.end < clock.today():
        raise Conflict("placement.over", _("The last day has passed: there is nothing left to end."))
    _advance(placement)
    was_upcoming = placement.state == PlacementState.UPCOMING
    action = "placement.cancelled" if was_upcoming else "placement.interrupted"
    placement.ended_reason = reason.strip()
    fields = ["ended_reason"]
    if not was_upcoming:
        placement.last_day = clock.today()
        has_days_left = next_working_day(clock.today()) <= placement.end
        placement.rest = RestState.ASKED if has_days_left else ""
        fields += ["last_day", "rest"]
    event = move(placement, PLACEMENT_TRANSITIONS, action, actor=actor, reason=reason, update_fields=fields)
    tell(event, placement.match, placement)
    if placement.rest:
        tell_rest(events.record("placement.rest_asked", placement), placement)
    if was_upcoming:
        release_seat(placement.period)
    outbox.wake()
    return placement


@transaction.atomic
def set_first_day(*, actor: User, placement_id: int, first_day: str, bring: str) -> Placement:
    """The workplace, or the coordinator who looks after the placement, says when and where to come and what to bring.

    The student, and a minor's guardians, are told when something has changed. Raises Conflict `placement.over` when the
    placement has ended, Invalid for a text that is too long.
    """
    placement = (
        Placement.objects.select_related(*(f"match__{name}" for name in RELATED))
        .select_for_update(of=("self",))
        .filter(pk=placement_id)
        .first()
    )
    if placement is None or not policies.may_know_match(actor, placement.match):
        raise NotFound("placement.unknown", _("There is no such placement."))
    if not policies.can_prepare_placement(actor, placement):
        raise NotAllowed("placement.not_allowed", _("The workplace and the coordinator write what is needed here."))
    if not placement.stands:
        raise Conflict("placement.over", _("The placement has ended already."))
    texts = {"first_day": first_day.strip(), "bring": bring.strip()}
    for name, text in texts.items():
        longest = getattr(Placement._meta.get_field(name), "max_length", None)
        if longest is not None and len(text) > longest:
            raise Invalid("placement.text_too_long", _("Shorten the text a little."), field=name)
    if all(getattr(placement, name) == text for name, text in texts.items()):
        return placement
    placement.first_day, placement.bring = texts["first_day"], texts["bring"]
    placement.save(update_fields=[*texts, "updated_at"])
    log("placement.first_day_set", placement, actor=actor)
    tell_first_day(events.record("placement.first_day_set", placement), placement)
    outbox.wake()
    return placement


@transaction.atomic
def advance_placement(*, placement_id: int) -> bool:
    """The calendar starts and completes placements. False when there is nothing to do today."""
    return _advance(lock(Placement.objects.all(), placement_id))


def _advance(placement: Placement) -> bool:
    today = clock.today()
    moved = False
    if placement.state == PlacementState.UPCOMING and placement.start <= today:
        move(placement, PLACEMENT_TRANSITIONS, "placement.started", actor=None)
        moved = True
    if placement.state == PlacementState.ONGOING and placement.end < today:
        move(placement, PLACEMENT_TRANSITIONS, "placement.completed", actor=None)
        moved = True
    return moved
