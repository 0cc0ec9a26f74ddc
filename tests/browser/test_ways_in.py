"""How people come to a place: from a link without being logged in, by keyboard alone, and in a search without scripts."""

import re
from datetime import timedelta
from typing import cast

import pytest
from django.core import mail
from django.urls import reverse
from playwright.sync_api import Page, expect

from backend.applications.models import Application
from backend.common import clock
from backend.offers.models import Offer
from tests.browser.conftest import axe_findings
from tests.factories import OfferFactory, StudentFactory

FOCUS = """() => { const e = document.activeElement, s = getComputedStyle(e);
    return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none'; }"""


@pytest.fixture
def offer() -> Offer:
    start = clock.today() + timedelta(days=60)
    end = start + timedelta(days=25)
    return cast(Offer, OfferFactory(title="CNC-operatör i verkstaden", period__start=start, period__end=end))


def tab_to(page: Page, selector: str, *, at_most: int = 60) -> None:
    """Presses Tab until something that matches is focused, as somebody without a mouse does. What has the focus shows it."""
    for _press in range(at_most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            assert page.evaluate(FOCUS), f"{selector} does not show that it has the focus"
            return
    raise AssertionError(f"{selector} was not reached in {at_most} steps")


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_from_a_shared_link_through_the_code_to_the_application(visit, offer, size):
    student = StudentFactory()
    page = visit(reverse("offer", args=[offer.pk]), size=size)
    page.locator("form[action] input[name=period]").first.check()
    page.get_by_role("button", name="Logga in och ansök").click()
    page.locator("[name=login]").fill(student.user.email)
    page.locator("main form[method=post] button").first.click()
    page.locator("[name=code]").wait_for()
    assert axe_findings(page) == []
    code = re.search(r"^\s*([A-Z0-9]{4,}(?:-[A-Z0-9]+)*)\s*$", mail.outbox[-1].body, re.MULTILINE)
    assert code is not None, mail.outbox[-1].body
    page.locator("[name=code]").fill(code[1])
    page.locator("main form[method=post] button").first.click()
    page.wait_for_url("**" + reverse("apply", args=[offer.pk]) + "*")
    expect(page.locator("main input[name=period]").first).to_be_checked()
    page.locator("main [name=motivation]").fill("Jag vill lära mig köra maskin.")
    page.get_by_role("button", name="Skicka ansökan").click()
    page.wait_for_load_state("load")
    assert Application.objects.get().student == student


def test_a_student_applies_with_the_keyboard_alone(visit, offer):
    page = visit(reverse("offer", args=[offer.pk]), user=StudentFactory().user)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.keyboard.press("Enter")
    tab_to(page, "form[action] input[name=period]")
    page.keyboard.press("Space")
    tab_to(page, "form[action] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**" + reverse("apply", args=[offer.pk]) + "*")
    tab_to(page, "[name=motivation]")
    page.keyboard.type("Jag vill lära mig köra maskin.")
    tab_to(page, "main form[method=post] button")
    page.keyboard.press("Enter")
    page.wait_for_load_state("load")
    expect(page.locator("h1")).not_to_have_text("Ansök")
    assert Application.objects.get().motivation == "Jag vill lära mig köra maskin."


def test_the_search_works_without_scripts(visit, offer):
    OfferFactory(title="Kock på skolan", tasks="Laga mat.", occupation_id="5120", skills=[])
    page = visit(reverse("search"), scripts=False, size="phone")
    page.locator("[name=q]").first.fill("cnc operatr")
    page.locator("[name=q]").first.press("Enter")
    page.wait_for_load_state("load")
    expect(page.get_by_role("link", name=offer.title)).to_be_visible()
    assert page.get_by_text("Kock på skolan").count() == 0
    page.get_by_role("link", name=offer.title).click()
    page.wait_for_load_state("load")
    page.go_back()
    expect(page.locator("[name=q]").first).to_have_value("cnc operatr")
