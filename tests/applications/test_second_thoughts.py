"""No to a seat, an offer that was a wrong click, and asking to end what is approved."""

from datetime import timedelta

import pytest

from backend.applications import scheduled_tasks, services, undoing
from backend.applications.models import Application
from backend.common.errors import DomainError
from backend.notifications.models import Notification
from backend.organisations.models import MunicipalitySettings
from backend.placements import end_requests
from backend.placements.models import EndRequest, Placement
from backend.placements.services import approve_match
from tests.factories import (
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    PeriodFactory,
    StudentFactory,
    UserFactory,
)
from tests.factories.work import handle_events

pytestmark = pytest.mark.django_db


@pytest.fixture
def period():
    return PeriodFactory(capacity=1)


@pytest.fixture
def company(period):
    return MembershipFactory(organisation=period.offer.organisation).user


@pytest.fixture
def coordinator():
    return CoordinatorFactory()


def ask(period):
    return services.submit_application(actor=StudentFactory().user, period_id=period.pk)


def kinds(user):
    return list(Notification.objects.filter(recipient=user).order_by("pk").values_list("kind", flat=True))


class TestNo:
    def test_no_to_a_seat_is_its_own_answer_with_the_students_words(self, period, company):
        application = ask(period)
        services.offer_seat(actor=company, application_id=application.pk)
        student = application.student.user
        done = services.turn_down_seat(actor=student, application_id=application.pk, reason=" För långt. ")
        period.refresh_from_db()
        assert (done.state, done.own_words, done.release_reason, period.taken) == ("turned_down", "För långt.", "", 0)
        assert kinds(company) == ["application.submitted", "application.turned_down"]

    def test_withdrawing_an_offered_seat_is_the_same_no(self, period, company):
        application = ask(period)
        services.offer_seat(actor=company, application_id=application.pk)
        done = services.withdraw_application(actor=application.student.user, application_id=application.pk)
        assert done.state == "turned_down"

    def test_the_seat_goes_on_at_once(self, period, company):
        first, second = ask(period), ask(period)
        services.offer_seat(actor=company, application_id=first.pk)
        services.waitlist_application(actor=company, application_id=second.pk)
        services.turn_down_seat(actor=first.student.user, application_id=first.pk)
        handle_events()
        second.refresh_from_db()
        assert second.state == "offered"

    @pytest.mark.parametrize("who", ["company", "stranger"])
    def test_nobody_else_says_no(self, period, company, who):
        application = ask(period)
        services.offer_seat(actor=company, application_id=application.pk)
        with pytest.raises(DomainError):
            services.turn_down_seat(actor=company if who == "company" else UserFactory(), application_id=application.pk)
        assert Application.objects.get().state == "offered"


class TestUndo:
    def test_within_ten_minutes_and_told_truthfully(self, period, company, frozen_clock):
        application = ask(period)
        services.offer_seat(actor=company, application_id=application.pk, message="Välkommen!")
        frozen_clock.shift(timedelta(minutes=9, seconds=59))
        done = undoing.undo_offered_seat(actor=company, application_id=application.pk)
        period.refresh_from_db()
        assert (done.state, done.undo_until, done.hold_expires_at, done.message) == ("submitted", None, None, "")
        assert period.taken == 0
        assert kinds(application.student.user) == ["application.offered", "application.offer_undone"]
        frozen_clock.shift(timedelta(days=5))
        assert scheduled_tasks.lapse_holds() == 0

    def test_from_the_waiting_list_it_goes_back_to_its_rank_and_is_not_offered_by_itself(self, period, company):
        application = ask(period)
        services.waitlist_application(actor=company, application_id=application.pk)
        services.offer_seat(actor=company, application_id=application.pk)
        done = undoing.undo_offered_seat(actor=company, application_id=application.pk)
        handle_events()
        done.refresh_from_db()
        assert (done.state, done.waiting_rank) == ("waitlisted", 1)

    def test_after_ten_minutes_it_stands(self, period, company, frozen_clock):
        application = ask(period)
        services.offer_seat(actor=company, application_id=application.pk)
        frozen_clock.shift(timedelta(minutes=10))
        with pytest.raises(DomainError) as refused:
            undoing.undo_offered_seat(actor=company, application_id=application.pk)
        assert refused.value.code == "application.undo_late"

    def test_after_the_answer_it_stands(self, period, company):
        application = ask(period)
        services.offer_seat(actor=company, application_id=application.pk)
        services.accept_seat(actor=application.student.user, application_id=application.pk)
        with pytest.raises(DomainError) as refused:
            undoing.undo_offered_seat(actor=company, application_id=application.pk)
        assert refused.value.code == "application.wrong_state"
        assert Application.objects.get().undo_until is None

    def test_a_municipality_may_have_no_undoing(self, period, company):
        MunicipalitySettings.objects.create(municipality_id="0562", undo_minutes=0)
        application = ask(period)
        assert services.offer_seat(actor=company, application_id=application.pk).undo_until is None


