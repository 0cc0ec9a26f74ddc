"""Commands about applications: apply, answer, accept, withdraw; and what time and freed seats do to them.

Locks are taken in one order everywhere: student, application, period. So two commands never wait for each other.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.applications import policies
from backend.applications.agreement import require_as_asked_for, waits_for_student
from backend.applications.enums import (
    APPLICATION_TRANSITIONS,
    LIVE_STATES,
    UNANSWERED_STATES,
    ApplicationState,
    DeclineReason,
    ReleaseReason,
)
from backend.applications.models import Application
from backend.applications.notifications import tell, tell_of_help
from backend.applications.selectors import require_may_try_again
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import log, move
from backend.common.workdays import add_working_days
from backend.offers.enums import OfferState
from backend.offers.facts import facts_of
from backend.offers.models import Offer, OfferPeriod
from backend.offers.seats import hold_seat, release_seat
from backend.offers.timing import require_in_time
from backend.offers.work import WorkRules
from backend.organisations.municipality_settings import settings_of
from backend.organisations.policies import is_member
from backend.placements.enums import MatchSource
from backend.placements.selectors import has_place_between
from backend.placements.services import propose_match, withdraw_match
from backend.reference.models import PlacementFormVersion
from backend.reference.selectors import form_on
from backend.students.models import Student
from backend.students.policies import can_coordinate, is_guardian_of, is_self

LONGEST_REASON = 500
RELATED = ("student__user", "period__offer__organisation", "period__offer__workplace", "period__offer__form")


def _locked(actor: User | None, application_id: int) -> Application:
    """The application with its row locked, if the actor may know of it. No actor: the clock or the waiting list."""
    application = (
        Application.objects.select_related(*RELATED).select_for_update(of=("self",)).filter(pk=application_id).first()
    )
    if application is None or (actor is not None and not _may_know(actor, application)):
        raise NotFound("application.unknown", _("There is no such application."))
    return application


def _move(
    application: Application,
    action: str,
    *,
    actor: User | None,
    data: dict[str, Any] | None = None,
    update_fields: Iterable[str] = (),
) -> None:
    """One transition with its log row, its event and its notifications."""
    known = {**(data or {}), "actor": actor.pk if actor else None}
    if action != "application.offered" and application.undo_until is not None:
        application.undo_until, update_fields = None, [*update_fields, "undo_until"]
    event = move(application, APPLICATION_TRANSITIONS, action, actor=actor, data=known, update_fields=update_fields)
    tell(event, application)
    outbox.wake()


def _may_know(actor: User, application: Application) -> bool:
    return policies.can_withdraw(actor, application) or policies.can_answer(actor, application)


def _rules(period: OfferPeriod) -> PlacementFormVersion:
    return form_on(period.offer.form_id, period.start)


def _require_answerer(actor: User, application: Application) -> None:
    if not policies.can_answer(actor, application):
        raise NotAllowed("application.not_answerer", _("Only the organisation answers applications."))


@transaction.atomic
def submit_application(
    *, actor: User, period_id: int, motivation: str = "", student_id: int | None = None
) -> Application:
    """A student asks for a period, or a coordinator does so for a student, who is told.

    Raises Invalid or Conflict with a reason a student understands: closed, passed, full list, not allowed at this age,
    applied already, placed in these weeks already, too many open applications.
    """
    student = applicant_of(actor, student_id)
    period = OfferPeriod.objects.select_related("offer__workplace", "offer__form").filter(pk=period_id).first()
    if period is None or not Offer.objects.visible_to(actor).filter(pk=period.offer_id).exists():
        raise NotFound("period.unknown", _("There is no such place."))
    rules = form_on(period.offer.form_id, period.start)
    _check_open(period)
    until = require_in_time(period, rules)
    check_allowed(student, period)
    require_may_try_again(student, period, rules)
    if has_place_between(student, period.start, period.end):
        raise Conflict("application.placed_already", _("You already have a place in these weeks."))
    own_limit = settings_of(student.municipality_id).max_live_applications
    # A municipality may be stricter than the form, never milder.
    limit = min(own_limit or rules.max_live_applications, rules.max_live_applications)
    if student.applications.filter(state__in=LIVE_STATES).count() >= limit:
        raise Conflict(
            "application.too_many", _("You have as many open applications as the form allows. Withdraw one first.")
        )
    now = clock.now()
    answer_days = settings_of(period.offer.municipality_code).answer_days or rules.answer_days
    try:
        with transaction.atomic():
            application = Application.objects.create(
                student=student,
                period=period,
                motivation=motivation.strip(),
                asked_for=facts_of(period),
                submitted_at=now,
                answer_due_at=min(add_working_days(now, answer_days), until),
            )
    except IntegrityError as error:
        raise Conflict("application.twice", _("You have already applied for this period.")) from error
    log("application.submitted", application, actor=actor)
    event = events.record("application.submitted", application)
    tell(event, application)
    if student_id is not None:
        tell_of_help(event, application)
    outbox.wake()
    return application


def applicant_of(actor: User, student_id: int | None) -> Student:
    """The locked student: the actor, or one whom the actor looks after."""
    rows = Student.objects.select_for_update(of=("self",))
    if student_id is None:
        student = rows.filter(user=actor).first()
        if student is None:
            raise NotAllowed("student.no_profile", _("Fill in your profile first."))
        return student
    student = rows.filter(pk=student_id).first()
    if student is None or not can_coordinate(actor, student):
        raise NotFound("student.unknown", _("There is no such student."))
    return student


def _check_open(period: OfferPeriod) -> None:
    offer = period.offer
    if not offer.is_open:
        raise Conflict("offer.not_open", _("This place does not take applications right now."))
    if offer.apply_by is not None and offer.apply_by < clock.today():
        raise Conflict("offer.deadline_passed", _("The last day to apply has passed."))


def check_allowed(student: Student, period: OfferPeriod) -> None:
    """The same at every step: what was allowed when it was asked for may not be so when it is offered or accepted."""
    if WorkRules([period.offer]).judge(student, period.offer, period.start).is_forbidden:
        raise Invalid("application.age", _("The work at this place is not allowed at this age."), field="period")


@transaction.atomic
def mark_read(*, actor: User, application_id: int) -> None:
    """The organisation has opened the application; the student sees that. Harmless when repeated."""
    application = _locked(actor, application_id)
    _require_answerer(actor, application)
    if application.read_at is None:
        application.read_at = clock.now()
        application.save(update_fields=["read_at"])


@transaction.atomic
def mark_offer_read(*, actor: User, offer_id: int) -> int:
    """The organisation has opened the list of applicants of one of its offers. Returns how many were new; two queries."""
    offer = Offer.objects.filter(pk=offer_id).first()
    if offer is None or not is_member(actor, offer.organisation_id):
        raise NotFound("offer.unknown", _("There is no such place."))
    unread = Application.objects.filter(period__offer=offer, read_at__isnull=True)
    return unread.update(read_at=clock.now())


@transaction.atomic
def offer_seat(*, actor: User, application_id: int, message: str = "") -> Application:
    """The organisation offers one of its seats; it is held until the student answers or the hold ends.

    Raises Conflict `period.full` when the last seat was taken by someone else meanwhile, and
    `application.change_unanswered` while the student has not said whether a changed place still fits.
    """
    application = _locked(actor, application_id)
    _require_answerer(actor, application)
    _offer_seat(application, actor, message=message)
    return application


def _offer_seat(application: Application, actor: User | None, *, message: str = "", refill: bool = False) -> None:
    require_as_asked_for(application)
    check_allowed(application.student, application.period)
    rules = _rules(application.period)
    until, now = require_in_time(application.period, rules), clock.now()
    application.offered_at = now
    application.answered_at = application.answered_at or now
    hold_hours = settings_of(application.period.offer.municipality_code).hold_hours or rules.hold_hours
    hold = timedelta(hours=rules.refill_hold_hours if refill else hold_hours)
    application.hold_expires_at = min(now + hold, until)
    application.message = message.strip()
    minutes = settings_of(application.period.offer.municipality_code).undo_minutes
    application.undo_until = now + timedelta(minutes=minutes) if minutes and actor else None
    _move(
        application,
        "application.offered",
        actor=actor,
        data={"refill": refill},
        update_fields=["offered_at", "answered_at", "hold_expires_at", "message", "undo_until"],
    )
    hold_seat(application.period_id)


@transaction.atomic
def waitlist_application(*, actor: User, application_id: int, message: str = "") -> Application:
    """The organisation puts the applicant last on the period's waiting list."""
    application = _locked(actor, application_id)
    _require_answerer(actor, application)
    check_allowed(application.student, application.period)
    require_in_time(application.period, _rules(application.period))
    # The period's row serialises the ranks: two applicants never get the same one.
    OfferPeriod.objects.select_for_update().get(pk=application.period_id)
    last = Application.objects.filter(period=application.period_id).aggregate(last=Max("waiting_rank"))["last"] or 0
    application.waiting_rank = last + 1
    application.answered_at, application.message = clock.now(), message.strip()
    _move(
        application,
        "application.waitlisted",
        actor=actor,
        update_fields=["waiting_rank", "answered_at", "message"],
    )
    return application


