"""What was asked for does not change without the asker: ask, take the answer, and end what is not answered in time.

That a question waits is read from the facts (agreement.py), so nothing slips through before the question is written.
"""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.applications import policies
from backend.applications.agreement import open_question
from backend.applications.enums import LIVE_STATES, ApplicationState, ChangeAnswer, ReleaseReason
from backend.applications.models import Application, ChangeQuestion
from backend.applications.notifications import tell
from backend.applications.services import _lapse, _locked, _rules, _withdraw
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, NotAllowed
from backend.common.transitions import log
from backend.offers.facts import facts_of, is_worth_asking
from backend.offers.seats import release_seat
from backend.offers.timing import last_moment
from backend.organisations.municipality_settings import settings_of
from backend.placements.services import agree_anew, withdraw_match
from backend.students.models import Student


@transaction.atomic
def ask_about_changes(*, offer_id: int) -> int:
    """The place was changed: everybody who has applied and has no final answer is asked. Returns how many were.

    Asking twice about the same change asks once. A change that is taken back before the answer closes the question.
    """
    live = Application.objects.filter(period__offer=offer_id, state__in=LIVE_STATES).order_by("pk")
    return sum(_ask(_locked(None, pk)) for pk in list(live.values_list("pk", flat=True)))


def _ask(application: Application) -> bool:
    now, facts, waiting = clock.now(), facts_of(application.period), open_question(application)
    if application.state not in LIVE_STATES:
        return False
    if not is_worth_asking(application.asked_for, facts):
        if waiting is not None:
            _close(waiting, ChangeAnswer.CHANGED_BACK)
            log("application.changed_back", application, actor=None, data={"question": waiting.pk})
        return False
    if waiting is not None and waiting.after == facts:
        return False
    rules = _rules(application.period)
    hold_hours = settings_of(application.period.offer.municipality_code).hold_hours or rules.hold_hours
    until = last_moment(application.period.start, application.period.end, rules)
    due = max(now, min(now + timedelta(hours=hold_hours), until))
    if waiting is None:
        waiting = ChangeQuestion(application=application, before=application.asked_for)
    waiting.after, waiting.asked_at, waiting.due_at = facts, now, due
    waiting.save()
    if application.state == ApplicationState.OFFERED and application.hold_expires_at is not None:
        # Nobody loses a seat to a question about it.
        application.hold_expires_at = max(application.hold_expires_at, due)
        application.save(update_fields=["hold_expires_at"])
    log("application.change_asked", application, actor=None, data={"question": waiting.pk})
    tell(events.record("application.change_asked", application, {"question": waiting.pk}), application)
    outbox.wake()
    return True


def _close(question: ChangeQuestion, answer: ChangeAnswer) -> None:
    question.answer, question.answered_at = answer, clock.now()
    question.save(update_fields=["answer", "answered_at"])


@transaction.atomic
def answer_change(*, actor: User, application_id: int, question_id: int, fits: bool) -> Application:
    """The student, or a minor's guardian, says whether the changed place still fits; a no takes the application back.

    Raises Conflict `change.answered` when nothing waits for an answer, and `change.changed_again` when the place is by now
    another one than the question tells: nobody says yes to what they have not read.
    """
    owner = Application.objects.filter(pk=application_id).values_list("student", flat=True).first()
    if owner is not None:
        Student.objects.select_for_update(of=("self",)).filter(pk=owner).first()
    application = _locked(actor, application_id)
    if not policies.can_answer_change(actor, application):
        raise NotAllowed("change.not_student", _("Only the student can say whether the change fits."))
    question = open_question(application)
    if question is None or application.state not in LIVE_STATES:
        raise Conflict("change.answered", _("There is no question to answer any more."))
    if question.pk != question_id or (fits and question.after != facts_of(application.period)):
        raise Conflict("change.changed_again", _("The place has changed once more. Read it again, then answer."))
    if not fits:
        _close(question, ChangeAnswer.NO)
        log("application.change_refused", application, actor=actor, data={"question": question.pk})
        _withdraw(application, actor, ReleaseReason.CHANGED)
        return application
    _close(question, ChangeAnswer.YES)
    application.asked_for = question.after
    application.save(update_fields=["asked_for"])
    if application.match_id is not None:
        agree_anew(match_id=application.match_id, facts=question.after)
    log("application.change_accepted", application, actor=actor, data={"question": question.pk})
    event = events.record("application.change_accepted", application, {"actor": actor.pk})
    tell(event, application)
    if application.state == ApplicationState.WAITLISTED and application.period.free:
        # The waiting list passed the student by while the question was open.
        events.record("seat.freed", application.period, {"offer": application.period.offer_id})
    outbox.wake()
    return application


@transaction.atomic
def lapse_change(*, question_id: int) -> bool:
    """The time to answer about a change has run out: the application ends. False when there is nothing to do."""
    pk = ChangeQuestion.objects.filter(pk=question_id).values_list("application", flat=True).first()
    if pk is None:
        return False
    application = _locked(None, pk)
    question = open_question(application)
    if question is None or question.pk != question_id or question.due_at > clock.now():
        return False
    if application.state not in LIVE_STATES:
        _close(question, ChangeAnswer.ENDED)
        return False
    _close(question, ChangeAnswer.LAPSED)
    held_by_offer, match_id = application.state == ApplicationState.OFFERED, application.match_id
    _lapse(application, ReleaseReason.CHANGE_NOT_ANSWERED)
    if held_by_offer:
        release_seat(application.period)
    if match_id is not None:
        withdraw_match(actor=None, match_id=match_id)
    return True
