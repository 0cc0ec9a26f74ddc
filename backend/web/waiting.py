"""What waits for somebody outside the role they are in: invitations, and the queues of their other roles.

Shown on the first page of each role and on that of newcomers, so that nothing waits where nobody looks.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backend.accounts.enums import RoleKind
from backend.accounts.models import User
from backend.accounts.selectors import list_role_invitations_to
from backend.applications.board import list_waiting_for
from backend.applications.enums import ApplicationState
from backend.applications.selectors import list_applications_of
from backend.applications.summaries import count_waiting
from backend.organisations.selectors import list_invitations_to
from backend.students.selectors import count_unanswered_guardianships
from backend.web.student_home import round_lines


@dataclass(frozen=True)
class Waiting:
    """One line. text: what waits; url and action: where it is dealt with."""

    text: str
    url: str
    action: "str | Promise"


def list_waiting(user: User, other_roles: list[str]) -> list[Waiting]:
    """The invitations first, then each other role in which something waits. Two queries, and those of the other roles."""
    found = [
        Waiting(_role_asked(row.kind, row.municipality.name if row.municipality else ""), page, gettext_lazy("Answer"))
        for row in list_role_invitations_to(user)
        for page in [reverse("role_invitation", args=[row.pk])]
    ]
    found += [
        Waiting(
            _("You are invited to join %(organisation)s.") % {"organisation": row.organisation.name},
            reverse("invitation", args=[row.pk]),
            gettext_lazy("Answer"),
        )
        for row in list_invitations_to(user)
    ]
    for role in other_roles:
        if number := COUNT[role](user):
            found.append(Waiting(_words(role, number), reverse(f"{role}_home"), gettext_lazy("See what")))
    return found


def _role_asked(kind: str, municipality: str) -> str:
    if kind == RoleKind.NETWORK:
        return _("You are invited to work at the network office.")
    return _("You are invited to be a coordinator in %(municipality)s.") % {"municipality": municipality}


def _words(role: str, number: int) -> str:
    texts = {
        "student": ngettext(
            "%(number)d thing waits for you as a student.", "%(number)d things wait for you as a student.", number
        ),
        "guardian": ngettext(
            "%(number)d question waits for you as a guardian.",
            "%(number)d questions wait for you as a guardian.",
            number,
        ),
        "employer": ngettext(
            "%(number)d applicant waits for an answer from your company.",
            "%(number)d applicants wait for an answer from your company.",
            number,
        ),
        "coordinator": ngettext(
            "%(number)d thing waits for you as a coordinator.",
            "%(number)d things wait for you as a coordinator.",
            number,
        ),
        "network": ngettext(
            "%(number)d thing waits for you at the network office.",
            "%(number)d things wait for you at the network office.",
            number,
        ),
    }
    return texts[role] % {"number": number}


def _count_for_student(user: User) -> int:
    offered = list_applications_of(user).filter(state=ApplicationState.OFFERED).count()
    return offered + sum(1 for line in round_lines(user.student) if line.must_act)


COUNT: dict[str, Callable[[User], int]] = {
    "student": _count_for_student,
    "guardian": count_unanswered_guardianships,
    "employer": lambda user: list_waiting_for(user).count(),
    "coordinator": count_waiting,
    "network": count_waiting,
}
