"""The pages everyone sees: start, search, a place, a municipality, and the demo's doors."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse

from backend.common import clock
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.offers.selectors import Search, search_offers
from backend.reference.models import PlacementForm
from tests.factories import (
    ApplicationFactory,
    OfferFactory,
    PeriodFactory,
    StudentFactory,
    UserFactory,
    WorkplaceFactory,
)
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db
PLAIN = ("start", "search", "how_it_works", "for_employers", "for_municipalities", "privacy", "accessibility")


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def titles(**query: Any) -> list[str]:
    response = Client().get(reverse("search"), query)
    assert response.status_code == 200
    return [row["title"] for row in response.context["rows"]]


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("language", ["sv", "en"])
def test_pages_for_everyone_open_in_both_languages(client, name, language):
    client.cookies["django_language"] = language
    OfferFactory()
    assert f'<html lang="{language}"' in page(client, reverse(name))


class TestStart:
    def test_the_six_commonest_forms_lead_to_the_search(self, client):
        forms = [*PlacementForm.objects.all()[:8]]
        for form in forms:
            OfferFactory.create_batch(2 if form in forms[2:] else 1, form_id=form.pk)
        shown = client.get(reverse("start")).context["forms"]
        assert [each["code"] for each in shown] == [form.pk for form in forms[2:]]

    def test_shows_what_is_open_and_nothing_else(self, client):
        OfferFactory(title="Svarva axlar")
        OfferFactory(title="Ett utkast", state=OfferState.DRAFT)
        OfferFactory(title="För sent", apply_by=clock.today() - timedelta(days=1))
        response = client.get(reverse("start"))
        assert [row["title"] for row in response.context["newest"]] == ["Svarva axlar"]
        assert response.context["figures"]["open_count"] == 1
        counts = {member["code"]: member["count"] for member in response.context["members"]}
        assert counts["0562"] == 1
        assert counts["2580"] == 0


class TestSearch:
    def test_finds_words_by_stem_beginning_organisation_place_and_occupation(self):
        OfferFactory(title="Svetsa i rostfritt", tasks="Maskiner av alla slag")
        for words in ("svets", "maskin", "rost maskiner", "verkstad", "finspang", "och svetsa"):
            assert titles(q=words) == ["Svetsa i rostfritt"], words
        assert titles(q="bageri") == []
        assert titles(q="svets bageri") == []

    def test_odd_words_are_no_error(self):
        OfferFactory()
        for words in ("'", "a & | !", "((", "\\", "%", "<b>", "å" * 300, "\0", ":*"):
            titles(q=words)

    def test_near_a_place_measures_the_way(self):
        OfferFactory(title="Nära")
        OfferFactory(title="Långt bort", workplace=WorkplaceFactory(municipality_id="2580", lat=65.58, lon=22.15))
        assert titles(where="Finspång") == ["Nära"]
        assert titles(where="norrkoping") == []
        assert titles(where="Norrköping", km="80") == ["Nära"]
        near = list(search_offers(Search(place=None)))
        assert len(near) == 2

    def test_an_unknown_place_is_said_and_the_rest_is_shown(self, client):
        OfferFactory(title="Svarva")
        response = client.get(reverse("search"), {"where": "Atlantis<script>"})
        assert response.context["unknown_place"] == "Atlantis<script>"
        assert "Atlantis&lt;script&gt;" in response.content.decode()
        assert [row["title"] for row in response.context["rows"]] == ["Svarva"]

    def test_filters_narrow_and_counters_say_what_each_would_leave(self, client):
        OfferFactory(title="Svarva")
        full = OfferFactory(title="Full", form_id="lia")
        full.periods.update(taken=2)
        for_electricians = OfferFactory(title="El")
        for_electricians.programmes.set(["EE"])
        assert titles(form="lia") == ["Full"]
        assert set(titles(free="1")) == {"El", "Svarva"}
        assert set(titles(programme="EE")) == {"El", "Full", "Svarva"}
        assert set(titles(programme="IN")) == {"Full", "Svarva"}
        assert len(titles(month="2027-02")) == 3
        assert titles(month="2027-06") == []
        response = client.get(reverse("search"), {"form": "lia"})
        options = {o["value"]: o["count"] for o in response.context["facets"][0]["options"]}
        assert options == {"apl": 2, "lia": 1}

    @pytest.mark.parametrize(
        "query",
        [
            {"form": "none"},
            {"field": "x" * 200},
            {"municipality": "9999"},
            {"programme": "??"},
            {"month": "2027-13"},
            {"month": "abc"},
            {"km": "-4", "where": "Finspång"},
            {"page": "99999999999"},
            {"page": "-1"},
            {"order": "worst"},
        ],
    )
    def test_codes_nobody_knows_are_no_error(self, client, query):
        OfferFactory()
        page(client, reverse("search") + "?" + "&".join(f"{k}={v}" for k, v in query.items()))

    def test_a_chip_removes_its_filter_and_keeps_the_rest(self, client):
        OfferFactory()
        response = client.get(reverse("search"), {"form": ["apl", "lia"], "q": "svets", "page": "2"})
        chip = next(chip for chip in response.context["chips"] if chip["url"].count("form") == 1)
        assert "q=svets" in chip["url"]
        assert "page" not in chip["url"]

    def test_nothing_found_offers_an_alert(self, client):
        text = page(client, reverse("search") + "?q=xylofon&where=Finspång&km=40")
        assert "/elev/bevakningar/ny/?q=xylofon&amp;where=Finsp%C3%A5ng&amp;km=40" in text

    def test_pages_follow_each_other_without_gaps(self, client):
        site = WorkplaceFactory()
        for number in range(23):
            OfferFactory(title=f"Plats {number}", workplace=site)
        first = client.get(reverse("search"))
        second = client.get(first.context["next_url"])
        seen = [row["url"] for response in (first, second) for row in response.context["rows"]]
        assert len(seen) == len(set(seen)) == 23
        assert second.context["next_url"] == ""

    def test_orders(self):
        OfferFactory(title="Sist", apply_by=date(2026, 12, 20))
        OfferFactory(title="Först", apply_by=date(2026, 11, 25))
        OfferFactory(title="Utan dag")
        assert titles(order="closing") == ["Först", "Sist", "Utan dag"]

    def test_the_number_of_queries_does_not_grow_with_the_list(self, client, django_assert_max_num_queries):
        site = WorkplaceFactory()
        for _number in range(3):
            OfferFactory(workplace=site)
        with django_assert_max_num_queries(14) as few:
            client.get(reverse("search"))
        for _number in range(15):
            OfferFactory(workplace=site).programmes.set(["IN", "EE"])
        with django_assert_max_num_queries(len(few)):
            client.get(reverse("search"))

    def test_tags_say_new_closing_soon_and_applied(self, client):
        old = OfferFactory(title="Gammal", published_at=clock.now() - timedelta(days=30), apply_by=date(2026, 11, 27))
        application = ApplicationFactory(period=PeriodFactory(offer=OfferFactory(title="Sökt", period__make=False)))
        response = logged_in(application.student.user).get(reverse("search"))
        tags = {row["title"]: [tag["color"] for tag in row["tags"]] for row in response.context["rows"]}
        assert tags == {"Gammal": ["warning"], "Sökt": ["success", "info"]}
        assert old.title == "Gammal"


class TestPlace:
    @pytest.mark.parametrize(
        ("came_from", "back"),
        [
            ("http://testserver/platser/?q=svets&form=apl", "/platser/?q=svets&form=apl"),
            ("http://testserver/platser/", ""),
            ("http://elsewhere.example/platser/?q=svets", ""),
            ("http://testserver/elev/?q=svets", ""),
            ("", ""),
        ],
    )
    def test_leads_back_to_the_search_that_led_to_it(self, client, came_from, back):
        url = reverse("offer", args=[OfferFactory().pk])
        assert client.get(url, headers={"referer": came_from}).context["search_back"] == back

    def test_shows_what_one_does_and_the_way_to_apply(self, client):
        offer = OfferFactory()
        text = page(client, reverse("offer", args=[offer.pk]))
        assert offer.tasks in text
        assert reverse("apply", args=[offer.pk]) in text

    def test_a_draft_is_unknown_to_others(self, client):
        offer = OfferFactory(state=OfferState.DRAFT)
        page(client, reverse("offer", args=[offer.pk]), 404)
        page(logged_in(StudentFactory().user), reverse("offer", args=[offer.pk]), 404)
        page(client, reverse("offer", args=[0]), 404)

    def test_who_applied_may_read_it_after_it_closed(self):
        application = ApplicationFactory()
        offer = application.period.offer
        offer.state = OfferState.CLOSED
        offer.save()
        text = page(logged_in(application.student.user), reverse("offer", args=[offer.pk]))
        assert reverse("apply", args=[offer.pk]) not in text
        page(logged_in(StudentFactory().user), reverse("offer", args=[offer.pk]), 404)

    def test_nothing_unescaped_comes_out(self, client):
        offer = OfferFactory(title="<script>x</script>", tasks="<img src=x>")
        text = page(client, reverse("offer", args=[offer.pk]))
        assert "<script>x" not in text
        assert "<img src=x>" not in text

    def test_anonymous_visitors_cost_no_session(self, client):
        OfferFactory()
        response = client.get(reverse("start"))
        assert "sessionid" not in response.cookies


def test_a_municipality_shows_who_teaches_there(client, django_assert_num_queries):
    OfferFactory(form_id="yrkesvux", title="Svetsutbildning", period__capacity=8)
    OfferFactory(title="Svarva")
    OfferFactory(form_id="yrkesvux", workplace__municipality_id="2580")
    with django_assert_num_queries(10):
        response = client.get(reverse("municipality", args=["0562"]))
    [provider] = response.context["education"]
    assert (provider["seats"], [course["title"] for course in provider["courses"]]) == (8, ["Svetsutbildning"])
    school = Offer.objects.get(title="Svetsutbildning").workplace
    OfferFactory(form_id="yrkesvux", workplace=school, title="Kurs")
    OfferFactory(form_id="yrkesvux", title="Annan")
    with django_assert_num_queries(10):
        response = client.get(reverse("municipality", args=["0562"]))
    assert sorted(len(provider["courses"]) for provider in response.context["education"]) == [1, 2]


def test_a_municipality_shows_its_places_and_an_unknown_one_is_404(client):
    OfferFactory(title="Svarva")
    assert "Svarva" in page(client, reverse("municipality", args=["0562"]))
    page(client, reverse("municipality", args=["2580"]))
    page(client, reverse("municipality", args=["9999"]), 404)


class TestDemoLogin:
    def test_one_click_in_the_demo(self, client, settings):
        settings.DEMO_MODE = settings.DEBUG = True
        StudentFactory(user=UserFactory(email="student@demo.example"))
        assert "student@demo.example" in page(client, reverse("account_login"))
        response = client.post(reverse("demo_login"), {"email": "student@demo.example"}, follow=True)
        assert response.redirect_chain[-1][0] == reverse("student_home")

    def test_a_service_that_was_started_empty_offers_nobody(self, client, settings):
        settings.DEMO_MODE = settings.DEBUG = True
        assert "Demo: allt här är påhittat" in page(client, reverse("start"))
        settings.DEMO_PEOPLE = False
        text = page(client, reverse("account_login"))
        assert "demo.example" not in text
        assert "påhittat" not in text
        assert reverse("caught_mails") in text

    @pytest.mark.parametrize(("demo", "debug"), [(False, True), (True, False), (False, False)])
    def test_nowhere_else(self, client, settings, demo, debug):
        settings.DEMO_MODE, settings.DEBUG = demo, debug
        UserFactory(email="student@demo.example")
        assert client.post(reverse("demo_login"), {"email": "student@demo.example"}).status_code == 404
        assert SESSION_KEY not in client.session
        assert "student@demo.example" not in page(client, reverse("account_login"))

    def test_only_as_a_persona(self, client, settings):
        settings.DEMO_MODE = settings.DEBUG = True
        UserFactory(email="real@school.example")
        assert client.post(reverse("demo_login"), {"email": "real@school.example"}).status_code == 404
        assert client.get(reverse("demo_login")).status_code == 405
