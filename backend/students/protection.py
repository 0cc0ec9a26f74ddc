"""Protected identity: set and cleared by few named people, known to them alone, and every look is a row in the log.

Everyone else meets the student nowhere, and an organisation that got an application meets an alias. Lists and counts
leave these students out for everyone, those with a grant included, so that no two people can compare their figures;
a person with a grant works with them on pages of their own.
"""

import secrets

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.policies import protected_municipalities_of
from backend.accounts.selectors import list_granted_in, list_responsible_for
from backend.common import events, outbox
from backend.common.errors import Conflict, Invalid, NotFound
from backend.common.models import LogEntry
from backend.common.transitions import log
from backend.students import policies
from backend.students.models import Student

# No vowels and nothing that is read as something else: an alias is no word and no initials.
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
LONGEST_ALIAS = 40
LOOKS = ("protected.listed", "protected.viewed")


def new_alias() -> str:
    """Such as "Student KXBR". It says nothing about the person and is drawn anew each time."""
    return "Student " + "".join(secrets.choice(LETTERS) for _number in range(4))


def protected_students_of(user: User) -> "QuerySet[Student]":
    """The protected students the user has a grant for. Pages that show them call `record_look`."""
    return Student.objects.filter(is_protected=True, municipality__in=protected_municipalities_of(user))


def deciders_for(student: Student, municipality_code: str | None) -> list[User]:
    """Those who decide in the municipality and may know of the student: with a grant when it is protected.

    The network office where there is no coordinator; never for a protected identity, which nobody there knows.
    """
    if student.is_protected:
        return list_granted_in(municipality_code)
    return list_responsible_for(municipality_code)


def _locked(actor: User, student_id: int) -> Student:
    student = Student.objects.select_related("user").select_for_update(of=("self",)).filter(pk=student_id).first()
    if student is None or not policies.can_protect(actor, student):
        raise NotFound("student.unknown", _("There is no such student."))
    return student


@transaction.atomic
def set_protected_identity(*, actor: User, student_id: int, reason: str, alias: str = "") -> Student:
    """Someone with a grant hides a student from everyone without one.

    alias: what organisations see; drawn when empty. It must not hold any part of the name.
    Suggestions and alerts stop; applications under way go on under the alias. Raises NotFound for those without a grant.
    """
    student = _locked(actor, student_id)
    if student.is_protected:
        raise Conflict("student.protected", _("The student already has a protected identity."))
    if not reason.strip():
        raise Invalid("student.no_reason", _("Write why."), field="reason")
    student.alias = _checked_alias(student, alias)
    student.is_protected = True
    student.save(update_fields=["is_protected", "alias", "updated_at"])
    log("student.protected", student, actor=actor, reason=reason.strip())
    _tell_apps_above(student)
    return student


@transaction.atomic
def clear_protected_identity(*, actor: User, student_id: int, reason: str) -> Student:
    """Someone with a grant makes the student known again, everywhere and at once."""
    student = _locked(actor, student_id)
    if not student.is_protected:
        raise Conflict("student.not_protected", _("The student has no protected identity."))
    if not reason.strip():
        raise Invalid("student.no_reason", _("Write why."), field="reason")
    student.is_protected, student.alias = False, ""
    student.save(update_fields=["is_protected", "alias", "updated_at"])
    log("student.unprotected", student, actor=actor, reason=reason.strip())
    _tell_apps_above(student)
    return student


def _checked_alias(student: Student, alias: str) -> str:
    chosen = alias.strip() or new_alias()
    if len(chosen) > LONGEST_ALIAS:
        raise Invalid("student.alias_too_long", _("The text is too long."), field="alias")
    if any(part in chosen.casefold() for part in student.user.name.casefold().split()):
        raise Invalid("student.alias_names", _("The alias must not hold any part of the name."), field="alias")
    return chosen


def _tell_apps_above(student: Student) -> None:
    # The same event as a saved profile: an event of its own would say who is protected to everyone who reads events.
    events.record("student.profile_saved", student)
    outbox.wake()


@transaction.atomic
def record_look(*, actor: User, student: Student | None = None) -> None:
    """Writes that the actor saw the list of protected students, or one of them."""
    if student is None:
        log("protected.listed", actor, actor=actor)
    else:
        log("protected.viewed", student, actor=actor, data={"municipality": student.municipality_id})


def looks_at(student: Student) -> "QuerySet[LogEntry]":
    """Who has seen a protected student, and who set or cleared it; newest first."""
    return (
        LogEntry.objects.filter(
            subject_type="student",
            subject_id=student.pk,
            action__in=["protected.viewed", "student.protected", "student.unprotected"],
        )
        .select_related("actor")
        .order_by("-id")
    )


def list_looks() -> "QuerySet[LogEntry]":
    """Every look of every person with a grant, newest first, for those who give the grants: never whom it was about."""
    return LogEntry.objects.filter(action__in=LOOKS).select_related("actor").order_by("-id")