class TestAskingToEnd:
    @pytest.fixture
    def placement(self, period, company, coordinator):
        application = ask(period)
        services.offer_seat(actor=company, application_id=application.pk)
        match = services.accept_seat(actor=application.student.user, application_id=application.pk).match
        return approve_match(actor=coordinator, match_id=match.pk)

    def asked(self, placement, actor):
        return end_requests.ask_to_end(actor=actor, placement_id=placement.pk, reason="Jag har flyttat.")

    def test_one_click_ends_it_for_the_reason_that_was_given(self, placement, period, coordinator):
        asked = self.asked(placement, placement.student.user)
        assert kinds(coordinator)[-1] == "placement.end_asked"
        done = end_requests.accept_end_request(actor=coordinator, request_id=asked.pk)
        period.refresh_from_db()
        assert (done.state, done.ended_reason, period.taken) == ("cancelled", "Jag har flyttat.", 0)
        assert kinds(placement.student.user)[-1] == "placement.cancelled"

    def test_a_no_is_told_and_the_placement_stands(self, placement, company, coordinator):
        asked = self.asked(placement, company)
        assert asked.asked_as == "organisation"
        end_requests.decline_end_request(actor=coordinator, request_id=asked.pk, answer="Vi pratar först.")
        placement.refresh_from_db()
        assert placement.state == "upcoming"
        assert kinds(company)[-1] == "placement.end_declined"
        assert self.asked(placement, company), "one may ask again after the answer"

    def test_a_guardian_of_a_minor_asks_too(self, placement):
        placement.student.birth_date = placement.student.birth_date.replace(year=2010)
        placement.student.save()
        guardian = GuardianshipFactory(student=placement.student).guardian
        assert self.asked(placement, guardian).asked_as == "guardian"

    def test_others_do_not_learn_that_it_exists_and_nobody_answers_for_another_municipality(
        self, placement, coordinator
    ):
        with pytest.raises(DomainError) as refused:
            self.asked(placement, UserFactory())
        assert refused.value.code == "placement.unknown"
        asked = self.asked(placement, placement.student.user)
        with pytest.raises(DomainError):
            end_requests.accept_end_request(actor=CoordinatorFactory(municipality="0882"), request_id=asked.pk)
        assert Placement.objects.get().state == "upcoming"

    def test_once_at_a_time_and_not_after_the_last_day(self, placement, company, frozen_clock):
        self.asked(placement, company)
        with pytest.raises(DomainError) as refused:
            self.asked(placement, placement.student.user)
        assert refused.value.code == "end_request.twice"
        EndRequest.objects.all().delete()
        frozen_clock.shift(timedelta(days=100))
        with pytest.raises(DomainError) as refused:
            self.asked(placement, company)
        assert refused.value.code == "placement.over"
