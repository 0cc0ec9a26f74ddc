"""Students and visitors in a real browser: a first profile, suggestions, a watched search, the calendar, what to hear
about, a place taken and left, and a search that can be shared."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from backend.applications import services as applications
from backend.applications.models import Application
from backend.common import clock
from backend.exchange.models import CalendarFeed
from backend.notifications.models import Preference
from backend.students.models import Alert, Student
from tests.browser.conftest import axe_findings, is_wider_than_window
from tests.factories import MembershipFactory, OfferFactory, StudentFactory, UserFactory, WorkplaceFactory
from tests.factories.work import handle_events

OSTERSUND = "2380"


def confirm(page: Page, label: str, yes: str) -> None:
    """Unfolds the question and says yes to it."""
    page.locator("summary", has_text=label).first.click()
    page.get_by_role("button", name=yes).first.click()
    page.wait_for_load_state("load")


def press(page: Page, name: str) -> None:
    """Presses the button and waits for the page it leads to."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()


def coming(**fields):
    """A published place whose weeks lie two months ahead."""
    start = clock.today() + timedelta(days=60)
    return OfferFactory(period__start=start, period__end=start + timedelta(days=25), **fields)


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_somebody_new_fills_in_a_profile_and_sees_why_places_fit(visit, live_server, size):
    offer, person = coming(title="CNC-operatör i verkstaden"), UserFactory(name="Elin Dahlqvist")
    page = visit(reverse("student_profile"), user=person, size=size)
    page.locator("[name=birth_date]").fill("2007-03-01")
    page.locator("[name=studies][value=upper_secondary]").check()
    page.locator("[name=forms][value=apl]").check()
    page.locator("[name=programme]").select_option(label="Industritekniska programmet")
    group = page.locator("details:has([name=interests][value='7223'])")
    group.locator("summary").click()
    group.locator("[value='7223']").check()
    page.locator("[name=municipality]").fill("Finspong")
    press(page, "Spara och se platser")
    expect(page.locator("main [role=alert]").first).to_be_visible()
    expect(
        page.locator("summary:has-text('CNC-operatör')")
    ).to_be_visible()  # what is chosen is read on the closed group
    expect(page.locator("[name=interests][value='7223']")).to_be_checked()
    assert not Student.objects.exists()
    page.locator("[name=municipality]").fill("Finspång")
    page.get_by_role("button", name="Spara och se platser").dblclick()
    page.wait_for_url("**" + reverse("student_home"))
    student = Student.objects.get()
    assert (student.user, student.municipality_id) == (person, "0562")
    assert [each.pk for each in student.interests.all()] == ["7223"]

    handle_events()
    page.goto(live_server.url + reverse("suggestions"))
    row = page.locator("ul.places > li").first
    expect(row.get_by_role("link", name=offer.title)).to_be_visible()
    assert row.locator(".why").count()
    row.get_by_role("button", name="Dölj").click()
    expect(page.locator("main")).not_to_contain_text(offer.title)
    page.go_back()
    page.reload()
    expect(page.locator("main")).not_to_contain_text(offer.title)


def test_a_search_becomes_an_alert_that_rests_and_goes(visit):
    coming(title="Kock på skolan")
    page = visit(
        reverse("search") + "?q=svetsare&where=Finspång&km=40&form=apl", user=StudentFactory().user, size="phone"
    )
    page.get_by_role("link", name="Skapa en bevakning").click()
    expect(page.locator("[name=text]")).to_have_value("svetsare")
    expect(page.locator("[name=form]")).to_have_value("apl")
    expect(page.locator("[name=municipality]")).to_have_value("0562")
    expect(page.locator("[name=radius_km]")).to_have_value("40")
    page.get_by_role("button", name="Spara bevakningen").dblclick()
    page.wait_for_url("**" + reverse("alerts"))
    expect(page.locator("main")).to_contain_text("svetsare · APL · Finspång, 40 km")
    press(page, "Pausa")
    assert Alert.objects.get().is_active is False
    press(page, "Börja")
    assert Alert.objects.get().is_active is True
    confirm(page, "Ta bort", "Ja, ta bort")
    assert not Alert.objects.exists()


