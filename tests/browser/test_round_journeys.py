"""Rounds in a real browser, as students have them: wishes ranked by mouse, finger, keys and plain buttons, and the answer
with its reason. The coordinator's side is in test_round_desk.py."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from backend.rounds import services
from backend.rounds.models import Participant, Result, Wish
from tests.browser.conftest import axe_findings, is_wider_than_window
from tests.browser.round_town import Town
from tests.factories import StudentFactory
from tests.factories.work import handle_events

# The answer to an earlier press may still settle: what counts is the one that takes the pressed button away.
SECOND_PRESS = """() => document.addEventListener("pointerdown", spot => {
    const {clientX, clientY} = spot, pressed = spot.target.closest("button");
    document.addEventListener("htmx:afterSettle", function again() {
        if (document.contains(pressed)) return;
        document.removeEventListener("htmx:afterSettle", again);
        setTimeout(() => {
            const under = document.querySelector("[id^=remove-]");
            under.dispatchEvent(new PointerEvent("pointerdown", {bubbles: true, clientX, clientY, pointerType: "mouse"}));
            under.click();
            document.body.dataset.pressedAgain = "";
        });
    });
}, {capture: true, once: true})"""


@pytest.fixture
def town() -> Town:
    return Town()


def wishes_of(participant: Participant) -> list[str]:
    return list(
        Wish.objects.filter(participant=participant)
        .order_by("rank")
        .values_list("seat__period__offer__title", flat=True)
    )


def listed(page: Page) -> list[str]:
    return page.locator("ol.ranks li strong").all_inner_texts()


def row(page: Page, title: str) -> Locator:
    return page.locator("ol.ranks li", has_text=title)


def wish(page: Page, title: str) -> Locator:
    """The button that puts a place last on the list."""
    return page.locator("li.wishable", has_text=title).get_by_role("button")


def path_of(town: Town) -> str:
    return reverse("student_round", args=[town.round.pk])


def expect_order(page: Page, *titles: str) -> None:
    expect(page.locator("ol.ranks li strong")).to_have_text(list(titles))


def press(page: Page, name: str) -> None:
    """Presses the button and waits for the page it leads to."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()


def confirm(page: Page, label: str, yes: str) -> None:
    """Unfolds the question and says yes to it."""
    page.locator("summary", has_text=label).first.click()
    press(page, yes)


