"""From what someone writes as a place to where the search looks, and what else was meant perhaps."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.organisations.models import Workplace
from backend.reference.places import Match, Place, PlaceKind, find_places


@dataclass(frozen=True)
class FoundPlace:
    """The likeliest place, and the others that the text may mean."""

    place: Place
    others: Sequence[Place] = ()

    @property
    def is_guess(self) -> bool:
        return self.place.is_guess


def find_place(text: str) -> FoundPlace | None:
    """The place of that name, else the town where a workplace lies, else the one whose name is most like it.

    None when nothing resembles it. At most one query, none for a name that the lists hold.
    """
    found = find_places(text)
    if not found or found[0].is_guess:
        town = _town_of_a_workplace(text)
        found = [town, *found] if town else found
    return FoundPlace(found[0], tuple(found[1:])) if found else None


def _town_of_a_workplace(text: str) -> Place | None:
    """A village that no list holds, where somebody works: its middle is the first workplace's."""
    if not text.strip():
        return None
    sites = Workplace.objects.filter(city__iexact=text.strip(), municipality__isnull=False, lat__isnull=False)
    site = sites.select_related("municipality").order_by("pk").first()
    if site is None or site.municipality is None or site.lat is None or site.lon is None:
        return None
    town = site.municipality
    return Place(PlaceKind.TOWN, site.city, town.pk, town.name, round(site.lat, 2), round(site.lon, 2), Match.EXACT)
