"""The search page around the search: what was meant, ways on, canonical addresses, near me, counters kept for a moment."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import caches
from django.test import Client
from django.urls import reverse

from backend.suggestions.models import Suggestion
from backend.web import search as search_page
from tests.factories import OfferFactory, StudentFactory, WorkplaceFactory
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db


def search(query: Any, client: Client | None = None) -> Any:
    client = client or Client(headers={"accept-language": "en"})
    response = client.get(f"{reverse('search')}?{query if isinstance(query, str) else urlencode(query)}")
    assert response.status_code == 200
    return response


def titles(query: Any, client: Client | None = None) -> list[str]:
    return [row["title"] for row in search(query, client).context["rows"]]


class TestWhatWasMeant:
    def test_a_misspelt_word_is_replaced_and_the_page_says_so(self):
        OfferFactory(title="Elektriker")
        response = search({"q": "elktriker"})
        assert [row["title"] for row in response.context["rows"]] == ["Elektriker"]
        assert "No place has “elktriker”. Showing hits for “elektriker”." in response.content.decode()

    def test_exact_letters_decide_and_the_other_is_offered(self):
        OfferFactory(title="I Håbo", workplace=WorkplaceFactory(municipality_id="0305", lat=59.57, lon=17.53))
        OfferFactory(title="I Habo", workplace=WorkplaceFactory(municipality_id="0643", lat=57.91, lon=14.07))
        for where, title, other in (("Håbo", "I Håbo", "Habo"), ("habo", "I Habo", "Håbo")):
            response = search({"where": where, "km": "80"})
            assert [row["title"] for row in response.context["rows"]] == [title]
            assert [each["label"] for each in response.context["other_places"]] == [other]
            assert f">{other}</a>" in response.content.decode()
            (link,) = response.context["other_places"]
            assert titles(link["url"].partition("?")[2]) == ["I Habo" if title == "I Håbo" else "I Håbo"]

    @pytest.mark.parametrize(
        ("where", "label", "others"),
        [
            ("Fors", "Fors, Avesta", ["Fors, Örnsköldsvik"]),
            ("Ed", "Ed, Dals-Ed", []),
            ("Vik", "Vik, Simrishamn", []),
            ("Mo", "Mo, Söderhamn", ["Mo, Örnsköldsvik"]),
            ("774 89", "774 89 Fors", []),
            ("Finspångs kommun", "Finspång", []),
            ("Falu kommun", "Falun", []),
            ("Region Gotland", "Gotland", []),
        ],
    )
    def test_towns_postcodes_and_authorities_are_understood_and_named(self, where, label, others):
        response = search({"where": where, "km": "80"})
        assert response.context["place"].label == label
        assert [each["label"] for each in response.context["other_places"]] == others
        assert response.context["guessed_place"] == response.context["unknown_place"] == ""
        assert response.context["title"] == f"0 places near {response.context['place'].name}"

    def test_a_town_is_searched_around_and_has_no_borders(self):
        OfferFactory(title="I Fors", workplace=WorkplaceFactory(municipality_id="2084", lat=60.21, lon=16.3))
        OfferFactory(title="Långt från Fors", workplace=WorkplaceFactory(municipality_id="2084", lat=60.9, lon=16.3))
        response = search({"where": "Fors"})
        assert [row["title"] for row in response.context["rows"]] == ["I Fors"]
        assert response.context["km"] == "40"
        assert "" not in [value for value, _label in response.context["radius_options"]]

    def test_a_misspelt_place_is_taken_for_the_nearest_name(self):
        OfferFactory(title="Svarva")
        response = search({"where": "Finnspang"})
        assert [row["title"] for row in response.context["rows"]] == ["Svarva"]
        assert "No place is called “Finnspang”. We took it for Finspång." in response.content.decode()


class TestWaysOn:
    def test_each_filter_that_stands_in_the_way_can_be_dropped(self):
        OfferFactory(title="Svetsa")
        context = search({"q": "svetsa", "form": "lia"}).context
        label = context["chips"][0]["label"]
        assert context["ways"] == [{"text": f"1 place without “{label}”", "url": "/platser/?q=svetsa"}]

    def test_farther_around(self):
        OfferFactory(title="Svetsa")
        for query in (
            {"where": "Norrköping"},
            {"where": "Norrköping", "km": "10"},
            {"where": "Norrköping", "km": "20"},
        ):
            ways = search(query).context["ways"]
            assert [way["url"] for way in ways] == ["/platser/?where=Norrk%C3%B6ping&km=40"]
            assert ways[0]["text"] == "1 place within 40 km"
        assert search({"where": "Malmö", "km": "10"}).context["ways"] == []

    def test_without_the_words(self):
        field = OfferFactory(title="Svetsa").occupation.field
        context = search({"q": "qqqqq"}).context
        assert context["without_words"]["text"] == "1 place without “qqqqq”"
        assert context["without_words"]["url"] == "/platser/"
        assert context["ways"] == [{"text": f"1 place in {field.name_en}", "url": f"/platser/?field={field.pk}"}]

    def test_of_several_words_those_that_find_something(self):
        OfferFactory(title="Svetsa")
        context = search({"q": "svetsa qqqqq"}).context
        assert context["ways"] == [{"text": "1 place with “svetsa” anywhere", "url": "/platser/?q=svetsa"}]

    def test_several_demands_at_once_fall_apart_into_what_can_be_found(self):
        OfferFactory(title="Svetsa")
        OfferFactory(title="Svarva", workplace=WorkplaceFactory(municipality_id="2580", lat=65.58, lon=22.15))
        context = search({"q": "svetsa kakor", "where": "Luleå", "km": "80", "form": "lia"}).context
        assert context["ways"] == [
            {"text": "1 place with “svetsa” anywhere", "url": "/platser/?q=svetsa"},
            {"text": "1 place near Luleå", "url": "/platser/?where=Lule%C3%A5&km=80"},
        ]

    def test_a_filter_that_finds_nothing_is_still_called_by_its_name(self):
        OfferFactory()
        chips = search("form=lia&form=finnsinte&municipality=2580").context["chips"]
        assert [chip["label"] for chip in chips] == ["Higher vocational placement (LIA)", "finnsinte", "Luleå"]

    def test_a_search_that_finds_something_asks_for_no_ways(self):
        OfferFactory(title="Svetsa")
        context = search({"q": "svetsa"}).context
        assert (context["ways"], context["without_words"]) == ([], None)


class TestAddresses:
    def test_the_same_search_has_one_address(self):
        OfferFactory()
        one = search("form=lia&form=apl&q=svets&km=&where=").context["canonical"]
        other = search("q=svets&form=apl&form=lia&form=apl").context["canonical"]
        assert one == other
        assert one.endswith("/platser/?q=svets&form=apl&form=lia")

    def test_htmx_is_told_the_canonical_address(self):
        response = Client().get(reverse("search"), {"form": "apl", "q": ""}, headers={"HX-Request": "true"})
        assert response["HX-Push-Url"] == "/platser/?form=apl"

    def test_cursors_that_are_not_ours_are_no_error(self):
        OfferFactory()
        for cursor in ("x", "\0", "é" * 400, "a:b:c"):
            assert len(titles({"from": cursor})) == 1


class TestNearMe:
    def test_a_position_is_rounded_to_about_a_kilometre(self):
        OfferFactory(title="Nära")
        OfferFactory(title="Långt", workplace=WorkplaceFactory(municipality_id="2580", lat=65.58, lon=22.15))
        response = search({"near": "58.7123,15.7689"})
        assert [row["title"] for row in response.context["rows"]] == ["Nära"]
        assert response.context["near"] == "58.71,15.77"
        assert "58.7123" not in response.context["near"]
        assert response.context["title"] == "1 place near you"

    @pytest.mark.parametrize("near", ["", "x", "1,2", "99.00,15.00", "58.71,95.00", "58.71;15.77", "٥٨.71,15.77"])
    def test_a_position_elsewhere_is_left_out(self, near):
        OfferFactory()
        assert search({"near": near}).context["near"] == ""

    def test_a_written_place_wins(self):
        OfferFactory()
        context = search({"near": "65.58,22.15", "where": "Finspång"}).context
        assert (context["near"], context["total"]) == ("", 1)


class TestOrder:
    def test_students_see_first_what_fits_them(self):
        best, _other = OfferFactory(title="a"), OfferFactory(title="b")
        student = StudentFactory()
        Suggestion.objects.create(student=student, offer=best, score=0.9)
        client = logged_in(student.user)
        assert titles({}, client) == ["a", "b"]
        assert titles({"order": "newest"}, client) == ["b", "a"]
        assert titles({}) == ["b", "a"]
        assert [o["label"] for o in search({}, client).context["orders"] if o["current"]] == ["Fits you best"]

    def test_above_many_hits_the_newest_come_first(self, monkeypatch):
        OfferFactory(title="Svetsa")
        OfferFactory(title="Lager", tasks="Ibland svetsa.")
        assert titles({"q": "svetsa"}) == ["Svetsa", "Lager"]
        monkeypatch.setattr(search_page, "MOST_RANKED", 1)
        assert titles({"q": "svetsa"}) == ["Lager", "Svetsa"]


def test_counters_of_very_many_places_are_kept_for_a_moment(monkeypatch):
    caches["counters"].clear()
    OfferFactory()
    assert search({}).context["total"] == 1
    OfferFactory()
    assert search({}).context["total"] == 2
    monkeypatch.setattr(search_page, "MANY", 2)
    assert search({}).context["total"] == 2
    OfferFactory()
    assert search({}).context["total"] == 2
    assert search({"form": "apl"}).context["total"] == 3
    caches["counters"].clear()


def test_the_map_is_drawn_when_asked_for():
    OfferFactory()
    assert '<svg class="sweden' not in search({}).content.decode()
    response = search({"map": "1"})
    assert '<svg class="sweden' in response.content.decode()
    assert response.context["canonical"].endswith("/platser/")