class TestWishing:
    def test_by_mouse_with_the_demand_as_it_changes(self, visit, town):
        elin = town.student("Svetsare", "Svarvare", "Kock")
        page = visit(path_of(town), user=elin.student.user)
        expect(page.locator("main")).to_contain_text("3 av högst 3")
        expect(page.locator("main")).to_contain_text("Din lista är full")
        assert page.get_by_role("button", name="Önska").count() == 0
        row(page, "Kock").locator(".rank-no").hover()
        page.mouse.down()
        box = row(page, "Svetsare").bounding_box()
        page.mouse.move(box["x"] + 40, box["y"] + box["height"] - 4, steps=6)
        page.mouse.move(box["x"] + 40, box["y"] + 4, steps=3)
        page.mouse.up()
        expect_order(page, "Kock", "Svetsare", "Svarvare")
        expect(page.locator("ol.ranks .rank-no")).to_have_text(["1", "2", "3"])
        assert wishes_of(elin) == ["Kock", "Svetsare", "Svarvare"]
        page.reload()
        expect_order(page, "Kock", "Svetsare", "Svarvare")
        assert axe_findings(page) == []

        demand = row(page, "Kock").locator("[id^=demand-]")
        expect(demand).to_have_text("1 plats, få vill ha den än så länge")
        for number in range(4):
            town.student("Kock", name=f"Elev {number}")
        page.evaluate(f"htmx.ajax('GET', '{reverse('student_round_demand', args=[town.round.pk])}', {{swap: 'none'}})")
        expect(demand).to_have_text("1 plats, 5 elever vill ha den")

        # Put back with Escape: nothing is sent.
        row(page, "Kock").locator(".rank-no").hover()
        page.mouse.down()
        box = row(page, "Svarvare").bounding_box()
        page.mouse.move(box["x"] + 40, box["y"] + box["height"] - 4, steps=6)
        assert listed(page) == ["Svetsare", "Svarvare", "Kock"]
        page.keyboard.press("Escape")
        page.mouse.up()
        assert listed(page) == ["Kock", "Svetsare", "Svarvare"] == wishes_of(elin)

    def test_by_finger_on_the_phone(self, visit, town):
        elin = town.student("Svetsare", "Svarvare", "Kock")
        page = visit(path_of(town), user=elin.student.user, size="phone")
        assert not is_wider_than_window(page)
        touch = page.context.new_cdp_session(page)
        grip = row(page, "Svetsare").locator("[data-grip]")
        grip.scroll_into_view_if_needed()
        start, end = grip.bounding_box(), row(page, "Kock").bounding_box()
        x = start["x"] + start["width"] / 2

        def finger(kind: str, *ys: float) -> None:
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for y in ys]})

        finger("touchStart", start["y"] + 20)
        for step in range(1, 9):
            finger("touchMove", start["y"] + 20 + (end["y"] + end["height"] - 6 - start["y"] - 20) * step / 8)
        finger("touchEnd")
        expect_order(page, "Svarvare", "Kock", "Svetsare")
        expect(page.locator("ol.ranks .rank-no")).to_have_text(["1", "2", "3"])
        assert wishes_of(elin) == ["Svarvare", "Kock", "Svetsare"]

    def test_by_keys_alone_the_focus_stays_and_changes_are_said(self, visit, town):
        elin = town.student("Svetsare", "Svarvare")
        page = visit(path_of(town), user=elin.student.user)
        down = page.get_by_role("button", name="Flytta ner Svetsare")
        down.focus()
        page.keyboard.press("Enter")
        expect_order(page, "Svarvare", "Svetsare")
        # At the end of the list "down" is of no use: the focus is on "up" of the same wish.
        expect(page.get_by_role("button", name="Flytta upp Svetsare")).to_be_focused()
        expect(page.locator("#wish-said")).to_have_text("Svetsare är nummer 2 av 2 nu.")
        page.keyboard.press("Enter")
        expect_order(page, "Svetsare", "Svarvare")
        expect(page.get_by_role("button", name="Flytta ner Svetsare")).to_be_focused()
        wish(page, "Kock").focus()
        page.keyboard.press("Enter")
        expect_order(page, "Svetsare", "Svarvare", "Kock")
        expect(page.locator("#places")).to_be_focused()
        page.get_by_role("button", name="Ta bort Svarvare").focus()
        page.keyboard.press("Enter")
        expect_order(page, "Svetsare", "Kock")
        expect(page.get_by_role("button", name="Ta bort Kock")).to_be_focused()
        expect(page.locator("#wish-said")).to_have_text("Svarvare står inte längre på din lista.")
        assert wishes_of(elin) == ["Svetsare", "Kock"]

    def test_without_scripts_from_joining_to_leaving(self, visit, town):
        student = StudentFactory()
        page = visit(path_of(town), user=student.user, size="phone", scripts=False)
        press(page, "Var med")
        elin = Participant.objects.get(student=student)
        for title in ("Kock", "Svetsare"):
            with page.expect_navigation():
                wish(page, title).click()
        press(page, "Flytta upp Svetsare")
        expect_order(page, "Svetsare", "Kock")
        assert page.url.endswith(f"#wish-{town.seats['Svetsare'].pk}"), "the page is drawn at the row that was moved"
        assert not row(page, "Kock").locator("[data-grip]").is_visible()
        press(page, "Ta bort Kock")
        assert wishes_of(elin) == ["Svetsare"]
        confirm(page, "Lämna omgången", "Ja, lämna")
        assert not Participant.objects.filter(student=student).exists()

    def test_quick_presses_and_double_clicks(self, visit, town):
        elin = town.student("Svetsare", "Svarvare", "Kock")
        page = visit(path_of(town), user=elin.student.user)
        # Twice on "up" is two steps up, also where the second comes before the first is answered.
        page.get_by_role("button", name="Flytta upp Kock").evaluate("button => { button.click(); button.click(); }")
        expect_order(page, "Kock", "Svetsare", "Svarvare")
        # A second press on the same spot as soon as the list is drawn: another wish has moved under the pointer by then.
        page.evaluate(SECOND_PRESS)
        page.get_by_role("button", name="Ta bort Kock").click()
        expect_order(page, "Svetsare", "Svarvare")
        page.locator("body[data-pressed-again]").wait_for()
        page.wait_for_load_state("networkidle")
        assert wishes_of(elin) == ["Svetsare", "Svarvare"], "the second half of a double click takes nothing else away"

    def test_two_tabs_the_time_is_over_and_the_login_too(self, visit, live_server, town):
        elin = town.student("Svetsare", "Svarvare")
        page = visit(path_of(town), user=elin.student.user, size="phone")
        other = page.context.new_page()
        other.goto(live_server.url + path_of(town))
        wish(page, "Kock").click()
        expect_order(page, "Svetsare", "Svarvare", "Kock")
        # A button in the older tab keeps what the newer one has added.
        other.get_by_role("button", name="Flytta upp Svarvare").click()
        expect_order(other, "Svarvare", "Svetsare", "Kock")
        # Dragging in a tab that shows another list changes nothing and says so.
        page.locator("form[data-rank]").evaluate("form => { form.elements.order.value = '0'; form.requestSubmit(); }")
        expect(page.locator("main")).to_contain_text("Din lista har ändrats i ett annat fönster")
        expect_order(page, "Svarvare", "Svetsare", "Kock")
        # Not in the window whose complaints are counted: that the browser complains of a broken line is right.
        other.context.set_offline(True)
        other.get_by_role("button", name="Ta bort Kock").click()
        expect(other.locator("[data-no-answer]")).to_be_visible()
        expect(other.locator("[data-no-answer]")).to_contain_text("Vi får ingen kontakt")
        other.context.set_offline(False)
        other.get_by_role("button", name="Ta bort Kock").click()
        expect_order(other, "Svarvare", "Svetsare")
        expect(other.locator("[data-no-answer]")).to_be_hidden()
        town.close()
        page.get_by_role("button", name="Ta bort Svetsare").click()
        expect(page.locator("main")).to_contain_text("Omgången har stängt")
        assert wishes_of(elin) == ["Svarvare", "Svetsare"]
        page.context.clear_cookies(name="sessionid")
        other.get_by_role("button", name="Ta bort Svetsare").click()
        other.wait_for_url(re.compile("/konto/login/"))
        expect(other.locator("main")).to_contain_text("Din inloggning hade gått ut")
        assert f"next={path_of(town)}" in other.url


