"""Who may have a copy of whose data."""

from backend.accounts.models import User
from backend.accounts.policies import is_coordinator_of, is_network_office
from backend.privacy.models import DataCopy
from backend.students.models import Student
from backend.students.policies import is_guardian_of


def can_copy_child(user: User, student: Student) -> bool:
    """A guardian who has said so, of a minor. Nobody's guardian of a protected identity."""
    return not student.is_protected and is_guardian_of(user, student)


def may_have(copy: DataCopy) -> bool:
    """Whether the asker may still have what the copy holds."""
    if not copy.asker.is_active:
        return False
    return copy.child is None or can_copy_child(copy.asker, copy.child)


def can_rule(user: User, municipality_code: str | None) -> bool:
    """The coordinators of a municipality; the network's defaults are the network office's."""
    if municipality_code is None:
        return is_network_office(user)
    return is_coordinator_of(user, municipality_code)
