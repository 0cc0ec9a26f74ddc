"""The search as a person uses it: stems, compounds, misspelt words, places, filters with counters, orders and pages."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from backend.common import clock
from backend.offers.enums import OfferState
from backend.offers.models import Offer, SearchEntry, SearchWord
from backend.offers.search import Search, find_page, matching_entries, search_offers
from backend.offers.search_facets import count_facets
from backend.offers.search_places import find_place
from backend.offers.search_words import refresh_words, words_of
from backend.reference.geo import distance_km
from backend.reference.models import Municipality
from backend.reference.places import Place
from tests.factories import OfferFactory, PeriodFactory, WorkplaceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.today("2026-11-23")]


def titles(**asked: Any) -> list[str]:
    return [offer.title for offer in find_page(Search(**asked)).rows]


def place(name: str) -> Place:
    return Place.of(Municipality.objects.get(name=name))


class TestWords:
    @pytest.fixture(autouse=True)
    def places(self):
        site = WorkplaceFactory(organisation__name="Hällestad Precision AB", city="Hällestad")
        OfferFactory(title="Svetsa i rostfritt", tasks="Du arbetar med maskiner.", occupation_id="7212", workplace=site)
        north = WorkplaceFactory(municipality_id="2380", lat=63.18, lon=14.64)
        OfferFactory(title="Cncoperatör sökes", tasks="Detaljer mäts.", occupation_id=None, workplace=north)

    @pytest.mark.parametrize(
        "text",
        [
            *("svetsa", "svetsar", "svetsning", "SVETS", "rostfria", "maskin", "maskinen", "arbete"),
            *("hällestad", "hallestad", "precision", "Finspång", "finspang", "östergötland"),
            *("svetsre", "svtsa", "finspong", "precison", "och svetsa", "svetsa finspång"),
            *("vsetsa", "svetas", "rostrfitt"),
        ],
    )
    def test_finds_what_was_meant(self, text):
        assert titles(text=text) == ["Svetsa i rostfritt"]

    @pytest.mark.parametrize("text", ["operatör", "operator", "cnc", "östersund", "ostersund", "ostersnd", "jämtland"])
    def test_finds_parts_of_compounds_and_letters_without_accents(self, text):
        assert titles(text=text) == ["Cncoperatör sökes"]

    @pytest.mark.parametrize("text", ["xylofon", "svetsa östersund", "el", "qqqq"])
    def test_finds_nothing_where_nothing_fits(self, text):
        assert titles(text=text) == []

    def test_says_what_a_misspelt_word_was_taken_for(self):
        reading = Search(text="svetsre i finspång").reading
        assert [typed for typed, _taken in reading.replaced] == ["svetsre"]
        assert Search(text="qqqq").reading.unknown == ("qqqq",)
        assert Search(text="svetsa").reading.replaced == ()

    @pytest.mark.parametrize(
        "text", ["'", "a & | !", "((", "\\", "%", "_", "<b>", ":*", "!!", "a'b", "x" * 500, "日本"]
    )
    def test_no_text_is_an_error(self, text):
        titles(text=text)

    def test_words_that_say_nothing_are_left_out(self):
        assert words_of("Och på i Svetsa, SVETSA! för") == ["svetsa"]
        assert len(words_of(" ".join(f"ord{n}" for n in range(30)))) == 8

    def test_a_hit_in_the_title_comes_before_one_in_the_text(self):
        OfferFactory(title="Lager", tasks="Ibland kan du få svetsa.", occupation_id=None)
        assert titles(text="svetsa", order="fit") == ["Svetsa i rostfritt", "Lager"]


class TestFreshness:
    def test_every_command_shows_at_once(self):
        offer = OfferFactory(title="Svarva")
        assert titles(text="svarva") == ["Svarva"]
        Offer.objects.filter(pk=offer.pk).update(title="Fräsa")
        assert titles(text="svarva") == []
        assert titles(text="fräsa") == ["Fräsa"]
        offer.organisation.name = "Nytt Namn AB"
        offer.organisation.save()
        assert titles(text="nytt namn") == ["Fräsa"]
        offer.workplace.municipality_id = "2380"
        offer.workplace.save()
        assert titles(place=place("Östersund")) == ["Fräsa"]
        offer.programmes.set(["EE"])
        assert titles(programmes=("IN",)) == []
        offer.programmes.clear()
        assert titles(programmes=("IN",)) == ["Fräsa"]
        offer.periods.update(start=date(2027, 6, 7), end=date(2027, 6, 18))
        assert titles(months=(date(2027, 6, 1),)) == ["Fräsa"]
        assert titles(months=(date(2027, 2, 1),)) == []

    def test_only_published_places_have_an_entry(self):
        offer = OfferFactory()
        assert SearchEntry.objects.filter(pk=offer.pk).exists()
        for state in set(OfferState) - {OfferState.PUBLISHED}:
            offer.state = state
            offer.save()
            assert not SearchEntry.objects.exists()
            offer.state = OfferState.PUBLISHED
            offer.save()
        assert SearchEntry.objects.filter(pk=offer.pk).exists()
        offer.delete()
        assert not SearchEntry.objects.exists()

    def test_a_taken_seat_does_not_touch_the_entry(self):
        """Applications lock seats in an order of their own; an entry must not come in between."""
        offer = OfferFactory()
        before = self.version(offer)
        offer.periods.update(taken=2)
        assert self.version(offer) == before
        assert titles(only_free=True) == []

    @staticmethod
    def version(offer: Offer) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT xmin, cmin, ctid FROM offers_searchentry WHERE offer_id = %s", [offer.pk])
            return cursor.fetchone()

    def test_the_nightly_job_forgets_words_of_closed_places_and_learns_what_was_skipped(self):
        offer, other = OfferFactory(title="Xylofonbyggare"), OfferFactory(title="Svarva")
        Offer.objects.filter(pk=offer.pk).update(state=OfferState.CLOSED)
        SearchWord.objects.filter(word="svarva").delete()
        assert refresh_words() > 0
        assert not SearchWord.objects.filter(word="xylofonbyggare").exists()
        assert SearchWord.objects.filter(word="svarva").exists()
        assert refresh_words() == 0
        assert other.title == "Svarva"


class TestPlaces:
    def test_names_towns_and_misspelt_names(self):
        WorkplaceFactory(city="Skärblacka", municipality_id="0581")
        WorkplaceFactory(city="Hopptorp", municipality_id="0562", lat=58.8, lon=15.9)
        assert find_place("finspang").place.name == "Finspång"
        assert find_place("skärblacka").place.municipality_name == "Norrköping"
        village = find_place("hopptorp").place
        assert (village.label, village.lat, village.lon) == ("Hopptorp, Finspång", 58.8, 15.9)
        guess = find_place("Finnspång")
        assert (guess.place.name, guess.is_guess) == ("Finspång", True)
        assert find_place("xxxx") is None
        assert find_place("  ") is None

    def test_around_a_point(self):
        OfferFactory(title="Nära")
        OfferFactory(title="Långt bort", workplace=WorkplaceFactory(municipality_id="2580", lat=65.58, lon=22.15))
        OfferFactory(title="Överallt", workplace=WorkplaceFactory(municipality_id=None, lat=None, lon=None))
        assert titles(point=(58.7, 15.8), radius_km=10) == ["Nära"]
        rows = find_page(Search(point=(58.7, 15.8), order="distance")).rows
        assert [offer.title for offer in rows] == ["Nära", "Långt bort", "Överallt"]
        assert rows[0].distance == pytest.approx(2.05, abs=0.1)
        assert rows[2].distance is None
        assert [offer.distance for offer in search_offers(Search(point=(58.7, 15.8), order="distance"))] == [
            pytest.approx(offer.distance) if offer.distance is not None else None for offer in rows
        ]

    # Points whose cosine to themselves is rounded to more than one.
    @pytest.mark.parametrize("here", [(62.12, 21.12), (57.42, 18.13), (63.99, 13.42)])
    def test_distances_are_those_of_the_sphere_also_to_the_same_point(self, here):
        sites = {"Här": here, "Söderut": (here[0] - 1, here[1]), "Västerut": (here[0], here[1] - 2)}
        for title, (lat, lon) in sites.items():
            OfferFactory(title=title, workplace=WorkplaceFactory(lat=lat, lon=lon))
        rows = find_page(Search(point=here, radius_km=200, order="distance")).rows
        assert {offer.title: offer.distance for offer in rows} == {
            title: pytest.approx(distance_km(*here, *there), abs=0.001) for title, there in sites.items()
        }

    def test_words_near_a_place_follow_a_workplace_that_moves(self):
        offer = OfferFactory(title="Svetsa")
        assert titles(text="svetsa", point=(58.7, 15.8), radius_km=10) == ["Svetsa"]
        assert titles(text="lager", point=(58.7, 15.8), radius_km=10) == []
        offer.workplace.lat, offer.workplace.lon = 65.58, 22.15
        offer.workplace.save()
        assert titles(text="svetsa", point=(58.7, 15.8), radius_km=10) == []
        assert titles(text="svetsa", point=(65.58, 22.15), radius_km=10) == ["Svetsa"]


class TestSearchInOrder:
    def test_the_text_is_not_read_again(self, django_assert_num_queries):
        OfferFactory(title="Svetsa")
        search = Search(text="svetsa")
        assert search.reading.query
        with django_assert_num_queries(0):
            assert search.in_order("closing").reading == search.reading
        assert search.in_order("closing").order == "closing"
        assert Search(text="svetsa", order="closing") == Search(text="svetsa").in_order("closing")


class TestCounters:
    def test_each_counter_is_what_choosing_it_would_find(self):
        sites = [WorkplaceFactory(), WorkplaceFactory(municipality_id="2380", lat=63.18, lon=14.64)]
        for number in range(24):
            offer = OfferFactory(
                workplace=sites[number % 2],
                form_id=("apl", "lia", "prao")[number % 3],
                occupation_id=("7223", "7212", None)[number % 3],
                title="Svetsa" if number % 4 else "Svarva",
                period__start=clock.today() + timedelta(days=9 * number - 20),
                period__end=clock.today() + timedelta(days=9 * number + 5),
            )
            offer.programmes.set((["IN"], ["IN", "IN25"], ["EE"], [])[number % 4])
            if number % 5 == 0:
                offer.periods.update(taken=2)
        asked = [
            Search(),
            Search(text="svetsa", forms=("apl",)),
            Search(forms=("apl", "lia"), municipalities=("0562",), only_free=True),
            Search(months=(date(2026, 11, 1), date(2027, 1, 1)), fields=("none",)),
            Search(place=place("Finspång"), radius_km=40, programmes=("EE",), months=(date(2027, 2, 1),)),
        ]
        for search in asked:
            facets = count_facets(search)
            assert facets.total == matching_entries(search).count()
            assert facets.free == matching_entries(replace(search, only_free=True)).count()
            for group in ("forms", "fields", "municipalities", "programmes"):
                for value in getattr(facets, group):
                    chosen = replace(search, **{group: (value.value,)})
                    assert value.count == matching_entries(chosen).count(), (search, group, value)
            for first, count in facets.months:
                assert count == matching_entries(replace(search, months=(first,))).count(), (search, first)
            for group, count in facets.dropped.items():
                loosened = replace(search, **{group: False if group == "only_free" else ()})
                assert count == matching_entries(loosened).count(), (search, group)

    def test_a_month_that_has_partly_passed_counts_only_what_lies_ahead(self):
        offer = OfferFactory(period__start=date(2026, 11, 2), period__end=date(2026, 11, 13))
        PeriodFactory(offer=offer)
        months = dict(count_facets(Search()).months)
        assert months[date(2026, 11, 1)] == 0
        assert months[date(2027, 1, 1)] == 1
        assert titles(months=(date(2026, 11, 1),)) == []

    def test_the_number_of_queries_is_constant(self, django_assert_num_queries):
        OfferFactory()
        with django_assert_num_queries(2):
            count_facets(Search())
        site = WorkplaceFactory()
        for _number in range(10):
            OfferFactory(workplace=site).programmes.set(["IN", "EE"])
        with django_assert_num_queries(2):
            count_facets(Search())
        with django_assert_num_queries(4):
            find_page(Search())


class TestPages:
    @pytest.mark.parametrize("order", ["newest", "closing", "distance", "fit"])
    def test_forth_and_back_without_gaps_in_every_order(self, order):
        site = WorkplaceFactory()
        ids = [
            OfferFactory(
                title=f"Svetsa {number}" if number % 3 else "Svetsa",
                workplace=site if number % 2 else WorkplaceFactory(lat=58.8, lon=15.9),
                apply_by=date(2026, 12, 1 + number % 4) if number % 5 else None,
                published_at=clock.now() - timedelta(hours=number % 6),
            ).pk
            for number in range(17)
        ]
        scores = ((ids[3], 0.5), (ids[9], 0.25))
        search = Search(text="svetsa", place=place("Finspång"), radius_km=80, order=order, scores=scores)
        pages = [find_page(search, size=5)]
        while pages[-1].next:
            pages.append(find_page(search, pages[-1].next, size=5))
        seen = [offer.pk for page in pages for offer in page.rows]
        assert sorted(seen) == sorted(ids)
        assert seen == list(search_offers(search).values_list("pk", flat=True))
        assert [page.first for page in pages] == [1, 6, 11, 16]
        back = pages[-1]
        for expected in reversed(pages[:-1]):
            back = find_page(search, back.previous, size=5)
            assert [offer.pk for offer in back.rows] == [offer.pk for offer in expected.rows]
            assert back.first == expected.first
        assert back.previous == ""

    def test_new_places_do_not_shift_a_page(self):
        site = WorkplaceFactory()
        for number in range(8):
            OfferFactory(title=str(number), workplace=site, published_at=clock.now() - timedelta(hours=number))
        first = find_page(Search(), size=4)
        OfferFactory(title="ny", workplace=site)
        assert [offer.title for offer in find_page(Search(), first.next, size=4).rows] == ["4", "5", "6", "7"]

    @pytest.mark.parametrize("cursor", ["x", "a:b:c", "WyJhIl0:1:2", "\0"])
    def test_a_cursor_that_is_not_ours_starts_from_the_beginning(self, cursor):
        OfferFactory()
        assert len(find_page(Search(), cursor).rows) == 1

    def test_a_cursor_of_another_order_starts_from_the_beginning(self):
        for _number in range(3):
            OfferFactory()
        cursor = find_page(Search(), size=1).next
        assert len(find_page(Search(order="closing"), cursor).rows) == 3

    def test_who_has_suggestions_sees_them_first(self):
        first, _second, third = (OfferFactory(title=title) for title in ("a", "b", "c"))
        assert titles(order="fit") == ["c", "b", "a"]
        assert titles(order="fit", scores=((first.pk, 0.9), (third.pk, 0.3))) == ["a", "c", "b"]
