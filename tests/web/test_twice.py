"""The main forms sent twice, from an old page, from two tabs and after the login has ended: nothing doubled, nothing lost."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backend.applications.models import Application
from backend.applications.timers import UNANSWERED
from backend.common import clock
from backend.common.models import LogEntry
from backend.exchange.models import ImportJob
from backend.notifications.reminders import Owner, open_task
from backend.offers.models import Offer
from backend.offers.services import close_offer
from backend.organisations.models import MunicipalitySettings
from backend.placements.services import approve_match
from backend.rounds import services as rounds
from backend.rounds.models import Wish
from backend.students.models import Student
from tests.exchange.files import CLASS_HEADINGS, CLASS_ROW, work
from tests.factories import (
    ApplicationFactory,
    CoordinatorFactory,
    MembershipFactory,
    OfferFactory,
    PeriodFactory,
    StudentFactory,
)
from tests.factories.rows import FINSPANG
from tests.rounds.world import World, details
from tests.web.desk import logged_in, make_company, offer_data
from tests.web.test_coordinator_queues import accepted
from tests.web.test_imports import mapping_of, upload

pytestmark = pytest.mark.django_db


def ends_well(response: Any) -> str:
    """An answer that a person can go on from: a page with words, or the way to one."""
    assert response.status_code in {200, 302, 400, 409}
    return str(response.text)


class TestApplying:
    @pytest.fixture
    def period(self) -> Any:
        return PeriodFactory()

    def test_a_double_click_applies_once(self, period: Any) -> None:
        client, url = logged_in(StudentFactory().user), reverse("apply", args=[period.offer_id])
        data = {"period": period.pk, "motivation": "Jag vill svetsa."}
        assert client.post(url, data).status_code == 302
        ends_well(client.post(url, data, follow=True))
        assert Application.objects.count() == 1

    def test_back_after_withdrawing_says_what_is_so_now(self, period: Any) -> None:
        student = StudentFactory()
        client, url = logged_in(student.user), reverse("apply", args=[period.offer_id])
        client.post(url, {"period": period.pk})
        mine = Application.objects.get()
        for _ in range(2):
            ends_well(client.post(reverse("student_withdraw", args=[mine.pk]), follow=True))
        mine.refresh_from_db()
        assert mine.state == "withdrawn"
        assert LogEntry.objects.filter(action="application.withdraw").count() <= 1

    def test_a_page_from_before_the_place_was_closed(self, period: Any) -> None:
        client, url = logged_in(StudentFactory().user), reverse("apply", args=[period.offer_id])
        client.get(url)
        owner = MembershipFactory(organisation=period.offer.organisation, role="owner").user
        close_offer(actor=owner, offer_id=period.offer_id)
        answer = client.post(url, {"period": period.pk, "motivation": "Jag hann skriva färdigt."})
        assert answer.status_code in {400, 404, 409}
        assert not Application.objects.exists()


class TestAPlace:
    def test_a_double_click_posts_one_place(self) -> None:
        company = make_company()
        data = offer_data(company.workplace)
        first = company.client.post(reverse("employer_offer_new"), data)
        second = company.client.post(reverse("employer_offer_new"), data)
        assert first.status_code == 302
        ends_well(second)
        assert Offer.objects.count() == 1
        # Two places of the same kind are still possible: other weeks, or later.
        company.client.post(reverse("employer_offer_new"), data | {"periods-0-seats": "3"})
        assert Offer.objects.count() == 2

    def test_two_tabs_keep_what_was_saved_last_and_say_so_in_the_log(self) -> None:
        company = make_company()
        company.client.post(reverse("employer_offer_new"), offer_data(company.workplace))
        offer = Offer.objects.get()
        url = reverse("employer_offer_edit", args=[offer.pk])
        data = {**offer_data(company.workplace), "periods-0-id": str(offer.periods.get().pk)}
        for title in ("Från ena fliken", "Från andra fliken"):
            ends_well(company.client.post(url, {**data, "title": title}))
        assert Offer.objects.get().title == "Från andra fliken"
        assert LogEntry.objects.filter(action="offer.updated").count() == 2


class TestAReview:
    """A coordinator reads a page while somebody else acts."""

    @pytest.fixture
    def desk(self) -> Client:
        return logged_in(CoordinatorFactory())

    def test_words_that_nobody_has_read_are_not_published(self, desk: Client, frozen_clock: Any) -> None:
        company = make_company()
        company.client.post(reverse("employer_offer_new"), offer_data(company.workplace))
        company.client.post(reverse("employer_offer_submit", args=[Offer.objects.get().pk]))
        offer = Offer.objects.get()
        assert offer.state == "submitted"
        page = reverse("coordinator_offer", args=[offer.pk])
        read = {"decision": "approve", "seen": offer.updated_at.isoformat()}
        assert f'name="seen" value="{read["seen"]}"' in desk.get(page).text
        frozen_clock.shift(60)
        changed = {
            **offer_data(company.workplace),
            "tasks": "Något helt annat.",
            "periods-0-id": offer.periods.get().pk,
        }
        company.client.post(reverse("employer_offer_edit", args=[offer.pk]), changed)
        offer.refresh_from_db()
        assert offer.tasks == "Något helt annat."

        said = desk.post(page, read, follow=True).text
        assert "The place was changed after you opened it." in said
        assert "Något helt annat." in said
        assert Offer.objects.get().state == "submitted"
        desk.post(page, {"decision": "approve", "seen": offer.updated_at.isoformat()})
        assert Offer.objects.get().state == "published"

    @pytest.mark.parametrize("seen", ["", "2026-13-45T99:00", "förra veckan"])
    def test_a_moment_that_is_none_is_not_asked_for(self, desk: Client, seen: str) -> None:
        offer = OfferFactory(state="submitted", submitted_at=clock.now())
        desk.post(reverse("coordinator_offer", args=[offer.pk]), {"decision": "approve", "seen": seen})
        offer.refresh_from_db()
        assert offer.state == "published"

    def test_a_reason_for_a_match_that_is_decided_already_is_shown_again(self, desk: Client) -> None:
        match = accepted()
        approve_match(actor=CoordinatorFactory(), match_id=match.pk)
        answer = desk.post(reverse("coordinator_match", args=[match.pk]), {"reason": "Platsen ligger för långt bort."})
        assert answer.status_code == 409
        assert "Platsen ligger för långt bort." in answer.text

    def test_a_reason_for_a_place_that_is_published_already_is_shown_again(self, desk: Client) -> None:
        offer = OfferFactory(state="published")
        answer = desk.post(
            reverse("coordinator_offer", args=[offer.pk]),
            {"decision": "send_back", "reason": "Skriv mer om maskinerna."},
        )
        assert answer.status_code == 409
        assert "Skriv mer om maskinerna." in answer.text


def test_wishes_from_two_tabs_and_twice() -> None:
    world = World(1, 1).open()
    participant = world.student(0)
    client, url = logged_in(participant.student.user), reverse("student_round_wish", args=[world.round.pk])
    a, b = (row.pk for row in world.rows)
    for data in ({"order": f"{a}", "action": f"add-{b}"},) * 2:
        ends_well(client.post(url, data))
    assert list(Wish.objects.values_list("seat", flat=True)) == [a, b]
    for data in ({"seen": "", "order": f"{b}"}, {"seen": f"{a}", "order": f"{a}"}):
        assert client.post(url, data).status_code == 409, "dragged in a tab that shows an older list"
    ends_well(client.post(url, {"order": "", "action": f"up-{b}"}))
    assert list(Wish.objects.values_list("seat", flat=True)) == [b, a], (
        "a button in an old tab goes by the list as it is"
    )


def test_a_round_sent_twice_is_one_and_the_same_name_later_another(frozen_clock) -> None:
    world = World()
    asked = details(name="Prao i åttan")
    first, again = (rounds.create_round_once(actor=world.coordinator, details=asked) for _ in range(2))
    assert first == again
    frozen_clock.move_to(clock.now() + timedelta(minutes=2), tick=False)
    assert rounds.create_round_once(actor=world.coordinator, details=asked) != first


def test_a_class_list_brought_in_twice() -> None:
    desk = logged_in(CoordinatorFactory())
    upload(desk, "coordinator_imports", FINSPANG, [CLASS_HEADINGS, CLASS_ROW], form="prao")
    job = ImportJob.objects.get()
    for name in ("import_check", "import_run"):
        for _ in range(2):
            ends_well(desk.post(reverse(name, args=[job.pk]), mapping_of(job), follow=True))
        work(job)
    assert Student.objects.count() == 1
    for _ in range(2):
        ends_well(desk.post(reverse("import_undo", args=[job.pk]), follow=True))
    assert not Student.objects.exists()


def test_settings_twice_from_an_old_page() -> None:
    desk, url = logged_in(CoordinatorFactory()), reverse("coordinator_settings", args=[FINSPANG])
    form = desk.get(url).context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() not in {None, False}}
    for _ in range(2):
        assert desk.post(url, data).status_code == 302
    assert MunicipalitySettings.objects.count() <= 1


@pytest.mark.parametrize("name", ["employer_offer_new", "student_profile", "round_new"])
def test_a_login_that_ends_in_mid_form(name: str) -> None:
    answer = Client().post(reverse(name), {"title": "Svetsare"})
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))
    assert reverse(name).strip("/").split("/")[0] in answer["Location"]


class TestSomebodyWasFaster:
    @pytest.fixture
    def task(self) -> Any:
        application: Any = ApplicationFactory()
        return open_task(UNANSWERED, application, Owner(municipality_code=FINSPANG, people=[]))

    def sent(self, client: Client, task: Any, page: str, note: str = "Ringde Ulf på smedjan.") -> Any:
        url = reverse("task_close", args=[task.pk])
        return client.post(url, {"note": note}, headers={"referer": f"http://testserver{page}"})

    def test_the_page_says_so_and_keeps_what_was_written(self, task: Any) -> None:
        desk, url = logged_in(CoordinatorFactory()), reverse("tasks") + "?after=x"
        assert self.sent(desk, task, url).status_code == 302
        late = self.sent(desk, task, url)
        assert late.status_code == 409
        assert "A colleague has already taken care of this." in late.text
        assert "Ringde Ulf på smedjan." in late.text
        # It is the page that was left, and leads on as that page does.
        assert f'name="next" value="{url}"' in late.text

    @pytest.mark.parametrize("page", ["/natverket/", "/finns/inte/", "/uppgifter/999999/klar/"])
    def test_from_a_page_that_can_not_be_shown(self, task: Any, page: str) -> None:
        answer = self.sent(logged_in(CoordinatorFactory()), task, page, note="x" * 501)
        assert answer.status_code == 400
        assert f'name="next" value="{reverse("tasks")}"' in answer.text
        assert "x" * 501 in answer.text

    def test_a_button_leads_back_with_the_reason(self) -> None:
        student, period = StudentFactory(), PeriodFactory()
        client = logged_in(student.user)
        client.post(reverse("apply", args=[period.offer_id]), {"period": period.pk})
        url = reverse("student_accept", args=[Application.objects.get().pk])
        page = reverse("student_home")
        answer = client.post(url, headers={"referer": f"http://testserver{page}"}, follow=True)
        assert answer.redirect_chain == [(page, 302)]
        assert answer.text.count('role="alert"') == 1
        assert client.post(url).status_code == 409
        # A page that was drawn again for a form stands under an address that only takes a POST.
        form = reverse("student_round_appeal", args=[1])
        answer = client.post(url, headers={"referer": f"http://testserver{form}"})
        assert answer["Location"] == reverse("student_round", args=[1])
