"""What was asked for does not change without the asker."""

from datetime import date, timedelta

import pytest

from backend.applications import changes, scheduled_tasks, services
from backend.applications.models import Application, ChangeQuestion
from backend.common.errors import Conflict
from backend.common.models import LogEntry
from backend.notifications.models import Notification
from backend.offers.details import OfferDetails, PeriodDetails
from backend.offers.facts import changes_between
from backend.offers.services import update_offer
from backend.placements.enums import MatchSource
from backend.placements.models import Match
from backend.placements.services import approve_match
from tests.conftest import NOW
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    PeriodFactory,
    StudentFactory,
    UserFactory,
    WorkplaceFactory,
)
from tests.factories.work import handle_events

pytestmark = pytest.mark.django_db
JUNE = {"start": date(2027, 6, 14), "end": date(2027, 7, 9)}


@pytest.fixture
def period():
    return PeriodFactory(capacity=1)


@pytest.fixture
def company(period):
    return MembershipFactory(organisation=period.offer.organisation).user


@pytest.fixture
def coordinator():
    return CoordinatorFactory()


def change(company, period, *, start=None, end=None, seats=1, **details):
    """The organisation saves its form with something changed, and the workers do their part."""
    offer = period.offer
    offer.refresh_from_db()
    period.refresh_from_db()
    known = {
        "workplace_id": offer.workplace_id,
        "form": offer.form_id,
        "title": offer.title,
        "tasks": offer.tasks,
        "hazards": tuple(offer.hazards.values_list("pk", flat=True)),
    }
    dates = PeriodDetails(start or period.start, end or period.end, seats, period.pk)
    update_offer(actor=company, offer_id=offer.pk, details=OfferDetails(**{**known, **details}), periods=[dates])
    handle_events()


def ask(period):
    return services.submit_application(actor=StudentFactory().user, period_id=period.pk)


def question_of(application):
    return ChangeQuestion.objects.filter(application=application, answer="").first()


def answer(application, *, fits):
    return changes.answer_change(
        actor=application.student.user,
        application_id=application.pk,
        question_id=question_of(application).pk,
        fits=fits,
    )


def refused(code, command, **arguments):
    with pytest.raises(Conflict) as caught:
        command(**arguments)
    assert caught.value.code == code


class TestAsking:
    def test_new_dates_are_told_old_and_new_and_nothing_goes_on_before_the_answer(self, period, company):
        application = ask(period)
        change(company, period, **JUNE)
        question = question_of(application)
        assert (question.before["start"], question.after["start"]) == ("2027-01-25", "2027-06-14")
        assert question.due_at == NOW + timedelta(hours=72)
        told = Notification.objects.filter(recipient=application.student.user, kind="application.change_asked")
        assert told.count() == 1
        assert LogEntry.objects.filter(action="application.change_asked", subject_id=application.pk).exists()
        refused("application.change_unanswered", services.offer_seat, actor=company, application_id=application.pk)
        application.refresh_from_db()
        assert application.state == "submitted"

    def test_nothing_slips_through_before_the_worker_has_asked(self, period, company):
        application = ask(period)
        period.start = date(2027, 2, 1)
        period.save()
        refused("application.change_unanswered", services.offer_seat, actor=company, application_id=application.pk)

    @pytest.mark.parametrize(
        "what", [{"form": "praktik"}, {"hazards": ("NOISE",)}, {"is_remote": True}, {"workplace_id": 0}]
    )
    def test_form_workplace_and_risks_are_asked_about_too(self, period, company, what):
        application = ask(period)
        if "workplace_id" in what:
            what = {"workplace_id": WorkplaceFactory(organisation=period.offer.organisation, name="Lagret").pk}
        change(company, period, **what)
        question = question_of(application)
        assert len(changes_between(question.before, question.after)) == 1

    def test_fewer_risks_and_other_words_are_no_reason_to_ask(self, period, company):
        period.offer.hazards.set(["NOISE"])
        application = ask(period)
        change(company, period, hazards=(), tasks="Du sopar golvet.", seats=4)
        assert question_of(application) is None

    def test_the_same_change_is_asked_about_once_and_a_new_one_anew(self, period, company):
        application = ask(period)
        change(company, period, **JUNE)
        changes.ask_about_changes(offer_id=period.offer_id)
        change(company, period, start=date(2027, 6, 7), end=date(2027, 7, 2))
        assert ChangeQuestion.objects.count() == 1
        question = question_of(application)
        assert (question.before["start"], question.after["start"]) == ("2027-01-25", "2027-06-07")
        assert Notification.objects.filter(kind="application.change_asked").count() == 2

    def test_a_change_taken_back_closes_the_question(self, period, company):
        application = ask(period)
        change(company, period, **JUNE)
        change(company, period, start=date(2027, 1, 25), end=date(2027, 2, 19))
        assert ChangeQuestion.objects.get().answer == "changed_back"
        services.waitlist_application(actor=company, application_id=application.pk)


