"""A coordinator's round in a real browser: from a draft with mistakes to runs that are compared, a student moved by hand, the
publication, and the publication taken back; what the organisation sees of it meanwhile."""

import re
from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from backend.common import clock
from backend.offers.models import OfferPeriod
from backend.rounds import runner
from backend.rounds.models import Adjustment, Publication, Result, Round, Run
from tests.browser.conftest import axe_findings, is_wider_than_window
from tests.browser.round_town import Town
from tests.factories import CoordinatorFactory, MembershipFactory, OfferFactory
from tests.factories.work import handle_events

LOOKS = pytest.mark.parametrize("size", ["phone", "desktop"])


def press(page: Page, name: str) -> None:
    """Presses the button and waits for the page it leads to."""
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=name).first.click()


def confirm(page: Page, label: str, yes: str, reason: str) -> None:
    """Unfolds the question, writes why and says yes to it."""
    box = page.locator("details.confirm", has=page.locator("summary", has_text=label))
    box.locator("summary").click()
    box.locator("[name=reason]").fill(reason)
    with page.expect_navigation():
        box.get_by_role("button", name=yes).click()


def moment(value: datetime) -> str:
    return timezone.localtime(value).strftime("%Y-%m-%dT%H:%M")


@LOOKS
def test_a_round_is_set_up_after_mistakes_and_opened_once(visit, live_server, size):
    start = clock.today() + timedelta(days=60)
    offer = OfferFactory(
        title="Svetsare", period__start=start, period__end=start + timedelta(days=25), period__capacity=2
    )
    page = visit(reverse("rounds"), user=CoordinatorFactory(name="Annika Strand"), size=size)
    page.locator("main a[href$='/ny/']").first.click()
    page.locator("[name=name]").fill("APL i vår")
    page.locator("[name=form]").select_option("apl")
    page.locator("[name=start]").fill(start.isoformat())
    page.locator("[name=end]").fill((start - timedelta(days=3)).isoformat())
    page.locator("[name=closes_at]").fill(moment(clock.now() - timedelta(days=3)))
    page.locator("[name=region_caps]").fill("Atlantis 3")
    press(page, "Spara omgången")
    expect(page.locator("main .errs, main [role=alert]").first).to_be_visible()
    for name in ("region_caps",):
        expect(page.locator(f"[name={name}]")).to_have_attribute("aria-invalid", "true")
    page.locator("[name=region_caps]").fill("Finspång 10")
    press(page, "Spara omgången")
    wrong = page.locator("main [aria-invalid=true]").first
    expect(wrong).to_be_visible()
    assert axe_findings(page) == []
    assert not is_wider_than_window(page)
    expect(page.locator("[name=name]")).to_have_value("APL i vår")
    page.locator("[name=end]").fill((start + timedelta(days=25)).isoformat())
    page.locator("[name=closes_at]").fill(moment(clock.now() + timedelta(days=5)))
    page.get_by_role("button", name="Spara omgången").dblclick()
    page.get_by_role("button", name="Spara platserna").wait_for()
    the_round = Round.objects.get()
    seats = page.locator(f"[name=seats-{offer.periods.get().pk}]")
    expect(seats).to_have_value("2")
    seats.fill("fler")
    press(page, "Spara platserna")
    expect(seats).to_have_attribute("aria-invalid", "true")
    expect(seats).to_have_value("fler")
    seats.fill("2")
    press(page, "Spara platserna")
    page.goto(live_server.url + reverse("round", args=[the_round.pk]))
    other = page.context.new_page()
    other.goto(page.url)
    expect(page.locator("nav.tabs [aria-current]")).to_have_text("Översikt")
    page.get_by_role("button", name="Öppna omgången").dblclick()
    page.get_by_role("button", name="Stäng den nu").wait_for()
    press(other, "Öppna omgången")
    expect(other.get_by_role("button", name="Stäng den nu")).to_be_visible()
    the_round.refresh_from_db()
    assert (the_round.state, OfferPeriod.objects.get().taken) == ("open", 2)
    # What students have seen is not changed: the old form leads to the round.
    page.goto(live_server.url + reverse("round_edit", args=[the_round.pk]))
    expect(page.locator("main")).to_contain_text("Omgången har öppnat")
    handle_events()
    public = visit(reverse("offer", args=[offer.pk]), size=size)
    expect(public.locator("main")).to_contain_text("2 av 2 platser delas ut i en omgång")
    expect(public.locator("main")).not_to_contain_text("tagna")
    company = visit(reverse("employer_rounds"), user=MembershipFactory(organisation=offer.organisation).user, size=size)
    expect(company.locator("main")).to_contain_text("APL i vår")
    expect(company.locator("main")).not_to_contain_text("tagna")
    assert not is_wider_than_window(company)


