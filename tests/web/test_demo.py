"""The demo's tour: every stop can be reached, in nobody's place but the invented ones', and only in the demo."""

import pytest
from django.urls import reverse

from backend.web.context import PERSONAS
from backend.web.demo import TOUR
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings) -> None:
    settings.DEMO_MODE = settings.DEBUG = True


def test_every_persona_has_a_stop(client, demo):
    text = client.get(reverse("demo_tour")).content.decode()
    assert {stop.email for stop in TOUR} - {""} == set(PERSONAS)
    for stop in TOUR:
        assert str(stop.title) in text


def test_a_stop_leads_to_its_page(client, demo):
    MembershipFactory(user=UserFactory(email="company@demo.example"))
    answer = client.post(reverse("demo_login"), {"email": "company@demo.example", "page": "employer_home"})
    assert answer["Location"] == reverse("employer_home")


@pytest.mark.parametrize("page", ["https://example.com/", "account_logout", "network_jobs"])
def test_and_nowhere_else(client, demo, page):
    MembershipFactory(user=UserFactory(email="company@demo.example"))
    answer = client.post(reverse("demo_login"), {"email": "company@demo.example", "page": page})
    assert answer["Location"] == reverse("home")


@pytest.mark.parametrize(
    ("onward", "target"),
    [("/platser/7/ansok/", "/platser/7/ansok/"), ("https://evil.example/", None), ("ansok", None), ("", None)],
)
def test_one_comes_back_to_what_asked_for_a_login(client, demo, onward, target):
    UserFactory(email="student@demo.example")
    login = client.get(reverse("account_login"), {"next": onward}).text
    assert (login.count('value="/platser/7/ansok/"') == 2) is (target is not None)
    answer = client.post(reverse("demo_login"), {"email": "student@demo.example", "next": onward})
    assert answer["Location"] == (target or reverse("home"))


@pytest.mark.parametrize(("is_demo", "debug"), [(False, True), (True, False)])
def test_outside_the_demo_there_is_no_tour(client, settings, is_demo, debug):
    settings.DEMO_MODE, settings.DEBUG = is_demo, debug
    assert client.get(reverse("demo_tour")).status_code == 404
