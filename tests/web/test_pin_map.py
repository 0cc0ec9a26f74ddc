"""The map on which an employer sets a workplace's pin, without any script."""

import re
from typing import Any

import pytest
from django.urls import reverse

from backend.organisations.models import Workplace
from backend.reference.geo import distance_km, from_sweref99tm, to_sweref99tm
from backend.reference.places import gazetteer
from backend.web import pin_map
from tests.factories import OfferFactory, StudentFactory
from tests.web.desk import logged_in
from tests.web.test_employer_pages import Company, make_company
from tests.web.test_public_search import search

pytestmark = pytest.mark.django_db
FINSPANG = (58.70577, 15.76739)


@pytest.fixture
def company() -> Company:
    return make_company()


def typed(company: Company, **more: Any) -> dict[str, Any]:
    site = company.workplace
    return {
        "organisation": company.organisation.pk,
        "name": "Hallen",
        "address": "Bruksvägen 1",
        "postcode": "612 31",
        "city": "Finspång",
        "municipality": "0562",
        "lat": str(site.lat),
        "lon": str(site.lon),
        **more,
    }


def page_of(company: Company, **more: Any) -> Any:
    return company.client.post(reverse("employer_workplace", args=[company.workplace.pk]), typed(company, **more))


def shown(response: Any) -> tuple[float, float]:
    form = response.context["form"]
    return float(form["lat"].value()), float(form["lon"].value())


class TestForm:
    def test_saved_unchanged_it_stays_where_it_is(self, company):
        address = reverse("employer_workplace", args=[company.workplace.pk])
        form = company.client.get(address).context["form"]
        before = (company.workplace.lat, company.workplace.lon, company.workplace.position_source)
        sent = {name: form[name].value() or "" for name in form.fields}
        assert company.client.post(address, sent).status_code == 302
        saved = Workplace.objects.get(pk=company.workplace.pk)
        assert (saved.lat, saved.lon, saved.position_source) == before

    @pytest.mark.parametrize(
        ("way", "axis", "sign"), [("north", 0, 1), ("south", 0, -1), ("east", 1, 1), ("west", 1, -1)]
    )
    def test_a_button_moves_the_pin_and_saves_nothing(self, company, way, axis, sign):
        response = page_of(company, move=way)
        before = (company.workplace.lat, company.workplace.lon)
        assert (shown(response)[axis] - before[axis]) * sign > 0.005
        assert response.context["form"]["name"].value() == "Hallen"
        company.workplace.refresh_from_db()
        assert (company.workplace.lat, company.workplace.name) == (before[0], "Verkstaden")

    def test_a_click_puts_the_pin_there_and_saving_keeps_it(self, company):
        view = pin_map.view_of("0562", None, 0)
        x, y = (round(each) for each in view.to_pixels(*FINSPANG))
        response = page_of(company, **{"pin.x": x, "pin.y": y})
        point = shown(response)
        assert distance_km(*point, *FINSPANG) < 0.3
        saved = page_of(company, lat=str(point[0]), lon=str(point[1]).replace(".", ","))
        assert saved.status_code == 302
        company.workplace.refresh_from_db()
        assert (company.workplace.lat, company.workplace.lon, company.workplace.position_source) == (*point, "pin")

    def test_zoom_brings_it_nearer_and_the_steps_become_smaller(self, company):
        near = page_of(company, move="in")
        assert near.context["map"]["zoom"] == 1
        wide, small = (shown(page_of(company, move="north", zoom=zoom))[0] - company.workplace.lat for zoom in (0, 3))
        assert wide > small * 20 > 0
        assert page_of(company, move="out", zoom="0").context["map"]["zoom"] == 0

    def test_into_the_town_of_the_address(self, company):
        assert distance_km(*shown(page_of(company, move="address")), *FINSPANG) < 2

    def test_without_a_municipality_there_is_no_map_and_what_was_typed_stays(self, company):
        response = page_of(company, municipality="", move="show")
        assert response.context["map"] == {}
        assert response.context["form"]["address"].value() == "Bruksvägen 1"

    @pytest.mark.parametrize(
        ("sent", "field"),
        [
            ({"lat": "x"}, "lat"),
            ({"lat": "48.8"}, "lat"),
            ({"lon": ""}, "lon"),
            ({"lon": "nan"}, "lon"),
            ({"lat": "inf"}, "lat"),
        ],
    )
    def test_half_or_foreign_positions_are_refused_at_the_field(self, company, sent, field):
        response = page_of(company, **sent)
        assert response.status_code == 400
        assert f'id="id_{field}_error"' in response.text

    @pytest.mark.parametrize(
        "odd",
        [
            {"pin.x": "x"},
            {"pin.x": "-5"},
            {"move": "up"},
            {"move": "north", "zoom": "99"},
            {"move": "north", "lat": "x"},
        ],
    )
    def test_odd_steps_harm_nothing(self, company, odd):
        assert page_of(company, **odd).status_code == 200

    def test_the_page_says_in_words_where_the_pin_is_and_enter_saves(self, company):
        page = company.client.get(reverse("employer_workplace", args=[company.workplace.pk]))
        assert "Finspång" in page.context["map"]["text"]
        form = page.text[page.text.index('<form class="stack sec prose"') :]
        first = re.search(r'<(?:button|input)[^>]*type="(?:submit|image)"[^>]*>', form)
        assert first is not None
        assert "name=" not in first[0]


