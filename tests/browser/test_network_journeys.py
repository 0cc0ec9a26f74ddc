"""The network office in a real browser: a member added with its evidence and ended, a message sent again from two tabs, a
grant given and taken back, what runs and what must hold, and the figures saved as files."""

import csv
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from backend.accounts.models import ProtectedGrant
from backend.applications import services as applications
from backend.common import clock
from backend.notifications.models import Delivery
from backend.offers.models import OfferPeriod
from backend.reference.models import NetworkMembership
from tests.browser.conftest import axe_findings, is_wider_than_window
from tests.factories import CoordinatorFactory, MembershipFactory, NetworkOfficerFactory, OfferFactory, StudentFactory

GNESTA = "0461"


def press(page: Page, name: str) -> None:
    """Presses the button and waits for the page it leads to."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()


def main(page: Page):
    return expect(page.locator("main"))


def look(page: Page) -> None:
    """The state that the page is in now is as sound as the pages of test_pages.py."""
    assert axe_findings(page) == []
    assert not is_wider_than_window(page)


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_member_is_added_with_its_evidence_and_ended_on_a_day(visit, size):
    page = visit(reverse("network_members"), user=NetworkOfficerFactory(), size=size)
    page.locator("[name=municipality]").select_option(label="Gnesta")
    page.locator("[name=valid_from]").fill("2026-01-01")
    page.locator("[name=evidence]").select_option("confirmed")
    page.locator("[name=note]").fill("Beslut i fullmäktige.")
    press(page, "Lägg till medlemmen")
    expect(page.locator("[name=source]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[name=note]")).to_have_value("Beslut i fullmäktige.")
    look(page)
    page.locator("[name=source]").fill("https://gnesta.example/beslut")
    page.get_by_role("button", name="Lägg till medlemmen").dblclick()
    page.get_by_text("Gnesta finns nu i listan").wait_for()
    row = page.locator("tbody tr", has_text="Gnesta")
    expect(row).to_contain_text("https://gnesta.example/beslut")
    row.locator("summary", has_text="Avsluta").click()
    look(page)
    row.locator("[name=last_day]").fill("2025-12-31")
    with page.expect_navigation():
        row.get_by_role("button", name="Ja, avsluta den").click()
    assert NetworkMembership.objects.get(municipality=GNESTA).valid_to is None
    # The question stands open still, with the reason beside the day.
    expect(row.locator("[name=last_day]")).to_have_attribute("aria-invalid", "true")
    yesterday = clock.today() - timedelta(days=1)
    row.locator("[name=last_day]").fill(yesterday.isoformat())
    row.get_by_role("button", name="Ja, avsluta den").dblclick()
    page.get_by_text("Medlemskapet för Gnesta är avslutat").wait_for()
    expect(page.locator("section[aria-labelledby=ended]")).to_contain_text("Gnesta")
    assert NetworkMembership.objects.get(municipality=GNESTA).valid_to == yesterday


def undelivered() -> Delivery:
    """A mail about an offered seat that could not be sent."""
    offer, student = OfferFactory(), StudentFactory()
    company = MembershipFactory(organisation=offer.organisation).user
    row = applications.submit_application(actor=student.user, period_id=offer.periods.get().pk)
    applications.offer_seat(actor=company, application_id=row.pk)
    mail = Delivery.objects.filter(channel="email", recipient=student.user).latest("pk")
    Delivery.objects.filter(pk=mail.pk).update(state="dead", reason="refused", done_at=clock.now())
    return mail


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_message_that_did_not_arrive_is_sent_again_once_from_two_tabs(visit, live_server, size):
    mail = undelivered()
    page = visit(reverse("network_home"), user=NetworkOfficerFactory(), size=size)
    task = page.locator("li", has_text="1 meddelande gick inte att leverera")
    task.get_by_role("link", name="Öppna").click()
    tab = page.context.new_page()
    tab.goto(page.url)
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("Erbjuden plats")
    main(page).not_to_contain_text(mail.recipient.name)
    saved = []
    for kind in ("CSV", "Excel"):
        with page.expect_download() as download:
            page.locator("a[download]", has_text=kind).click()
        saved.append(download.value.path())
    rows = list(csv.reader(StringIO(saved[0].read_text(encoding="utf-8-sig")), delimiter=";"))
    sheet = load_workbook(BytesIO(saved[1].read_bytes())).active
    assert [each[1] for each in rows] == [each[1].value for each in sheet.rows] == ["Om", "Erbjuden plats"]
    row.locator("summary", has_text="Skicka igen").click()
    look(page)
    row.locator("textarea[name=reason]").fill("Adressen är rättad.")
    row.get_by_role("button", name="Ja, skicka igen").dblclick()
    page.get_by_text("Allt har kommit fram").wait_for()
    mail.refresh_from_db()
    assert mail.state == "pending"
    tab.locator("summary", has_text="Skicka igen").click()
    tab.locator("textarea[name=reason]").fill("En gång till.")
    press(tab, "Ja, skicka igen")
    main(tab).to_contain_text("Det är på väg eller har redan kommit fram")


def test_a_grant_is_given_opens_the_door_and_is_taken_back_from_two_tabs(visit, live_server):
    known = CoordinatorFactory(name="Gunnel Grant")
    page = visit(reverse("network_grants"), user=NetworkOfficerFactory(), size="phone")
    page.locator("[name=user]").select_option(label="Finspång: Gunnel Grant")
    page.locator("[name=valid_until]").fill((clock.today() + timedelta(days=400)).isoformat())
    page.locator("[name=reason]").fill("Ansvarig rektor.")
    press(page, "Ge behörigheten")
    expect(page.locator("[name=valid_until]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[name=reason]")).to_have_value("Ansvarig rektor.")
    look(page)
    page.locator("[name=valid_until]").fill((clock.today() + timedelta(days=100)).isoformat())
    page.get_by_role("button", name="Ge behörigheten").dblclick()
    page.get_by_text("Gunnel Grant har behörighet nu").wait_for()
    assert ProtectedGrant.objects.count() == 1
    hers = visit(reverse("coordinator_protected"), user=known, size="phone")
    main(hers).to_contain_text("Ansvarig rektor.")
    tab = page.context.new_page()
    tab.goto(page.url)
    main(tab).to_contain_text("Gunnel Grant")
    for each in (page, tab):
        each.locator("summary", has_text="Ta tillbaka").first.click()
    look(page)
    press(page, "Ja, ta tillbaka")
    main(page).to_contain_text("Ingen har behörighet")
    press(tab, "Ja, ta tillbaka")
    expect(tab.locator("main .ds-alert").first).to_be_visible()
    main(tab).to_contain_text("Ingen har behörighet")
    hers.reload()
    main(hers).to_contain_text("Du har ingen behörighet")


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_what_runs_what_must_hold_and_the_figures_for_others(visit, live_server, size):
    period = OfferFactory().periods.get()
    page = visit(reverse("network_home"), user=NetworkOfficerFactory(), size=size)
    page.locator("li", has_text="schemalagda jobb är sena").get_by_role("link", name="Öppna").click()
    main(page).to_contain_text("Nattkontrollen har inte körts än")
    main(page).to_contain_text("Skickar sammandrag")
    page.get_by_role("link", name="Kontrollera vad som ska gälla").click()
    main(page).to_contain_text("Allt stämmer")
    OfferPeriod.objects.filter(pk=period.pk).update(taken=1)
    page.reload()
    main(page).to_contain_text("1 sak stämmer inte")
    expect(page.locator("tbody tr").first).to_contain_text("seats.taken_are_held")
    look(page)
    page.goto(live_server.url + reverse("network_effect"))
    page.get_by_role("link", name="365 dagar").click()
    expect(page.locator("[aria-current=true]")).to_have_text("365 dagar")
    page.goto(live_server.url + reverse("network_home"))
    page.locator("main").get_by_role("link", name="Kompetensbild för investerare").click()
    expect(page.locator("h1")).to_be_visible()
    assert not is_wider_than_window(page)
    page.go_back()
    page.locator("main").get_by_role("link", name="Öppna data").click()
    with page.expect_download() as saved:
        page.locator("tr", has_text="Öppna platser").get_by_role("link", name="CSV").click()
    places = saved.value.path().read_text(encoding="utf-8-sig")
    assert period.offer.title in places
