"""The pages for what went wrong lead somewhere: back where the person was, to the same page once more, or to the start."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from tests.factories import StudentFactory

pytestmark = pytest.mark.django_db


def test_a_missing_page_leads_back_to_the_page_with_the_link(client):
    answer = client.get("/finns-inte/", headers={"referer": "http://testserver" + reverse("how_it_works")})
    assertContains(answer, f'href="{reverse("how_it_works")}"', status_code=404)
    assertContains(answer, "Gå tillbaka", status_code=404)


@pytest.mark.parametrize("path", ["/finns-inte/", "/platser/999999999/", "/konto/password/reset/"])
def test_the_demo_shows_its_own_page_too_and_not_every_address_there_is(settings, path):
    """The middleware is named by the settings of `make run` alone."""
    from backend.config.settings import dev

    settings.DEBUG, settings.MIDDLEWARE = True, dev.MIDDLEWARE
    answer = Client().get(path)
    assertContains(answer, "Sidan finns inte", status_code=404)
    assertNotContains(answer, "URLconf", status_code=404)


def test_nobody_is_sent_to_the_start_twice(client):
    answer = client.get("/finns-inte/")
    assertContains(answer, "Till startsidan", count=1, status_code=404)
    assertNotContains(answer, "Gå tillbaka", status_code=404)


def test_a_page_for_others_leads_to_ones_own(client):
    client.force_login(StudentFactory().user)
    answer = client.get(reverse("coordinator_home"))
    assertContains(answer, f'href="{reverse("home")}"', status_code=403)


@pytest.mark.parametrize(("method", "target"), [("get", "/sa-fungerar-det/?a=1"), ("post", "/")])
def test_a_page_that_broke_is_asked_for_once_more_but_nothing_is_sent_twice(monkeypatch, method, target):
    def broken(*args: object, **kwargs: object) -> None:
        raise ValueError("secret")

    monkeypatch.setattr("backend.web.public.render", broken)
    monkeypatch.setattr("backend.web.login_codes.redirect_to_login", broken)
    path = target if method == "get" else "/konto/login/code/confirm/"
    answer = getattr(Client(raise_request_exception=False), method)(path)
    assertContains(answer, f'class="ds-button" href="{target}"', status_code=500, html=False)
    assertNotContains(answer, "secret", status_code=500)
