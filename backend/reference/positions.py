"""From what is known of an address to a point on the map, and how well that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from backend.common.errors import Invalid
from backend.reference.enums import PositionSource
from backend.reference.places import Match, Place, PlaceKind, find_places

if TYPE_CHECKING:
    from backend.reference.models import Municipality

# Decimals of a degree: about a kilometre.
HOME_DECIMALS = 2
SOURCES = {PlaceKind.POSTCODE: PositionSource.POSTCODE, PlaceKind.TOWN: PositionSource.TOWN}


@dataclass(frozen=True)
class Position:
    """lat, lon: degrees WGS 84. town: the town's name that finds it again, without a postcode; "" for a municipality."""

    lat: float
    lon: float
    source: PositionSource
    town: str = ""


def locate_site(municipality: Municipality, *, postcode: str = "", town: str = "") -> Position:
    """Where a workplace is, by its postcode or town as far as they lie in the municipality, else by that one's middle."""
    for text in (postcode, town):
        for place in find_places(text):
            is_here = place.municipality_code == municipality.pk and not place.is_guess and not place.is_approximate
            if is_here and place.kind in SOURCES:
                return Position(place.lat, place.lon, SOURCES[place.kind], place.query)
    return Position(municipality.lat, municipality.lon, PositionSource.MUNICIPALITY)


def locate_home(text: str, municipality_code: str = "", *, field: str = "home_place") -> Position:
    """About where somebody lives, by town or postcode, rounded to about a kilometre. No postcode is kept.

    A name that several towns bear is the one in the municipality. Raises Invalid for a name that means none or several.
    """
    found = find_places(text)
    best = [each for each in found if each.is_exact] or [each for each in found if each.match is Match.FOLDED]
    near = [each for each in best if each.municipality_code == municipality_code]
    chosen = best[0] if len(best) == 1 or (best and best[0].kind is PlaceKind.MUNICIPALITY) else None
    if chosen is None and len(near) == 1:
        chosen = near[0]
    if chosen is None:
        raise _unclear(best or found, field)
    source = SOURCES.get(chosen.kind, PositionSource.MUNICIPALITY)
    lat, lon = round(chosen.lat, HOME_DECIMALS), round(chosen.lon, HOME_DECIMALS)
    return Position(lat, lon, source, chosen.town_query)


def _unclear(found: list[Place], field: str) -> Invalid:
    names = {"names": "; ".join(dict.fromkeys(each.query for each in found))}
    if not found:
        text = _("We know no town or postcode like this. Write a larger town nearby, or leave it empty.")
        return Invalid("place.unknown", text, field=field)
    if found[0].is_guess:
        return Invalid("place.guess", _("We know no such place. Did you mean: %(names)s?") % names, field=field)
    return Invalid("place.several", _("There are several: %(names)s. Write which one.") % names, field=field)
