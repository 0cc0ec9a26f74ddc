"""Who may know what about a student."""

from backend.accounts.models import User
from backend.accounts.policies import is_coordinator_of
from backend.common import clock
from backend.reference.work_rules import age_on
from backend.students.models import Student

ADULT_AGE = 18


def is_minor(student: Student) -> bool:
    return age_on(student.birth_date, clock.today()) < ADULT_AGE


def is_self(user: User, student: Student) -> bool:
    return user.is_active and student.user_id == user.pk


def is_guardian_of(user: User, student: Student) -> bool:
    """A guardian acts for the student until the day of turning 18."""
    return user.is_active and is_minor(student) and student.guardianships.filter(guardian=user).exists()


def can_coordinate(user: User, student: Student) -> bool:
    """The coordinator of the student's municipality; never for a protected identity without an explicit grant."""
    return not student.is_protected and is_coordinator_of(user, student.municipality_id)


def can_edit_profile(user: User, student: Student) -> bool:
    return is_self(user, student)
