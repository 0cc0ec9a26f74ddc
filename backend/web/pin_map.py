"""The map on which an employer sets the pin of a workplace: the municipality's shape with its towns, drawn by the server.

It works by clicks and by buttons, with and without scripts: every step sends the form, and the page comes back with what was
typed and the pin where it was put. Lengths are pixels of the picture, which has one size on every screen, since a browser
sends a click in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import cos, radians
from re import findall
from typing import Any

from django.utils.translation import gettext as _

from backend.reference.geo import distance_km, from_sweref99tm, to_sweref99tm
from backend.reference.places import Place, gazetteer
from backend.web.municipality_map import map_data, pixels

SIDE = 288  # fits beside the margins of the narrowest phone
MOST_TOWNS = 12
ZOOMS = 4
STEP = 12  # pixels that a button moves the pin
PADDING = 1.15
MIDDLE_TO_BORDER = 60  # of the widest municipality, in pixels of the country's map


@dataclass(frozen=True)
class PinView:
    """A square part of the map. east, north: its middle in metres (SWEREF 99 TM). metres: the length of a side."""

    code: str
    east: float
    north: float
    metres: float

    def to_pixels(self, lat: float, lon: float) -> tuple[float, float]:
        east, north = to_sweref99tm(lat, lon)
        step = self.metres / SIDE
        return SIDE / 2 + (east - self.east) / step, SIDE / 2 - (north - self.north) / step

    def to_degrees(self, x: float, y: float) -> tuple[float, float]:
        step = self.metres / SIDE
        return from_sweref99tm(self.east + (x - SIDE / 2) * step, self.north - (y - SIDE / 2) * step)


def view_of(code: str, pin: tuple[float, float] | None, zoom: int) -> PinView:
    """The whole municipality, or with each step of zoom a third of the side around the pin."""
    west, south, east, north = _box(code)
    whole = PinView(code, (west + east) / 2, (south + north) / 2, max(east - west, north - south) * PADDING)
    if not zoom or pin is None:
        return whole
    at = to_sweref99tm(*pin)
    return replace(whole, east=at[0], north=at[1], metres=whole.metres / 3**zoom)


def _box(code: str) -> tuple[float, float, float, float]:
    """The borders of the municipality's box in metres: west, south, east, north."""
    points = [point for ring in rings(code) for point in ring]
    data = map_data()
    easts = [data["west"] + (x - data["margin"]) / data["scale"] for x, _y in points]
    norths = [data["north"] - (y - data["margin"]) / data["scale"] for _x, y in points]
    return min(easts), min(norths), max(easts), max(norths)


def rings(code: str) -> list[list[tuple[float, float]]]:
    """The corners of a municipality's parts in pixels of the country's map, from its path of relative moves."""
    found = []
    for part in map_data()["municipalities"][code]["d"].split("M")[1:]:
        numbers = [float(number) for number in findall(r"-?(?:\d+\.?\d*|\.\d+)", part)]
        x, y = numbers[0], numbers[1]
        ring = [(x, y)]
        for dx, dy in zip(numbers[2::2], numbers[3::2], strict=True):
            x, y = x + dx, y + dy
            ring.append((x, y))
        found.append(ring)
    return found


def drawing_of(view: PinView, pin: tuple[float, float] | None) -> dict[str, Any]:
    """What the picture's template draws: the shapes in view, the towns with their names, and the pin."""
    data = map_data()

    def point(x: float, y: float) -> str:
        east = data["west"] + (x - data["margin"]) / data["scale"]
        north = data["north"] - (y - data["margin"]) / data["scale"]
        step = view.metres / SIDE
        return f"{SIDE / 2 + (east - view.east) / step:.1f},{SIDE / 2 - (north - view.north) / step:.1f}"

    shapes = {code: [" ".join(point(*corner) for corner in ring) for ring in rings(code)] for code in near_codes(view)}
    towns = []
    for town in _towns(view.code):
        x, y = view.to_pixels(town.lat, town.lon)
        if 0 <= x <= SIDE and 0 <= y <= SIDE:
            anchor = "end" if x > SIDE * 0.7 else "start"
            text_x = x + (-7 if anchor == "end" else 7)
            place = {"x": pixels(x), "y": pixels(y), "text_x": pixels(text_x)}
            towns.append({**place, "name": town.name, "anchor": anchor})
    return {
        "side": SIDE,
        "here": shapes.pop(view.code),
        "around": [ring for found in shapes.values() for ring in found],
        "towns": towns,
        "pin": [pixels(each) for each in view.to_pixels(*pin)] if pin else None,
    }


def near_codes(view: PinView) -> list[str]:
    """The municipality and those whose middle is near enough that they may be in view."""
    data = map_data()
    shapes = data["municipalities"]
    middle = (
        (view.east - data["west"]) * data["scale"] + data["margin"],
        (data["north"] - view.north) * data["scale"] + data["margin"],
    )
    reach = view.metres * data["scale"] + MIDDLE_TO_BORDER
    near = [
        code
        for code, shape in shapes.items()
        if abs(shape["x"] - middle[0]) < reach and abs(shape["y"] - middle[1]) < reach
    ]
    return list(dict.fromkeys([view.code, *near]))


def _towns(code: str) -> Sequence[Place]:
    return gazetteer().towns_in(code)[:MOST_TOWNS]


def moved(view: PinView, pin: tuple[float, float] | None, way: str) -> tuple[float, float]:
    """The pin a step towards north, south, east or west; set in the middle of the view where there is none."""
    x, y = view.to_pixels(*pin) if pin else (SIDE / 2, SIDE / 2)
    dx, dy = {"north": (0, -STEP), "south": (0, STEP), "east": (STEP, 0), "west": (-STEP, 0)}.get(way, (0, 0))
    return rounded(view.to_degrees(x + dx, y + dy))


def rounded(point: tuple[float, float]) -> tuple[float, float]:
    """To a metre."""
    return round(point[0], 5), round(point[1], 5)


def pin_text(code: str, pin: tuple[float, float] | None) -> str:
    """Where the pin stands, in words, for those who do not see the picture."""
    if pin is None:
        return _("There is no pin yet.")
    towns = gazetteer().towns_in(code)
    if not towns:
        return _("The pin stands at %(lat)s, %(lon)s.") % {"lat": pin[0], "lon": pin[1]}
    town = min(towns, key=lambda each: distance_km(*pin, each.lat, each.lon))
    km = distance_km(*pin, town.lat, town.lon)
    if km < 1:
        return _("The pin stands in %(town)s.") % {"town": town.name}
    words = {"km": f"{km:.0f}", "direction": _direction(pin, town), "town": town.name}
    return _("The pin stands %(km)s km %(direction)s of %(town)s.") % words


def _direction(pin: tuple[float, float], town: Place) -> str:
    north, east = pin[0] - town.lat, (pin[1] - town.lon) * cos(radians(town.lat))
    if abs(north) >= abs(east):
        return _("north") if north > 0 else _("south")
    return _("east") if east > 0 else _("west")
