"""What students and organisations can do with an application, and what they cannot."""

from datetime import date, timedelta

import pytest

from backend.applications import scheduled_tasks, services
from backend.applications.enums import LIVE_STATES, ApplicationState, DeclineReason, ReleaseReason
from backend.applications.models import Application
from backend.common.errors import DomainError
from backend.common.models import DomainEvent, LogEntry
from backend.notifications.models import Notification
from backend.offers.enums import OfferState
from backend.placements.enums import MatchState
from tests.conftest import NOW
from tests.factories import (
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    PeriodFactory,
    StudentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def period():
    return PeriodFactory(capacity=1)


@pytest.fixture
def company(period):
    return MembershipFactory(organisation=period.offer.organisation).user


def apply(student, period):
    return services.submit_application(actor=student.user, period_id=period.pk, motivation="Gärna.")


def refused(code, command, **arguments):
    """The command refuses with the code, and nothing is written."""
    before = (LogEntry.objects.count(), DomainEvent.objects.count(), list(Application.objects.order_by("pk").values()))
    with pytest.raises(DomainError) as caught:
        command(**arguments)
    assert caught.value.code == code
    assert str(caught.value.message)
    after = (LogEntry.objects.count(), DomainEvent.objects.count(), list(Application.objects.order_by("pk").values()))
    assert after == before
    return caught.value


class TestApply:
    def test_application_waits_five_working_days_for_an_answer(self, period, company):
        application = apply(StudentFactory(), period)
        assert application.state == ApplicationState.SUBMITTED
        assert application.answer_due_at == NOW + timedelta(days=7)
        assert Notification.objects.get(recipient=company).kind == "application.submitted"

    def test_second_application_for_the_same_period_is_refused(self, period):
        student = StudentFactory()
        apply(student, period)
        refused("application.twice", services.submit_application, actor=student.user, period_id=period.pk)

    def test_one_may_apply_again_after_withdrawing(self, period):
        student = StudentFactory()
        services.withdraw_application(actor=student.user, application_id=apply(student, period).pk)
        assert apply(student, period).state == ApplicationState.SUBMITTED

    def test_without_a_profile_one_can_not_apply(self, period):
        refused("student.no_profile", services.submit_application, actor=UserFactory(), period_id=period.pk)

    @pytest.mark.parametrize("state", [OfferState.DRAFT, OfferState.SUBMITTED, OfferState.PAUSED, OfferState.CLOSED])
    def test_an_offer_that_is_not_public_is_unknown_to_students(self, state):
        period = PeriodFactory(offer__state=state)
        refused("period.unknown", services.submit_application, actor=StudentFactory().user, period_id=period.pk)

    def test_an_unknown_period(self):
        refused("period.unknown", services.submit_application, actor=StudentFactory().user, period_id=0)

    def test_after_the_last_day_to_apply(self):
        period = PeriodFactory(offer__apply_by=NOW.date() - timedelta(days=1))
        refused("offer.deadline_passed", services.submit_application, actor=StudentFactory().user, period_id=period.pk)

    def test_on_the_last_day_to_apply(self):
        assert apply(StudentFactory(), PeriodFactory(offer__apply_by=NOW.date()))

    def test_after_the_period_has_ended(self):
        period = PeriodFactory(start=NOW.date() - timedelta(days=83), end=NOW.date() - timedelta(days=1))
        refused("period.ended", services.submit_application, actor=StudentFactory().user, period_id=period.pk)

    def test_an_age_class_that_may_not_do_the_work(self):
        period = PeriodFactory()
        period.offer.hazards.set(["ASBESTOS"])
        minor = StudentFactory(birth_date=date(2010, 3, 1))
        error = refused("application.age", services.submit_application, actor=minor.user, period_id=period.pk)
        assert error.field == "period"

    def test_as_many_open_applications_as_the_form_allows(self):
        student = StudentFactory()
        for number in range(10):
            apply(student, PeriodFactory(start=date(2027, 1, 1) + timedelta(days=number)))
        refused("application.too_many", services.submit_application, actor=student.user, period_id=PeriodFactory().pk)


class TestAnswer:
    def test_an_offered_seat_is_taken_and_held(self, period, company):
        application = apply(StudentFactory(), period)
        services.offer_seat(actor=company, application_id=application.pk, message="Välkommen!")
        application.refresh_from_db()
        period.refresh_from_db()
        assert (application.state, period.taken) == (ApplicationState.OFFERED, 1)
        assert application.hold_expires_at == NOW + timedelta(hours=72)

    def test_a_seat_that_is_taken_can_not_be_offered_again(self, period, company):
        first, second = apply(StudentFactory(), period), apply(StudentFactory(), period)
        services.offer_seat(actor=company, application_id=first.pk)
        refused("period.full", services.offer_seat, actor=company, application_id=second.pk)

    def test_answering_twice_is_a_conflict(self, period, company):
        application = apply(StudentFactory(), period)
        services.decline_application(actor=company, application_id=application.pk, reason=DeclineReason.DATES)
        refused("application.wrong_state", services.offer_seat, actor=company, application_id=application.pk)

    def test_a_decline_needs_a_reason_from_the_list(self, period, company):
        application = apply(StudentFactory(), period)
        error = refused(
            "application.no_reason",
            services.decline_application,
            actor=company,
            application_id=application.pk,
            reason="",
        )
        assert error.field == "reason"

    def test_the_waiting_list_keeps_its_order(self, period, company):
        waiting = [apply(StudentFactory(), period) for _ in range(3)]
        for application in waiting:
            services.waitlist_application(actor=company, application_id=application.pk)
        ranks = Application.objects.order_by("pk").values_list("waiting_rank", flat=True)
        assert list(ranks) == [1, 2, 3]

    @pytest.mark.parametrize("command", [services.offer_seat, services.waitlist_application])
    def test_strangers_know_nothing_and_the_student_can_not_answer(self, period, company, command):
        application = apply(StudentFactory(), period)
        refused("application.unknown", command, actor=MembershipFactory().user, application_id=application.pk)
        refused("application.unknown", command, actor=StudentFactory().user, application_id=application.pk)
        refused("application.not_answerer", command, actor=application.student.user, application_id=application.pk)
        refused("application.not_answerer", command, actor=CoordinatorFactory(), application_id=application.pk)


class TestAccept:
    def test_yes_makes_a_match_and_releases_the_same_weeks(self, period, company):
        CoordinatorFactory()
        student = StudentFactory()
        application = apply(student, period)
        overlapping = apply(student, PeriodFactory(start=date(2027, 2, 15), end=date(2027, 3, 12)))
        later = apply(student, PeriodFactory(start=date(2027, 4, 19), end=date(2027, 5, 14)))
        services.offer_seat(actor=company, application_id=application.pk)
        services.accept_seat(actor=student.user, application_id=application.pk)
        for row in (application, overlapping, later):
            row.refresh_from_db()
        assert application.state == ApplicationState.ACCEPTED
        assert application.match.state == MatchState.PROPOSED
        assert application.match.deciding_municipality_id is not None
        assert (overlapping.state, overlapping.release_reason) == (
            ApplicationState.WITHDRAWN,
            ReleaseReason.PLACED_ELSEWHERE,
        )
        assert later.state == ApplicationState.SUBMITTED

    def test_only_the_student_accepts(self, period, company):
        application = apply(StudentFactory(), period)
        services.offer_seat(actor=company, application_id=application.pk)
        refused("application.not_student", services.accept_seat, actor=company, application_id=application.pk)
        refused("application.unknown", services.accept_seat, actor=StudentFactory().user, application_id=application.pk)

    def test_accepting_what_was_not_offered(self, period):
        student = StudentFactory()
        application = apply(student, period)
        refused("application.wrong_state", services.accept_seat, actor=student.user, application_id=application.pk)

    def test_too_late(self, period, company, frozen_clock):
        student = StudentFactory()
        application = apply(student, period)
        services.offer_seat(actor=company, application_id=application.pk)
        frozen_clock.shift(timedelta(hours=72, seconds=1))
        refused("application.hold_over", services.accept_seat, actor=student.user, application_id=application.pk)

    def test_two_seats_in_the_same_weeks(self, company, period):
        student = StudentFactory()
        other = PeriodFactory()
        other_company = MembershipFactory(organisation=other.offer.organisation).user
        one, two = apply(student, period), apply(student, other)
        services.offer_seat(actor=company, application_id=one.pk)
        services.offer_seat(actor=other_company, application_id=two.pk)
        services.accept_seat(actor=student.user, application_id=one.pk)
        other.refresh_from_db()
        assert other.taken == 0
        refused("application.wrong_state", services.accept_seat, actor=student.user, application_id=two.pk)


class TestTimeAndRelease:
    def test_a_hold_that_ends_frees_the_seat_for_the_first_who_waits(self, period, company, frozen_clock):
        holder, waiting = apply(StudentFactory(), period), apply(StudentFactory(), period)
        services.offer_seat(actor=company, application_id=holder.pk)
        services.waitlist_application(actor=company, application_id=waiting.pk)
        assert scheduled_tasks.lapse_holds() == 0
        frozen_clock.shift(timedelta(hours=72))
        assert scheduled_tasks.lapse_holds() == 1
        services.refill_seat(period_id=period.pk)
        holder.refresh_from_db()
        waiting.refresh_from_db()
        period.refresh_from_db()
        assert (holder.state, waiting.state, period.taken) == (ApplicationState.LAPSED, ApplicationState.OFFERED, 1)
        assert waiting.hold_expires_at == NOW + timedelta(hours=72 + 24)

    def test_refilling_twice_gives_one_seat_once(self, period, company):
        waiting = [apply(StudentFactory(), period) for _ in range(2)]
        for application in waiting:
            services.waitlist_application(actor=company, application_id=application.pk)
        assert services.refill_seat(period_id=period.pk) == waiting[0]
        assert services.refill_seat(period_id=period.pk) is None
        waiting[1].refresh_from_db()
        assert waiting[1].state == ApplicationState.WAITLISTED

    def test_silence_is_escalated_once(self, period, frozen_clock):
        coordinator = CoordinatorFactory()
        apply(StudentFactory(), period)
        assert scheduled_tasks.escalate_silence() == 0
        frozen_clock.shift(timedelta(days=7))
        assert scheduled_tasks.escalate_silence() == 1
        assert scheduled_tasks.escalate_silence() == 0
        assert Notification.objects.filter(recipient=coordinator, kind="application.escalated").count() == 1

    def test_a_guardian_may_withdraw_for_a_minor_only(self, period):
        guardianship = GuardianshipFactory()
        application = apply(guardianship.student, period)
        services.withdraw_application(actor=guardianship.guardian, application_id=application.pk)
        application.refresh_from_db()
        assert application.release_reason == ReleaseReason.BY_GUARDIAN
        adult = GuardianshipFactory(student__birth_date=date(2000, 1, 1))
        application = apply(adult.student, period)
        refused(
            "application.unknown", services.withdraw_application, actor=adult.guardian, application_id=application.pk
        )

    def test_the_coordinator_withdraws_but_not_for_a_protected_student(self, period):
        coordinator = CoordinatorFactory()
        application = apply(StudentFactory(), period)
        services.withdraw_application(actor=coordinator, application_id=application.pk)
        hidden = apply(StudentFactory(is_protected=True, alias="Elev 7"), period)
        refused("application.unknown", services.withdraw_application, actor=coordinator, application_id=hidden.pk)

    def test_a_closed_offer_tells_those_who_wait(self, period, company):
        waiting, offered = apply(StudentFactory(), period), apply(StudentFactory(), period)
        services.offer_seat(actor=company, application_id=offered.pk)
        services.close_applications_of(offer_id=period.offer_id)
        waiting.refresh_from_db()
        offered.refresh_from_db()
        assert (waiting.state, offered.state) == (ApplicationState.LAPSED, ApplicationState.OFFERED)


def test_every_live_state_can_be_left():
    from backend.applications.enums import APPLICATION_TRANSITIONS

    terminal = APPLICATION_TRANSITIONS.terminal_states(ApplicationState.values)
    assert terminal == {"declined", "withdrawn", "lapsed", "turned_down"}
    # A decision ends it too, unless the coordinator takes it back.
    assert APPLICATION_TRANSITIONS.actions_from("approved") == ["application.approval_undone"]
    assert APPLICATION_TRANSITIONS.actions_from("rejected") == ["application.rejection_undone"]
    assert not (terminal | {"approved", "rejected"}) & LIVE_STATES
