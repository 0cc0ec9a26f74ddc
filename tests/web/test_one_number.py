"""Open ads of a municipality are one number on every page that tells it."""

import re
from datetime import date

import pytest
from django.urls import reverse

from backend.exchange.network_figures import municipality_figures
from tests.factories import OfferFactory

pytestmark = pytest.mark.django_db
SWEDISH = {"Accept-Language": "sv"}


def test_a_municipality_has_as_many_open_ads_on_every_page(client):
    for number in range(5):
        OfferFactory(period__taken=2 if number < 2 else 0, period__capacity=2)
    OfferFactory(period__start=date(2026, 10, 5), period__end=date(2026, 10, 9))  # is over
    OfferFactory(apply_by=date(2026, 11, 1))  # has closed

    def page(name: str, *args: str, **query: str) -> str:
        content: str = client.get(reverse(name, args=args), query, headers=SWEDISH).content.decode()
        return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", content)).replace("\xa0", " ")

    assert "5 annonser i Finspång" in page("search", where="Finspång")
    assert "5 öppna annonser , 3 med plats kvar" in page("municipality", "0562")
    start = client.get(reverse("start"), headers=SWEDISH)
    (member,) = [each for each in start.context["members"] if each["code"] == "0562"]
    assert member["count"] == start.context["figures"]["open_count"] == 5
    assert "Alla 5 annonser" in page("start")
    figures = client.get(reverse("skills_of", args=["0562"]), headers=SWEDISH).context["figures"]
    assert [row["value"] for row in figures if row["label"] == "öppna annonser"] == [5]
    assert "Visa alla 3 annonser" in page("embed", "0562")


def test_the_network_office_reads_the_same_number():
    for _number in range(3):
        OfferFactory()
    OfferFactory(period__start=date(2026, 10, 5), period__end=date(2026, 10, 9))
    (row,) = [each for each in municipality_figures() if each["code"] == "0562"]
    assert (row["offers"], row["seats"]) == (3, 6)
