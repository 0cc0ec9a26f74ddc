"""A guardian: from the link in the letter to consent and back, and the child's application withdrawn after logging in."""

import re
from datetime import date

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from backend.applications import services as applications
from backend.common import clock
from backend.notifications import registry
from backend.notifications.models import Notification
from backend.notifications.rendering import render_mail
from backend.students import services as students
from backend.students.guardians import accept_guardianship
from backend.students.models import GuardianConsent
from tests.browser.conftest import axe_findings, is_wider_than_window
from tests.factories import CoordinatorFactory, MembershipFactory, OfferFactory, StudentFactory, UserFactory
from tests.factories.work import handle_events
from tests.web.guardian_links import code_in_mail

MOTHER = "mamma@home.example"


@pytest.fixture
def child():
    """A minor who has an offered seat and has just named a guardian."""
    born = date(clock.today().year - 16, 12, 31)
    student = StudentFactory(user=UserFactory(name="Elin Dahlqvist"), birth_date=born, school="Bergska gymnasiet")
    offer = OfferFactory(title="Svetsa i rostfritt")
    company = MembershipFactory(organisation=offer.organisation).user
    row = applications.submit_application(actor=student.user, period_id=offer.periods.get().pk)
    applications.offer_seat(actor=company, application_id=row.pk)
    students.add_guardian(actor=student.user, student_id=student.pk, email=MOTHER, name="Anna Dahlqvist")
    return student


def path_in_letter() -> str:
    """The address that the letter to the guardian leads to."""
    handle_events()
    asked = Notification.objects.get(recipient__email=MOTHER, kind="consent.asked")
    letter = render_mail(asked, registry.get(asked.kind), asked.recipient)
    found = re.search(r"https?://[^/\s]+(/vardnadshavare/lank/\S+)", letter.text)
    assert found is not None, letter.text
    return found[1]


def confirm(page: Page, label: str, yes: str) -> None:
    """Unfolds the question and says yes to it."""
    page.locator("summary", has_text=label).first.click()
    page.get_by_role("button", name=yes).first.click()
    page.wait_for_load_state("load")


def show_code(page: Page) -> None:
    """Asks for the code of the link, reads it in the mail and types it."""
    with page.expect_navigation():
        page.get_by_role("button", name="Skicka en kod till mig").click()
    page.locator("[name=code]").fill(code_in_mail())
    with page.expect_navigation():
        page.get_by_role("button", name="Fortsätt", exact=True).click()


@pytest.mark.parametrize(("size", "scheme", "scripts"), [("phone", "light", False), ("desktop", "dark", True)])
def test_by_the_link_alone_consent_is_given_and_taken_back(visit, child, size, scheme, scripts):
    page = visit(path_in_letter(), size=size, scheme=scheme, scripts=scripts)
    expect(page.locator("main")).not_to_contain_text("Elin")
    if scripts:
        assert axe_findings(page) == []
    show_code(page)
    assert not GuardianConsent.objects.exists(), "looking at the page gives no consent"
    expect(page.locator("main")).to_contain_text("Elin Dahlqvist")
    expect(page.locator("main")).not_to_contain_text("Svetsa i rostfritt")
    assert not is_wider_than_window(page)
    if scripts:
        assert axe_findings(page) == []
    page.get_by_role("button", name="Ja, och jag samtycker").dblclick()
    page.locator("summary", has_text="Ta tillbaka samtycket").wait_for()
    expect(page.locator("main")).to_contain_text("Svetsa i rostfritt")
    assert GuardianConsent.objects.filter(withdrawn_at__isnull=True).count() == 1
    if scripts:
        assert axe_findings(page) == []
    confirm(page, "Ta tillbaka samtycket", "Ja, ta tillbaka")
    expect(page.get_by_role("button", name="Ja, jag samtycker")).to_be_visible()
    assert not GuardianConsent.objects.filter(withdrawn_at__isnull=True).exists()


def test_a_withdrawal_in_one_tab_is_explained_in_the_other(visit, live_server, child):
    guardian = child.guardianships.get().guardian
    accept_guardianship(actor=guardian, guardianship_id=child.guardianships.get().pk)
    page = visit(reverse("guardian_home"), user=guardian, size="phone")
    expect(page.locator("main")).to_contain_text("Elin Dahlqvist")
    other = page.context.new_page()
    other.goto(live_server.url + reverse("guardian_home"))
    confirm(page, "Dra tillbaka", "Ja, dra tillbaka")
    expect(page.locator("main")).not_to_contain_text("Svetsa i rostfritt")
    confirm(other, "Dra tillbaka", "Ja, dra tillbaka")
    expect(other.locator("main")).to_contain_text("redan")
    assert child.applications.get().state == "withdrawn"
    page.go_back()
    page.reload()
    expect(page.locator("main")).to_contain_text("Inga ansökningar just nu")


def test_a_removed_guardian_has_a_link_that_opens_nothing(visit, live_server, child):
    """The coordinator removes her while her link lies open; the student is told and names somebody else."""
    hers = visit(path_in_letter(), size="phone")
    show_code(hers)
    expect(hers.locator("main")).to_contain_text("Elin Dahlqvist")
    desk = visit(reverse("coordinator_student", args=[child.pk]), user=CoordinatorFactory(), size="desktop")
    expect(desk.locator("aside")).to_contain_text("Inte bekräftad")
    assert axe_findings(desk) == []
    confirm(desk, "Ta bort", "Ja, ta bort")
    expect(desk.locator("aside")).not_to_contain_text(MOTHER)
    hers.get_by_role("button", name="Ja, och jag samtycker").click()
    expect(hers.locator("main")).to_contain_text("gäller inte längre")
    assert not GuardianConsent.objects.exists()
    assert not child.guardianships.exists()
    handle_events()
    student = visit(reverse("student_guardians"), user=child.user, size="phone")
    expect(student.locator("main")).not_to_contain_text("Anna Dahlqvist")
    student.locator("[name=name]").fill("Bo Dahlqvist")
    student.locator("[name=email]").fill("pappa@home.example")
    student.get_by_role("button", name="Skicka frågan").click()
    expect(student.locator("main")).to_contain_text("Bo Dahlqvist")
    assert not is_wider_than_window(student)
    assert axe_findings(student) == []
    confirm(student, "Ta bort", "Ja, ta bort")
    expect(student.locator("main")).not_to_contain_text("Bo Dahlqvist")
    assert not child.guardianships.exists()
