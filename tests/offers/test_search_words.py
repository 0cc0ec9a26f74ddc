"""Everyday words on a few places: forms, compounds, other words of the trade, weeks and months, and no silent guesses."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from backend.offers.search import Search, find_page
from backend.offers.search_forms import head_before, is_family, is_same, slips, tail_after
from backend.offers.search_near import list_near_occupations
from backend.offers.search_synonyms import load_false_friends, load_synonyms
from backend.offers.search_times import load_times, read_times
from tests.factories import OfferFactory, WorkplaceFactory


def titles(text: str) -> set[str]:
    return {offer.title for offer in find_page(Search(text=text)).rows}


class TestForms:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            *(("förskolan", "förskola"), ("förskolor", "förskola"), ("lagret", "lager"), ("bilar", "bil")),
            *(("köket", "kök"), ("målarna", "målare"), ("rostfritt", "rostfria"), ("maskiner", "maskin")),
        ],
    )
    def test_forms_of_one_word(self, one, other):
        assert is_same(one, other)
        assert is_same(other, one)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            *(("lager", "laga"), ("lager", "laget"), ("städ", "stad"), ("målare", "målar"), ("skog", "karlskoga")),
            *(("kontor", "konton"), ("mekaniker", "mekanik"), ("mat", "mata"), ("bil", "bild")),
        ],
    )
    def test_words_that_only_look_alike(self, one, other):
        assert not is_same(one, other)

    def test_a_doer_is_asked_for_alone_and_work_with_its_doers(self):
        assert is_family("svetsning", "svetsare")
        assert is_family("svetsning", "svetsar")
        assert not is_family("svetsare", "svetsning")

    def test_parts_of_compounds(self):
        assert tail_after("lager", "lagerarbetare", set()) == "arbetare"
        assert tail_after("lager", "laglig", set()) == ""
        assert head_before("vård", "sjukvården") == "sjuk"
        assert head_before("städ", "verkstäder") == ""
        assert head_before("skog", "karlskoga") == ""

    @pytest.mark.parametrize(
        ("one", "other", "number"), [("svetsre", "svetsare", 1), ("vsetsa", "svetsa", 1), ("frisör", "fräser", 2)]
    )
    def test_slips(self, one, other, number):
        assert slips(one, other) == number


class TestFiles:
    def test_they_are_read_and_every_row_says_something(self):
        assert load_synonyms()["usk"] == ("undersköterska",)
        assert all(load_false_friends().values())
        assert {"januari", "sportlov", "påsklov"} <= set(load_times())

    @pytest.mark.today("2026-11-23")
    @pytest.mark.parametrize(
        ("text", "first", "last"),
        [
            ("v. 6", date(2027, 2, 8), date(2027, 2, 14)),
            ("vecka 6", date(2027, 2, 8), date(2027, 2, 14)),
            ("v48", date(2026, 11, 23), date(2026, 11, 29)),
            ("v 6-8", date(2027, 2, 8), date(2027, 2, 28)),
            ("januari", date(2027, 1, 1), date(2027, 1, 31)),
            ("november", date(2026, 11, 1), date(2026, 11, 30)),
            ("december", date(2026, 12, 1), date(2026, 12, 31)),
            ("sportlovet", date(2027, 2, 15), date(2027, 3, 14)),
            ("höstlov", date(2027, 11, 1), date(2027, 11, 7)),
            ("jullov", date(2026, 12, 21), date(2027, 1, 10)),
            ("påsklov", date(2027, 3, 22), date(2027, 4, 4)),
        ],
    )
    def test_times_are_the_next_ones(self, text, first, last):
        assert read_times(f"lager {text}") == ("lager  ", ((first, last),))

    @pytest.mark.parametrize("text", ["v. 0", "vecka 77", "volvo 6", "v8or"])
    def test_what_is_no_time_stays_text(self, text):
        assert read_times(text) == (text, ())


@pytest.mark.django_db
class TestEverydayWords:
    @pytest.fixture(autouse=True)
    def places(self):
        def place(title: str, tasks: str, **fields: Any) -> Any:
            return OfferFactory(title=title, tasks=tasks, **{"occupation_id": None, "skills": [], **fields})

        karlskoga = WorkplaceFactory(municipality_id="1883", city="Karlskoga", organisation__name="Nordmarks AB")
        place("Lagerarbetare", "Du plockar gods på centrallagret.")
        place("Kock", "Matlagning till matsalen; laga från grunden.", workplace=karlskoga)
        place("Målare", "Du spacklar och stryker.")
        place("Barnskötare på förskola", "Småbarn leker.")
        place("Personbilsmekaniker", "Byten av bromsar i staden.")
        place("Fordonsmekaniker", "Felsökning av material enligt bilaga.")
        place("Snickare", "Stommar i trä.")
        place("Undersköterska", "Omsorg om äldre.")
        place("Lokalvårdare", "Golv och fönster.")
        place(
            "Sommarens parklag",
            "Rabatter.",
            form_id="feriejobb",
            period__start=date(2027, 6, 21),
            period__end=date(2027, 7, 2),
        )

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("lager", {"Lagerarbetare"}),
            ("lagret", {"Lagerarbetare"}),
            ("städ", {"Lokalvårdare"}),
            ("städning", {"Lokalvårdare"}),
            ("lokalvård", {"Lokalvårdare"}),
            ("målare", {"Målare"}),
            ("malare", {"Målare"}),
            ("skog", set()),
            ("mat", {"Kock"}),
            ("bilmekaniker", {"Personbilsmekaniker", "Fordonsmekaniker"}),
            ("bilmek", {"Personbilsmekaniker", "Fordonsmekaniker"}),
            ("förskolan", {"Barnskötare på förskola"}),
            ("sommarjobb", {"Sommarens parklag"}),
            ("usk", {"Undersköterska"}),
            ("träarbetare", {"Snickare"}),
            ("lastbilschaufför", set()),
            ("äldreomsorg", {"Undersköterska"}),
            ("sommarlov", {"Sommarens parklag"}),
            ("juni", {"Sommarens parklag"}),
            ("v. 25", {"Sommarens parklag"}),
            ("v. 40", set()),
            ("snickare v. 25", set()),
            ("frisör", set()),
        ],
    )
    def test_finds_those_and_no_others(self, text, found):
        assert titles(text) == found

    def test_a_compound_is_tried_by_its_parts_before_a_look_alike_and_is_named(self):
        assert Search(text="äldreomsorg").reading.replaced == (("äldreomsorg", "äldre omsorg"),)

    def test_a_look_alike_is_a_slip_of_a_whole_word_and_is_named(self, client):
        page = client.get(reverse("search"), {"q": "snikare"}, headers={"Accept-Language": "sv"}).content.decode()
        assert "Visar träffar för ”snickare”" in page
        assert "Snickare" in page
        assert Search(text="snickrae").reading.replaced == (("snickrae", "snickare"),)

    def test_a_word_of_its_own_is_no_slip_of_another(self):
        OfferFactory(title="Fräser och frisor", occupation_id=None)
        assert Search(text="frisör").reading.replaced == ()
        assert Search(text="frisör").reading.unknown == ("frisör",)

    def test_nothing_found_is_said_with_near_occupations_as_links(self, client):
        OfferFactory(title="Kock", occupation_id="5120")
        OfferFactory(title="Svetsare", occupation_id="7212")
        assert [group.pk for group in list_near_occupations(["frisör"])] == ["5120"]
        page = client.get(reverse("search"), {"q": "frisör"}, headers={"Accept-Language": "sv"}).content.decode()
        assert "Ingen plats har ”frisör”." in page
        assert 'href="/platser/?q=Kock' in page
        assert "Svetsare" not in page

    def test_a_text_that_asks_nothing_is_told_so(self, client):
        assert Search(text="jobb hos").reading.asks_nothing
        assert not Search(text="jobb hos snickare").reading.asks_nothing
        page = client.get(reverse("search"), {"q": "jobb"}, headers={"Accept-Language": "sv"}).content.decode()
        assert "Du ser alla platser" in page

    @pytest.mark.parametrize(("text", "most"), [("snickare", 1), ("jobb", 0), ("frisör", 2), ("snikare målare", 3)])
    def test_a_text_is_understood_with_few_questions(self, text, most, django_assert_max_num_queries):
        with django_assert_max_num_queries(most):
            assert Search(text=text).reading is not None
