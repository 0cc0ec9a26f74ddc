"""The coordinator's desk in a real browser: many decided at once, and one after the other by key."""

from datetime import timedelta

import pytest
from django.urls import reverse

from backend.accounts.services import give_grant
from backend.applications import services as applications
from backend.common import clock
from backend.offers.enums import OfferState
from backend.placements.models import Match
from backend.placements.services import approve_match
from tests.browser.conftest import axe_findings
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    StudentFactory,
    UserFactory,
)


@pytest.fixture
def town():
    """Matches and places that wait, a decision just made, and a protected student whom the coordinator may know."""
    start = clock.today() + timedelta(days=60)
    offer = OfferFactory(period__start=start, period__end=start + timedelta(days=25), period__capacity=9)
    waiting = [
        OfferFactory(workplace=offer.workplace, state=OfferState.SUBMITTED, published_at=None, submitted_at=clock.now())
        for _number in range(3)
    ]
    waiting[0].hazards.set(["TRUCK", "CHEMICALS"])
    company = MembershipFactory(organisation=offer.organisation).user
    coordinator, network = CoordinatorFactory(name="Karin Ek"), NetworkOfficerFactory(name="Nils Nät")
    until = clock.today() + timedelta(days=200)
    give_grant(actor=network, user=coordinator, municipality_code="0562", valid_until=until, reason="Ansvarig rektor.")
    names = ("Maja Lind", "Omar Said", "Wilma Frid", "Ines Ahl")
    students = [StudentFactory(user=UserFactory(name=name)) for name in names]
    hidden = StudentFactory(user=UserFactory(name="Hemliga Hanna"), is_protected=True, alias="Student KXBR")
    period = offer.periods.get()
    matches = []
    for student in [*students, hidden]:
        row = applications.submit_application(actor=student.user, period_id=period.pk)
        applications.offer_seat(actor=company, application_id=row.pk)
        matches.append(applications.accept_seat(actor=student.user, application_id=row.pk).match)
    approve_match(actor=coordinator, match_id=matches[3].pk)
    return {"coordinator": coordinator, "network": network, "matches": matches, "offers": waiting, "hidden": hidden}


def test_the_confirmation_is_sound_and_decides(visit, town):
    page = visit(reverse("coordinator_matches"), user=town["coordinator"], size="phone", scheme="light")
    ticked = page.locator("input[name=match]:checked").count()
    page.get_by_role("button", name=f"Godkänn {ticked} valda").click()
    assert axe_findings(page) == []
    page.get_by_role("button", name="Godkänn", exact=False).first.click()
    page.wait_for_url("**" + reverse("coordinator_matches"))
    assert Match.objects.filter(state="approved").count() == 4


def test_a_queue_is_walked_and_decided_by_key(visit, town):
    page = visit(reverse("coordinator_matches"), user=town["coordinator"], size="desktop", scheme="light")
    focused = "document.activeElement.textContent"
    page.keyboard.press("j")
    assert page.evaluate(focused) == "Maja Lind"
    page.keyboard.press("j")
    assert page.evaluate(focused) == "Omar Said"
    page.keyboard.press("k")
    assert page.evaluate(focused) == "Maja Lind"
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    assert axe_findings(page) == []
    page.keyboard.press("Escape")
    page.goto(page.url.split("/samordnare/")[0] + reverse("coordinator_match", args=[town["matches"][0].pk]))
    page.keyboard.press("r")
    page.keyboard.type("aja")
    assert page.locator("textarea").input_value() == "aja"
    assert Match.objects.get(pk=town["matches"][0].pk).state == "proposed"
    page.locator("h1").click()
    page.keyboard.press("j")
    page.wait_for_url("**" + reverse("coordinator_match", args=[town["matches"][1].pk]))
    page.keyboard.press("a")
    page.wait_for_url("**" + reverse("coordinator_match", args=[town["matches"][2].pk]))
    assert Match.objects.get(pk=town["matches"][1].pk).state == "approved"
    page.keyboard.press("u")
    page.wait_for_url("**" + reverse("coordinator_matches"))
    assert Match.objects.get(pk=town["matches"][1].pk).state == "proposed"


def test_turned_off_the_keys_do_nothing_and_that_is_remembered(visit, town):
    page = visit(reverse("coordinator_matches"), user=town["coordinator"], size="desktop", scheme="light")
    page.keyboard.press("?")
    page.locator("[data-keys-toggle]").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    before = page.evaluate("document.activeElement.tagName")
    for key in ("j", "a", "?"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.tagName") == before
    assert not page.locator("#keys").is_visible()
    assert page.url.endswith(reverse("coordinator_matches"))