class TestPicture:
    def test_it_draws_the_municipality_its_towns_and_the_pin(self, company):
        address = reverse("employer_pin_map", args=["0562"])
        response = company.client.get(address, {"lat": "58.71", "lon": "15.77", "zoom": "1"})
        assert response["Content-Type"] == "image/svg+xml"
        assert "Finspång" in response.text
        assert "translate(144.0 144.0)" in response.text.replace("translate(144 144)", "translate(144.0 144.0)")
        assert "style=" not in response.text

    def test_every_municipality_has_one(self, company):
        for code in gazetteer().municipalities:
            view = pin_map.view_of(code, None, 0)
            assert 3_000 < view.metres < 400_000
        assert company.client.get(reverse("employer_pin_map", args=["2584"])).status_code == 200
        assert company.client.get(reverse("employer_pin_map", args=["9999"])).status_code == 404

    def test_pixels_and_degrees_are_each_others_inverse(self):
        for code in ("0562", "1291", "2584", "0980"):
            view = pin_map.view_of(code, None, 0)
            for pixel in ((0, 0), (144, 144), (288, 17)):
                assert view.to_pixels(*view.to_degrees(*pixel)) == pytest.approx(pixel, abs=0.01)

    def test_the_towns_lie_in_the_picture_of_their_municipality(self):
        outside = [
            town.query
            for town in gazetteer().towns
            if not town.is_approximate
            and not all(
                -10 <= each <= pin_map.SIDE + 10
                for each in pin_map.view_of(town.municipality_code, None, 0).to_pixels(town.lat, town.lon)
            )
        ]
        assert outside == []


def test_the_plane_of_the_official_maps():
    # As PROJ gives them for EPSG:3006.
    assert to_sweref99tm(66.0, 24.0) == pytest.approx((907_351.981, 7_349_217.668), abs=0.1)
    assert to_sweref99tm(58.0, 17.0) == pytest.approx((618_207.902, 6_430_460.059), abs=0.1)
    assert to_sweref99tm(55.4, 12.9) == pytest.approx((367_016.336, 6_141_310.889), abs=0.1)
    assert from_sweref99tm(*to_sweref99tm(57.7, 11.9)) == pytest.approx((57.7, 11.9), abs=1e-8)


def test_distances_from_the_middle_of_a_municipality_are_called_approximate():
    OfferFactory(title="Ungefär", workplace__position_source="municipality", workplace__lat=58.9)
    OfferFactory(title="Exakt", workplace__lat=58.9)
    rows = {row["title"]: row["meta"][0] for row in search({"where": "Finspång", "km": "80"}).context["rows"]}
    assert rows["Ungefär"] == f"about {rows['Exakt']}"


def test_a_student_says_a_town_in_the_profile():
    student = StudentFactory()
    client = logged_in(student.user)
    form = client.get(reverse("student_profile")).context["form"]
    sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    sent["studies"] = "upper_secondary"
    assert client.post(reverse("student_profile"), sent | {"home_place": "Rejmyre"}).status_code == 302
    student.refresh_from_db()
    assert (student.home_town, student.position_source) == ("Rejmyre, Finspång", "town")
    wrong = client.post(reverse("student_profile"), sent | {"home_place": "Fors"})
    assert wrong.status_code == 400
    assert wrong.context["form"]["home_place"].value() == "Fors"
    assert "Fors, Avesta" in wrong.text
