"""Setting up the second step in a real browser: an app by its key, a passkey by Chromium's own virtual authenticator."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Page, expect

from backend.accounts import totp
from backend.accounts.models import Role, User
from backend.common import clock
from tests.browser.conftest import axe_findings, is_wider_than_window
from tests.browser.test_login_journeys import ask_for_code, press, type_code
from tests.factories import UserFactory
from tests.factories.rows import FINSPANG

LOOKS = pytest.mark.parametrize(("size", "scheme"), [("phone", "dark"), ("desktop", "light")])


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


def new_coordinator() -> User:
    user: Any = UserFactory(name="Karin Strand")
    Role.objects.create(user=user, kind="coordinator", municipality_id=FINSPANG)
    return user


def log_in(page: Page, user: User) -> None:
    type_code(page, ask_for_code(page, user.email))


def sound(page: Page) -> None:
    assert axe_findings(page) == []
    assert not is_wider_than_window(page)


def keep_codes(page: Page) -> str:
    expect(page.get_by_role("heading", name="Spara dina återställningskoder")).to_be_visible()
    sound(page)
    with page.expect_download() as file:
        page.get_by_role("link", name="Ladda ner koderna").click()
    text = file.value.path().read_text()
    codes = re.findall(r"^\d{8}$", text, re.MULTILINE)
    assert len(codes) == 10
    press(page, "Jag har sparat dem")
    return codes[0]


@LOOKS
@pytest.mark.parametrize("scripts", [True, False])
def test_an_app(visit, size, scheme, scripts):
    if not scripts and size == "phone":
        pytest.skip("without a script the two windows are the same page")
    user = new_coordinator()
    page = visit(reverse("coordinator_home"), size=size, scheme=scheme, scripts=scripts)
    log_in(page, user)
    expect(page.locator("h1")).to_have_text("Inloggningens andra steg")
    if scripts:
        sound(page)
    page.get_by_role("link", name="Ställ in en app").first.click()
    expect(page.locator("svg.qr")).to_be_visible()
    page.get_by_text("Skriv in nyckeln i stället").click()
    secret = page.locator("code.key").inner_text().replace(" ", "")
    if scripts:
        sound(page)
    page.locator("[name=code]").fill("12")
    press(page, "Klar")
    expect(page.locator("[name=code]")).to_have_attribute("aria-invalid", "true")
    page.locator("[name=code]").fill(totp.code_of(secret, totp.step_at(clock.now())))
    press(page, "Klar")
    if not scripts:
        assert Authenticator.objects.filter(user=user, type="totp").exists()
        return
    code = keep_codes(page)
    page.wait_for_url("**" + reverse("coordinator_home"))
    page.context.clear_cookies()
    page.goto(page.url)
    log_in(page, user)
    expect(page.locator("h1")).to_have_text("Ett steg till")
    sound(page)
    page.locator("[name=code]").fill(code)
    press(page, "Fortsätt")
    page.wait_for_url("**" + reverse("coordinator_home"))


def virtual_authenticator(page: Page) -> Any:
    """A security key that says yes to everything, inside Chromium."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


@LOOKS
def test_a_passkey(visit, size, scheme):
    user = new_coordinator()
    page = visit(reverse("coordinator_home"), size=size, scheme=scheme)
    session, key = virtual_authenticator(page)
    log_in(page, user)
    page.get_by_role("link", name="Ställ in en passnyckel").first.click()
    sound(page)
    page.locator("[name=name]").fill("Jobbdatorn")
    press(page, "Ställ in passnyckeln")
    keep_codes(page)
    page.wait_for_url("**" + reverse("coordinator_home"))
    assert len(session.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]) == 1
    page.goto(page.url.replace(reverse("coordinator_home"), reverse("second_factor")))
    expect(page.get_by_text("Jobbdatorn").first).to_be_visible()
    page.context.clear_cookies()
    page.goto(page.url.replace(reverse("second_factor"), reverse("coordinator_home")))
    log_in(page, user)
    sound(page)
    session.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": True})
    press(page, "Använd passnyckeln")
    page.wait_for_url("**" + reverse("coordinator_home"))


def test_a_passkey_that_is_not_there_is_said(visit):
    user = new_coordinator()
    page = visit(reverse("coordinator_home"))
    session, key = virtual_authenticator(page)
    log_in(page, user)
    page.get_by_role("link", name="Ställ in en passnyckel").first.click()
    session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": key})
    session.send("WebAuthn.disable")
    page.evaluate("() => { navigator.credentials.create = () => Promise.reject(new Error('no')); }")
    page.get_by_role("button", name="Ställ in passnyckeln").click()
    expect(page.get_by_text("Inget ställdes in")).to_be_visible()
    assert not Authenticator.objects.filter(user=user).exists()
