"""Coordinators in a real browser: the morning's decisions alone and together, a class brought in and undone, the board
followed to where the next step is taken, settings that are obeyed, and a protected identity that only a grant opens."""

import csv
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from backend.accounts.services import give_grant
from backend.applications import services as applications
from backend.applications.models import Application
from backend.common import clock
from backend.exchange.models import ImportJob
from backend.offers import services as offers
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.placements.models import Match
from backend.placements.services import approve_match
from backend.students.models import Student
from tests.browser.conftest import axe_findings, is_wider_than_window
from tests.exchange.files import csv_file, work, xlsx_file
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    StudentFactory,
    UserFactory,
)
from tests.factories.rows import FINSPANG

WHY = "Veckorna krockar med proven."


def press(page: Page, name: str) -> None:
    """Presses the button and waits for the page it leads to."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()


def confirm(page: Page, label: str, yes: str) -> None:
    """Unfolds the question and says yes to it."""
    page.locator("summary", has_text=label).first.click()
    press(page, yes)


def main(page: Page):
    return expect(page.locator("main"))


def look(page: Page) -> None:
    """The state that the page is in now is as sound as the pages of test_pages.py."""
    assert axe_findings(page) == []
    assert not is_wider_than_window(page)


def waiting_place(title: str):
    start = clock.today() + timedelta(days=60)
    return OfferFactory(
        title=title,
        state=OfferState.SUBMITTED,
        published_at=None,
        submitted_at=clock.now(),
        period__start=start,
        period__end=start + timedelta(days=25),
    )


def waiting_match(name: str, *, title: str = "Svetsa i rostfritt", **student):
    """Both sides said yes."""
    start = clock.today() + timedelta(days=60)
    offer = OfferFactory(title=title, period__start=start, period__end=start + timedelta(days=25))
    company = MembershipFactory(organisation=offer.organisation).user
    who = StudentFactory(user=UserFactory(name=name), **student)
    row = applications.submit_application(actor=who.user, period_id=offer.periods.get().pk)
    applications.offer_seat(actor=company, application_id=row.pk)
    return applications.accept_seat(actor=who.user, application_id=row.pk).match


def states(model) -> list[str]:
    return list(model.objects.order_by("pk").values_list("state", flat=True))


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_the_morning_from_the_sentence_to_the_last_place_and_one_decision_undone(visit, size):
    first, _second = waiting_place("Svarva i verkstaden"), waiting_place("Mät och kontrollera")
    karin = CoordinatorFactory(name="Karin Ek")
    page = visit(reverse("coordinator_home"), user=karin, size=size)
    expect(page.locator("h1")).to_have_text("1 sak behöver dig i dag")
    main(page).to_contain_text("2 platser att granska")
    page.get_by_role("link", name="Granska").click()
    expect(page.locator("h1")).to_have_text("Platser att granska")
    page.get_by_role("link", name=first.title).click()
    page.locator("summary", has_text="Skicka tillbaka med orsak").click()
    press(page, "Skicka tillbaka")
    expect(page.locator("[name=reason]")).to_have_attribute("aria-invalid", "true")
    look(page)
    page.locator("[name=reason]").fill("Skriv mer om uppgifterna.")
    press(page, "Skicka tillbaka")
    expect(page.locator("h1")).to_have_text("Mät och kontrollera")  # on to the next that waits
    main(page).to_contain_text("Tillbakaskickad: Svarva i verkstaden")
    look(page)
    page.get_by_role("button", name="Publicera platsen").dblclick()
    page.wait_for_url("**" + reverse("coordinator_offers"))
    assert states(Offer) == [OfferState.DRAFT, OfferState.PUBLISHED]
    main(page).to_contain_text("Ingen plats väntar på granskning")
    page.go_back()
    expect(page.get_by_role("button", name="Publicera platsen")).to_have_count(0)
    main(page).to_contain_text("Det finns inget att besluta om just nu")
    page.get_by_role("link", name="Platser att granska").click()
    page.locator(".undo li", has_text="Mät och kontrollera").get_by_role("button", name="Ångra").click()
    page.get_by_role("link", name="Mät och kontrollera").wait_for()
    assert states(Offer) == [OfferState.DRAFT, OfferState.SUBMITTED]


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_many_are_rejected_with_one_reason_back_leads_on_and_all_are_undone(visit, size):
    karin = CoordinatorFactory()
    for name in ("Maja Lind", "Omar Said", "Wilma Frid"):
        waiting_match(name)
    page = visit(reverse("coordinator_matches"), user=karin, size=size)
    for box in page.locator("[name=match]").all()[1:]:
        box.check()
    page.locator("[name=match]").first.uncheck()
    press(page, "Avslå med orsak")
    for words in ("2 valda", "Omar Said", "2 organisationer får veta det direkt", "Du kan ångra det i 10 minuter"):
        main(page).to_contain_text(words)
    main(page).not_to_contain_text("Maja Lind")
    press(page, "Avslå dem")
    expect(page.locator("[name=reason]")).to_have_attribute("aria-invalid", "true")
    look(page)
    page.reload()
    main(page).to_contain_text("2 valda")
    page.locator("[name=reason]").fill(WHY)
    page.get_by_role("button", name="Avslå dem").dblclick()
    page.wait_for_url("**" + reverse("coordinator_matches"))
    main(page).to_contain_text("2 matchningar är avslagna")
    assert states(Match) == ["proposed", "rejected", "rejected"]
    page.go_back()
    main(page).to_contain_text("2 som du valde väntar inte längre")
    expect(page.get_by_role("button", name="Avslå dem")).to_have_count(0)
    page.get_by_role("link", name="Tillbaka till kön").first.click()
    page.locator("summary", has_text="Ångra alla 2").click()
    look(page)
    press(page, "Ja, ångra dem")
    main(page).to_contain_text("2 beslut är ångrade")
    assert states(Match) == ["proposed"] * 3


def test_what_a_colleague_decided_meanwhile_is_said_and_stands(visit, live_server):
    karin, bo = CoordinatorFactory(name="Karin Ek"), CoordinatorFactory(name="Bo Ask")
    match, other = waiting_match("Maja Lind"), waiting_match("Omar Said")
    page = visit(reverse("coordinator_match", args=[match.pk]), user=karin, size="phone")
    tab = page.context.new_page()
    tab.goto(live_server.url + reverse("coordinator_matches_decide") + f"?match={match.pk}&match={other.pk}")
    approve_match(actor=bo, match_id=match.pk)
    page.locator("summary", has_text="Avslå med orsak").click()
    page.locator("[name=reason]").fill(WHY)
    press(page, "Avslå matchningen")
    main(page).to_contain_text("Någon annan har redan ändrat")
    main(page).to_contain_text("Bo Ask")
    look(page)
    press(tab, "Godkänn dem")
    main(tab).to_contain_text("1 matchning är godkänd")
    main(tab).to_contain_text("Inte gjort: Maja Lind")
    assert states(Match) == ["approved", "approved"]


def log_in_again(page: Page, user) -> None:
    """As the code in the mail does: the session of the login page goes on, with the person in it."""
    client = Client()
    kept = next(each for each in page.context.cookies() if each["name"] == settings.SESSION_COOKIE_NAME)
    client.cookies[settings.SESSION_COOKIE_NAME] = kept["value"]
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    page.context.add_cookies([{**kept, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}])


def test_a_login_that_ended_keeps_the_reason_and_leads_back_to_the_page(visit, live_server):
    karin, match = CoordinatorFactory(), waiting_match("Maja Lind")
    here = reverse("coordinator_match", args=[match.pk])
    page = visit(here, user=karin, size="phone")
    page.locator("summary", has_text="Avslå med orsak").click()
    page.locator("[name=reason]").fill(WHY)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    press(page, "Avslå matchningen")
    main(page).to_contain_text("det du skrev är sparat")
    look(page)
    log_in_again(page, karin)
    page.goto(live_server.url + reverse("unsent"))
    main(page).to_contain_text(WHY)
    look(page)
    assert states(Match) == ["proposed"], "nothing is sent before one has seen it again"
    page.locator("main form[method=post] button[type=submit]").first.click()
    page.wait_for_url("**" + reverse("coordinator_matches"))
    assert Match.objects.get().decision_reason == WHY


CLASS = [[f"elev{number}@skola.example", f"Elev {number}", "8X", "Bergska", "2012-05-01"] for number in (1, 2, 3)]
OWN_HEADINGS = ["Mejl till eleven", "Vem", "Klass", "Skola", "Född"]


def give_file(page: Page, name: str, rows: list[list[str]]) -> None:
    content = csv_file(rows) if name.endswith(".csv") else xlsx_file(rows)
    page.locator("[name=file]").set_input_files([{"name": name, "mimeType": "text/csv", "buffer": content}])
    press(page, "Ladda upp tabellen")


def check_columns(page: Page) -> ImportJob:
    page.locator("[name=email]").select_option(label=OWN_HEADINGS[0])
    page.locator("[name=name]").select_option(label=OWN_HEADINGS[1])
    press(page, "Kontrollera raderna")
    main(page).to_contain_text("Raderna kontrolleras")
    return work(ImportJob.objects.latest("pk"))


def downloaded(page: Page, kind: str) -> Path:
    with page.expect_download() as saved:
        page.locator("a[download]", has_text=kind).first.click()
    return saved.value.path()


@pytest.mark.parametrize(("size", "name"), [("phone", "8X.csv"), ("desktop", "8X.xlsx")])
def test_a_class_is_brought_in_from_the_template_stands_on_the_board_and_is_undone(visit, size, name):
    page = visit(reverse("coordinator_students"), user=CoordinatorFactory(), size=size)
    page.get_by_role("link", name="Importera klasslistor").click()
    example = load_workbook(BytesIO(downloaded(page, "Mall, Excel").read_bytes())).active
    assert [cell.value for cell in example[1]][:2] == ["E-postadress", "Namn"]
    press(page, "Ladda upp tabellen")
    expect(page.locator("[name=file]")).to_have_attribute("aria-invalid", "true")
    page.locator("[name=form]").select_option("apl")
    give_file(page, name, [OWN_HEADINGS, CLASS[0], ["ingen adress", *CLASS[1][1:]], [*CLASS[2][:4], "i maj"]])
    press(page, "Kontrollera raderna")
    assert page.locator("[name=email][aria-invalid=true], [name=name][aria-invalid=true]").count() == 2
    look(page)
    check_columns(page)
    # The page asks by itself how far the work is, and shows the whole of it anew.
    expect(page.locator("h2", has_text="Inget har importerats")).to_be_visible()
    expect(page.locator("#job .ds-tag").first).to_have_text("Rader att rätta")
    wrong = page.locator("tbody tr", has_text="Rad 3")
    expect(wrong).to_contain_text("Mejl till eleven")
    expect(wrong).to_contain_text("ingen adress")
    look(page)
    rejected = downloaded(page, "CSV").read_text(encoding="utf-8-sig")
    assert [row[-2] for row in csv.reader(StringIO(rejected), delimiter=";")] == ["Rad", "3", "4"]
    page.get_by_role("link", name="Ladda upp en rättad fil").click()
    give_file(page, name, [OWN_HEADINGS, *CLASS])
    job = check_columns(page)
    page.reload()
    main(page).to_contain_text("Alla rader kan importeras")
    assert not Student.objects.exists(), "the preview saves nothing"
    look(page)
    page.get_by_role("button", name="Importera 3 rader").dblclick()
    page.get_by_text("Raderna importeras").first.wait_for()
    work(job)
    page.reload()
    imported = page.url
    page.get_by_role("link", name="Visa eleverna").click()
    page.wait_for_url("**" + reverse("coordinator_students") + "?class=8X")
    expect(page.locator("tbody th", has_text="Elev ")).to_have_count(3)
    main(page).to_contain_text("Har inte sökt något än")
    page.goto(imported)
    page.locator("summary", has_text="Ångra importen").click()
    look(page)
    page.get_by_role("button", name="Ja, ångra den").dblclick()
    page.get_by_text("Importen är ångrad").wait_for()
    assert not Student.objects.exists()


def silent(name: str) -> Application:
    start = clock.today() + timedelta(days=60)
    offer = OfferFactory(period__start=start, period__end=start + timedelta(days=25))
    MembershipFactory(organisation=offer.organisation)
    who = StudentFactory(user=UserFactory(name=name), class_name="TE2")
    row = applications.submit_application(actor=who.user, period_id=offer.periods.get().pk)
    passed = clock.now() - timedelta(days=9)
    Application.objects.filter(pk=row.pk).update(submitted_at=passed, answer_due_at=passed)
    applications.escalate_silence(application_id=row.pk)
    return row


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_the_board_is_narrowed_followed_to_the_next_step_and_saved(visit, size):
    karin = CoordinatorFactory()
    StudentFactory(user=UserFactory(name="Åke Ensam", email="ake@skola.example"), class_name="IN3")
    silent("Bea Väntar")
    waiting_match("Cia Nöjd", class_name="TE2")
    approve_match(actor=karin, match_id=waiting_match("Dan Klar", class_name="TE2").pk)
    page = visit(reverse("coordinator_students"), user=karin, size=size)
    row = {
        name: page.locator("tbody tr", has_text=name) for name in ("Åke Ensam", "Bea Väntar", "Cia Nöjd", "Dan Klar")
    }
    for name, standing in zip(row, ("Utan plats", "Inte klart än", "Inte klart än", "Har en del"), strict=True):
        expect(row[name]).to_contain_text(standing)
    talk = row["Åke Ensam"].get_by_role("link", name="Boka ett samtal").get_attribute("href")
    assert talk.startswith("mailto:ake@skola.example?subject=")
    if size == "phone":
        page.locator("button.openf[popovertarget]").click()
    with page.expect_navigation():
        page.locator("#filter [name=class]").select_option("TE2")
    if size == "phone":
        page.locator("button.openf[popovertarget]").click()
    with page.expect_navigation():
        page.locator("#filter [name=standing][value=at_risk]").check()
    if size == "phone":
        page.keyboard.press("Escape")
    with page.expect_navigation():
        page.locator("nav[aria-label='Ordning']").get_by_role("link", name="Namn").click()
    names = page.locator("tbody:visible th a")
    expect(names).to_have_text(["Bea Väntar", "Cia Nöjd"])
    look(page)
    rows = list(csv.reader(StringIO(downloaded(page, "CSV").read_text(encoding="utf-8-sig")), delimiter=";"))
    sheet = load_workbook(BytesIO(downloaded(page, "Excel").read_bytes())).active
    assert [each[0] for each in rows] == [each[0].value for each in sheet.rows] == ["Namn", "Bea Väntar", "Cia Nöjd"]
    page.get_by_role("link", name="Ring organisationen").click()
    expect(page.locator("tbody")).to_contain_text("Bea Väntar")
    page.go_back()
    expect(names).to_have_text(["Bea Väntar", "Cia Nöjd"])
    page.get_by_role("link", name="Besluta om matchningen").click()
    expect(page.locator("h1")).to_have_text("Cia Nöjd")
    expect(page.get_by_role("button", name="Godkänn matchningen")).to_be_visible()


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_what_the_municipality_decides_is_obeyed_by_the_next_command(visit, live_server, size):
    draft = OfferFactory(state=OfferState.DRAFT, published_at=None)
    owner = MembershipFactory(organisation=draft.organisation, role="owner").user
    page = visit(reverse("coordinator_organisations"), user=CoordinatorFactory(), size=size)
    main(page).to_contain_text("Du granskar alla platser")
    page.locator("tbody tr", has_text=draft.organisation.name).get_by_role("button").click()
    expect(page.locator("tbody tr", has_text=draft.organisation.name)).to_contain_text("Betrodd")
    page.get_by_role("link", name="Ändra inställningarna").click()
    page.locator("[name=undo_minutes]").fill("1441")
    page.locator("[name=hold_hours]").fill("5")
    page.locator("[name=trusted_may_publish]").check()
    press(page, "Spara inställningarna")
    expect(page.locator("[name=undo_minutes]")).to_have_attribute("aria-invalid", "true")
    main(page).to_contain_text("Skriv ett tal från 0 till 1440.")
    expect(page.locator("[name=hold_hours]")).to_have_value("5")
    expect(page.locator("[name=trusted_may_publish]")).to_be_checked()
    look(page)
    assert offers.submit_offer(actor=owner, offer_id=waiting_draft(draft)).state == OfferState.SUBMITTED
    page.locator("[name=undo_minutes]").fill("0")
    page.get_by_role("button", name="Spara inställningarna").dblclick()
    page.get_by_text("Inställningarna är sparade").wait_for()
    assert offers.submit_offer(actor=owner, offer_id=draft.pk).state == OfferState.PUBLISHED
    waiting = Offer.objects.get(state=OfferState.SUBMITTED)
    page.goto(live_server.url + reverse("coordinator_offer", args=[waiting.pk]))
    press(page, "Publicera platsen")
    main(page).not_to_contain_text("Nyss beslutat")


def waiting_draft(like: Offer) -> int:
    return OfferFactory(workplace=like.workplace, state=OfferState.DRAFT, published_at=None).pk


def test_a_protected_identity_opens_with_a_grant_and_is_nowhere_without(visit, live_server):
    known, unknowing = CoordinatorFactory(name="Gunnel Grant"), CoordinatorFactory(name="Olle Ovetande")
    match = waiting_match("Hemliga Hanna", is_protected=True, alias="Student KXBR")
    until = clock.today() + timedelta(days=90)
    office = NetworkOfficerFactory()
    give_grant(actor=office, user=known, municipality_code=FINSPANG, valid_until=until, reason="Ansvarig rektor.")
    page = visit(reverse("coordinator_home"), user=known, size="phone")
    main(page).to_contain_text("1 matchning för en elev med skyddade personuppgifter")
    page.get_by_role("link", name="Öppna").first.click()
    main(page).not_to_contain_text("Hanna")
    page.get_by_role("link", name="Student KXBR").first.click()
    main(page).to_contain_text("Hemliga Hanna")
    page.locator("summary", has_text="Avslå med orsak").click()
    press(page, "Avslå matchningen")
    expect(page.locator("[name=reason][aria-invalid=true]")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Godkänn matchningen").dblclick()
    page.get_by_text("Placeringen gäller").first.wait_for()
    assert states(Match) == ["approved"]
    press(page, "Ångra")
    assert states(Match) == ["proposed"]
    other = visit(reverse("coordinator_home"), user=unknowing, size="phone")
    expect(other.locator("h1")).to_have_text("Inget behöver dig just nu")
    for path in (reverse("coordinator_students"), reverse("coordinator_matches"), reverse("coordinator_protected")):
        other.goto(live_server.url + path)
        for words in ("Hanna", "KXBR"):
            main(other).not_to_contain_text(words)
    for name, pk in (("coordinator_protected_student", match.student_id), ("coordinator_match", match.pk)):
        assert other.request.get(live_server.url + reverse(name, args=[pk])).status == 404
