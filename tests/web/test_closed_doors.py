"""What a page does not lead to: allauth's passwords, and links that the person following them may not open."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import MembershipFactory, OfferFactory, StudentFactory, UserFactory
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db
EMPTY_TOWN = "2584"


@pytest.mark.parametrize(
    "name",
    [
        "account_change_password",
        "account_set_password",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key_done",
        "account_reauthenticate",
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_has_a_password_so_its_pages_are_closed(name, method):
    for client in (Client(), logged_in(UserFactory())):
        assert getattr(client, method)(reverse(name)).status_code == 404


def test_the_link_of_a_forgotten_password_is_closed():
    address = reverse("account_reset_password_from_key", kwargs={"uidb36": "1", "key": "some-key"})
    assert Client().get(address).status_code == 404


@pytest.mark.parametrize(
    ("who", "is_shown"), [("visitor", True), ("new", True), ("student", True), ("employer", False)]
)
def test_watching_a_search_is_shown_to_those_who_may(who, is_shown):
    OfferFactory()
    people = {
        "new": UserFactory,
        "student": lambda: StudentFactory().user,
        "employer": lambda: MembershipFactory().user,
    }
    client = logged_in(people[who]()) if who in people else Client()
    pages = [reverse("search"), reverse("search") + "?q=finnsinte", reverse("municipality", args=[EMPTY_TOWN])]
    links = [reverse("alert_new") in client.get(page).content.decode() for page in pages]
    assert links == [is_shown] * len(pages)


@pytest.mark.parametrize(("who", "is_shown"), [("visitor", True), ("employer", True), ("student", False)])
def test_the_guide_of_the_api_leads_to_tokens_for_those_who_may_have_one(who, is_shown):
    people = {"student": lambda: StudentFactory().user, "employer": lambda: MembershipFactory().user}
    client = logged_in(people[who]()) if who in people else Client()
    assert (f'href="{reverse("tokens")}"' in client.get(reverse("api_docs")).content.decode()) is is_shown


def test_too_many_tries_end_on_a_page_of_ours(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    for _ in range(2):
        answer = client.post(reverse("account_login"), {"login": "ny@example.com"})
    assert answer.status_code == 429
    assert "Vänta några minuter" in answer.text
    assert "<main" in answer.text
