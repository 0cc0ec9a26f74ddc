"""The picture of skills: exact about places, coarse about people, the same for one municipality and for all."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.exchange.feeds.skills import SkillsPicture, list_skills, skills_picture
from backend.offers.enums import OfferState
from backend.offers.models import DemandSignal
from backend.reference.models import Municipality
from tests.factories import OfferFactory, StudentFactory

pytestmark = pytest.mark.django_db


def picture(code: str) -> SkillsPicture:
    return skills_picture(Municipality.objects.get(pk=code))


def advertise(code: str, vacancies: int, **fields: Any) -> DemandSignal:
    wanted = {"group_id": "7223", "source": "jobsearch", "source_ref": f"{code}-{vacancies}", **fields}
    return DemandSignal.objects.create(
        municipality_id=code, vacancies=vacancies, published_on="2026-11-01", **wanted
    )  # fmt: skip


def test_students_are_told_in_fives_and_protected_ones_never() -> None:
    """Who reads an older plan of a programme counts with the newer one."""
    StudentFactory.create_batch(3, programme_id="IN")
    StudentFactory.create_batch(4, programme_id="IN25")
    StudentFactory.create_batch(4, programme_id="EE")
    StudentFactory(programme_id="EE", is_protected=True, alias="Student KXBR")
    StudentFactory.create_batch(2, programme_id="IN", user__is_active=False)
    found = picture("0562")
    assert [(row.code, row.students) for row in found.programmes] == [("IN25", 5)]
    assert found.students == 5


def test_the_whole_network_tells_nothing_that_its_municipalities_do_not() -> None:
    StudentFactory.create_batch(4, programme_id="IN")
    StudentFactory.create_batch(4, programme_id="IN", municipality_id="2580")
    assert skills_picture().programmes == []
    StudentFactory.create_batch(2, programme_id="IN")
    assert [(row.code, row.students) for row in skills_picture().programmes] == [("IN25", 5)]


def test_seats_organisations_and_vacancies_by_field() -> None:
    OfferFactory(period__capacity=3)
    OfferFactory(form_id="yrkesvux", period__capacity=8)
    OfferFactory(workplace__municipality_id="2580", period__capacity=4)
    OfferFactory(period__capacity=9, state=OfferState.DRAFT)
    advertise("2580", 6)
    advertise("2580", 5, removed_at="2026-11-20T08:00Z")

    def sums(found: SkillsPicture) -> tuple[int, int, int, int]:
        return found.work, found.training, found.organisations, found.vacancies

    assert sums(picture("0562")) == (3, 8, 2, 0)
    assert sums(picture("2580")) == (4, 0, 1, 6)
    assert sums(skills_picture()) == (7, 8, 3, 6)


def test_a_place_without_an_occupation_counts_and_stands_last() -> None:
    OfferFactory(occupation_id=None, period__capacity=50)
    OfferFactory(period__capacity=1)
    fields = picture("0562").fields
    assert [(row.work, bool(row.code)) for row in fields] == [(1, True), (50, False)]
    page = Client(headers={"accept-language": "en"}).get(reverse("skills_of", args=["0562"])).content.decode()
    assert "No occupation named" in page


def test_the_open_data_are_the_numbers_of_the_pages() -> None:
    StudentFactory.create_batch(11, programme_id="IN")
    OfferFactory(period__capacity=3)
    OfferFactory(form_id="yrkesvux", period__capacity=8)
    advertise("2580", 6)
    rows = [(row.municipality_code, row.what, row.number) for row in list_skills()]
    assert rows == [
        ("0562", "seats_at_work", 3),
        ("0562", "seats_in_training", 8),
        ("0562", "students", 10),
        ("2580", "vacancies", 6),
    ]
    items = Client().get(reverse("open_skills_json")).json()["items"]
    assert [(row["municipality"], row["number"]) for row in items][-1] == ("Luleå", 6)
    assert Client().get(reverse("open_skills_csv")).content.decode("utf-8-sig").count("\r\n") == 5


def test_the_list_of_municipalities_leads_to_their_pages(client: Client) -> None:
    assert client.get(reverse("skills"), {"kommun": "0562"})["Location"] == reverse("skills_of", args=["0562"])
    assert client.get(reverse("skills"), {"kommun": "9999"}).status_code == 404
    assert client.get(reverse("skills_of", args=["9999"])).status_code == 404
    assert client.get(reverse("skills"), {"kommun": ""}).status_code == 200


def test_the_number_of_queries_does_not_grow(client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("skills")).status_code == 200
        return len(captured)

    StudentFactory.create_batch(5, programme_id="IN")
    OfferFactory()
    queries()
    few = queries()
    StudentFactory.create_batch(5, programme_id="EE", municipality_id="2580")
    for code in ("2580", "2081", "0481"):
        OfferFactory(workplace__municipality_id=code)
    assert queries() == few