class TestAnswering:
    def test_yes_takes_the_application_on_with_the_new_dates(self, period, company):
        application = ask(period)
        change(company, period, **JUNE)
        answer(application, fits=True)
        assert Notification.objects.filter(recipient=company, kind="application.change_accepted").exists()
        period.offer.refresh_from_db()
        assert services.offer_seat(actor=company, application_id=application.pk).state == "offered"

    def test_no_steps_back_and_the_organisation_is_told(self, period, company):
        application = ask(period)
        change(company, period, **JUNE)
        ended = answer(application, fits=False)
        assert (ended.state, ended.release_reason) == ("withdrawn", "changed")
        assert Notification.objects.filter(recipient=company, kind="application.withdrawn").exists()

    def test_nobody_says_yes_to_what_they_have_not_read(self, period, company):
        application = ask(period)
        change(company, period, **JUNE)
        seen = question_of(application)
        period.refresh_from_db()
        period.end = date(2027, 7, 16)
        period.save()
        refused(
            "change.changed_again",
            changes.answer_change,
            actor=application.student.user,
            application_id=application.pk,
            question_id=seen.pk,
            fits=True,
        )

    def test_somebody_else_can_not_answer(self, period, company):
        from backend.common.errors import DomainError

        application = ask(period)
        change(company, period, **JUNE)
        for person in (company, UserFactory()):
            with pytest.raises(DomainError):
                changes.answer_change(
                    actor=person,
                    application_id=application.pk,
                    question_id=question_of(application).pk,
                    fits=True,
                )

    def test_silence_ends_the_application_when_the_time_is_over(self, period, company, frozen_clock):
        application = ask(period)
        change(company, period, **JUNE)
        frozen_clock.shift(timedelta(hours=71, minutes=59))
        assert scheduled_tasks.lapse_changes() == 0
        frozen_clock.shift(timedelta(minutes=1))
        assert scheduled_tasks.lapse_changes() == 1
        application.refresh_from_db()
        assert (application.state, application.release_reason) == ("lapsed", "change_unanswered")
        assert ChangeQuestion.objects.get().answer == "lapsed"


class TestLaterSteps:
    def offered(self, period, company):
        application = ask(period)
        return services.offer_seat(actor=company, application_id=application.pk)

    def test_an_offered_seat_waits_for_the_answer_and_is_not_lost_meanwhile(self, period, company, frozen_clock):
        application = self.offered(period, company)
        frozen_clock.shift(timedelta(hours=70))
        change(company, period, hazards=("NOISE",))
        frozen_clock.shift(timedelta(hours=10))
        assert scheduled_tasks.lapse_holds() == 0
        accept = {"actor": application.student.user, "application_id": application.pk}
        refused("application.change_unanswered", services.accept_seat, **accept)
        answer(application, fits=True)
        assert services.accept_seat(**accept).state == "accepted"

    def test_a_match_can_not_be_approved_before_the_answer(self, period, company, coordinator):
        application = self.offered(period, company)
        services.accept_seat(actor=application.student.user, application_id=application.pk)
        change(company, period, hazards=("NOISE",))
        match = Match.objects.get()
        refused("match.gate_closed", approve_match, actor=coordinator, match_id=match.pk)
        answer(application, fits=True)
        assert approve_match(actor=coordinator, match_id=match.pk).state == "upcoming"

    def test_silence_after_a_yes_frees_the_seat_and_the_match(self, period, company, frozen_clock):
        application = self.offered(period, company)
        services.accept_seat(actor=application.student.user, application_id=application.pk)
        change(company, period, hazards=("NOISE",))
        frozen_clock.shift(timedelta(hours=72))
        assert scheduled_tasks.lapse_changes() == 1
        period.refresh_from_db()
        assert (period.taken, Match.objects.get().state) == (0, "withdrawn")

    def test_the_waiting_list_passes_by_who_has_not_answered(self, period, company):
        first, second = ask(period), ask(period)
        for row in (first, second):
            services.waitlist_application(actor=company, application_id=row.pk)
        Application.objects.filter(pk=first.pk).update(asked_for=first.asked_for | {"start": "2027-01-18"})
        assert services.refill_seat(period_id=period.pk) == second

    def test_a_place_somebody_has_keeps_form_and_workplace(self, period, company, coordinator):
        application = self.offered(period, company)
        services.accept_seat(actor=application.student.user, application_id=application.pk)
        approve_match(actor=coordinator, match_id=Match.objects.get().pk)
        other = WorkplaceFactory(organisation=period.offer.organisation, name="Lagret")
        with pytest.raises(Conflict, match=r"offer\.placed"):
            change(company, period, workplace_id=other.pk)
        change(company, period, hazards=("NOISE",))

    def test_a_place_in_a_round_keeps_what_was_wished_for(self, period, company):
        Match.objects.create(
            student=StudentFactory(),
            period=period,
            source=MatchSource.ROUND,
            start=period.start,
            end=period.end,
            proposed_at=NOW,
        )
        with pytest.raises(Conflict, match=r"offer\.in_round"):
            change(company, period, hazards=("NOISE",))
