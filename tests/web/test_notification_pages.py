"""The pages about notifications: the list, and the settings that explain what cannot be."""

from datetime import date, time
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.accounts.models import User
from backend.applications import timers
from backend.common import clock, events
from backend.common.models import LogEntry, PeriodicRun
from backend.notifications import reminders
from backend.notifications.models import Hours, Preference, Task
from backend.notifications.services import mark_read, notify
from backend.notifications.summaries import sections_for
from tests.factories import (
    ApplicationFactory,
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    StudentFactory,
    UserFactory,
)
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    user: Any = UserFactory()
    return user


@pytest.fixture
def client(person: User) -> Client:
    return logged_in(person)


class TestSettings:
    url = "/notifications/settings/"

    def test_choices_and_hours_are_kept_together(self, client: Client, person: User) -> None:
        answer = client.post(
            self.url,
            {"suggestions.email": "daily", "quiet_from": "21:30", "quiet_to": "06:45", "school_time_only": "on"},
        )
        assert answer.status_code == 302
        assert person.notification_preferences.get().slot == "daily"
        hours = Hours.objects.get(user=person)
        assert (hours.quiet_from, hours.quiet_to, hours.school_time_only) == (time(21, 30), time(6, 45), True)
        text = client.get(self.url).text
        assert 'value="21:30"' in text
        assert "06:45" in text

    def test_students_are_spared_what_only_organisations_hear_about(self) -> None:
        student: Any = StudentFactory()
        member: Any = MembershipFactory()
        spared, all_rows = (
            {row["category"] for row in logged_in(user).get(self.url).context["table"]}
            for user in (student.user, member.user)
        )
        assert {"offers", "organisations"} <= all_rows - spared
        assert "applications" in spared

    def test_the_default_leaves_no_row(self, client: Client, person: User) -> None:
        client.post(self.url, {"suggestions.email": "daily"})
        client.post(self.url, {"suggestions.email": "now"})
        assert not Preference.objects.exists()

    def test_each_contradiction_stands_at_its_place_and_nothing_is_lost(self, client: Client) -> None:
        answer = client.post(
            self.url,
            {
                "suggestions.email": "weekly",
                "digests.email": "never",
                "offers.email": "never",
                "quiet_from": "22:00",
                "quiet_to": "",
                "paused_from": "2026-12-20",
                "paused_to": "2026-12-01",
            },
        )
        assert answer.status_code == 400
        form = answer.context["form"]
        assert set(form.errors) == {"suggestions.email", "quiet_to", "paused_to"}
        for name in form.errors:
            assert f'id="id_{name}_error"' in answer.text
            assert f'href="#id_{name}"' in answer.text
        assert '<option value="never" selected>' in answer.text
        assert 'value="22:00"' in answer.text
        assert 'value="2026-12-01"' in answer.text
        assert not Preference.objects.exists()
        assert not Hours.objects.exists()

    @pytest.mark.parametrize("nonsense", [{"quiet_from": "25:99"}, {"paused_from": "soon"}, {"suggestions.email": "x"}])
    def test_what_is_no_time_is_explained_and_stays(self, client: Client, nonsense: dict[str, str]) -> None:
        answer = client.post(self.url, nonsense)
        assert answer.status_code == 400
        assert set(answer.context["form"].errors) == set(nonsense)
        assert not Hours.objects.exists()

    def test_a_minor_sees_the_night_that_already_holds(self) -> None:
        child = StudentFactory(birth_date=date(2010, 5, 1)).user
        form = logged_in(child).get(self.url).context["form"]
        assert (form["quiet_from"].value(), form["quiet_to"].value()) == (time(21), time(7))

    @pytest.mark.parametrize("make", [lambda: MembershipFactory().user, CoordinatorFactory])
    def test_who_works_with_places_chooses_how_often_a_summary_comes(self, make: Any) -> None:
        client, stranger = logged_in(make()), logged_in(StudentFactory().user)
        page = client.get(self.url)
        assert page.context["form"]["summaries.email"].value() == "weekly"
        assert "summaries.email" not in stranger.get(self.url).context["form"].fields

    def test_a_summary_can_not_come_at_once(self) -> None:
        client = logged_in(CoordinatorFactory())
        answer = client.post(self.url, {"summaries.email": "now"})
        assert answer.status_code == 400
        assert "summaries.email" in answer.context["form"].errors

    def test_the_number_of_queries_does_not_depend_on_the_choices(self, client: Client, person: User) -> None:
        client.get(self.url)
        with CaptureQueriesContext(connection) as before:
            client.get(self.url)
        for category in ("applications", "suggestions", "offers", "rounds"):
            Preference.objects.create(user=person, category=category, channel="email", slot="never")
        with CaptureQueriesContext(connection) as after:
            client.get(self.url)
        assert len(before) == len(after)

    def test_each_row_can_be_linked_to(self, client: Client) -> None:
        text = client.get(reverse("notification_settings")).text
        assert 'id="suggestions"' in text


