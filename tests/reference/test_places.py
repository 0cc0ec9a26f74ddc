"""What people write as a place, and the places that are found by it."""

import csv

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.reference.models import Municipality
from backend.reference.places import (
    Match,
    PlaceKind,
    choose_municipality,
    find_places,
    folded_letters,
    gazetteer,
    resolve_municipality,
)
from tests.reference.paths import SHARED_REFERENCE

SHARED_GEO = SHARED_REFERENCE / "geo" / "municipalities.csv"
# Names that two municipalities share once their accents are off: the one with these letters is meant.
SHARE_LETTERS = {"0305", "0643"}


def forms_of(code: str, name: str) -> dict[str, str]:
    """How a municipality is written, by what kind of writing it is. The genitive of Kalix is heard both ways."""
    genitive = name if name[-1] in "sxz" else f"{name}s"
    return {
        "name": name,
        "capitals": name.upper(),
        "small letters": name.lower(),
        "code": code,
        "name kommun": f"{name} kommun",
        "genitive kommun": f"{genitive} kommun",
        "capitals kommun": f"{genitive} KOMMUN",
        "always s": f"{name}s kommun",
        "stad": f"{genitive} Stad",
        "the municipality": f"Kommunen {name}",
        "English": f"{name} Municipality",
        "spaces": f"  {name.replace(' ', '  ')}\u00a0kommun ",
        "decomposed": "".join("a\u030a" if letter == "å" else letter for letter in name),
        "invisible": "\u200b".join(name),
        "soft hyphen": f"{name[:2]}\u00ad{name[2:]}",
        "a space for the hyphen": name.replace("-", " "),
    }


class TestMunicipalities:
    @pytest.mark.parametrize("place", gazetteer().municipalities.values(), ids=lambda place: place.municipality_code)
    def test_every_one_is_chosen_by_each_of_its_names(self, place):
        code = place.municipality_code
        wrong = {
            kind: text for kind, text in forms_of(code, place.name).items() if choose_municipality(text)[0] != code
        }
        assert wrong == {}

    def test_there_are_290_and_the_table_has_the_same(self, db):
        names = dict(Municipality.objects.values_list("pk", "name"))
        assert len(names) == 290
        assert {code: place.name for code, place in gazetteer().municipalities.items()} == names

    def test_every_full_name_of_the_table_is_understood(self, db):
        rows = Municipality.objects.values_list("full_name", "pk")
        assert {name: choose_municipality(name)[0] for name, _code in rows} == dict(rows)

    @pytest.mark.skipif(not SHARED_GEO.exists(), reason="the network's own list is not here")
    def test_the_names_in_the_networks_own_list(self):
        with SHARED_GEO.open(encoding="utf-8") as file:
            rows = {row["full_name"]: row["code"] for row in csv.DictReader(file)}
        assert {name: choose_municipality(name)[0] for name in rows} == rows

    @pytest.mark.parametrize("place", gazetteer().municipalities.values(), ids=lambda place: place.municipality_code)
    def test_without_accents_it_is_found_and_never_silently_another(self, place):
        found = find_places(folded_letters(place.name))
        assert place.municipality_code in [each.municipality_code for each in found]
        if place.municipality_code not in SHARE_LETTERS:
            assert choose_municipality(folded_letters(place.name))[0] == place.municipality_code

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("Falu kommun", "2080"),
            ("Region Gotland", "0980"),
            ("Göteborgs Stad", "1480"),
            ("Gothenburg", "1480"),
            ("Stockholms stad", "0180"),
            ("Borås Stad", "1490"),
            ("Malung-Sälens kommun", "2023"),
            ("Dals Ed", "1438"),
            ("goteborgs stad", "1480"),
            ("Orust kommun", "1421"),
        ],
    )
    def test_names_that_follow_no_rule(self, text, code):
        assert choose_municipality(text)[0] == code

    @pytest.mark.parametrize(
        "text", ["Region Skåne", "Region Uppsala", "Region Stockholm", "Atlantis", "", "562", "9999"]
    )
    def test_no_municipality_is_made_up(self, text):
        assert choose_municipality(text)[0] == ""

    def test_exact_letters_decide(self):
        assert choose_municipality("Håbo")[0] == choose_municipality("Håbo kommun")[0] == "0305"
        assert choose_municipality("Habo")[0] == choose_municipality("habo kommun")[0] == "0643"
        first, other = find_places("Håbo")
        assert (first.municipality_code, first.is_exact) == ("0305", True)
        assert (other.municipality_code, other.match) == ("0643", Match.FOLDED)

    def test_resolving_costs_one_query(self, db):
        with CaptureQueriesContext(connection) as asked:
            assert resolve_municipality("Finspångs kommun") == Municipality.objects.get(pk="0562")
        assert len(asked) == 2
        assert resolve_municipality("Fors") is None


