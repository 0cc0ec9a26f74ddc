"""Who may know what about a student."""

from django.db.models import Q, QuerySet

from backend.accounts.models import User
from backend.accounts.policies import (
    acts_for,
    is_coordinator_of,
    knows_protected_of,
    municipalities_coordinated_by,
    protected_municipalities_of,
)
from backend.common import clock
from backend.reference.work_rules import age_on
from backend.students.models import Guardianship, Student, StudentGroup

ADULT_AGE = 18


def is_minor(student: Student) -> bool:
    return age_on(student.birth_date, clock.today()) < ADULT_AGE


def is_self(user: User, student: Student) -> bool:
    return user.is_active and student.user_id == user.pk


def is_guardian_of(user: User, student: Student) -> bool:
    """A guardian who has said so acts for the student until the day of turning 18."""
    return (
        user.is_active
        and is_minor(student)
        and student.guardianships.filter(guardian=user, accepted_at__isnull=False).exists()
    )


def answers_for(user: User, student: Student) -> bool:
    """The coordinator of the student's municipality, or the network office where that one has none."""
    return can_coordinate(user, student) or (not student.is_protected and acts_for(user, student.municipality_id))


def can_remove_guardian(user: User, guardianship: Guardianship) -> bool:
    """The school, the guardian, and the student as long as nobody else has said who the guardian is."""
    return (
        answers_for(user, guardianship.student)
        or (user.is_active and guardianship.guardian_id == user.pk)
        or (is_self(user, guardianship.student) and not guardianship.is_confirmed)
    )


def can_coordinate(user: User, student: Student) -> bool:
    """The coordinator of the student's municipality; never for a protected identity without an explicit grant."""
    if student.is_protected:
        return knows_protected_of(user, student.municipality_id)
    return is_coordinator_of(user, student.municipality_id)


def can_protect(user: User, student: Student) -> bool:
    """Whether the user may set and clear the protected identity, and see whether there is one."""
    return knows_protected_of(user, student.municipality_id)


def can_edit_profile(user: User, student: Student) -> bool:
    return is_self(user, student)


def may_list(user: User) -> "QuerySet[Student]":
    """The students the user may put on a list: those of the own municipalities, and the protected ones under a grant."""
    return Student.objects.filter(
        Q(is_protected=False, municipality__in=municipalities_coordinated_by(user))
        | Q(is_protected=True, municipality__in=protected_municipalities_of(user))
    )


def groups_visible_to(user: User) -> "QuerySet[StudentGroup]":
    """The class lists of the municipalities the user coordinates."""
    return StudentGroup.objects.filter(municipality__in=municipalities_coordinated_by(user))