@transaction.atomic
def decline_application(*, actor: User, application_id: int, reason: str, message: str = "") -> Application:
    """The organisation says no, with a structured reason that becomes a polite text."""
    application = _locked(actor, application_id)
    _require_answerer(actor, application)
    if reason not in DeclineReason.values:
        raise Invalid("application.no_reason", _("Choose a reason."), field="reason")
    application.decline_reason = reason
    application.answered_at = application.answered_at or clock.now()
    application.message = message.strip()
    _move(
        application,
        "application.declined",
        actor=actor,
        data={"decline_reason": reason},
        update_fields=["decline_reason", "answered_at", "message"],
    )
    return application


@transaction.atomic
def accept_seat(*, actor: User, application_id: int) -> Application:
    """The student says yes: a match waits for the coordinator, and other applications for the same days are released."""
    student = Student.objects.select_for_update(of=("self",)).filter(user=actor).first()
    application = _locked(actor, application_id)
    if student is None or not policies.can_accept(actor, application):
        raise NotAllowed("application.not_student", _("Only the student can accept the seat."))
    if application.hold_expires_at is not None and application.hold_expires_at < clock.now():
        raise Conflict("application.hold_over", _("The time to answer has run out."))
    if application.state == ApplicationState.OFFERED:
        require_as_asked_for(application)
        require_in_time(application.period, _rules(application.period))
        check_allowed(student, application.period)
        application.match = propose_match(
            actor=actor, student=student, period=application.period, source=MatchSource.APPLICATION
        )
    _move(application, "application.accepted", actor=actor, update_fields=["match"])
    _release_overlapping(application)
    return application


