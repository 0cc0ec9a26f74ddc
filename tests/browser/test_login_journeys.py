"""Logging in with a real browser: by a code and by a login of another service, what goes wrong on the way, logging out, and
what was being written when a login ended."""

import json
import re
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from playwright.sync_api import Page, expect

from backend.accounts import openid, totp
from backend.accounts.models import OpenIdentity
from backend.common import clock
from backend.organisations.models import Organisation
from backend.rounds import services as rounds
from backend.rounds.models import Appeal, OwnFoundPlace, Round
from tests.accounts.openid_provider import CLIENT_ID, CLIENT_SECRET, running_provider
from tests.browser.conftest import axe_findings, is_wider_than_window
from tests.browser.round_town import Town
from tests.factories import CoordinatorFactory, StudentFactory, UserFactory
from tests.factories.rows import APP_SECRET

LOOKS = pytest.mark.parametrize("size", ["phone", "desktop"])


def press(page: Page, name: str) -> None:
    """Presses the button and waits for the page it leads to."""
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=name, exact=True).first.click()


def newest_code() -> str:
    found = re.search(r"^\s*(\d{6})\s*$", mail.outbox[-1].body, re.MULTILINE)
    assert found is not None, mail.outbox[-1].body
    return found[1]


def ask_for_code(page: Page, address: str) -> str:
    page.locator("[name=login]").fill(address)
    press(page, "Skicka en kod till mig")
    page.locator("[name=code]").wait_for()
    return newest_code()


def type_code(page: Page, code: str) -> None:
    page.locator("[name=code]").fill(code)
    press(page, "Fortsätt")


class TestByCode:
    @LOOKS
    def test_a_wrong_code_a_new_one_and_out_again(self, visit, live_server, size):
        user = StudentFactory(user=UserFactory(name="Elin Dahlqvist")).user
        page = visit(reverse("alerts"), size=size)
        expect(page.locator("h1")).to_have_text("Logga in")
        first = ask_for_code(page, f"  {user.email.upper()} ")
        type_code(page, "XXXX-9999")
        expect(page.locator("[name=code]")).to_have_attribute("aria-invalid", "true")
        assert axe_findings(page) == []
        assert not is_wider_than_window(page)
        press(page, "Skicka en ny kod")
        second = newest_code()
        assert second != first
        type_code(page, first)
        expect(page.locator("[name=code]")).to_have_attribute("aria-invalid", "true")
        # As people type it: with a space in the middle.
        type_code(page, f" {second[:3]} {second[3:]} ")
        page.wait_for_url("**" + reverse("alerts"))
        if size == "phone":
            page.get_by_role("button", name="Meny").click()
        other = page.context.new_page()
        other.goto(live_server.url + reverse("student_profile"))
        with page.expect_navigation():
            page.get_by_role("button", name="Logga ut").last.click() if size == "phone" else page.get_by_role(
                "button", name="Logga ut"
            ).first.click()
        page.go_back()
        page.reload()
        expect(page.locator("h1")).to_have_text("Logga in")
        with other.expect_navigation():
            other.get_by_role("button", name="Spara").first.click()
        expect(other.locator("main")).to_contain_text("Logga in igen")

    def test_a_code_that_is_too_old_says_so_and_leads_where_one_was_going(self, visit, settings):
        user = StudentFactory().user
        page = visit(reverse("alerts"), size="phone")
        code = ask_for_code(page, user.email)
        settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT = -1
        type_code(page, code)
        expect(page.locator("main")).to_contain_text("Koden gäller inte längre")
        settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
        type_code(page, ask_for_code(page, user.email))
        page.wait_for_url("**" + reverse("alerts"))

    def test_too_many_wrong_codes_and_a_code_used_in_another_tab(self, visit, live_server):
        user = StudentFactory().user
        page = visit(reverse("alerts"))
        ask_for_code(page, user.email)
        for number in range(5):
            type_code(page, f"XXXX-{number}999")
        expect(page.locator("h1")).to_have_text("Logga in")
        expect(page.locator("main [role=alert]")).to_be_visible()
        code = ask_for_code(page, user.email)
        other = page.context.new_page()
        other.goto(page.url)
        type_code(page, code)
        page.wait_for_url("**" + reverse("alerts"))
        type_code(other, code)
        other.wait_for_url("**" + reverse("alerts"))

    def test_an_address_nobody_knows_becomes_an_account_and_what_was_written_is_sent(self, visit):
        page = visit(reverse("employer_register"), size="phone")
        page.locator("[name=name]").fill("Nyqvists Svets AB")
        page.locator("[name=registration_number]").fill("556036-0793")
        page.locator("[name=municipality]").select_option("0562")
        press(page, "Registrera organisationen")
        type_code(page, ask_for_code(page, "sara@svets.example"))
        expect(page.locator("h1")).to_have_text("Skicka nu?")
        press(page, "Skicka nu")
        page.wait_for_url("**" + reverse("employer_workplace_new"))
        assert Organisation.objects.get().memberships.get().user.email == "sara@svets.example"

    @LOOKS
    def test_somebody_new_creates_an_account_and_chooses(self, visit, size):
        page = visit(reverse("account_login"), size=size)
        page.locator("main").get_by_role("link", name="Skapa ett konto").click()
        page.locator("[name=email]").fill(f"ny.{size}@example.com")
        page.get_by_role("button", name="Skapa kontot").dblclick()
        page.locator("[name=code]").wait_for()
        type_code(page, newest_code())
        page.wait_for_url("**" + reverse("welcome"))
        assert axe_findings(page) == []


