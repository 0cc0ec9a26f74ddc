"""Who is told what about rounds."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from backend.accounts.models import User
from backend.common.models import DomainEvent
from backend.common.transitions import Audience, audiences
from backend.common.weeks import format_dates
from backend.notifications.effect import own_step
from backend.notifications.enums import Category
from backend.notifications.messages import TEMPLATES, Words, context_from
from backend.notifications.models import Notification
from backend.notifications.registry import Kind, register
from backend.notifications.services import notify
from backend.notifications.subjects import Subject, from_rows
from backend.rounds.enums import ROUND_TRANSITIONS, ResultState, RoundState, UnplacedPolicy
from backend.rounds.models import Appeal, Participant, Result, Round
from backend.rounds.reasons import facts_for, summary_of
from backend.students.protection import deciders_for

RELATED = (
    "participant__student__user",
    "participant__round",
    "seat__period__offer__organisation",
    "seat__period__offer__workplace",
)


def _participants(the_round: Round) -> list[User]:
    return list(User.objects.filter(student__rounds__round=the_round, is_active=True).order_by("pk"))


def _organisations(the_round: Round, **seats: Any) -> list[User]:
    of_seats = {
        f"memberships__organisation__offers__periods__round_seats__{name}": value for name, value in seats.items()
    }
    return list(
        User.objects.filter(
            memberships__organisation__offers__periods__round_seats__round=the_round, is_active=True, **of_seats
        )
        .order_by("pk")
        .distinct()
    )


def _with_student(the_round: Round) -> list[User]:
    return _organisations(the_round, results__state=ResultState.OFFERED)


def _asked_to_rank(the_round: Round) -> list[User]:
    return _organisations(the_round, wishes__isnull=False) if the_round.employers_rank else []


# What the words in the table of transitions mean.
ROLES: dict[str, Audience] = {
    "participants": _participants,
    "organisations with a place": _organisations,
    "organisations with a student": _with_student,
    "organisations that may rank": _asked_to_rank,
}
TOLD = audiences(ROUND_TRANSITIONS, ROLES)
# Events that are told in another kind of message, to all or to those of a role.
OTHER_KINDS = {"round.closed": "round.ranking_asked"}
OF_A_ROLE: dict[str, dict[str, Audience]] = {
    "round.published": {"round.published": _participants, "round.organisation_told": _with_student}
}


def tell_round(event: DomainEvent, the_round: Round) -> None:
    """Writes the notifications of a round's transition, in its transaction. Nobody is told twice of one event."""
    told: set[int] = set()
    if event.kind not in TOLD:
        return
    usual = {OTHER_KINDS.get(event.kind, event.kind): TOLD[event.kind]}
    for kind, recipients in OF_A_ROLE.get(event.kind, usual).items():
        people = [user for user in recipients(the_round) if user.pk not in told]
        told.update(user.pk for user in people)
        notify(event=event, recipients=people, kind=kind, subject=the_round)


def tell_of_help(event: DomainEvent, participant: Participant) -> None:
    """The student learns that the coordinator has wished for them."""
    notify(event=event, recipients=[participant.student.user], kind="round.wished_for_you", subject=participant.round)


def tell_result(event: DomainEvent, result: Result) -> None:
    """A seat given on, or kept too long: the student is told."""
    if event.kind in {"result.offered", "result.lapsed"}:
        notify(event=event, recipients=[result.participant.student.user], kind=event.kind, subject=result)


def tell_appeal(event: DomainEvent, appeal: Appeal) -> None:
    """Those who may answer: coordinators of the round, for a protected identity those with a grant for the student; the
    sender of an answered one."""
    participant = appeal.result.participant
    student = participant.student
    asked = deciders_for(student, student.municipality_id if student.is_protected else participant.round.lead_id)
    recipients = asked if event.kind == "appeal.sent" else [appeal.sent_by]
    notify(event=event, recipients=recipients, kind=event.kind, subject=appeal)


_round: Subject[Round] = from_rows(Round.objects.all)
_result: Subject[Result] = from_rows(lambda: Result.objects.select_related(*RELATED))
_appeal: Subject[Appeal] = from_rows(lambda: Appeal.objects.select_related("result__participant__round"))
SUBJECTS: dict[str, Subject[Any]] = {"round": _round, "result": _result, "appeal": _appeal}


