"""Suggestions for those who changed nothing while the offers around them did."""

from datetime import timedelta

from django.db.models import F, Q

from backend.common import clock
from backend.common.schedule import periodic
from backend.students.models import Student
from backend.suggestions import services

STALE_AFTER = timedelta(hours=24)
# A run is one task and one transaction: a few seconds of work, far from the limit of a minute.
PER_RUN = 50


@periodic("suggestions.refresh", every=timedelta(seconds=20))
def refresh() -> int:
    """Computes suggestions anew for students whose last ones are missing or a day old, oldest first."""
    stale = (
        Student.objects.unprotected()
        .filter(wants_suggestions=True, user__is_active=True)
        .filter(Q(suggestion_run__isnull=True) | Q(suggestion_run__at__lt=clock.now() - STALE_AFTER))
        .order_by(F("suggestion_run__at").asc(nulls_first=True), "pk")
        .values_list("pk", flat=True)[:PER_RUN]
    )
    # In the order in which an offer's run goes through the students.
    for pk in sorted(stale):
        services.suggest_for_student(student_id=pk)
    return len(stale)