@pytest.fixture(scope="module")
def server():
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(server, settings):
    server.person, server.claims, server.refuse, server.key = "elev-17", {}, "", None
    row = {"slug": "skolan", "name": "Skolkonto", "issuer": server.issuer}
    settings.OIDC_PROVIDERS = json.dumps([row | {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}])
    openid.forget_clients()
    return server


class TestByAnotherService:
    @LOOKS
    def test_not_known_yet_connected_used_and_ended(self, visit, live_server, provider, size):
        user = StudentFactory().user
        page = visit(reverse("account_login"), size=size)
        page.get_by_role("link", name="Skolkonto").click()
        page.wait_for_url(re.compile(reverse("account_login")))
        expect(page.locator("main")).to_contain_text("är inte kopplad till något konto här än")
        type_code(page, ask_for_code(page, user.email))
        page.wait_for_url("**" + reverse("connections"))
        assert not OpenIdentity.objects.exists(), "nothing is connected before the person says yes"
        assert axe_findings(page) == []
        page.locator("main .panel").get_by_role("button").first.dblclick()
        expect(page.locator("main")).to_contain_text("Skolkonto")
        assert OpenIdentity.objects.get().user == user
        page.context.clear_cookies(name="sessionid")
        page.goto(live_server.url + reverse("alerts"))
        page.get_by_role("link", name="Skolkonto").click()
        page.wait_for_url("**" + reverse("alerts"))

    def test_cancelled_there_and_tampered_with(self, visit, provider):
        provider.refuse = "access_denied"
        page = visit(reverse("account_login"), size="phone")
        page.get_by_role("link", name="Skolkonto").click()
        expect(page.locator("main [role=alert]")).to_contain_text("Du blev inte inloggad där")
        provider.refuse, provider.claims = "", {"nonce": "another"}
        page.get_by_role("link", name="Skolkonto").click()
        expect(page.locator("main [role=alert]")).to_contain_text("kunde inte kontrolleras")
        assert page.locator("[name=login]").is_visible(), "the way by code stands beside it"


class TestWhatWasBeingWritten:
    @pytest.mark.parametrize(("size", "scripts"), [("phone", True), ("desktop", False)])
    def test_a_message_written_when_the_login_ended_is_sent_after_logging_in(self, visit, size, scripts):
        town = Town()
        elin = town.student("Kock")
        town.close()
        rounds.publish_round(actor=town.coordinator, run_id=town.run().pk)
        page = visit(reverse("student_round", args=[town.round.pk]), user=elin.student.user, size=size, scripts=scripts)
        page.locator("[name=text]").fill("Jag undrar <varför> jag fick den här platsen.")
        page.context.clear_cookies(name="sessionid")
        press(page, "Skicka till samordnaren")
        expect(page.locator("main")).to_contain_text("det du skrev är sparat")
        type_code(page, ask_for_code(page, elin.student.user.email))
        expect(page.locator("h1")).to_have_text("Skicka nu?")
        expect(page.locator("blockquote")).to_have_text("Jag undrar <varför> jag fick den här platsen.")
        if scripts:
            assert axe_findings(page) == []
        assert not Appeal.objects.exists()
        page.get_by_role("button", name="Skicka nu").dblclick()
        page.get_by_text("Ditt meddelande är skickat").first.wait_for()
        assert Appeal.objects.get().text == "Jag undrar <varför> jag fick den här platsen."
        page.go_back()
        page.reload()
        assert page.get_by_role("button", name="Skicka nu").count() == 0, "what was sent is not offered again"

    def test_a_page_from_before_a_login_in_another_tab(self, visit, live_server):
        """The token against forged requests is another one after each login."""
        town = Town()
        elin = town.student("Kock")
        url = reverse("student_round_own_place", args=[town.round.pk])
        page = visit(url, user=elin.student.user)
        page.locator("[name=organisation_name]").fill("Morbrors Smedja")
        page.locator("[name=tasks]").fill("Smida och slipa.")
        other = page.context.new_page()
        page.context.clear_cookies()
        other.goto(live_server.url + reverse("account_login"))
        type_code(other, ask_for_code(other, elin.student.user.email))
        page.locator("main form button[type=submit]").last.click()
        expect(page.locator("h1")).to_have_text("Skicka nu?")
        expect(page.locator("main")).to_contain_text("Smida och slipa.")
        press(page, "Skicka nu")
        # The form was not complete: it is back with its messages, and with what was written.
        expect(page.locator("[name=organisation_name]")).to_have_value("Morbrors Smedja")
        expect(page.locator("[name=contact_email]")).to_have_attribute("aria-invalid", "true")
        assert not OwnFoundPlace.objects.exists()

    def test_a_long_form_is_filled_in_again(self, visit):
        coordinator: Any = CoordinatorFactory()
        page = visit(reverse("round_new"), user=coordinator)
        page.locator("[name=name]").fill("Prao i åttan")
        page.context.clear_cookies(name="sessionid")
        press(page, "Spara omgången")
        type_code(page, ask_for_code(page, coordinator.email))
        expect(page.locator("h1")).to_have_text("Ett steg till")
        type_code(page, totp.code_of(APP_SECRET, totp.step_at(clock.now())))
        page.wait_for_url("**" + reverse("round_new"))
        expect(page.locator("[name=name]")).to_have_value("Prao i åttan")
        assert not Round.objects.exists()
