"""The pin of a workplace: its picture, and the form that comes back after each step of setting it."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from backend.organisations.services import IN_SWEDEN
from backend.reference.enums import PositionSource
from backend.reference.models import Municipality
from backend.reference.places import choose_municipality, gazetteer
from backend.reference.positions import locate_site
from backend.web import pin_map
from backend.web.access import employer

WAYS = ("north", "south", "west", "east")
Point = tuple[float, float]


@employer
@require_safe
def picture(request: HttpRequest, municipality_code: str) -> HttpResponse:
    """The map of a municipality with the pin of `lat` and `lon`, as far as `zoom` says. 404 for no municipality."""
    if municipality_code not in gazetteer().municipalities:
        raise Http404
    pin = point_in(request.GET)
    drawing = pin_map.drawing_of(pin_map.view_of(municipality_code, pin, zoom_in(request.GET)), pin)
    return render(request, "pages/employer/pin_map.svg", drawing, content_type="image/svg+xml")


def point_in(values: Mapping[str, Any]) -> Point | None:
    """The point of the fields `lat` and `lon`, with point or comma; None where they are none in Sweden."""
    try:
        lat, lon = (float(str(values.get(name, "")).replace(",", ".")) for name in ("lat", "lon"))
    except ValueError:
        return None
    (south, north), (west, east) = IN_SWEDEN
    return (lat, lon) if south <= lat <= north and west <= lon <= east else None


def zoom_in(values: Mapping[str, Any]) -> int:
    text = str(values.get("zoom", "0"))
    return min(int(text), pin_map.ZOOMS) if text.isascii() and text.isdigit() and len(text) < 3 else 0


def is_step(posted: QueryDict) -> bool:
    """Whether the form was sent to set the pin, and not to save."""
    return "move" in posted or "pin.x" in posted


def after_step(posted: QueryDict) -> dict[str, Any]:
    """What was typed, with the pin where the click or the button puts it."""
    values: dict[str, Any] = {name: posted.get(name, "") for name in posted}
    code = choose_municipality(str(values.get("municipality", "")))[0]
    if not code:
        return values
    pin, zoom, way = point_in(values), zoom_in(values), str(values.get("move", ""))
    view = pin_map.view_of(code, pin, zoom)
    if way in WAYS:
        pin = pin_map.moved(view, pin, way)
    elif way == "address":
        pin = _by_address(code, values)
    elif "pin.x" in values:
        x, y = (_pixel(values.get(name)) for name in ("pin.x", "pin.y"))
        pin = pin_map.rounded(view.to_degrees(x, y))
    zoom = {"in": min(zoom + 1, pin_map.ZOOMS), "out": max(zoom - 1, 0)}.get(way, zoom)
    return values | ({"lat": degrees(pin[0]), "lon": degrees(pin[1])} if pin else {}) | {"zoom": zoom}


def _by_address(code: str, values: Mapping[str, Any]) -> Point:
    """The middle of the town that postcode or town name, else of the municipality."""
    town = Municipality.objects.get(pk=code)
    found = locate_site(town, postcode=str(values.get("postcode", "")), town=str(values.get("city", "")))
    return pin_map.rounded((found.lat, found.lon))


def _pixel(value: Any) -> float:
    text = str(value)
    return float(min(int(text), pin_map.SIDE)) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0


def degrees(value: float | None) -> str:
    """As the field shows it: to a metre, with a point in every language."""
    return "" if value is None else f"{value:.5f}"


def map_context(values: Mapping[str, Any]) -> dict[str, Any]:
    """The picture's address, how far it is zoomed, and where the pin stands in words; {} while no municipality is chosen."""
    code = choose_municipality(str(values.get("municipality") or ""))[0]
    if not code:
        return {}
    pin, zoom = point_in(values), zoom_in(values)
    query = urlencode({"lat": degrees(pin[0]), "lon": degrees(pin[1]), "zoom": str(zoom)}) if pin else ""
    return {
        "url": f"{reverse('employer_pin_map', args=[code])}{'?' if query else ''}{query}",
        "side": pin_map.SIDE,
        "zoom": zoom,
        "can_zoom_in": pin is not None and zoom < pin_map.ZOOMS,
        "municipality": gazetteer().municipalities[code].name,
        "text": pin_map.pin_text(code, pin),
    }


def source_text(source: str) -> str:
    """How well a saved point is known."""
    return str(PositionSource(source).label)