def test_the_calendar_is_made_saved_read_and_ended(visit, live_server):
    offer, student = coming(title="Svetsa, fräs; och borra"), StudentFactory()
    company = MembershipFactory(organisation=offer.organisation).user
    row = applications.submit_application(actor=student.user, period_id=offer.periods.get().pk)
    applications.offer_seat(actor=company, application_id=row.pk)
    page = visit(reverse("calendar"), user=student.user, size="phone")
    press(page, "Skapa min adress")
    address = page.locator("[name=address]").input_value()
    assert axe_findings(page) == []
    answer = page.request.get(address)
    lines = answer.text().splitlines()
    assert answer.headers["content-type"].startswith("text/calendar")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines.count("BEGIN:VEVENT") >= 1
    confirm(page, "Avsluta den", "Ja, avsluta den")
    assert page.request.get(address).status == 404
    assert not CalendarFeed.objects.filter(is_active=True).exists()


def test_what_to_hear_about_is_chosen_and_a_contradiction_is_said_at_its_place(visit):
    student = StudentFactory()
    page = visit(reverse("notification_settings"), user=student.user, size="phone")
    page.locator("[name='suggestions.email']").select_option("weekly")
    page.locator("[name=paused_from]").fill("2030-08-10")
    page.locator("[name=paused_to]").fill("2030-08-01")
    press(page, "Spara valen")
    expect(page.locator("[name='suggestions.email']")).to_have_value("weekly")
    assert page.locator("[name=paused_from][aria-invalid=true], [name=paused_to][aria-invalid=true]").count()
    page.locator("[name=paused_to]").fill("2030-08-20")
    press(page, "Spara valen")
    expect(page.locator("[name='suggestions.email']")).to_have_value("weekly")
    assert Preference.objects.filter(user=student.user, category="suggestions", channel="email").exists()


def test_two_tabs_one_says_yes_and_the_other_no(visit, live_server):
    offer, student = coming(), StudentFactory()
    company = MembershipFactory(organisation=offer.organisation).user
    row = applications.submit_application(actor=student.user, period_id=offer.periods.get().pk)
    applications.offer_seat(actor=company, application_id=row.pk)
    path = reverse("student_application", args=[row.pk])
    page = visit(path, user=student.user, size="phone")
    other = page.context.new_page()
    other.goto(live_server.url + path)
    confirm(page, "Nej tack", "Ja, tacka nej")
    expect(page.locator("main")).to_contain_text("Du tackade nej till platsen")
    press(other, "Ja, jag vill ha platsen")
    expect(other.locator("main")).to_contain_text("redan")
    expect(other.locator("h1")).to_have_text(offer.title)
    assert Application.objects.get().state == "turned_down"


def test_a_double_click_applies_once_and_the_list_can_be_saved(visit, live_server):
    offer, student = coming(title="=HYPERLINK i verkstaden"), StudentFactory()
    page = visit(reverse("apply", args=[offer.pk]), user=student.user)
    page.locator("[name=motivation]").fill("Jag vill lära mig köra maskin.")
    page.get_by_role("button", name="Skicka ansökan").dblclick()
    page.wait_for_url("**" + reverse("student_applications") + "*/")
    assert Application.objects.count() == 1
    page.goto(live_server.url + reverse("student_applications"))
    page.get_by_text("Ta med listan som fil").click()
    with page.expect_download() as saved:
        page.locator("a[download]", has_text="Excel").click()
    rows = list(load_workbook(BytesIO(saved.value.path().read_bytes())).active.values)
    assert "Jag vill lära mig köra maskin." in rows[1]
    with page.expect_download() as saved:
        page.locator("a[download]", has_text="CSV").click()
    assert "Jag vill lära mig köra maskin." in saved.value.path().read_text(encoding="utf-8-sig")