def test_the_addresses_in_summaries_are_pages() -> None:
    """They stand in mails as they are, so that a mail never waits for the pages to be importable."""
    coordinator, officer = CoordinatorFactory(), NetworkOfficerFactory()
    OfferFactory(state="submitted", published_at=None, submitted_at=clock.now())
    ApplicationFactory(escalated_at=clock.now())
    StudentFactory()
    PeriodicRun.objects.create(name="some.job", slot=clock.now(), state="dead", last_error="OperationalError")
    pages = [(user, line.link) for user in (coordinator, officer) for part in sections_for(user) for line in part.lines]
    assert len(pages) == 4
    for user, link in pages:
        assert logged_in(user).get(link).status_code == 200


class TestList:
    url = "/notifications/"

    def tell(self, person: User, subject: Any, kind: str) -> Any:
        return notify(event=events.record("probe.happened", subject), recipients=[person], kind=kind, subject=subject)[
            0
        ]

    def test_unread_first_with_the_reason_and_the_setting(self, client: Client, person: User) -> None:
        first = self.tell(person, OfferFactory(title="Svetsare"), "match.suggested")
        self.tell(person, ApplicationFactory(), "application.lapsed")
        mark_read(actor=person, notification_id=first.pk)
        answer = client.get(self.url)
        unread, read = answer.context["parts"]
        assert [item["is_new"] for item in unread["items"]] == [True]
        assert (unread["items"][0]["setting"], unread["items"][0]["when"]) == (None, "today 10:00")
        (shown,) = read["items"]
        assert shown["text"] == "A place that fits you: Svetsare"
        assert str(shown["why"]) == "The place fits your profile or one of your alerts."
        assert 'href="/notifications/settings/#suggestions"' in answer.text
        assert "Always sent." in answer.text

    def test_what_is_gone_leaves_a_line_that_leads_nowhere(self, client: Client, person: User) -> None:
        offer: Any = OfferFactory()
        row = self.tell(person, offer, "match.suggested")
        offer.periods.all().delete()
        offer.delete()
        answer = client.get(self.url)
        assert "can no longer be shown" in answer.text
        assert f"/notifications/{row.pk}/" not in answer.text

    def test_fifty_rows_take_as_many_queries_as_five(self, client: Client, person: User) -> None:
        def ask() -> int:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(reverse("notifications_csv")).status_code == 200
                assert client.get(self.url).status_code == 200
            return len(queries)

        for number in range(50):
            subject, kind = (
                (OfferFactory(title="Ö" * 120), "match.suggested")
                if number % 2
                else (ApplicationFactory(), "application.lapsed")
            )
            self.tell(person, subject, kind)
            if number == 4:
                ask()
                five = ask()
        # With five, a second question finds no read ones.
        assert ask() <= five


class TestTasks:
    @pytest.fixture
    def coordinator(self) -> User:
        user: Any = CoordinatorFactory()
        return user

    @pytest.fixture
    def task(self) -> Task:
        application = ApplicationFactory()
        return reminders.open_task(timers.LET_GO, application, reminders.Owner("0562", []))

    def test_it_is_shown_closed_and_logged(self, coordinator: User, task: Task) -> None:
        client = logged_in(coordinator)
        page = client.get(reverse("tasks"))
        assert "did not answer an offered seat" in page.text
        client.post(reverse("task_close", args=[task.pk]), {"note": "Ringde."})
        entry = LogEntry.objects.get(action="task.closed")
        assert (entry.actor, entry.reason) == (coordinator, "Ringde.")
        assert "did not answer" not in client.get(reverse("tasks")).text
        assert client.post(reverse("task_close", args=[task.pk]), {}).status_code == 409

    def test_their_number_stands_on_the_first_page(self, coordinator: User, task: Task) -> None:
        client = logged_in(coordinator)
        titles = [each["title"] for each in client.get(reverse("coordinator_home")).context["tasks"]]
        assert "1 case needs a phone call" in titles
        reminders.close_task(actor=coordinator, task_id=task.pk)
        titles = [each["title"] for each in client.get(reverse("coordinator_home")).context["tasks"]]
        assert not any("needs a call" in title for title in titles)

    def test_another_municipality_neither_sees_nor_closes_it(self, task: Task) -> None:
        client = logged_in(CoordinatorFactory(municipality="0882"))
        assert "did not answer" not in client.get(reverse("tasks")).text
        assert client.post(reverse("task_close", args=[task.pk]), {}).status_code == 404

    def test_many_tasks_take_as_many_queries_as_few(self, coordinator: User, task: Task) -> None:
        client = logged_in(coordinator)
        client.get(reverse("tasks"))
        with CaptureQueriesContext(connection) as few:
            client.get(reverse("tasks"))
        for _ in range(5):
            reminders.open_task(timers.LET_GO, ApplicationFactory(), reminders.Owner("0562", []))
        with CaptureQueriesContext(connection) as many:
            client.get(reverse("tasks"))
        assert len(few) == len(many)
