"""Who is told that somebody else meets the student: those concerned, and the two supervisors by mail."""

from collections.abc import Callable
from datetime import timedelta

from django.utils.translation import gettext as _

from backend.accounts.contacts import Contact
from backend.accounts.models import User
from backend.accounts.phones import format_phone
from backend.accounts.selectors import find_person_by_email
from backend.common import events
from backend.common.models import DomainEvent
from backend.common.weeks import format_dates
from backend.notifications.enums import Category
from backend.notifications.messages import TEMPLATES, Words, context_from
from backend.notifications.models import Notification
from backend.notifications.registry import Kind, register
from backend.notifications.services import notify
from backend.notifications.subjects import Subject, from_rows
from backend.organisations.selectors import list_member_users
from backend.placements.models import Placement
from backend.students.protection import deciders_for
from backend.students.selectors import list_guardians_of

# Open to everyone: a supervisor need not have a part in anything else here.
PAGE_OF_A_SUPERVISOR = "/sa-fungerar-det/"

_placement: Subject[Placement] = from_rows(
    lambda: Placement.objects.select_related("student__user", "period__offer__organisation", "period__offer__workplace")
)


def tell_of_supervisor(event: DomainEvent, placement: Placement, *, before: Contact) -> None:
    """Writes the notifications in the transaction of the change. Whoever did it knows already."""
    student, organisation = placement.match.student, placement.period.offer.organisation_id
    everybody = [
        student.user,
        *list_guardians_of(student),
        *list_member_users(organisation),
        *deciders_for(student, placement.match.deciding_municipality_id),
    ]
    notify(
        event=event,
        recipients=[user for user in everybody if user.pk != event.data["actor"]],
        kind="placement.supervisor_replaced",
        subject=placement,
    )
    told = {user.pk for user in everybody} | {event.data["actor"]}
    relieved = before if before.email != placement.supervisor_email else Contact()
    named = Contact(placement.supervisor_name, placement.supervisor_email)
    for kind, contact in (("placement.supervisor_named", named), ("placement.supervisor_relieved", relieved)):
        if not contact.email or (kind == "placement.supervisor_named" and before.email == contact.email):
            continue
        person = _person(contact)
        if person.is_active and person.pk not in told:
            notify(event=events.record(kind, placement), recipients=[person], kind=kind, subject=placement)


def _person(contact: Contact) -> User:
    """Whose address it is; somebody new gets an account that opens nothing but their own settings."""
    return find_person_by_email(contact.email) or User.objects.create_user(contact.email, name=contact.name)


def _facts(placement: Placement, notification: Notification) -> tuple[tuple[str, str], ...]:
    is_student = notification.recipient_id == placement.student.user_id
    return (
        (_("Student"), "" if is_student else placement.student.display_name),
        (_("Place"), placement.period.offer.title),
        (_("Dates"), format_dates(placement.start, placement.end)),
        (_("Supervisor"), placement.supervisor_name),
        (_("Telephone"), format_phone(placement.supervisor_phone)),
        (_("E-mail address"), placement.supervisor_email),
    )


def _ended(notification: Notification) -> str:
    return "" if _placement(notification).stands else "already_decided"


def _replaced_words(notification: Notification) -> Words:
    placement = _placement(notification)
    return Words(
        paragraphs=(
            _("%(name)s is the supervisor at %(organisation)s from now on.")
            % {"name": placement.supervisor_name, "organisation": placement.period.offer.organisation.name},
        ),
        facts=_facts(placement, notification),
        button=_("See the placement"),
    )


register(
    Kind(
        name="placement.supervisor_replaced",
        category=Category.PLACEMENTS,
        over=_ended,
        title=lambda notification: (
            _("New supervisor: %(title)s") % {"title": _placement(notification).period.offer.title}
        ),
        context=context_from(_replaced_words),
        templates=TEMPLATES,
        subject=_placement,
        opt_out=False,
        resend_when_uncertain=True,
        expires_after=timedelta(days=14),
    )
)


def _supervisors_words(notification: Notification, text: str) -> Words:
    """To an address that somebody typed: when and where, but not which young person it is about."""
    placement = _placement(notification)
    return Words(
        paragraphs=(text % {"organisation": placement.period.offer.organisation.name},),
        facts=(
            (_("Place"), placement.period.offer.title),
            (_("Workplace"), placement.period.offer.workplace.name),
            (_("Dates"), format_dates(placement.start, placement.end)),
        ),
        button=_("How it works"),
    )


def _register_for_supervisors(name: str, title: Callable[[], str], text: Callable[[], str]) -> None:
    plain = context_from(lambda notification: _supervisors_words(notification, text()))
    register(
        Kind(
            name=name,
            category=Category.PLACEMENTS,
            title=lambda notification: title() % {"title": _placement(notification).period.offer.title},
            context=lambda notification: {**plain(notification), "link": PAGE_OF_A_SUPERVISOR},
            templates=TEMPLATES,
            subject=_placement,
            opt_out=False,
            expires_after=timedelta(days=14),
            page=lambda notification: PAGE_OF_A_SUPERVISOR,
            over=_ended,
        )
    )


_register_for_supervisors(
    "placement.supervisor_named",
    lambda: _("You are a supervisor: %(title)s"),
    lambda: _(
        "%(organisation)s has named you as the supervisor of a student. Ask a colleague there who is coming and what to prepare."
    ),
)
_register_for_supervisors(
    "placement.supervisor_relieved",
    lambda: _("Somebody else is the supervisor: %(title)s"),
    lambda: _(
        "Somebody else at %(organisation)s takes care of the student from now on. You do not need to do anything."
    ),
)
