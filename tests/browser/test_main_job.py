"""The main job by hand: each role in its own browser window, the pages and nothing else."""

from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from backend.applications.models import Application
from backend.common import clock
from backend.offers.models import Offer
from backend.placements.models import Match, Placement
from tests.factories import CoordinatorFactory, MembershipFactory, StudentFactory, WorkplaceFactory
from tests.factories.work import handle_events


def press(page, action: str) -> None:
    """Presses the button of the form that posts to `action`, and waits for the next page."""
    page.locator(f"form[action='{action}'] button[type=submit]").first.click()
    page.wait_for_load_state("load")


@pytest.mark.parametrize(
    ("size", "language", "scripts"),
    [("desktop", "sv", True), ("phone", "sv", False), ("phone", "en", True)],
    ids=["desktop-sv", "phone-sv-without-scripts", "phone-en"],
)
def test_from_the_first_draft_to_the_placement(visit, live_server, size, language, scripts):
    workplace = WorkplaceFactory()
    company = MembershipFactory(organisation=workplace.organisation).user
    coordinator, student = CoordinatorFactory(), StudentFactory()
    start = clock.today() + timedelta(days=60)
    looks = {"size": size, "language": language, "scripts": scripts}

    page = visit(reverse("employer_offer_new"), user=company, **looks)
    page.locator("[name=form]").select_option("apl")
    page.locator("[name=occupation]").select_option("7223")
    page.locator("[name=title]").fill("CNC-operatör i verkstaden")
    page.locator("[name=tasks]").fill("Du ställer in maskinen och mäter detaljerna.")
    page.locator("form.offer-form button[type=submit]").last.click()
    page.wait_for_load_state("load")
    expect(page.locator("[name=title]")).to_have_value(
        "CNC-operatör i verkstaden"
    )  # no period yet: nothing typed is lost
    dates = page.locator("fieldset.period-row").first
    dates.locator("input[type=date]").nth(0).fill(start.isoformat())
    dates.locator("input[type=date]").nth(1).fill((start + timedelta(days=25)).isoformat())
    dates.locator("input:not([type=date]):not([type=hidden])").first.fill("1")
    page.locator("form.offer-form button[type=submit]").last.click()
    page.wait_for_load_state("load")
    offer = Offer.objects.get()
    press(page, reverse("employer_offer_submit", args=[offer.pk]))

    desk = visit(reverse("coordinator_offer", args=[offer.pk]), user=coordinator, **looks)
    desk.locator("main form[method=post] button[type=submit]").first.click()
    desk.wait_for_load_state("load")
    offer.refresh_from_db()
    assert offer.state == "published"
    handle_events()

    phone = visit(reverse("notifications"), user=student.user, **looks)
    phone.get_by_role("link", name="CNC-operatör").first.click()
    phone.wait_for_load_state("load")
    assert phone.url.endswith(reverse("offer", args=[offer.pk]))
    phone.goto(live_server.url + reverse("apply", args=[offer.pk]))
    phone.locator("main input[name=period]").first.check()
    phone.locator("main [name=motivation]").fill("Jag vill lära mig köra maskin.")
    phone.locator("main form[method=post] button[type=submit]").last.click()
    phone.wait_for_load_state("load")
    application = Application.objects.get()

    page.goto(live_server.url + reverse("employer_application", args=[application.pk]))
    press(page, reverse("employer_application_offer", args=[application.pk]))
    phone.goto(live_server.url + reverse("student_home"))
    press(phone, reverse("student_accept", args=[application.pk]))

    match = Match.objects.get()
    desk.goto(live_server.url + reverse("coordinator_match", args=[match.pk]))
    press(desk, reverse("coordinator_match_approve", args=[match.pk]))
    handle_events()
    application.refresh_from_db()
    assert (Placement.objects.get().state, application.state) == ("upcoming", "approved")
    phone.goto(live_server.url + reverse("student_application", args=[application.pk]))
    expect(phone.get_by_text("CNC-operatör i verkstaden").first).to_be_visible()
