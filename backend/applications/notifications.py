"""Who is told what about applications."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from backend.accounts.models import User
from backend.accounts.policies import municipalities_coordinated_by
from backend.accounts.selectors import has_coordinator, list_responsible_for
from backend.applications import summaries, timers
from backend.applications.enums import APPLICATION_TRANSITIONS, ApplicationState, DeclineReason, ReleaseReason
from backend.applications.models import Application, ChangeQuestion
from backend.applications.policies import visible_to
from backend.common.models import DomainEvent
from backend.common.transitions import Audience, audiences
from backend.common.weeks import format_dates
from backend.notifications import ledger
from backend.notifications.effect import own_step
from backend.notifications.enums import Category
from backend.notifications.messages import TEMPLATES, Words, context_from
from backend.notifications.models import Notification
from backend.notifications.registry import Kind, register
from backend.notifications.services import notify
from backend.notifications.subjects import Subject, from_rows, while_there
from backend.offers.facts import changes_between
from backend.organisations.policies import has_people
from backend.organisations.selectors import list_member_users
from backend.students.protection import deciders_for, protected_students_of
from backend.students.selectors import guardian_ids

RELATED = ("student__user", "period__offer__organisation", "period__offer__workplace")


_application: Subject[Application] = from_rows(
    lambda: Application.objects.select_related(*RELATED).annotate(
        has_question=Exists(ChangeQuestion.objects.filter(application=OuterRef("pk"), answer=""))
    )
)


def _student(application: Application) -> list[User]:
    return [application.student.user]


def _organisation(application: Application) -> list[User]:
    return list_member_users(application.period.offer.organisation_id)


def _coordinators(application: Application) -> list[User]:
    """Those who would decide the match: the student's own municipality when it has a coordinator, else the workplace's."""
    own = application.student.municipality_id
    deciding = own if has_coordinator(own) else application.period.offer.municipality_code
    return deciders_for(application.student, deciding)


def _organisation_with_a_seat(application: Application) -> list[User]:
    return _organisation(application) if application.offered_at else []


# What the words in the table of transitions mean. Whoever did it knows already and is left out.
ROLES: dict[str, Audience] = {
    "student": _student,
    "organisation": _organisation,
    "organisation when a seat was held": _organisation_with_a_seat,
}
TOLD: dict[str, Audience] = {
    **audiences(APPLICATION_TRANSITIONS, ROLES),
    "application.submitted": _organisation,
    "application.escalated": _coordinators,
    "application.change_asked": _student,
    "application.change_accepted": _organisation,
}


def _with_ledger(reader: User, application_id: int) -> Application | None:
    """An application of a student the reader coordinates; of a protected one with a grant."""
    own = visible_to(reader).filter(
        student__municipality__in=municipalities_coordinated_by(reader), student__is_protected=False
    )
    rows = Application.objects.select_related(*RELATED).filter(pk=application_id)
    return rows.filter(Q(pk__in=own.values("pk")) | Q(student__in=protected_students_of(reader))).first()


ledger.register_case(
    ledger.Case(
        "application",
        find=_with_ledger,
        organisation=lambda application: application.period.offer.organisation_id,
        student=lambda application: application.student.user_id,
        beside=lambda application: guardian_ids(application.student),
    )
)


def tell(event: DomainEvent, application: Application) -> None:
    """Writes the notifications of a transition, in its transaction. Whoever did it knows already."""
    timers.follow(event, application)
    if event.kind not in TOLD:
        return
    actor = event.data.get("actor")
    recipients = [user for user in TOLD[event.kind](application) if user.pk != actor]
    notify(event=event, recipients=recipients, kind=event.kind, subject=application)
    if event.kind == "application.submitted" and not application.student.is_protected:
        tell_who_stands_in(event, application)


def tell_who_stands_in(event: DomainEvent, application: Application) -> None:
    """Where nobody here belongs to the organisation, silence would be the answer: the coordinator is told instead."""
    offer = application.period.offer
    if has_people(offer.organisation_id):
        return
    people = [user for user in list_responsible_for(offer.municipality_code) if user.pk != application.student.user_id]
    notify(event=event, recipients=people, kind="application.nobody_answers", subject=application)


def tell_of_help(event: DomainEvent, application: Application) -> None:
    """The student learns that the coordinator has applied for them."""
    notify(
        event=event, recipients=[application.student.user], kind="application.submitted_for_you", subject=application
    )


def _title(text: Callable[[Application], str]) -> Callable[[Notification], str]:
    return lambda notification: text(_application(notification))


def _facts(application: Application) -> tuple[tuple[str, str], ...]:
    period = application.period
    return (
        (_("Place"), period.offer.title),
        (_("Organisation"), period.offer.organisation.name),
        (_("Dates"), format_dates(period.start, period.end)),
    )


def _words(
    paragraphs: Callable[[Application], tuple[str, ...]], button: Callable[[], str]
) -> Callable[[Notification], Words]:
    def words(notification: Notification) -> Words:
        application = _application(notification)
        return Words(paragraphs=paragraphs(application), facts=_facts(application), button=button())

    return words


def _submitted(application: Application) -> tuple[str, ...]:
    due = date_format(timezone.localtime(application.answer_due_at), "DATE_FORMAT")
    return (
        _("%(name)s has applied. Answer with one click.") % {"name": application.student.display_name},
        _("Please answer by %(date)s. After that the coordinator is asked to help.") % {"date": due},
    )


def _offered(application: Application) -> tuple[str, ...]:
    if application.hold_expires_at is None:
        return (_("The organisation has taken this offer back."),)
    until = date_format(timezone.localtime(application.hold_expires_at), "DATETIME_FORMAT")
    rest = (
        _("Somebody has ended early: you are offered the days that are left.") if application.period.rest_of_id else ""
    )
    return (
        rest,
        _("The seat is yours if you want it. It is held for you until %(moment)s.") % {"moment": until},
        application.message,
    )


def _declined(application: Application) -> tuple[str, ...]:
    return (
        _("Thank you for applying. This time it was not possible."),
        _("Reason: %(reason)s.") % {"reason": DeclineReason(application.decline_reason).label},
        application.message,
        _("There are more places that may fit you."),
    )


def _ended(application: Application) -> tuple[str, ...]:
    return (_("Why: %(reason)s.") % {"reason": ReleaseReason(application.release_reason).label},)


def _still_offered(notification: Notification) -> str:
    return "" if _application(notification).state == ApplicationState.OFFERED else "already_answered"


def _still_unanswered(notification: Notification) -> str:
    return "" if _application(notification).state == ApplicationState.SUBMITTED else "already_answered"


def _register(
    name: str, title: Callable[[Application], str], words: Callable[[Notification], Words], **options: Any
) -> None:
    register(
        Kind(
            name=name,
            title=_title(title),
            context=context_from(words),
            templates=TEMPLATES,
            subject=_application,
            **{"category": Category.APPLICATIONS, **options},
        )
    )


def _question(application: Application) -> ChangeQuestion | None:
    return ChangeQuestion.objects.filter(application=application, answer="").first()


def _change_waits(notification: Notification) -> str:
    return "" if _application(notification).has_question else "already_answered"  # type: ignore[attr-defined]


def _changed_words(notification: Notification) -> Words:
    application = _application(notification)
    question = _question(application) or ChangeQuestion.objects.filter(application=application).last()
    assert question is not None
    due = date_format(timezone.localtime(question.due_at), "DATETIME_FORMAT")
    changes = changes_between(question.before, question.after)
    return Words(
        paragraphs=(
            _("What you asked for has changed. You decide whether it still fits."),
            _("Please answer by %(moment)s. Without an answer your application ends.") % {"moment": due},
        ),
        facts=(
            (_("Place"), application.period.offer.title),
            (_("Organisation"), application.period.offer.organisation.name),
            *((change.label, f"{change.old} → {change.new}") for change in changes),
        ),
        button=_("Say yes or no"),
    )


def _turned_down(application: Application) -> tuple[str, ...]:
    return (
        _("%(name)s has said no to the seat. It is free again.") % {"name": application.student.display_name},
        application.own_words,
    )


ANSWERED = own_step("application.offered", "application.declined", "application.waitlisted")
CHOSEN = own_step("application.accepted", "application.turned_down", "application.withdrawn")
DECISION: dict[str, Any] = {"opt_out": False, "resend_when_uncertain": True, "expires_after": timedelta(days=7)}

_register(
    "application.submitted",
    lambda application: _("New application: %(title)s") % {"title": application.period.offer.title},
    _words(_submitted, lambda: _("Read and answer")),
    still_relevant=_still_unanswered,
    acted=ANSWERED,
)
_register(
    "application.offered",
    lambda application: (
        _("%(organisation)s offers you a seat") % {"organisation": application.period.offer.organisation.name}
    ),
    _words(_offered, lambda: _("Say yes or no")),
    **DECISION | {"still_relevant": _still_offered, "acted": CHOSEN},
)
_register(
    "application.waitlisted",
    lambda application: _("You are on the waiting list: %(title)s") % {"title": application.period.offer.title},
    _words(
        lambda application: (
            _("All seats are taken for now. If one becomes free and it is your turn, you get it automatically."),
            application.message,
        ),
        lambda: _("See your application"),
    ),
    opt_out=False,
    still_relevant=lambda notification: (
        "" if _application(notification).state == ApplicationState.WAITLISTED else "already_answered"
    ),
)
_register(
    "application.declined",
    lambda application: _("Answer to your application: %(title)s") % {"title": application.period.offer.title},
    _words(_declined, lambda: _("See your application")),
    **DECISION,
)
_register(
    "application.accepted",
    lambda application: _("%(name)s said yes") % {"name": application.student.display_name},
    _words(
        lambda application: (_("The coordinator now approves the match. We tell you when it is done."),),
        lambda: _("See the applicants"),
    ),
)
_register(
    "application.withdrawn",
    lambda application: _("Application withdrawn: %(title)s") % {"title": application.period.offer.title},
    _words(_ended, lambda: _("Open the page")),
)
_register(
    "application.turned_down",
    lambda application: _("The seat was turned down: %(title)s") % {"title": application.period.offer.title},
    _words(_turned_down, lambda: _("See the applicants")),
)
for _name in ("application.offer_undone", "application.offer_undone_to_list"):
    _register(
        _name,
        lambda application: _("Correction: no seat is offered: %(title)s") % {"title": application.period.offer.title},
        _words(
            lambda application: (
                _(
                    "You were told that you are offered a seat. That was a mistake, and the organisation has taken it back."
                ),
                _("Your application stands where it stood before. We are sorry."),
            ),
            lambda: _("See your application"),
        ),
        **DECISION,
    )
register(
    Kind(
        name="application.change_asked",
        category=Category.APPLICATIONS,
        title=lambda notification: (
            _("The place has changed: %(title)s") % {"title": _application(notification).period.offer.title}
        ),
        context=context_from(_changed_words),
        templates=TEMPLATES,
        subject=_application,
        still_relevant=_change_waits,
        acted=own_step("application.change_accepted", "application.withdrawn"),
        **DECISION,
    )
)
_register(
    "application.change_accepted",
    lambda application: _("%(name)s says it still fits") % {"name": application.student.display_name},
    _words(
        lambda application: (_("The changed place still fits. You can go on with the application."),),
        lambda: _("See the applicants"),
    ),
)
_register(
    "application.lapsed",
    lambda application: _("The application has ended: %(title)s") % {"title": application.period.offer.title},
    _words(_ended, lambda: _("Open the page")),
    opt_out=False,
)
_register(
    "application.escalated",
    lambda application: (
        _("%(organisation)s has not answered") % {"organisation": application.period.offer.organisation.name}
    ),
    _words(
        lambda application: (_("A student has waited longer than the answer time. A call often helps."),),
        lambda: _("See the application"),
    ),
    opt_out=False,
    still_relevant=_still_unanswered,
)


def _asked_words(notification: Notification) -> Words:
    application = _application(notification)
    asker = User.objects.get(pk=notification.data["asker"])
    return Words(
        paragraphs=(
            _("%(asker)s asks you to look at an application to “%(title)s” and answer it.")
            % {"asker": asker.name, "title": application.period.offer.title},
        ),
        facts=((_("Applicant"), application.student.display_name),),
        button=_("Read and answer"),
    )


def _no_longer_waits(notification: Notification) -> str:
    waiting = {ApplicationState.SUBMITTED, ApplicationState.WAITLISTED}
    return "" if _application(notification).state in waiting else "already_answered"


_register(
    "application.submitted_for_you",
    lambda application: (
        _("Your coordinator has applied for you: %(title)s") % {"title": application.period.offer.title}
    ),
    _words(
        lambda application: (
            _("The organisation answers, and you hear of it. You can take the application back yourself."),
        ),
        lambda: _("See the application"),
    ),
    opt_out=False,
)
register(
    Kind(
        name="application.colleague_asked",
        category=Category.APPLICATIONS,
        title=lambda notification: (
            _("Will you look at an application to “%(title)s”?")
            % {"title": _application(notification).period.offer.title}
        ),
        context=context_from(_asked_words),
        templates=TEMPLATES,
        subject=_application,
        still_relevant=while_there(_no_longer_waits, "already_answered"),
        acted=ANSWERED,
    )
)


def _wanted(application: Application) -> tuple[str, ...]:
    due = date_format(timezone.localtime(application.answer_due_at), "DATETIME_FORMAT")
    return (
        _("%(name)s waits for your answer. Yes, no and the waiting list are one click each.")
        % {"name": application.student.display_name},
        _("Please answer by %(moment)s. After that the coordinator is asked to help.") % {"moment": due},
    )


_register(
    "application.answer_wanted",
    lambda application: _("Still without an answer: %(title)s") % {"title": application.period.offer.title},
    _words(_wanted, lambda: _("Read and answer")),
    category=Category.REMINDERS,
    still_relevant=_still_unanswered,
    acted=ANSWERED,
)
_register(
    "application.seat_waits",
    lambda application: (
        _("The seat at %(organisation)s waits for your answer")
        % {"organisation": application.period.offer.organisation.name}
    ),
    _words(_offered, lambda: _("Say yes or no")),
    category=Category.REMINDERS,
    opt_out=False,
    still_relevant=_still_offered,
    acted=CHOSEN,
)

_register(
    "application.nobody_answers",
    lambda application: (
        _("Nobody answers for %(organisation)s") % {"organisation": application.period.offer.organisation.name}
    ),
    _words(
        lambda application: (
            _("%(name)s has applied, and nobody from the organisation is here.")
            % {"name": application.student.display_name},
            _("Call them and answer for them, or invite somebody from there."),
        ),
        lambda: _("See the application"),
    ),
    opt_out=False,
    still_relevant=_still_unanswered,
    acted=ANSWERED,
)

# The other things the clock and the morning say about applications are registered where they stand.
__all__ = ["TOLD", "summaries", "tell", "timers"]