def _own_result(notification: Notification) -> Result | None:
    return (
        Result.objects.select_related(*RELATED)
        .filter(
            publication__round=notification.subject_id,
            publication__undone_at=None,
            participant__student__user=notification.recipient_id,
        )
        .first()
    )


def _moment(moment: Any) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def _place_facts(result: Result) -> tuple[tuple[str, str], ...]:
    if result.seat is None:
        return ()
    period = result.seat.period
    return (
        (_("Place"), period.offer.title),
        (_("Organisation"), period.offer.organisation.name),
        (_("Dates"), format_dates(period.start, period.end)),
    )


def _opened_words(notification: Notification) -> Words:
    the_round = _round(notification)
    return Words(
        paragraphs=(
            _("You can now wish for places in “%(name)s”.") % {"name": the_round.name},
            _("Put the place you want most first. The round closes %(moment)s, and it does not matter who is first.")
            % {"moment": _moment(the_round.closes_at)},
            _("If there are more wishes than seats, lots are drawn with the number %(seed)d, which is drawn already.")
            % {"seed": the_round.seed},
        ),
        button=_("Choose your places"),
    )


def _wished_words(notification: Notification) -> Words:
    return Words(
        paragraphs=(
            _("Your coordinator has put places on your list in “%(name)s” for you.")
            % {"name": _round(notification).name},
            _("Look through the list. You can change it yourself until the round closes."),
        ),
        button=_("See your list"),
    )


def _ranking_words(notification: Notification) -> Words:
    the_round = _round(notification)
    assert the_round.employers_answer_by is not None
    return Words(
        paragraphs=(
            _("Students have wished for your places in “%(name)s”.") % {"name": the_round.name},
            _("Put them in your order until %(moment)s, or leave it to the lottery.")
            % {"moment": _moment(the_round.employers_answer_by)},
        ),
        button=_("See who wishes"),
    )


def _published_words(notification: Notification) -> Words:
    result = _own_result(notification)
    if result is None:
        return Words(paragraphs=(_("You already have a place in these weeks, so the round gave you none."),))
    reason = summary_of(result, facts_for([result])[result.pk])
    if result.answer_by is not None and result.state == ResultState.OFFERED:
        after = _("The seat is yours if you want it. Answer before %(moment)s.") % {"moment": _moment(result.answer_by)}
    elif result.state in {ResultState.UNPLACED, ResultState.FELL}:
        after = NEXT_STEP[UnplacedPolicy(result.participant.round.unplaced_policy)]()
    else:
        # The student was quicker than the mail, and has answered on the page.
        after = ""
    return Words(paragraphs=(reason, after), facts=_place_facts(result), button=_("See your result"))


NEXT_STEP: dict[UnplacedPolicy, Callable[[], str]] = {
    UnplacedPolicy.SECOND_ROUND: lambda: _("There will be a second round with the seats that are left."),
    UnplacedPolicy.OPEN_MARKET: lambda: _("There are more places that may fit you. You can apply for them now."),
    UnplacedPolicy.PERSON: lambda: _("A coordinator helps you to find a place."),
}


def _told_words(notification: Notification) -> Words:
    the_round = _round(notification)
    offered = Result.objects.filter(
        publication__round=the_round,
        publication__undone_at=None,
        state=ResultState.OFFERED,
        seat__period__offer__organisation__memberships__user=notification.recipient_id,
    ).count()
    return Words(
        paragraphs=(
            _("The round “%(name)s” is published. Students offered your seats: %(number)d.")
            % {"name": the_round.name, "number": offered},
            _("They answer before %(moment)s. You are told about each of them who says yes.")
            % {"moment": _moment(the_round.accept_by)},
        ),
        button=_("See your places"),
    )


def _unpublished_words(notification: Notification) -> Words:
    return Words(
        paragraphs=(
            _("The result of “%(name)s” has been taken back before anybody had answered. It does not count.")
            % {"name": _round(notification).name},
            _("You are told again when the round is published anew."),
        )
    )


def _cancelled_words(notification: Notification) -> Words:
    the_round = _round(notification)
    return Words(
        paragraphs=(_("The round “%(name)s” has been cancelled.") % {"name": the_round.name}, the_round.cancel_reason)
    )


