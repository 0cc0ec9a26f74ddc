"""What protected students ask and name in rounds, for the few who have a grant for them and for no list of a round."""

from django.db.models import Case, F, QuerySet, When

from backend.accounts.models import User
from backend.rounds.enums import OwnPlaceState
from backend.rounds.models import Appeal, OwnFoundPlace
from backend.students.protection import protected_students_of


def list_protected_appeals(user: User) -> "QuerySet[Appeal]":
    """What protected students asked about their results, unanswered first. Empty without a grant."""
    return (
        Appeal.objects.filter(result__participant__student__in=protected_students_of(user))
        .select_related("result__participant__student", "result__participant__round", "answered_by")
        .order_by(F("answered_at").asc(nulls_first=True), "sent_at", "pk")
    )


def list_protected_own_places(user: User) -> "QuerySet[OwnFoundPlace]":
    """Places that protected students found, those that wait first. Empty without a grant."""
    waits_first = Case(When(state=OwnPlaceState.SUBMITTED, then=0), default=1)
    return (
        OwnFoundPlace.objects.filter(participant__student__in=protected_students_of(user))
        .select_related("participant__student", "participant__round", "municipality", "decided_by")
        .order_by(waits_first, "created_at", "pk")
    )
