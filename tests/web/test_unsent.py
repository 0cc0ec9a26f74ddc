"""What was sent after the login had ended, or from a page of before another login: kept, shown, sent with one press."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from backend.accounts.models import User
from backend.common import clock
from tests.factories import CoordinatorFactory
from tests.rounds.world import World

pytestmark = pytest.mark.django_db

PAGE = {"referer": "http://testserver/samordnare/omgangar/1/"}
WHY = "Skolan <b>brann</b> i natt."


@pytest.fixture
def world() -> World:
    return World(1).open()


@pytest.fixture
def url(world) -> str:
    return reverse("round_cancel", args=[world.round.pk])


def way_after_login(answer) -> str:
    """Where the login page leads on."""
    where = urlsplit(answer["Location"])
    assert (answer.status_code, where.path) == (302, reverse("account_login"))
    return parse_qs(where.query)["next"][0]


def test_a_text_is_kept_read_once_more_and_sent(client, world, url):
    assert way_after_login(client.post(url, {"reason": WHY}, headers=PAGE)) == reverse("unsent")
    client.force_login(world.coordinator)
    page = client.get(reverse("unsent"))
    assert page.context["texts"] == [WHY]
    assert "<b>brann" not in page.text
    assert page.context["from"] == "/samordnare/omgangar/1/"
    world.round.refresh_from_db()
    assert world.round.state == "open"
    client.post(page.context["to"], dict(page.context["fields"]))
    world.round.refresh_from_db()
    assert (world.round.state, world.round.cancel_reason) == ("cancelled", WHY)
    assert client.get(reverse("unsent"))["Location"] == reverse("home"), "it is not offered a second time"


def test_a_mere_button_leads_back_to_its_page(client, world):
    answer = client.post(reverse("round_close", args=[world.round.pk]), {"action": "close"}, headers=PAGE)
    assert way_after_login(answer) == "/samordnare/omgangar/1/"
    for elsewhere in ("http://evil.example/samordnare/", "http://testserver//evil.example/", ""):
        answer = client.post(reverse("round_close", args=[world.round.pk]), headers={"referer": elsewhere})
        assert way_after_login(answer) == reverse("home")


def test_a_fragment_sends_the_whole_page_to_the_login(client, url):
    answer = client.post(url, {"reason": WHY}, headers={"HX-Request": "true", "HX-Current-URL": PAGE["referer"]})
    assert answer["HX-Redirect"] == f"{reverse('account_login')}?next=/samordnare/omgangar/1/"
    assert answer.content == b""


def test_it_is_forgotten_after_an_hour_and_never_too_long(client, world, url, frozen_clock):
    client.post(url, {"reason": WHY})
    frozen_clock.move_to(clock.now() + timedelta(minutes=61), tick=False)
    client.force_login(world.coordinator)
    assert client.get(reverse("unsent"))["Location"] == reverse("home")
    anonymous = Client()
    assert way_after_login(anonymous.post(url, {"reason": "å" * 20_000}, headers=PAGE)) == "/samordnare/omgangar/1/"
    assert "unsent" not in anonymous.session


def test_the_address_of_a_button_is_no_empty_page(world, url):
    client = Client()
    client.force_login(world.coordinator)
    answer = client.get(url, headers=PAGE)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert 'href="/samordnare/omgangar/1/"' in answer.text


class TestOldPages:
    """Django's check against forged requests has refused the form."""

    @pytest.fixture
    def strict(self) -> Client:
        client = Client(enforce_csrf_checks=True)
        client.force_login(User.objects.filter(roles__kind="coordinator").first() or CoordinatorFactory())
        return client

    def test_of_our_own_it_is_shown_again(self, world, url, strict):
        answer = strict.post(url, {"reason": WHY}, headers=PAGE | {"origin": "http://testserver"})
        assert answer["Location"] == reverse("unsent")
        assert strict.get(reverse("unsent")).context["texts"] == [WHY]
        world.round.refresh_from_db()
        assert world.round.state == "open"

    @pytest.mark.parametrize("origin", ["http://evil.example", "null", ""])
    def test_of_others_it_is_refused_and_not_kept(self, world, url, strict, origin):
        answer = strict.post(url, {"reason": WHY}, headers={"origin": origin} if origin else {})
        assert answer.status_code == 403
        assert "CSRF verification" not in answer.text
        assert "unsent" not in strict.session

    def test_without_cookies_it_says_what_is_missing(self, url):
        answer = Client(enforce_csrf_checks=True).post(url, {"reason": WHY}, headers={"origin": "http://testserver"})
        assert (answer.status_code, "kakor" in answer.text) == (403, True)

    def test_a_form_that_is_open_to_all_is_begun_again(self, strict):
        login = reverse("account_login")
        answer = strict.post(
            login,
            {"login": "somebody.new@example.com"},
            headers={"origin": "http://testserver", "referer": f"http://testserver{login}"},
        )
        assert answer["Location"] == login
        assert "unsent" not in strict.session