class TestAnswering:
    def test_the_reason_a_no_that_asks_and_a_seat_that_goes_on(self, visit, live_server):
        town = Town(max_wishes=4)
        first, second = town.student("Kock", name="Elin Dahlqvist"), town.student("Kock", name="Per Ek")
        town.close()
        services.publish_round(actor=town.coordinator, run_id=town.run().pk)
        handle_events()
        won, lost = (
            Result.objects.get(participant__in=[first, second], state=state) for state in ("offered", "unplaced")
        )
        late = visit(path_of(town), user=lost.participant.student.user, size="phone")
        expect(late.locator("h1")).to_have_text("Ingen plats den här gången")
        expect(late.locator("ol.whys")).to_contain_text("lott")
        assert axe_findings(late) == []
        page = visit(path_of(town), user=won.participant.student.user, size="phone")
        expect(page.locator("h1")).to_have_text("Du har en plats")
        other = page.context.new_page()
        other.goto(live_server.url + path_of(town))
        page.locator("summary", has_text="Nej tack").click()
        expect(page.locator("main")).to_contain_text("Platsen går genast till nästa elev")
        assert not is_wider_than_window(page)
        won.refresh_from_db()
        assert won.state == "offered", "nothing is lost before the question is answered"
        page.get_by_role("button", name="Ja, jag säger nej").dblclick()
        page.locator("h1", has_text="Du sa nej till platsen").wait_for()
        handle_events()
        # The older tab says yes to what was given back.
        press(other, "Ja, jag vill ha platsen")
        expect(other.locator("h1")).to_have_text("Du sa nej till platsen")
        page.go_back()
        page.reload()
        assert page.get_by_role("button", name="Ja, jag vill ha platsen").count() == 0
        late.reload()
        expect(late.locator("h1")).to_have_text("Du har en plats")
        late.get_by_role("button", name="Ja, jag vill ha platsen").dblclick()
        late.locator("h1", has_text="Du har tackat ja").or_(late.locator("h1", has_text="Platsen är din")).wait_for()
        assert Result.objects.filter(state="accepted").count() == 1
