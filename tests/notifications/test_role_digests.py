"""Summaries of the morning: what waits for employers, coordinators and the network office, once a slot, never empty."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.accounts.models import User
from backend.applications.models import Application
from backend.common.clock import DbNow
from backend.common.models import PeriodicRun
from backend.notifications import digest_runs, registry, services, summaries
from backend.notifications.digests import STOCKHOLM, last_slot, week_start
from backend.notifications.models import Delivery, DigestSlot, Notification
from tests.factories import (
    ApplicationFactory,
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    StudentFactory,
)
from tests.notifications.conftest import hand_over, mail_of, tell

pytestmark = [pytest.mark.django_db, pytest.mark.today("2026-11-23")]

MONDAY = datetime(2026, 11, 23, 7, 3, tzinfo=STOCKHOLM)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def begun() -> None:
    """The service has run since the Friday before."""
    DigestSlot.objects.create(slot=last_slot(MONDAY - 3 * DAY))


@pytest.fixture
def employer() -> User:
    application = ApplicationFactory()
    user: Any = MembershipFactory(organisation=application.period.offer.organisation).user
    return user


def chooses(user: User, slot: str) -> None:
    services.set_preferences(actor=user, user=user, choices={("summaries", "email"): slot})


def digests_of(user: User) -> "Iterator[Delivery]":
    return iter(Delivery.objects.filter(recipient=user, notification__kind="notifications.digest").order_by("pk"))


def text_of(user: User, smtp: Any) -> str:
    hand_over(next(digests_of(user)))
    return str(next(smtp.messages[-1].iter_parts()).get_content())


class TestSlots:
    def test_once_a_slot_however_many_runs(self, employer: User) -> None:
        assert [digest_runs.write_due_summaries(MONDAY + timedelta(minutes=5 * n)) for n in range(4)] == [1, 0, 0, 0]
        assert len(list(digests_of(employer))) == 1

    def test_weekly_by_default_daily_and_never_by_choice(self, employer: User) -> None:
        digest_runs.write_due_summaries(MONDAY)
        assert digest_runs.write_due_summaries(MONDAY + DAY) == 0
        chooses(employer, "daily")
        assert digest_runs.write_due_summaries(MONDAY + 2 * DAY) == 1
        chooses(employer, "never")
        assert digest_runs.write_due_summaries(MONDAY + 7 * DAY) == 0

    def test_what_begins_to_wait_at_noon_waits_for_the_next_morning(self) -> None:
        digest_runs.write_due_summaries(MONDAY)
        application = ApplicationFactory()
        user = MembershipFactory(organisation=application.period.offer.organisation).user
        chooses(user, "daily")
        assert digest_runs.write_due_summaries(MONDAY + timedelta(hours=5)) == 0
        assert digest_runs.write_due_summaries(MONDAY + DAY) == 1

    def test_a_missed_monday_is_caught_up_on_tuesday_but_not_on_friday(self, employer: User) -> None:
        assert digest_runs.write_due_summaries(MONDAY + DAY) == 1
        assert digest_runs.write_due_summaries(MONDAY + DAY) == 0
        assert digest_runs.write_due_summaries(MONDAY + 11 * DAY) == 0

    def test_a_new_installation_begins_with_the_next_morning(self, employer: User) -> None:
        DigestSlot.objects.all().delete()
        assert digest_runs.write_due_summaries(MONDAY) == 0
        assert digest_runs.write_due_summaries(MONDAY + 7 * DAY) == 1

    def test_whoever_refuses_digests_gets_none(self, employer: User) -> None:
        services.unsubscribe(user=employer, category="digests", channel="email")
        assert digest_runs.write_due_summaries(MONDAY) == 0

    @pytest.mark.parametrize(
        ("moment", "slot", "monday"),
        [
            ("2026-11-23T06:59", "2026-11-22T07:00", "2026-11-16T07:00"),
            ("2026-11-23T07:00", "2026-11-23T07:00", "2026-11-23T07:00"),
            ("2026-03-29T07:30", "2026-03-29T07:00", "2026-03-23T07:00"),
            ("2026-10-25T06:30", "2026-10-24T07:00", "2026-10-19T07:00"),
        ],
    )
    def test_slots_follow_the_swedish_wall_clock(self, moment: str, slot: str, monday: str) -> None:
        found = last_slot(datetime.fromisoformat(moment).replace(tzinfo=STOCKHOLM))
        assert found == datetime.fromisoformat(slot).replace(tzinfo=STOCKHOLM)
        assert week_start(found) == datetime.fromisoformat(monday).replace(tzinfo=STOCKHOLM)


class TestOneMail:
    def test_news_that_waited_and_what_is_to_do_share_the_mail(self, employer: User, make_kind: Any, smtp: Any) -> None:
        make_kind("probe.fit", category="suggestions", urgency="digestible", title=lambda n: "Svarvare i Finspång")
        services.set_preferences(actor=employer, user=employer, choices={("suggestions", "email"): "daily"})
        waiting = mail_of(tell([employer], "probe.fit")[0])
        Delivery.objects.filter(pk=waiting.pk).update(due_at=DbNow())
        digest_runs.write_due_summaries(MONDAY)
        assert digest_runs.send_due_digests() == 0
        assert len(list(digests_of(employer))) == 1
        text = text_of(employer, smtp)
        application = Application.objects.get()
        assert f"/till/application/{application.pk}/" in text
        assert "Svarvare i Finspång" in text

    def test_an_answer_before_the_mail_is_made_leaves_nothing_to_send(self, employer: User, smtp: Any) -> None:
        digest_runs.write_due_summaries(MONDAY)
        Application.objects.update(state="withdrawn", release_reason="by_student")
        delivery = hand_over(next(digests_of(employer)))
        assert (delivery.state, delivery.reason) == ("cancelled", "nothing_left")
        assert smtp.accepted == []

    def test_the_best_place_stands_first_with_its_reasons(self, make_kind: Any, smtp: Any) -> None:
        student = StudentFactory().user
        weights: dict[int, float] = {}
        make_kind(
            "probe.fit",
            category="suggestions",
            urgency="digestible",
            title=lambda n: f"Plats {n.data['fit']}",
            context=lambda n: {"link": f"/p/{n.pk}/", "row": {"reasons": [f"Skäl {n.data['fit']}"]}},
            weigh=lambda rows: {row.pk: row.data["fit"] for row in rows} | weights,
        )
        services.set_preferences(actor=student, user=student, choices={("suggestions", "email"): "daily"})
        for fit in (0.4, 0.9, 0.6):
            tell([student], "probe.fit", fit=fit)  # type: ignore[list-item]  # a factory gives the row
        Delivery.objects.filter(slot="daily").update(due_at=DbNow())
        digest_runs.send_due_digests()
        text = text_of(student, smtp)
        places = [text.index(f"Plats {fit}") for fit in (0.9, 0.6, 0.4)]
        assert places == sorted(places)
        assert text.index("Plats 0.9") < text.index("Skäl 0.9") < text.index("Plats 0.6")


class TestWhoAndWhat:
    def test_an_employer_reads_of_the_own_applicants_only(self, employer: User, smtp: Any) -> None:
        stranger = ApplicationFactory()
        digest_runs.write_due_summaries(MONDAY)
        text = text_of(employer, smtp)
        mine = Application.objects.exclude(pk=stranger.pk).get()
        assert mine.student.user.name in text
        assert stranger.student.user.name not in text

    def test_a_coordinator_reads_numbers_and_no_names(self, smtp: Any) -> None:
        coordinator: Any = CoordinatorFactory()
        student = StudentFactory()
        digest_runs.write_due_summaries(MONDAY)
        text = text_of(coordinator, smtp)
        assert "/samordnare/elever/?standing=unplaced" in text
        assert student.user.name not in text

    def test_a_protected_identity_wakes_nobody(self) -> None:
        CoordinatorFactory()
        StudentFactory(is_protected=True, alias="Student KXBR")
        assert digest_runs.write_due_summaries(MONDAY) == 0

    def test_the_network_office_hears_only_of_trouble(self, smtp: Any) -> None:
        officer: Any = NetworkOfficerFactory()
        assert digest_runs.write_due_summaries(MONDAY) == 0
        PeriodicRun.objects.create(name="some.job", slot=MONDAY, state="dead", last_error="OperationalError")
        assert digest_runs.write_due_summaries(MONDAY + 7 * DAY) == 1
        assert "/natverket/jobb/" in text_of(officer, smtp)

    def test_finding_the_people_takes_a_constant_number_of_queries(self) -> None:
        counts = []
        for number in (1, 5):
            for _ in range(number):
                application = ApplicationFactory()
                MembershipFactory(organisation=application.period.offer.organisation)
                CoordinatorFactory()
            with CaptureQueriesContext(connection) as queries:
                summaries.people_with_something()
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_nobody_is_named_in_what_is_stored(self, employer: User) -> None:
        digest_runs.write_due_summaries(MONDAY)
        row = Notification.objects.get(recipient=employer)
        assert row.data == {"summary": True}
        assert registry.get(row.kind).still_relevant(row) == ""
