"""The municipality map: one path for the country and one per member, with labels set in the margin beside it.

The shapes come from `map_data.json` (drawn by tools/build_map.py), small corrections of labels from `map_labels.json`.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from django.utils.translation import ngettext

HERE = Path(__file__).parent
LABEL_GAP = 14  # from the coast to the end of the leader line
LABEL_HEIGHT = 54  # two lines of text
LETTER = 11.5  # width of a letter, to keep the longest name inside the view box
BAND = 40  # height of the strips in which the coast is measured

Side = Literal["left", "right"]


@dataclass(frozen=True)
class MapMember:
    """A municipality to show: its code, name and number of open offers."""

    code: str
    name: str
    count: int


@dataclass(frozen=True)
class MapPlace:
    """A drawn member: shape, point and label."""

    code: str
    name: str
    count_text: str
    path: str
    x: str
    y: str
    leader: str
    label_x: str
    label_y: str
    count_y: str
    anchor: Literal["start", "end"]


@dataclass(frozen=True)
class MapDrawing:
    """What the `map` component draws. Lengths are texts in pixels of the view box, with a decimal point."""

    view_box: str
    width: str
    height: str
    base_path: str
    places: Sequence[MapPlace]


@lru_cache(maxsize=1)
def map_data() -> dict[str, Any]:
    """Shapes by code, as documented in tools/build_map.py."""
    data: dict[str, Any] = json.loads((HERE / "map_data.json").read_text(encoding="utf-8"))
    return data


@lru_cache(maxsize=1)
def label_corrections() -> dict[str, dict[str, Any]]:
    """By code: `side` ("left" or "right") and `dy` (pixels) where the automatic label would stand badly."""
    data: dict[str, dict[str, Any]] = json.loads((HERE / "map_labels.json").read_text(encoding="utf-8"))
    return data


@lru_cache(maxsize=8)
def base_path(members: frozenset[str]) -> str:
    """All municipalities that are not members, joined to one path."""
    shapes = map_data()["municipalities"]
    return "".join(shape["d"] for code, shape in shapes.items() if code not in members)


def coast(y: float) -> tuple[float, float]:
    """The westernmost and easternmost centre of a municipality near a height: close enough to the coast for a label."""
    near = [s["x"] for s in map_data()["municipalities"].values() if abs(s["y"] - y) < BAND]
    return (min(near), max(near)) if near else (0.0, float(map_data()["width"]))


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Move ascending heights apart until neighbours keep the gap, as evenly up as down."""
    groups: list[tuple[float, int]] = []  # centre, number of labels
    for height in heights:
        centre, size = height, 1
        while groups and groups[-1][0] + (groups[-1][1] + size) * gap / 2 > centre:
            other, count = groups.pop()
            centre, size = (other * count + centre * size) / (count + size), count + size
        groups.append((centre, size))
    return [centre + (n - (size - 1) / 2) * gap for centre, size in groups for n in range(size)]


def pixels(value: float) -> str:
    """A length with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


def build_map(members: Iterable[MapMember]) -> MapDrawing:
    """Draw the members on the map. A code without a shape is left out: the list beside the map still names it."""
    data = map_data()
    shapes = data["municipalities"]
    drawn = sorted((m for m in members if m.code in shapes), key=lambda m: (shapes[m.code]["y"], m.code))
    sides: dict[Side, list[MapMember]] = {"left": [], "right": []}
    for member in drawn:
        shape = shapes[member.code]
        west, east = coast(shape["y"])
        natural: Side = "left" if shape["x"] - west < east - shape["x"] else "right"
        sides[label_corrections().get(member.code, {}).get("side", natural)].append(member)
    places = [place for side, group in sides.items() for place in label_side(side, group)]
    reach = [(float(p.label_x), LETTER * max(len(p.name), len(p.count_text) * 0.85), p.anchor) for p in places]
    left = min([0.0, *(x - width for x, width, anchor in reach if anchor == "end")])
    right = max([float(data["width"]), *(x + width for x, width, anchor in reach if anchor == "start")])
    return MapDrawing(
        view_box=f"{pixels(left)} 0 {pixels(right - left)} {data['height']}",
        width=pixels(right - left),
        height=str(data["height"]),
        base_path=base_path(frozenset(m.code for m in drawn)),
        places=places,
    )


def label_side(side: Side, members: Sequence[MapMember]) -> list[MapPlace]:
    """Labels of one side, from north to south, none over another."""
    shapes = map_data()["municipalities"]
    wanted = sorted((shapes[m.code]["y"] + label_corrections().get(m.code, {}).get("dy", 0), m.code) for m in members)
    by_code = {m.code: m for m in members}
    places = []
    for y, (_wanted, code) in zip(spread([y for y, _code in wanted], LABEL_HEIGHT), wanted, strict=True):
        member, shape = by_code[code], shapes[code]
        west, east = coast(y)
        outward = -1 if side == "left" else 1
        edge = min(west, shape["x"]) - LABEL_GAP if side == "left" else max(east, shape["x"]) + LABEL_GAP
        places.append(
            MapPlace(
                code=code,
                name=member.name,
                count_text=ngettext("%(count)s place", "%(count)s places", member.count) % {"count": member.count},
                path=shape["d"],
                x=pixels(shape["x"]),
                y=pixels(shape["y"]),
                leader=f"M{pixels(shape['x'])} {pixels(shape['y'])}L{pixels(edge)} {pixels(y)}h{outward * 14}",
                label_x=pixels(edge + outward * 20),
                label_y=pixels(y - 2),
                count_y=pixels(y + 20),
                anchor="end" if side == "left" else "start",
            )
        )
    return places
