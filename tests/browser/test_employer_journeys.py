"""Companies in a real browser: registered, a place posted, applicants declined with what they read shown first, a table
brought in after a preview, a colleague asked to join."""

import csv
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from backend.applications import services as applications
from backend.common import clock
from backend.exchange.models import ImportJob
from backend.offers.models import Offer
from backend.organisations.models import Membership, Organisation, Workplace
from tests.browser.conftest import axe_findings, is_wider_than_window
from tests.exchange.files import OFFER_HEADINGS, OFFER_ROW, csv_file, work
from tests.factories import MembershipFactory, OfferFactory, StudentFactory, UserFactory, WorkplaceFactory


def press(page: Page, name: str) -> None:
    """Presses the button and waits for the page it leads to."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()


def fill_in_place(page: Page, title: str) -> None:
    start = clock.today() + timedelta(days=60)
    page.locator("[name=form]").select_option("apl")
    page.locator("[name=occupation]").select_option("7223")
    page.locator("[name=title]").fill(title)
    page.locator("[name=tasks]").fill("Du läser ritningen, fixerar och svetsar.")
    dates = page.locator("fieldset.period-row").first
    dates.locator("input[type=date]").nth(0).fill(start.isoformat())
    dates.locator("input[type=date]").nth(1).fill((start + timedelta(days=25)).isoformat())
    dates.locator("input:not([type=date]):not([type=hidden])").first.fill("2")


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_from_registering_to_a_place_that_waits_for_the_coordinator(visit, live_server, size):
    page = visit(reverse("employer_register"), user=UserFactory(name="Sara Nyqvist"), size=size)
    page.locator("[name=name]").fill("Nyqvists Svets AB")
    page.locator("[name=registration_number]").fill("556036-0794")
    page.locator("[name=municipality]").select_option("0562")
    press(page, "Registrera organisationen")
    expect(page.locator("[name=registration_number]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[name=name]")).to_have_value("Nyqvists Svets AB")
    page.locator("[name=registration_number]").fill("556036-0793")
    page.get_by_role("button", name="Registrera organisationen").dblclick()
    page.wait_for_url("**" + reverse("employer_workplace_new"))
    assert Organisation.objects.count() == 1
    page.locator("[name=name]").fill("Verkstaden")
    page.locator("[name=municipality]").select_option("0562")
    page.get_by_role("button", name="Spara arbetsplatsen").dblclick()
    page.wait_for_url("**" + reverse("employer_offer_new"))
    assert Workplace.objects.count() == 1

    fill_in_place(page, "Svetsa i rostfritt")
    page.get_by_role("button", name="Spara och förhandsgranska").dblclick()
    page.get_by_role("button", name="Skicka in för granskning").wait_for()
    offer = Offer.objects.get()
    press(page, "Skicka in för granskning")
    expect(page.locator("main")).to_contain_text("Samordnaren läser")
    offer.refresh_from_db()
    assert offer.state == "submitted"
    page.go_back()
    page.reload()
    assert page.get_by_role("button", name="Skicka in för granskning").count() == 0
    assert not is_wider_than_window(page)


def test_a_login_that_ended_while_a_place_was_written_loses_nothing(visit):
    site = WorkplaceFactory()
    owner = MembershipFactory(organisation=site.organisation, role="owner").user
    page = visit(reverse("employer_offer_new"), user=owner)
    fill_in_place(page, "Svetsa i rostfritt")
    page.context.clear_cookies(name="sessionid")
    press(page, "Spara och förhandsgranska")
    expect(page.locator("main")).to_contain_text("det du skrev är sparat")
    assert not Offer.objects.exists()


@pytest.fixture
def asked():
    """A company with an owner and a member, and an application that waits for an answer."""
    start = clock.today() + timedelta(days=60)
    offer = OfferFactory(title="Svetsa i rostfritt", period__start=start, period__end=start + timedelta(days=25))
    owner = MembershipFactory(user=UserFactory(name="Sara Nyqvist"), organisation=offer.organisation, role="owner").user
    member = MembershipFactory(user=UserFactory(name="Per Ek"), organisation=offer.organisation).user
    student = StudentFactory(user=UserFactory(name="Elin Dahlqvist"))
    row = applications.submit_application(
        actor=student.user, period_id=offer.periods.get().pk, motivation="Jag vill lära mig svetsa."
    )
    return owner, member, row


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_no_is_read_before_it_is_sent_and_a_colleagues_later_yes_is_explained(visit, asked, size):
    owner, member, row = asked
    page = visit(reverse("employer_home"), user=owner, size=size)
    late = visit(reverse("employer_application", args=[row.pk]), user=member, size=size)
    page.get_by_role("link", name="Tacka nej").first.click()
    letter = page.locator("#letter")
    before = letter.inner_text()
    page.locator("[name=reason][value=dates]").check()
    expect(letter).not_to_have_text(before)
    page.locator("[name=message]").press_sequentially("Välkommen i höst.")
    expect(letter).to_contain_text("Välkommen i höst.")
    assert axe_findings(page) == []
    page.get_by_role("button", name="Skicka svaret").dblclick()
    page.wait_for_url("**" + reverse("employer_applicants", args=[row.period.offer_id]))
    expect(page.locator("main")).to_contain_text("Elin Dahlqvist har fått ert svar")
    row.refresh_from_db()
    assert (row.state, row.message) == ("declined", "Välkommen i höst.")
    press(late, "Erbjud Elin platsen")
    expect(late.locator("main")).to_contain_text("redan")
    row.refresh_from_db()
    assert row.state == "declined"


def test_the_applicants_are_saved_as_files(visit, asked):
    owner, _member, row = asked
    page = visit(reverse("employer_applicants", args=[row.period.offer_id]), user=owner, size="phone")
    with page.expect_download() as saved:
        page.locator("a[download]", has_text="CSV").click()
    text = saved.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.reader(StringIO(text), delimiter=";"))
    with page.expect_download() as saved:
        page.locator("a[download]", has_text="Excel").click()
    same = load_workbook(BytesIO(saved.value.path().read_bytes())).active
    assert [rows[0][0], rows[1][0]] == [same["A1"].value, same["A2"].value] == ["Namn", "Elin Dahlqvist"]


def test_a_table_is_corrected_previewed_brought_in_once_and_undone(visit):
    site = WorkplaceFactory()
    owner = MembershipFactory(organisation=site.organisation, role="owner").user
    page = visit(reverse("employer_imports"), user=owner, size="phone")

    def upload(*rows: list[str]) -> ImportJob:
        content = csv_file([OFFER_HEADINGS, *rows])
        page.locator("[name=file]").set_input_files(
            [{"name": "platser.csv", "mimeType": "text/csv", "buffer": content}]
        )
        press(page, "Ladda upp tabellen")
        assert not is_wider_than_window(page)
        press(page, "Kontrollera raderna")
        job = work(ImportJob.objects.latest("pk"))
        page.reload()
        return job

    upload([*OFFER_ROW[:5], "ingen dag", *OFFER_ROW[6:]])
    expect(page.locator("main")).to_contain_text("Inget har importerats")
    expect(page.locator("main")).to_contain_text("ingen dag")
    with page.expect_download() as saved:
        page.locator("a[download]", has_text="CSV").click()
    assert "ingen dag" in saved.value.path().read_text(encoding="utf-8-sig")
    page.get_by_role("link", name="Ladda upp en rättad fil").click()
    job = upload(OFFER_ROW)
    expect(page.locator("main")).to_contain_text("Svetsa i rostfritt")
    assert not Offer.objects.exists(), "the preview saves nothing"
    assert axe_findings(page) == []
    page.get_by_role("button", name="Importera 1 rad").dblclick()
    page.get_by_text("Raderna importeras").first.wait_for()
    work(job)
    page.reload()
    assert Offer.objects.count() == 1
    page.locator("summary", has_text="Ångra importen").click()
    press(page, "Ja, ångra den")
    assert not Offer.objects.exists()


def test_a_colleague_is_invited_joins_and_a_withdrawn_invitation_says_so(visit, live_server):
    owner = MembershipFactory(user=UserFactory(name="Sara Nyqvist"), role="owner").user
    organisation = owner.memberships.get().organisation
    page = visit(reverse("employer_team"), user=owner, size="phone")
    for address in ("per@firma.example", "fel@firma.example"):
        page.locator("[name=email]").fill(address)
        page.get_by_role("button", name="Skicka inbjudan").dblclick()
        page.locator("tbody th", has_text=address).wait_for()
    wanted, mistaken = organisation.invitations.order_by("pk")
    other = visit(reverse("invitation", args=[mistaken.pk]), user=mistaken.invitee, size="phone")
    page.locator("tr", has_text="fel@firma.example").get_by_role("button", name="Ta tillbaka").click()
    page.wait_for_load_state("load")
    press(other, "Gå med")
    expect(other.locator("main")).to_contain_text("gäller inte längre")
    guest = visit(reverse("invitation", args=[wanted.pk]), user=wanted.invitee, size="phone")
    expect(guest.locator("h1")).to_contain_text(organisation.name)
    guest.get_by_role("button", name="Gå med").dblclick()
    guest.wait_for_url("**" + reverse("employer_home"))
    expect(guest.locator("main")).to_contain_text("Välkommen till")
    assert Membership.objects.filter(organisation=organisation).count() == 2
    page.goto(live_server.url + reverse("employer_team"))
    assert axe_findings(page) == []