def _release_overlapping(accepted: Application) -> None:
    release_applications_in(student_id=accepted.student_id, period=accepted.period, but=accepted.pk)


@transaction.atomic
def release_applications_in(*, student_id: int, period: OfferPeriod, but: int | None = None) -> None:
    """The student has a place in the period's weeks: what is asked for in the same days, `but` aside, makes way."""
    others = (
        Application.objects.filter(
            student=student_id,
            state__in=LIVE_STATES - {ApplicationState.ACCEPTED},
            period__start__lte=period.end,
            period__end__gte=period.start,
        )
        .exclude(pk=but or 0)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    for pk in others:
        _withdraw(_locked(None, pk), None, ReleaseReason.PLACED_ELSEWHERE)


@transaction.atomic
def withdraw_application(*, actor: User, application_id: int) -> Application:
    """The student, a minor's guardian, or the coordinator takes an application back. A held seat is freed.

    A student who takes back an application with an offered seat says no to the seat: `turn_down_seat`.
    """
    owner = Application.objects.filter(pk=application_id).values_list("student", flat=True).first()
    if owner is not None:
        Student.objects.select_for_update(of=("self",)).filter(pk=owner).first()
    application = _locked(actor, application_id)
    if not policies.can_withdraw(actor, application):
        raise NotAllowed("application.not_withdrawer", _("Only the student can withdraw the application."))
    if is_self(actor, application.student):
        if application.state == ApplicationState.OFFERED:
            _turn_down(application, actor, "")
            return application
        why = ReleaseReason.BY_STUDENT
    elif is_guardian_of(actor, application.student):
        why = ReleaseReason.BY_GUARDIAN
    else:
        why = ReleaseReason.BY_COORDINATOR
    _withdraw(application, actor, why)
    return application


@transaction.atomic
def turn_down_seat(*, actor: User, application_id: int, reason: str = "") -> Application:
    """The student, or a minor's guardian, says no to an offered seat; why, if they like. The seat goes on at once."""
    owner = Application.objects.filter(pk=application_id).values_list("student", flat=True).first()
    if owner is not None:
        Student.objects.select_for_update(of=("self",)).filter(pk=owner).first()
    application = _locked(actor, application_id)
    if not policies.can_answer_change(actor, application):
        raise NotAllowed("application.not_student", _("Only the student can say no to the seat."))
    if len(reason.strip()) > LONGEST_REASON:
        raise Invalid("application.reason_long", _("The text is too long."), field="reason")
    _turn_down(application, actor, reason)
    return application


def _turn_down(application: Application, actor: User, reason: str) -> None:
    application.own_words = reason.strip()
    _move(application, "application.turned_down", actor=actor, update_fields=["own_words"])
    release_seat(application.period)


def _withdraw(application: Application, actor: User | None, why: ReleaseReason) -> None:
    held_by_offer = application.state == ApplicationState.OFFERED
    held_by_match = application.state == ApplicationState.ACCEPTED
    application.release_reason = why
    _move(
        application,
        "application.withdrawn",
        actor=actor,
        data={"release_reason": str(why)},
        update_fields=["release_reason"],
    )
    if held_by_offer:
        release_seat(application.period)
    if held_by_match:
        assert application.match_id is not None
        withdraw_match(actor=actor, match_id=application.match_id)


@transaction.atomic
def lapse_hold(*, application_id: int) -> bool:
    """The time to accept has run out: the seat is free again. False when the student answered meanwhile."""
    application = _locked(None, application_id)
    if application.state != ApplicationState.OFFERED:
        return False
    if application.hold_expires_at is None or application.hold_expires_at > clock.now():
        return False
    _lapse(application, ReleaseReason.NOT_ANSWERED)
    release_seat(application.period)
    return True


def _lapse(application: Application, why: ReleaseReason) -> None:
    application.release_reason = why
    _move(
        application,
        "application.lapsed",
        actor=None,
        data={"release_reason": str(why)},
        update_fields=["release_reason"],
    )


@transaction.atomic
def refill_seat(*, period_id: int) -> Application | None:
    """A freed seat goes to the first on the waiting list who may have it, with a short hold. None when nobody may, or no seat
    is left."""
    waiting = list(
        Application.objects.select_related(*RELATED)
        .filter(period=period_id, state=ApplicationState.WAITLISTED)
        .order_by("waiting_rank", "pk")
    )
    # Who has not answered about a change keeps the rank, and gets a seat after the answer; so does who is too young by a
    # birth date or a risk that was corrected since.
    rules = WorkRules(row.period.offer for row in waiting[:1])
    ready = next((row.pk for row in waiting if not waits_for_student(row) and not _is_forbidden(row, rules)), None)
    if ready is None:
        return None
    first = _locked(None, ready)
    try:
        with transaction.atomic():
            _offer_seat(first, None, refill=True)
    except (Conflict, Invalid):
        return None
    return first


def _is_forbidden(application: Application, rules: WorkRules) -> bool:
    period = application.period
    return rules.judge(application.student, period.offer, period.start).is_forbidden


@transaction.atomic
def refill_offer(*, offer_id: int) -> int:
    """Seats that were added go to those who wait, the first ones first. Returns how many were offered one.

    Added seats of a place that is being reviewed wait for the review. All applications are locked before the first seat
    is taken, in the order that every command keeps.
    """
    offer = Offer.objects.filter(pk=offer_id).first()
    if offer is None or offer.state in {OfferState.DRAFT, OfferState.SUBMITTED}:
        return 0
    free = {
        period.pk: period.capacity - period.taken
        for period in OfferPeriod.objects.filter(offer=offer, end__gte=clock.today(), taken__lt=F("capacity"))
    }
    waiting = Application.objects.filter(period__in=free, state=ApplicationState.WAITLISTED)
    locked = waiting.select_related(*RELATED).select_for_update(of=("self",)).order_by("pk")
    rules, offered = WorkRules([offer]), 0
    for application in sorted(locked, key=lambda row: (row.period_id, row.waiting_rank or 0, row.pk)):
        if not free[application.period_id] or waits_for_student(application) or _is_forbidden(application, rules):
            continue
        free[application.period_id] -= 1
        try:
            with transaction.atomic():
                _offer_seat(application, None, refill=True)
        except (Conflict, Invalid):
            # Somebody took the seat meanwhile.
            free[application.period_id] = 0
            continue
        offered += 1
    return offered


@transaction.atomic
def close_applications_of(*, offer_id: int) -> int:
    """The offer is closed: those who still wait are told that nothing will come of it."""
    waiting = Application.objects.filter(
        period__offer=offer_id, state__in=[ApplicationState.SUBMITTED, ApplicationState.WAITLISTED]
    ).order_by("pk")
    ids = list(waiting.values_list("pk", flat=True))
    for pk in ids:
        application = _locked(None, pk)
        if application.state in {ApplicationState.SUBMITTED, ApplicationState.WAITLISTED}:
            _lapse(application, ReleaseReason.OFFER_CLOSED)
    return len(ids)


@transaction.atomic
def lapse_ended(*, application_id: int) -> bool:
    """The period has passed without an answer: the student is told. False when there is nothing to do."""
    application = _locked(None, application_id)
    if application.state not in UNANSWERED_STATES or application.period.end >= clock.today():
        return False
    _lapse(application, ReleaseReason.OFFER_CLOSED)
    return True


@transaction.atomic
def escalate_silence(*, application_id: int) -> bool:
    """Nobody is left unanswered: after the answer time the coordinator is told, once."""
    application = _locked(None, application_id)
    if application.state != ApplicationState.SUBMITTED or application.escalated_at is not None:
        return False
    application.escalated_at = clock.now()
    application.save(update_fields=["escalated_at"])
    log("application.escalated", application, actor=None)
    tell(events.record("application.escalated", application), application)
    outbox.wake()
    return True