def test_a_login_that_ended_in_mid_form_loses_nothing(visit, live_server):
    offer, student = coming(), StudentFactory()
    page = visit(reverse("apply", args=[offer.pk]), user=student.user, size="phone")
    page.locator("[name=motivation]").fill("Jag skrev länge på det här.")
    page.context.clear_cookies(name="sessionid")
    press(page, "Skicka ansökan")
    expect(page.locator("main")).to_contain_text("det du skrev är sparat")
    assert axe_findings(page) == []
    assert not Application.objects.exists()


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_from_the_start_page_to_a_search_that_can_be_shared(visit, live_server, size):
    here = WorkplaceFactory(municipality_id=OSTERSUND, lat=63.18, lon=14.64)
    far = WorkplaceFactory()
    first = coming(workplace=here, title="Svetsare i Östersund", apply_by=clock.today() + timedelta(days=9))
    second = coming(workplace=here, title="Kock i Östersund", form_id="praktik", occupation_id="5120")
    coming(workplace=far, title="Svarvare i Finspång")
    handle_events()
    page = visit(reverse("start"), size=size)
    page.locator("[name=q], [name=where]").first.wait_for(state="attached")
    page.goto(live_server.url + reverse("search") + "?where=ostersund")
    expect(page.locator("h1")).to_contain_text("2 annonser i Östersund")
    if size == "phone":
        page.locator("button.openf[popovertarget]").click()
    page.locator("#filter [name=form][value=apl]").check()
    page.wait_for_url("**form=apl*")
    expect(page.locator("h1")).to_contain_text("1 annons i Östersund")
    if size == "phone":
        page.locator("#filter .closef").click()
    expect(page.get_by_role("link", name=second.title)).to_have_count(0)
    assert axe_findings(page) == []
    stranger = visit(page.url.removeprefix(live_server.url), size=size)
    expect(stranger.get_by_role("link", name=first.title)).to_be_visible()
    stranger.locator(".chips a[data-removable]").first.click()
    expect(stranger.locator("h1")).to_contain_text("2 annonser i Östersund")
    with stranger.expect_download() as saved:
        stranger.locator("a[download]", has_text="CSV").click()
    text = saved.value.path().read_text(encoding="utf-8-sig")
    assert (first.title in text, "Finspång" in text) == (True, False)
    order = stranger.locator("nav[aria-label='Ordning']")
    order.get_by_role("link", name="Stänger först").click()
    expect(order.locator("strong")).to_have_text("Stänger först")
    stranger.go_back()
    expect(order.locator("strong")).to_have_text("Nyast")


def test_near_me_finds_what_is_near_and_nothing_found_leads_on(visit, live_server):
    offer = coming(title="Svarvare i Finspång")
    handle_events()
    page = visit(reverse("search"), size="desktop")
    page.context.grant_permissions(["geolocation"], origin=live_server.url)
    page.context.set_geolocation({"latitude": 58.70512, "longitude": 15.76893})
    with page.expect_navigation():
        page.get_by_role("button", name="Nära mig").click()
    expect(page.locator("h1")).to_have_text("1 annons nära dig")
    assert "58.71%2C15.77" in page.url or "58.71,15.77" in page.url, (
        "the address tells the position to about a kilometre"
    )
    page.goto(live_server.url + reverse("search") + "?q=svarvare&where=Kiruna&km=10")
    expect(page.locator("main")).to_contain_text("Inget passar just nu")
    assert not is_wider_than_window(page)
    page.locator("ul.ways a").first.click()
    expect(page.get_by_role("link", name=offer.title)).to_be_visible()
    page.goto(live_server.url + reverse("municipality", args=["2584"]))
    page.get_by_role("link", name="Sök här och i närheten").click()
    expect(page.locator("h1")).to_contain_text("nära Kiruna")