def column(page: Page, number: int) -> Locator:
    return page.locator(".runs article").nth(number)


@LOOKS
def test_from_closing_to_publishing_and_back(visit, live_server, size):
    town = Town()
    for name in ("Elin", "Per", "Olle"):
        town.student("Kock", "Svetsare", name=name)
    page = visit(reverse("round", args=[town.round.pk]), user=town.coordinator, size=size)
    press(page, "Stäng den nu")
    page.get_by_role("link", name="Till körningarna").click()
    page.get_by_role("button", name="Starta en körning").dblclick()
    page.get_by_role("progressbar").or_(page.locator("progress")).first.wait_for()
    assert Run.objects.count() == 1
    # Left and come back to: the run goes on, and the page shows the comparison by itself when it has ended.
    page.goto(live_server.url + reverse("rounds"))
    page.go_back()
    other = page.context.new_page()
    other.goto(live_server.url + reverse("round_runs", args=[town.round.pk]))
    press(other, "Starta en körning")
    expect(other.locator("main [role=alert]")).to_be_visible()
    assert Run.objects.count() == 1
    assert runner.run_once(Run.objects.get().pk)
    expect(page.get_by_role("link", name="Körning 1")).to_be_visible()
    town.run("stable")
    page.reload()
    expect(page.locator("h2", has_text="Vilken fördelning ska gälla?")).to_be_visible()
    expect(column(page, 0).locator("dd")).to_have_text(["2", "1", "0"])
    expect(page.locator("main")).to_contain_text("0 elever får ett bättre önskemål, 0 ett sämre, 3 samma")
    assert axe_findings(page) == []
    assert not is_wider_than_window(page)

    page.get_by_role("link", name="Körning 2").first.click()
    page.get_by_role("link", name="Se elev för elev").click()
    expect(page.locator("[data-drop]", has_text="Kock")).to_contain_text("1 av 1 fyllda")
    unplaced = page.locator("li[data-move]", has_text="ingen plats")
    who = unplaced.locator("strong").inner_text()
    place = page.locator("[data-drop]", has_text="Snickare")
    if size == "desktop":
        unplaced.drag_to(place)
        page.wait_for_url(re.compile("seat="))
    else:
        unplaced.get_by_role("link", name="Flytta").click()
        page.locator("[name=seat]").first.select_option(label="Snickare, " + town.offers[3].organisation.name)
        page.wait_for_url(re.compile("seat="))
    expect(page.locator("h2")).to_contain_text(who)
    page.locator("[name=reason]").fill("Bor granne med verkstaden.")
    press(page, "Flytta eleven")
    expect(page.locator("main")).to_contain_text("Inte flyttad")
    expect(page.locator("[name=reason]")).to_have_value("Bor granne med verkstaden.")
    assert not Adjustment.objects.exists()
    for box in page.locator("[name=overridden]").all():
        box.check()
    page.get_by_role("button", name="Flytta eleven").dblclick()
    page.wait_for_url("**" + reverse("round_board", args=[Run.objects.get(number=2).pk]))
    assert Adjustment.objects.get().reason == "Bor granne med verkstaden."
    expect(page.locator("[data-drop]", has_text="Snickare")).to_contain_text("1 av 1 fyllda")

    page.goto(live_server.url + reverse("round_run", args=[Run.objects.get(number=2).pk]))
    expect(page.locator("main")).to_contain_text("Annika Strand")
    expect(page.locator("main")).to_contain_text("Bor granne med verkstaden.")
    other.goto(page.url)
    page.get_by_role("button", name="Publicera till 3 elever").dblclick()
    page.wait_for_url("**" + reverse("round_results", args=[town.round.pk]))
    press(other, "Publicera till 3 elever")
    expect(other.locator("main [role=alert]")).to_be_visible()
    assert (Publication.objects.count(), Result.objects.filter(state="offered").count()) == (1, 3)
    assert axe_findings(page) == []
    confirm(page, "Ta tillbaka publiceringen", "Ja, ta tillbaka", "Fel vecka.")
    expect(page.locator("main")).to_contain_text("Publiceringen är återtagen")
    town.round.refresh_from_db()
    assert (town.round.state, Result.objects.filter(state="offered").count()) == ("closed", 0)
    page.go_back()
    page.reload()
    assert page.locator("summary", has_text="Ta tillbaka publiceringen").count() == 0
