"""From what somebody writes as a place to the places that it may mean: municipalities, towns and postcodes.

Exact letters decide and folded ones only find: Håbo is not Habo. The lists are the project's own files; they are read once
and asked in memory, so that a page costs no query for them and an import none a row.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from pathlib import Path

from django.utils.translation import gettext as _

from backend.common.text import clean_text
from backend.reference.models import Municipality
from backend.reference.place_names import authority_names, base_of_authority

DATA_DIR = Path(__file__).resolve().parent / "data"
MOST_FOUND = 6
LEAST_ALIKE = 0.3
SHORTEST_PART = 3
POSTCODE = re.compile(r"(?:SE?[- ]?)?(\d{3}) ?(\d{2})(?: +(?P<town>\D.*))?", re.IGNORECASE)
IN_MUNICIPALITY = re.compile(r"(?P<town>.+?)(?:, *| i | in | \()(?P<municipality>[^,()]+)\)?")


class PlaceKind(Enum):
    MUNICIPALITY = "municipality"
    TOWN = "town"
    POSTCODE = "postcode"


class Match(Enum):
    """How a place was found. EXACT: by its letters. FOLDED: by the same letters without their accents. ALIKE: a guess, by
    a part of the name or a similar one."""

    EXACT = "exact"
    FOLDED = "folded"
    ALIKE = "alike"


@dataclass(frozen=True)
class Place:
    """A place and how it was found. lat, lon: degrees WGS 84, the centre of the municipality or town.

    name: as one says it; of a postcode its town. code: of the postcode, five digits, else "".
    is_approximate: of a small post town only the area is known; its municipality is likely, not known.
    """

    kind: PlaceKind
    name: str
    municipality_code: str
    municipality_name: str
    lat: float
    lon: float
    match: Match = Match.EXACT
    code: str = ""
    population: int = 0
    is_post_town: bool = False
    is_approximate: bool = False

    @property
    def is_exact(self) -> bool:
        return self.match is Match.EXACT

    @property
    def is_guess(self) -> bool:
        return self.match is Match.ALIKE

    @property
    def label(self) -> str:
        """What tells it from others of its name: "Fors, Avesta", "774 89 Fors"."""
        if self.kind is PlaceKind.TOWN and self.is_approximate:
            return _("%(town)s near %(municipality)s") % {"town": self.name, "municipality": self.municipality_name}
        return self.query

    @property
    def query(self) -> str:
        """What finds it, and nothing before it, when it is typed."""
        if self.kind is PlaceKind.POSTCODE:
            return f"{self.code[:3]} {self.code[3:]} {self.name}"
        if self.kind is PlaceKind.TOWN and self.name != self.municipality_name:
            return f"{self.name}, {self.municipality_name}"
        return self.name

    @property
    def town_query(self) -> str:
        """The same of the town alone: a postcode says more of where somebody lives than has to be kept."""
        return replace(self, kind=PlaceKind.TOWN).query if self.kind is PlaceKind.POSTCODE else self.query

    def __str__(self) -> str:
        return self.label

    @classmethod
    def of(cls, municipality: Municipality) -> Place:
        return cls(
            PlaceKind.MUNICIPALITY,
            municipality.name,
            municipality.pk,
            municipality.name,
            municipality.lat,
            municipality.lon,
        )


def letters_of(text: str) -> str:
    """What two spellings of a name share: case, hyphens, points and doubled spaces aside; accents are letters."""
    return " ".join(re.sub(r"[-‐-―.,:()/]", " ", clean_text(text)).casefold().split())


def folded_letters(text: str) -> str:
    """The same without accents: "östersund" -> "ostersund"."""
    decomposed = unicodedata.normalize("NFKD", letters_of(text).replace("ø", "o").replace("æ", "a"))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


class Gazetteer:
    """The three lists in memory, by the names that people use."""

    def __init__(self, directory: Path = DATA_DIR) -> None:
        self.municipalities = {
            row["code"]: Place(
                PlaceKind.MUNICIPALITY, row["name"], row["code"], row["name"], float(row["lat"]), float(row["lon"])
            )
            for row in _rows(directory / "municipalities.csv")
        }
        self.towns = [self._town(row) for row in _rows(directory / "localities.csv")]
        self.by_letters = self._index(letters_of)
        self.by_folded = self._index(folded_letters)
        self.by_part: dict[str, list[Place]] = defaultdict(list)
        for place in [*self.municipalities.values(), *self.towns]:
            self.by_part[folded_letters(place.name)].append(place)
        self.towns_by_key = {(town.name, town.municipality_code): town for town in self.towns}
        postcodes = sorted(
            (row["first"], row["last"], row["town"], row["municipality"]) for row in _rows(directory / "postcodes.csv")
        )
        self.first_codes = [row[0] for row in postcodes]
        self.postcodes = postcodes

    def _town(self, row: dict[str, str]) -> Place:
        return Place(
            PlaceKind.TOWN,
            row["name"],
            row["municipality"],
            self.municipalities[row["municipality"]].name,
            float(row["lat"]),
            float(row["lon"]),
            population=int(row["population"] or 0),
            is_post_town=row["post_town"] == "true",
            is_approximate=row["approximate"] == "true",
        )

    def _index(self, form: Callable[[str], str]) -> dict[str, list[Place]]:
        index: dict[str, list[Place]] = defaultdict(list)
        for place in self.municipalities.values():
            for name in {form(each) for each in (place.name, *authority_names(place.municipality_code, place.name))}:
                index[name].append(place)
        for town in sorted(self.towns, key=_rank):
            index[form(town.name)].append(town)
        return index

    def postcode(self, code: str) -> Place | None:
        """The place of a postcode of five digits. None where no list has it."""
        at = bisect_right(self.first_codes, code) - 1
        if at < 0 or code > self.postcodes[at][1]:
            return None
        name, municipality = self.postcodes[at][2:]
        return replace(self.towns_by_key[name, municipality], kind=PlaceKind.POSTCODE, code=code)

    def towns_in(self, municipality_code: str) -> list[Place]:
        """Towns whose place is known, the largest first."""
        found = [each for each in self.towns if each.municipality_code == municipality_code and not each.is_approximate]
        return sorted(found, key=_rank)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, strict=True)


def _rank(place: Place) -> tuple[bool, bool, bool, int, str]:
    """Municipalities, then towns with mail of their own, then by inhabitants."""
    return (
        place.kind is not PlaceKind.MUNICIPALITY,
        place.is_approximate,
        not place.is_post_town,
        -place.population,
        place.municipality_code,
    )


@cache
def gazetteer() -> Gazetteer:
    return Gazetteer()


def find_places(text: str, *, limit: int = MOST_FOUND) -> list[Place]:
    """The places that the text may mean, the likeliest first; nothing for what resembles no name.

    Names that are written exactly so, then those with the same letters without accents. Only where there are neither:
    names that begin with the text or are spelt much like it, marked as guesses.
    """
    typed = clean_text(text)
    if not typed:
        return []
    known = gazetteer()
    if (found := _coded(typed, known)) is not None:
        return found
    named = _named(typed, known)
    return (named or _alike(typed, known))[:limit]


def _coded(text: str, known: Gazetteer) -> list[Place] | None:
    """By the number of a municipality or a postcode. None when the text is no number."""
    if re.fullmatch(r"\d{4}", text, re.ASCII):
        return [known.municipalities[text]] if text in known.municipalities else []
    if (numbers := POSTCODE.fullmatch(text)) is None:
        return None
    place = known.postcode(numbers[1] + numbers[2])
    if place is None and numbers["town"]:
        return _named(numbers["town"], known)
    return [place] if place is not None else []


def _named(text: str, known: Gazetteer) -> list[Place]:
    letters = letters_of(text)
    if found := _by_name(letters, known):
        return found
    if base := base_of_authority(letters):
        found = [each for each in _by_name(base, known) if each.kind is PlaceKind.MUNICIPALITY]
        if found:
            return found
    both = IN_MUNICIPALITY.fullmatch(text)
    return _in_municipality(both["town"], both["municipality"], known) if both else []


def _by_name(letters: str, known: Gazetteer) -> list[Place]:
    exact = known.by_letters.get(letters, ())
    folded = (replace(each, match=Match.FOLDED) for each in known.by_folded.get(folded_letters(letters), ()))
    return _distinct([*exact, *folded])


def _in_municipality(town: str, municipality: str, known: Gazetteer) -> list[Place]:
    codes = {each.municipality_code for each in _named(municipality, known) if each.kind is PlaceKind.MUNICIPALITY}
    return [each for each in _named(town, known) if each.kind is PlaceKind.TOWN and each.municipality_code in codes]


def _alike(text: str, known: Gazetteer) -> list[Place]:
    """Guesses: names of which a word begins with the text, municipalities first, then names that share most of their
    three-letter parts with it."""
    folded = folded_letters(text)
    if len(folded) < SHORTEST_PART:
        return []
    letters = letters_of(text)
    begins = [place for name, places in known.by_part.items() if f" {folded}" in f" {name}" for place in places]
    first = sorted(begins, key=lambda place: (not letters_of(place.name).startswith(letters), _rank(place)))
    parts = _parts(folded)
    close = ((len(parts & own) / len(parts | own), name) for name, own in _parts_by_name().items() if parts & own)
    near = sorted((pair for pair in close if pair[0] >= LEAST_ALIKE), key=lambda pair: (-pair[0], pair[1]))
    similar = [place for likeness, name in near for place in known.by_part[name]]
    return _distinct(replace(each, match=Match.ALIKE) for each in [*first, *similar])


def _parts(name: str) -> frozenset[str]:
    padded = f"  {name} "
    return frozenset(padded[n : n + 3] for n in range(len(padded) - 2))


@cache
def _parts_by_name() -> dict[str, frozenset[str]]:
    return {name: _parts(name) for name in gazetteer().by_part}


def _distinct(places: Iterable[Place]) -> list[Place]:
    """Each place once. A town that bears its municipality's name is where one means the municipality."""
    found: list[Place] = []
    for place in places:
        if not any(
            (each.name, each.municipality_code) == (place.name, place.municipality_code)
            or (
                place.name == each.municipality_name
                and each.municipality_code == place.municipality_code
                and each.kind is PlaceKind.MUNICIPALITY
            )
            for each in found
        ):
            found.append(place)
    return found


def choose_municipality(text: str) -> tuple[str, list[Place]]:
    """The code of the municipality that the text means, "" when it is not sure, and the places it may mean.

    Sure are: its number, its name in any of the ways authorities write it, a postcode, and a town that is only in one
    municipality. A name without its accents is sure where only one has it.
    """
    found = find_places(text)
    best = [each for each in found if each.is_exact] or [each for each in found if each.match is Match.FOLDED]
    if best and best[0].kind is PlaceKind.MUNICIPALITY and (best[0].is_exact or len(best) == 1):
        return best[0].municipality_code, found
    codes = {each.municipality_code for each in best if not each.is_approximate}
    is_sure = len(codes) == 1 and not any(each.is_approximate for each in best)
    return (codes.pop() if is_sure else ""), found


def resolve_municipality(text: str) -> Municipality | None:
    """The municipality that the text means; None when it means none or several, see `choose_municipality`. One query."""
    code = choose_municipality(text)[0]
    return Municipality.objects.select_related("county").filter(pk=code).first() if code else None
