"""Whom one asks: by municipality, in the foot of every page, on errors and on a page of its own."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backend.organisations.municipality_settings import MunicipalityChoices, save_municipality_settings
from tests.factories import CoordinatorFactory, MembershipFactory, StudentFactory
from tests.factories.refusals import refused
from tests.factories.rows import FINSPANG
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db

PAGE = reverse("contact")


@pytest.fixture(autouse=True)
def of_the_network(settings):
    settings.HELP_PHONE, settings.HELP_EMAIL = "+4687654321", "hej@network.example"


def save(coordinator: Any, **choices: Any) -> None:
    asked = {"help_text": "Vi svarar vardagar 8–16.", "help_phone": "0122-850 00", "help_email": "praktik@fin.example"}
    save_municipality_settings(
        actor=coordinator, municipality_code=FINSPANG, choices=MunicipalityChoices(**{**asked, **choices})
    )


def test_the_own_municipality_answers_in_the_foot_and_on_the_page():
    coordinator: Any = CoordinatorFactory()
    save(coordinator)
    student: Any = StudentFactory().user
    member = MembershipFactory(organisation__municipality_id=FINSPANG).user
    for user in (student, coordinator):
        assert "0122-850 00" in logged_in(user).get(reverse("start")).text
    for user in (student, coordinator, member):
        text = logged_in(user).get(PAGE).text
        assert "Vi svarar vardagar 8–16." in text
        assert 'href="tel:+4612285000"' in text


def test_everybody_else_reads_the_networks_and_finds_every_municipality():
    save(CoordinatorFactory())
    text = Client().get(PAGE).text
    for part in ("hej@network.example", "08-765 43 21", "Finspång", "0122-850 00"):
        assert part in text, part
    elsewhere: Any = StudentFactory(municipality_id="2021").user
    assert "08-765 43 21" in logged_in(elsewhere).get(reverse("start")).text


def test_errors_lead_to_it():
    assert f'href="{PAGE}"' in Client().get("/finns-inte/").text


@pytest.mark.parametrize(
    ("choices", "code", "field"),
    [
        ({"help_phone": "ring oss"}, "phone.not_valid", "help_phone"),
        ({"help_email": "praktik"}, "contact.bad_email", "help_email"),
        ({"help_text": "x" * 501}, "municipality.too_long", "help_text"),
    ],
)
def test_bad_input(choices, code, field):
    coordinator: Any = CoordinatorFactory()
    refused(
        code,
        save_municipality_settings,
        field=field,
        actor=coordinator,
        municipality_code=FINSPANG,
        choices=MunicipalityChoices(**choices),
    )


def test_the_settings_page_keeps_it():
    coordinator: Any = CoordinatorFactory()
    page = reverse("coordinator_settings", args=[FINSPANG])
    sent = {"unplaced_days": "14", "undo_minutes": "10", "help_phone": "0122-850 00", "help_text": "Ring."}
    assert logged_in(coordinator).post(page, sent).status_code == 302
    text = logged_in(coordinator).get(page).text
    assert 'value="0122-850 00"' in text
    assert "Ring." in text