def _offered_words(notification: Notification) -> Words:
    result = _result(notification)
    return Words(
        paragraphs=(
            _("Somebody gave a seat back, and you are next in the round's order."),
            _("It is held for you until %(moment)s.") % {"moment": _moment(result.answer_by)}
            if result.answer_by
            else "",
        ),
        facts=_place_facts(result),
        button=_("Say yes or no"),
    )


def _lapsed_words(notification: Notification) -> Words:
    result = _result(notification)
    return Words(
        paragraphs=(_("You did not answer in time, so the seat has gone to the next student."),),
        facts=_place_facts(result),
    )


def _appeal_words(notification: Notification) -> Words:
    return Words(
        paragraphs=(
            _("A student asks you to look at the result of “%(name)s” again.")
            % {"name": _appeal(notification).result.participant.round.name},
        ),
        button=_("Read and answer"),
    )


def _answered_words(notification: Notification) -> Words:
    return Words(paragraphs=(_appeal(notification).answer,), button=_("See your result"))


def _only_while(*states: RoundState) -> Callable[[Notification], str]:
    def still_relevant(notification: Notification) -> str:
        return "" if _round(notification).state in states else "round_moved_on"

    return still_relevant


def _still_offered(notification: Notification) -> str:
    return "" if _result(notification).state == ResultState.OFFERED else "already_answered"


def _register(
    name: str,
    title: Callable[[Notification], str],
    words: Callable[[Notification], Words],
    **options: Any,
) -> None:
    register(
        Kind(
            name=name,
            category=Category.APPLICATIONS,
            title=title,
            context=context_from(words),
            templates=TEMPLATES,
            subject=SUBJECTS[name.partition(".")[0]],
            **options,
        )
    )


DECISION: dict[str, Any] = {"opt_out": False, "resend_when_uncertain": True, "expires_after": timedelta(days=7)}
NAME = "name"

_register(
    "round.opened",
    lambda n: _("Choose your places: %(name)s") % {NAME: _round(n).name},
    _opened_words,
    opt_out=False,
    expires_after=timedelta(days=14),
    still_relevant=_only_while(RoundState.OPEN),
)
_register(
    "round.wished_for_you",
    lambda n: _("Your coordinator has wished for you: %(name)s") % {NAME: _round(n).name},
    _wished_words,
    opt_out=False,
    expires_after=timedelta(days=14),
    still_relevant=_only_while(RoundState.OPEN),
)
_register(
    "round.ranking_asked",
    lambda n: _("Students wish for your places: %(name)s") % {NAME: _round(n).name},
    _ranking_words,
    still_relevant=_only_while(RoundState.CLOSED),
)
_register(
    "round.published",
    lambda n: _("Your result: %(name)s") % {NAME: _round(n).name},
    _published_words,
    still_relevant=_only_while(RoundState.PUBLISHED, RoundState.FINISHED),
    **DECISION,
)
_register(
    "round.organisation_told",
    lambda n: _("Students for your places: %(name)s") % {NAME: _round(n).name},
    _told_words,
    still_relevant=_only_while(RoundState.PUBLISHED),
)
_register(
    "round.unpublished",
    lambda n: _("Correction: the result does not count: %(name)s") % {NAME: _round(n).name},
    _unpublished_words,
    **DECISION,
)
_register(
    "round.cancelled",
    lambda n: _("Cancelled: %(name)s") % {NAME: _round(n).name},
    _cancelled_words,
    opt_out=False,
)
_register(
    "result.offered",
    lambda n: _("A seat for you: %(name)s") % {NAME: _result(n).participant.round.name},
    _offered_words,
    **DECISION | {"still_relevant": _still_offered, "acted": own_step("result.accepted", "result.declined")},
)
_register(
    "result.lapsed",
    lambda n: _("The seat has gone to someone else: %(name)s") % {NAME: _result(n).participant.round.name},
    _lapsed_words,
    opt_out=False,
)
_register(
    "appeal.sent",
    lambda n: _("A question about a result: %(name)s") % {NAME: _appeal(n).result.participant.round.name},
    _appeal_words,
    opt_out=False,
)
_register(
    "appeal.answered",
    lambda n: _("Answer to your question: %(name)s") % {NAME: _appeal(n).result.participant.round.name},
    _answered_words,
    opt_out=False,
)
