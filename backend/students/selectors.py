"""Questions about students."""

from backend.accounts.models import User
from backend.students.models import GuardianConsent, Student
from backend.students.policies import is_minor


def consent_is_missing(student: Student) -> bool:
    """Whether a guardian still has to say yes. One consent in force is enough; an adult needs none."""
    return (
        is_minor(student)
        and not GuardianConsent.objects.filter(guardianship__student=student, withdrawn_at__isnull=True).exists()
    )


def list_guardians_of(student: Student) -> list[User]:
    """Those who are told, while the student is a minor."""
    if not is_minor(student):
        return []
    return list(User.objects.filter(guardianships__student=student, is_active=True))
