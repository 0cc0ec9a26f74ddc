"""Questions about copies of data."""

from django.db.models import QuerySet

from backend.accounts.models import User
from backend.common import clock
from backend.privacy.models import DataCopy
from backend.privacy.policies import can_copy_child
from backend.students.models import Student


def list_copies_of(user: User) -> "QuerySet[DataCopy]":
    """The asker's own that have not expired, newest first."""
    return (
        DataCopy.objects.filter(asker=user, expires_at__gt=clock.now())
        .select_related("asker", "child__user")
        .order_by("-pk")
    )


def list_children_of(user: User) -> list[Student]:
    """The minors whose data the user may have a copy of."""
    rows = Student.objects.filter(guardianships__guardian=user).select_related("user").order_by("pk")
    return [student for student in rows if can_copy_child(user, student)]
