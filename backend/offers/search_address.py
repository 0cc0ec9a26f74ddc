"""The search as an address asks for it: the page and its file read the same words."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from backend.common.text import clean_line
from backend.offers.search import ORDERS, Search
from backend.offers.search_places import find_place
from backend.reference.places import Place, PlaceKind

LONGEST_TEXT = 80
RADII = (10, 20, 40, 80, 150)
USUAL_RADIUS = 40
POINT = re.compile(r"(\d{2}\.\d{1,4}),(\d{1,2}\.\d{1,4})", re.ASCII)


@dataclass(frozen=True)
class Asked:
    """What the address asks for, cleaned. unknown_place: a place name that nothing resembles. guessed_place: that the
    name was misspelt and the nearest one is taken. other_places: what else the place name may mean.
    """

    search: Search
    where: str
    unknown_place: str
    guessed_place: bool
    cursor: str
    other_places: Sequence[Place] = ()


def read_query(query: Mapping[str, Sequence[str]]) -> Asked:
    """Codes that do not exist simply find nothing or are left out; nothing in an address is an error."""
    where = clean_line(_last(query, "where").replace("\0", " "))[:LONGEST_TEXT]
    point = None if where else _point(_last(query, "near"))
    found = find_place(where) if where else None
    place = found.place if found else None
    text = clean_line(_last(query, "q").replace("\0", " "))[:LONGEST_TEXT]
    radius = _radius(_last(query, "km"), is_somewhere=place is not None or point is not None)
    needs_radius = point is not None or (place is not None and place.kind is not PlaceKind.MUNICIPALITY)
    if needs_radius and radius is None:
        radius = USUAL_RADIUS
    order = _last(query, "order")
    search = Search(
        text=text,
        place=place,
        point=point,
        radius_km=radius,
        forms=_codes(query, "form"),
        municipalities=_codes(query, "municipality"),
        fields=_codes(query, "field"),
        programmes=_codes(query, "programme"),
        months=tuple(_months(_codes(query, "month"))),
        only_free=_last(query, "free") == "1",
        order=order if order in ORDERS else ("distance" if radius else "fit"),
    )
    return Asked(
        search,
        where,
        unknown_place=where if where and place is None else "",
        guessed_place=found is not None and found.is_guess,
        cursor=_last(query, "from")[:300],
        other_places=found.others if found else (),
    )


def _point(text: str) -> tuple[float, float] | None:
    """A position rounded to about a kilometre, however exact the address is."""
    found = POINT.fullmatch(text.strip())
    if found is None:
        return None
    lat, lon = round(float(found[1]), 2), round(float(found[2]), 2)
    return (lat, lon) if 54 <= lat <= 70 and 9 <= lon <= 26 else None


def _radius(text: str, *, is_somewhere: bool) -> int | None:
    known = {str(km): km for km in RADII}
    return known.get(text) if is_somewhere else None


def _codes(query: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code[:40] for code in query.get(name, ()) if code and "\0" not in code))[:20]


def _months(texts: Iterable[str]) -> Iterable[date]:
    for text in texts:
        try:
            yield date.fromisoformat(f"{text}-01")
        except ValueError:
            continue


def _last(query: Mapping[str, Sequence[str]], name: str) -> str:
    """The value of a name that counts once; "" when it is not there."""
    values = query.get(name, ())
    return values[-1] if values else ""
