"""Occupations near one that no place has: where to look next."""

from collections.abc import Sequence

from django.db.models import Count, Q

from backend.offers.search import open_entries
from backend.offers.search_synonyms import synonyms_of
from backend.reference.models import OccupationGroup
from backend.reference.models.mixins import fold

MOST_NEAR = 4
SHORTEST_NAME = 4


def list_near_occupations(words: Sequence[str], *, most: int = MOST_NEAR) -> Sequence[OccupationGroup]:
    """Occupations with open places that are near those the words name: with the longest common beginning of their SSYK
    codes, of them those with most places. [] when the words name no occupation. At most two queries.
    """
    names = {fold(other) for word in words for other in (word, *synonyms_of(word))}
    named = Q()
    for name in names:
        if len(name) >= SHORTEST_NAME:
            named |= Q(search_key__contains=name) | Q(occupations__name_sv__icontains=name)
    if not named:
        return []
    asked = set(OccupationGroup.objects.filter(named).values_list("pk", flat=True))
    if not asked:
        return []
    open_now = Count("offers", filter=Q(offers__in=open_entries().values("pk")))
    groups = list(OccupationGroup.objects.exclude(pk__in=asked).annotate(open_now=open_now).filter(open_now__gt=0))

    def nearness(group: OccupationGroup) -> int:
        return max(_common(group.pk, code) for code in asked)

    near = sorted(groups, key=lambda group: (-nearness(group), -group.open_now, group.pk))
    return [group for group in near if nearness(group)][:most]


def _common(one: str, other: str) -> int:
    """How many digits two codes begin with in common: two for cook and hairdresser, none for hairdresser and welder."""
    return next((at for at in range(len(one)) if one[at] != other[at]), len(one))
