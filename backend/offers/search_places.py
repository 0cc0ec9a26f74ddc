"""From what someone writes as a place to a municipality."""

from dataclasses import dataclass

from django.contrib.postgres.search import TrigramSimilarity

from backend.organisations.models import Workplace
from backend.reference.models import Municipality
from backend.reference.models.mixins import fold
from backend.reference.selectors import search_municipality

LEAST_ALIKE = 0.3


@dataclass(frozen=True)
class FoundPlace:
    """The municipality that is meant. is_guess: the name was misspelt."""

    municipality: Municipality
    is_guess: bool


def find_place(text: str) -> FoundPlace | None:
    """The municipality of that name or beginning, else the one around a town where a workplace lies, else the one that
    is spelt most like it. None when nothing resembles it. At most three queries.
    """
    if not fold(text):
        return None
    if found := search_municipality(text):
        return FoundPlace(found[0], is_guess=False)
    site = Workplace.objects.filter(city__iexact=text.strip(), municipality__isnull=False)
    if town := site.select_related("municipality").order_by("pk").first():
        assert town.municipality is not None
        return FoundPlace(town.municipality, is_guess=False)
    alike = Municipality.objects.annotate(likeness=TrigramSimilarity("search_key", fold(text)))
    nearest = alike.filter(likeness__gte=LEAST_ALIKE).order_by("-likeness", "sort_key").first()
    return FoundPlace(nearest, is_guess=True) if nearest else None
