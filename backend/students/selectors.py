"""Questions about students."""

from django.db.models import Count, Q, QuerySet

from backend.accounts.models import User
from backend.students.models import GuardianConsent, Guardianship, Student, StudentGroup
from backend.students.policies import groups_visible_to, is_minor


def consent_is_missing(student: Student) -> bool:
    """Whether a guardian still has to say yes. One consent in force of a confirmed guardian is enough; an adult needs none."""
    return (
        is_minor(student)
        and not GuardianConsent.objects.filter(guardianship__student=student, withdrawn_at__isnull=True)
        .exclude(guardianship__confirmation="")
        .exists()
    )


def list_guardians_of(student: Student) -> list[User]:
    """Those who are told, while the student is a minor."""
    if not is_minor(student):
        return []
    return list(
        User.objects.filter(guardianships__student=student, guardianships__accepted_at__isnull=False, is_active=True)
    )


def list_guardianships(student: Student) -> list[Guardianship]:
    """Everybody named, oldest first, each with `consent`: the yes in force, or None. Two queries."""
    rows = list(student.guardianships.select_related("guardian", "confirmed_by").order_by("pk"))
    given = {
        consent.guardianship_id: consent
        for consent in GuardianConsent.objects.filter(guardianship__in=rows, withdrawn_at__isnull=True)
    }
    for row in rows:
        row.consent = given.get(row.pk)  # type: ignore[attr-defined]
    return rows


def count_unanswered_guardianships(guardian: User) -> int:
    """Of how many minors the user has been named as guardian and has not answered who they are, or about consent."""
    rows = Guardianship.objects.filter(guardian=guardian).select_related("student").annotate(said=Count("consents"))
    return sum(1 for row in rows if is_minor(row.student) and not (row.accepted_at and row.said))


def guardian_ids(student: Student) -> set[int]:
    """User ids of everybody named as a guardian, also of an adult."""
    return set(student.guardianships.values_list("guardian_id", flat=True))


def list_groups(user: User) -> "QuerySet[StudentGroup]":
    """The class lists the user keeps, newest year first, each with `size`: its members without protected identity."""
    return (
        groups_visible_to(user)
        .select_related("municipality")
        .annotate(size=Count("memberships", filter=Q(memberships__student__is_protected=False)))
    )


def members_of(group: StudentGroup) -> "QuerySet[Student]":
    """Those on the list, without protected identities, by name."""
    return (
        Student.objects.unprotected()
        .filter(groups=group)
        .select_related("user", "programme")
        .order_by("user__name", "pk")
    )