class TestTowns:
    @pytest.mark.parametrize(
        ("text", "labels"),
        [
            ("Fors", ["Fors, Avesta", "Fors, Örnsköldsvik"]),
            ("Ed", ["Ed, Dals-Ed"]),
            ("Vik", ["Vik, Simrishamn"]),
            ("Mo", ["Mo, Söderhamn", "Mo, Örnsköldsvik"]),
            ("Fors, Avesta", ["Fors, Avesta"]),
            ("Fors (Avesta kommun)", ["Fors, Avesta"]),
            ("fors i örnsköldsvik", ["Fors, Örnsköldsvik"]),
            ("Bålsta", ["Bålsta, Håbo"]),
            ("SKÄRBLACKA", ["Skärblacka, Norrköping"]),
        ],
    )
    def test_exact_names_are_never_a_look_alike(self, text, labels):
        found = find_places(text)
        assert [each.label for each in found] == labels
        assert all(each.is_exact for each in found)

    def test_twins_are_not_chosen_between(self):
        code, found = choose_municipality("Fors")
        assert (code, len(found)) == ("", 2)
        assert choose_municipality("Bålsta")[0] == "0305"

    def test_what_a_town_is_written_back_as_finds_it_first(self):
        wrong = [
            town.query
            for town in gazetteer().towns
            if town.name != town.municipality_name
            and (find_places(town.query)[0].name, find_places(town.query)[0].municipality_code)
            != (town.name, town.municipality_code)
        ]
        assert wrong == []

    def test_every_town_lies_in_sweden_and_near_its_municipality(self):
        for town in gazetteer().towns:
            assert 55 <= town.lat <= 69.1
            assert 10.9 <= town.lon <= 24.2

    def test_where_only_the_area_is_known_the_municipality_is_not_sure(self):
        (place,) = find_places("Abisko")
        assert place.is_approximate
        assert choose_municipality("Abisko")[0] == ""


class TestPostcodes:
    @pytest.mark.parametrize("text", ["774 89", "77489", "SE-774 89", "774 89 Fors", "77489 FORS", "s 774\u00a089"])
    def test_it_is_understood_as_people_write_it(self, text):
        (place,) = find_places(text)
        assert (place.kind, place.code, place.name, place.municipality_code) == (
            PlaceKind.POSTCODE, "77489", "Fors", "2084",
        )  # fmt: skip
        assert place.label == "774 89 Fors"

    def test_an_unknown_one_finds_the_town_behind_it_or_nothing(self):
        assert find_places("999 99") == []
        assert [each.label for each in find_places("999 99 Bålsta")] == ["Bålsta, Håbo"]


class TestGuesses:
    @pytest.mark.parametrize(("text", "first"), [("Finsp", "Finspång"), ("Finnspång", "Finspång"), ("Örebr", "Örebro")])
    def test_a_part_or_a_misspelt_name_is_a_guess(self, text, first):
        found = find_places(text)
        assert found[0].name == first
        assert all(each.is_guess for each in found)
        assert choose_municipality(text)[0] == ""

    @pytest.mark.parametrize("text", ["Xq", "xxxx", "?", "()", "-", "\u200b"])
    def test_nothing_is_guessed_from_nothing(self, text):
        assert find_places(text) == []


def test_the_lists_hold_what_they_promise():
    known = gazetteer()
    assert len(known.towns) >= 2000
    keys = [(town.name, town.municipality_code) for town in known.towns]
    assert len(keys) == len(set(keys))
    assert all((name, code) in known.towns_by_key for _first, _last, name, code in known.postcodes)
    assert all(first <= last for first, last, _name, _code in known.postcodes)
    assert all(a[1] < b[0] for a, b in zip(known.postcodes, known.postcodes[1:], strict=False))
