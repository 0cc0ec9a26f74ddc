"""Questions about suggestions."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from backend.common import clock
from backend.offers.models import Offer, OfferPeriod
from backend.students.models import Student
from backend.suggestions.models import Suggestion
from backend.suggestions.reasons import occupation_names, sentence


def list_suggestions_for(student: Student, limit: int = 20) -> list[Suggestion]:
    """The student's best suggestions that are still open and not dismissed. A constant number of queries."""
    return list(_open_suggestions(student).order_by("-score", "offer_id")[:limit])


def _open_suggestions(student: Student) -> "QuerySet[Suggestion]":
    today = clock.today()
    free = OfferPeriod.objects.filter(offer=OuterRef("offer"), end__gte=today).free()
    return (
        Suggestion.objects.filter(Exists(free), student=student, dismissed_at__isnull=True)
        .filter(offer__in=Offer.objects.published().exclude(apply_by__lt=today))
        .exclude(offer__periods__applications__student=student)
        .select_related("offer__organisation", "offer__workplace__municipality", "offer__form", "offer__occupation")
        .prefetch_related("offer__periods")
    )


FEWEST_TOLD = 5


def count_students_suggested(offer: Offer) -> int | None:
    """How many students the place fits; None below five. No names, since nobody is exposed who has not applied."""
    fits = Suggestion.objects.filter(offer=offer, student__is_protected=False, student__user__is_active=True).count()
    return fits if fits >= FEWEST_TOLD else None


def get_suggestion(student: Student, offer: Offer) -> Suggestion | None:
    return Suggestion.objects.filter(student=student, offer=offer).first()


def reasons_text(suggestion: Suggestion) -> list[str]:
    """The reasons as sentences in the active language, strongest first."""
    return reasons_texts([suggestion])[suggestion.pk]


def reasons_texts(suggestions: Sequence[Suggestion]) -> dict[int, list[str]]:
    """Sentences for many suggestions with one query, by suggestion id."""
    names = occupation_names(reason for row in suggestions for reason in row.reasons)
    return {row.pk: [sentence(reason, names) for reason in row.reasons] for row in suggestions}


def scores_for(student_id: int, *, most: int = 100) -> tuple[tuple[int, float], ...]:
    """The offers that fit a student best, each with its score from 0 to 1, best first. One query."""
    best = Suggestion.objects.filter(student=student_id, dismissed_at__isnull=True).order_by("-score", "offer")
    return tuple(best.values_list("offer", "score")[:most])
