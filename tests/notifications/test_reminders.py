"""At most two reminders a matter, then a task for a person; done matters are quiet."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from backend.accounts.models import User
from backend.applications import scheduled_tasks as application_clock
from backend.applications import services as applications
from backend.applications import timers
from backend.applications.models import Application
from backend.common import clock
from backend.common.errors import Conflict, NotFound
from backend.notifications import reminders, scheduled_tasks
from backend.notifications.models import Notification, ReminderStep, Task
from backend.offers.models import OfferPeriod
from backend.placements import services as placements
from backend.students import services as students
from backend.students.models import Student
from tests.factories import CoordinatorFactory, MembershipFactory, NetworkOfficerFactory, PeriodFactory, StudentFactory
from tests.factories.work import handle_events

pytestmark = pytest.mark.django_db

OTHER = "0882"


@pytest.fixture
def coordinator() -> User:
    user: Any = CoordinatorFactory()
    return user


@pytest.fixture
def period() -> OfferPeriod:
    row: Any = PeriodFactory()
    return row


@pytest.fixture
def company(period: OfferPeriod, coordinator: User) -> User:
    user: Any = MembershipFactory(organisation=period.offer.organisation).user
    return user


@pytest.fixture
def application(period: OfferPeriod, company: User) -> Application:
    return applications.submit_application(actor=StudentFactory().user, period_id=period.pk)


def told(kind: str) -> int:
    return Notification.objects.filter(kind=kind).count()


def run_days(frozen_clock: Any, days: int) -> None:
    """Half a day at a time, as often as the job may run."""
    for _ in range(2 * days):
        frozen_clock.shift(timedelta(hours=12))
        scheduled_tasks.send_reminders()
        scheduled_tasks.send_reminders()


class TestUnanswered:
    def test_the_organisation_is_reminded_twice_and_never_a_third_time(
        self, application: Application, company: User, frozen_clock: Any
    ) -> None:
        run_days(frozen_clock, 30)
        rows = Notification.objects.filter(kind="application.answer_wanted", recipient=company)
        assert sorted(row.data["number"] for row in rows) == [1, 2]

    def test_an_answer_makes_it_quiet(self, application: Application, company: User, frozen_clock: Any) -> None:
        applications.decline_application(actor=company, application_id=application.pk, reason="dates")
        run_days(frozen_clock, 30)
        assert told("application.answer_wanted") == 0
        assert set(ReminderStep.objects.values_list("state", flat=True)) == {"settled"}

    def test_a_matter_that_was_done_behind_its_back_is_not_reminded_of(
        self, application: Application, frozen_clock: Any
    ) -> None:
        Application.objects.filter(pk=application.pk).update(state="withdrawn", release_reason="by_student")
        run_days(frozen_clock, 30)
        assert told("application.answer_wanted") == 0

    def test_after_a_standstill_two_overdue_reminders_are_one(
        self, application: Application, frozen_clock: Any
    ) -> None:
        frozen_clock.move_to(application.answer_due_at - timedelta(hours=1))
        scheduled_tasks.send_reminders()
        assert [row.data["number"] for row in Notification.objects.filter(kind="application.answer_wanted")] == [2]

    def test_two_workers_send_one(self, application: Application, frozen_clock: Any) -> None:
        step = ReminderStep.objects.order_by("number")[0]
        frozen_clock.move_to(step.due_at)
        assert reminders.take_step(step_id=step.pk) is True
        assert reminders.take_step(step_id=step.pk) is False
        assert told("application.answer_wanted") == 1

    def test_the_database_refuses_a_third_reminder_and_a_second_of_a_kind(self, application: Application) -> None:
        step = ReminderStep.objects.order_by("number")[0]
        for number in (step.number, 0, 4):
            with pytest.raises(IntegrityError), transaction.atomic():
                ReminderStep.objects.create(
                    matter=step.matter, subject_type="application", subject_id=application.pk, number=number,
                    due_at=clock.now(),
                )  # fmt: skip


class TestSeat:
    def test_the_student_is_reminded_twice_then_the_coordinator_gets_a_task(
        self, application: Application, company: User, coordinator: User, frozen_clock: Any
    ) -> None:
        applications.offer_seat(actor=company, application_id=application.pk)
        run_days(frozen_clock, 5)
        assert told("application.seat_waits") == 2
        application_clock.lapse_holds()
        task = reminders.list_open_tasks(coordinator).get()
        assert (task.matter, task.subject_id) == (timers.LET_GO, application.pk)
        assert Notification.objects.get(kind="task.opened").recipient == coordinator

    def test_a_yes_makes_it_quiet(self, application: Application, company: User, frozen_clock: Any) -> None:
        applications.offer_seat(actor=company, application_id=application.pk)
        applications.accept_seat(actor=application.student.user, application_id=application.pk)
        run_days(frozen_clock, 3)
        assert told("application.seat_waits") == 0


class TestMatch:
    def test_the_network_office_calls_after_two_reminders(
        self, application: Application, company: User, coordinator: User, frozen_clock: Any
    ) -> None:
        officer: Any = NetworkOfficerFactory()
        applications.offer_seat(actor=company, application_id=application.pk)
        accepted = applications.accept_seat(actor=application.student.user, application_id=application.pk)
        run_days(frozen_clock, 10)
        assert Notification.objects.filter(kind="match.decision_wanted", recipient=coordinator).count() == 2
        task = reminders.list_open_tasks(officer).get()
        line = reminders.lines_of([task])[task.pk]
        assert "Finspång" in line.title
        assert application.student.user.name not in line.title + line.text
        placements.reject_match(actor=coordinator, match_id=accepted.match_id or 0, reason="För långt.")
        assert not reminders.list_open_tasks(officer).exists()


class TestConsent:
    def test_the_guardian_is_reminded_and_then_the_coordinator_calls(
        self, coordinator: User, frozen_clock: Any
    ) -> None:
        minor = StudentFactory(birth_date=date(2010, 5, 1))
        students.add_guardian(
            actor=minor.user, student_id=minor.pk, email="mamma@home.example", name="Mamma", phone="070-174 06 05"
        )
        run_days(frozen_clock, 12)
        assert told("consent.missing") == 2
        task = reminders.list_open_tasks(coordinator).get()
        assert task.matter == "consent.missing"
        line = reminders.lines_of([task])[task.pk]
        assert (line.call, line.phone, line.email) == ("Mamma", "+46701740605", "mamma@home.example")

    def test_a_consent_makes_it_quiet(self, frozen_clock: Any) -> None:
        minor = StudentFactory(birth_date=date(2010, 5, 1))
        guardianship = students.add_guardian(
            actor=minor.user, student_id=minor.pk, email="mamma@home.example", name="Mamma"
        )
        students.give_consent(actor=guardianship.guardian, guardianship_id=guardianship.pk)
        run_days(frozen_clock, 12)
        assert told("consent.missing") == 0


class TestTasks:
    @pytest.fixture
    def task(self, application: Application) -> Task:
        with transaction.atomic():
            return reminders.open_task(timers.LET_GO, application, reminders.Owner("0562", []))

    def test_only_the_own_municipality_sees_and_closes_it(
        self, task: Task, coordinator: User, application: Application
    ) -> None:
        for stranger in (CoordinatorFactory(municipality=OTHER), NetworkOfficerFactory(), application.student.user):
            assert not reminders.list_open_tasks(stranger).exists()
            with pytest.raises(NotFound):
                reminders.close_task(actor=stranger, task_id=task.pk)
        closed = reminders.close_task(actor=coordinator, task_id=task.pk, note=" Ringde. ")
        assert (closed.closed_by, closed.note) == (coordinator, "Ringde.")
        with pytest.raises(Conflict):
            reminders.close_task(actor=CoordinatorFactory(), task_id=task.pk)

    def test_there_is_one_open_task_a_matter(self, task: Task, application: Application) -> None:
        assert reminders.open_task(timers.LET_GO, application, reminders.Owner("0562", [])) == task

    def test_a_protected_identity_leaves_the_list(
        self, task: Task, coordinator: User, application: Application
    ) -> None:
        Student.objects.filter(pk=application.student_id).update(is_protected=True, alias="Student KXBR")
        timers.show_or_hide_tasks(student_id=application.student_id)
        assert not reminders.list_open_tasks(coordinator).exists()
        with pytest.raises(NotFound):
            reminders.close_task(actor=coordinator, task_id=task.pk)

    def test_words_take_a_constant_number_of_queries(self, company: User, period: OfferPeriod) -> None:
        counts = []
        for number in (1, 6):
            for _ in range(number):
                row = applications.submit_application(actor=StudentFactory().user, period_id=period.pk)
                reminders.open_task(timers.LET_GO, row, reminders.Owner("0562", []))
            with CaptureQueriesContext(connection) as queries:
                reminders.lines_of(list(Task.objects.all()))
            counts.append(len(queries))
        assert counts[0] == counts[1]


def test_a_refused_command_starts_no_timer(period: OfferPeriod) -> None:
    student = StudentFactory()
    applications.submit_application(actor=student.user, period_id=period.pk)
    before = ReminderStep.objects.count()
    with pytest.raises(Conflict):
        applications.submit_application(actor=student.user, period_id=period.pk)
    handle_events()
    assert ReminderStep.objects.count() == before
