"""A coordinator takes a decision about a match back: what happens, what forbids it, and who is told."""

from datetime import date, timedelta

import pytest

from backend.applications import services as applications
from backend.applications.following import follow_match
from backend.applications.models import Application
from backend.common.models import LogEntry
from backend.notifications.models import Notification
from backend.notifications.registry import get
from backend.organisations.models import MunicipalitySettings
from backend.placements import selectors, services
from backend.placements.enums import MatchState
from backend.placements.models import Match, Placement
from tests.factories import CoordinatorFactory, MembershipFactory, OfferFactory, PeriodFactory, StudentFactory
from tests.factories.refusals import refused
from tests.factories.rows import FINSPANG
from tests.factories.work import handle_events

pytestmark = [pytest.mark.django_db, pytest.mark.today("2026-11-23")]


@pytest.fixture
def coordinator():
    return CoordinatorFactory()


@pytest.fixture
def period():
    return PeriodFactory(capacity=1)


def accepted(period, student=None):
    student = student or StudentFactory()
    owner = MembershipFactory(organisation=period.offer.organisation).user
    application = applications.submit_application(actor=student.user, period_id=period.pk)
    applications.offer_seat(actor=owner, application_id=application.pk)
    return applications.accept_seat(actor=student.user, application_id=application.pk)


def taken(period):
    return type(period).objects.get(pk=period.pk).taken


def state_of(application):
    return Application.objects.get(pk=application.pk).state


class TestApproval:
    def test_the_match_waits_again_and_can_be_decided_anew(self, coordinator, period):
        application = accepted(period)
        services.approve_match(actor=coordinator, match_id=application.match_id)
        handle_events()
        assert state_of(application) == "approved"
        match = services.undo_match_approval(actor=coordinator, match_id=application.match_id)
        handle_events()
        assert (match.state, match.decided_at, match.decided_by, match.undo_until) == ("proposed", None, None, None)
        assert not Placement.objects.exists()
        assert (state_of(application), taken(period)) == ("accepted", 1)
        assert services.approve_match(actor=coordinator, match_id=match.pk)
        handle_events()
        assert state_of(application) == "approved"

    def test_those_who_were_told_are_told_of_the_correction(self, coordinator, period):
        application = accepted(period)
        services.approve_match(actor=coordinator, match_id=application.match_id)
        told = set(Notification.objects.filter(kind="match.approved").values_list("recipient", flat=True))
        services.undo_match_approval(actor=coordinator, match_id=application.match_id)
        corrected = Notification.objects.filter(kind="match.approval_undone")
        assert set(corrected.values_list("recipient", flat=True)) == told
        assert len(told) == 2
        # The first message is not sent any more if it is still waiting, the correction is.
        approved = Notification.objects.filter(kind="match.approved")[0]
        assert get("match.approved").still_relevant(approved) == "already_decided"
        assert get("match.approval_undone").still_relevant(corrected[0]) == ""

    def test_both_decisions_stay_in_the_log(self, coordinator, period):
        application = accepted(period)
        placement = services.approve_match(actor=coordinator, match_id=application.match_id)
        pk = placement.pk
        services.undo_match_approval(actor=coordinator, match_id=application.match_id)
        entries = LogEntry.objects.filter(actor=coordinator).values_list("action", flat=True)
        assert list(entries) == ["match.approved", "placement.created", "placement.revoked", "match.approval_undone"]
        assert LogEntry.objects.get(action="placement.revoked").subject_id == pk

    @pytest.mark.parametrize(("minutes", "too_late"), [(9, False), (11, True)])
    def test_only_for_a_while(self, coordinator, period, frozen_clock, minutes, too_late):
        match = accepted(period).match
        services.approve_match(actor=coordinator, match_id=match.pk)
        assert selectors.list_undoable_decisions(coordinator).count() == 1
        frozen_clock.shift(timedelta(minutes=minutes))
        assert selectors.list_undoable_decisions(coordinator).count() == int(not too_late)
        if too_late:
            refused("match.undo_late", services.undo_match_approval, actor=coordinator, match_id=match.pk)
        else:
            services.undo_match_approval(actor=coordinator, match_id=match.pk)

    def test_a_municipality_may_forbid_it(self, coordinator, period):
        MunicipalitySettings.objects.create(municipality_id=FINSPANG, undo_minutes=0)
        match = accepted(period).match
        services.approve_match(actor=coordinator, match_id=match.pk)
        refused("match.undo_late", services.undo_match_approval, actor=coordinator, match_id=match.pk)

    def test_not_when_the_placement_has_begun(self, coordinator, frozen_clock):
        MunicipalitySettings.objects.create(municipality_id=FINSPANG, undo_minutes=1440)
        match = accepted(PeriodFactory(start=date(2026, 11, 24), end=date(2026, 12, 11))).match
        services.approve_match(actor=coordinator, match_id=match.pk)
        frozen_clock.shift(timedelta(hours=23))
        refused("match.undo_depends", services.undo_match_approval, actor=coordinator, match_id=match.pk)

    def test_not_when_the_placement_was_ended(self, coordinator, period):
        match = accepted(period).match
        placement = services.approve_match(actor=coordinator, match_id=match.pk)
        services.end_placement(actor=coordinator, placement_id=placement.pk, reason="Sjukdom.")
        refused("match.undo_depends", services.undo_match_approval, actor=coordinator, match_id=match.pk)

    def test_only_the_one_who_decides(self, coordinator, period):
        match = accepted(period).match
        services.approve_match(actor=coordinator, match_id=match.pk)
        refused(
            "match.unknown",
            services.undo_match_approval,
            actor=CoordinatorFactory(municipality="2580"),
            match_id=match.pk,
        )
        refused("match.not_allowed", services.undo_match_approval, actor=match.student.user, match_id=match.pk)

    def test_what_is_not_decided_can_not_be_undone(self, coordinator, period):
        match = accepted(period).match
        refused("match.wrong_state", services.undo_match_approval, actor=coordinator, match_id=match.pk)
        refused("match.wrong_state", services.undo_match_rejection, actor=coordinator, match_id=match.pk)


class TestRejection:
    def test_the_seat_is_held_again(self, coordinator, period):
        application = accepted(period)
        services.reject_match(actor=coordinator, match_id=application.match_id, reason="Fel elev.")
        handle_events()
        assert (state_of(application), taken(period)) == ("rejected", 0)
        match = services.undo_match_rejection(actor=coordinator, match_id=application.match_id)
        handle_events()
        assert (match.state, match.decision_reason) == (MatchState.PROPOSED, "")
        assert (state_of(application), taken(period)) == ("accepted", 1)
        kinds = Notification.objects.filter(recipient=match.student.user).order_by("pk").values_list("kind", flat=True)
        assert list(kinds)[-2:] == ["match.rejected", "match.rejection_undone"]

    def test_not_when_the_seat_has_gone_to_the_next(self, coordinator, period):
        first = accepted(period)
        owner = MembershipFactory(organisation=period.offer.organisation).user
        second = applications.submit_application(actor=StudentFactory().user, period_id=period.pk)
        applications.waitlist_application(actor=owner, application_id=second.pk)
        services.reject_match(actor=coordinator, match_id=first.match_id, reason="Fel elev.")
        handle_events()
        assert state_of(second) == "offered"
        refused("match.undo_depends", services.undo_match_rejection, actor=coordinator, match_id=first.match_id)

    def test_not_when_the_student_has_said_yes_elsewhere(self, coordinator, period):
        first = accepted(period)
        services.reject_match(actor=coordinator, match_id=first.match_id, reason="Fel elev.")
        handle_events()
        other = accepted(OfferFactory().periods.get(), first.student)
        refused("match.overlap", services.undo_match_rejection, actor=coordinator, match_id=first.match_id)
        services.approve_match(actor=coordinator, match_id=other.match_id)
        refused("match.overlap", services.undo_match_rejection, actor=coordinator, match_id=first.match_id)

    def test_what_the_student_asked_for_meanwhile_makes_way(self, coordinator, period):
        first = accepted(period)
        services.reject_match(actor=coordinator, match_id=first.match_id, reason="Fel elev.")
        handle_events()
        again = applications.submit_application(actor=first.student.user, period_id=period.pk)
        services.undo_match_rejection(actor=coordinator, match_id=first.match_id)
        handle_events()
        assert (state_of(first), state_of(again)) == ("accepted", "withdrawn")


def test_the_application_finds_its_match_however_late_and_often_it_is_asked(coordinator, period):
    application = accepted(period)
    pk = application.match_id
    services.reject_match(actor=coordinator, match_id=pk, reason="Nej.")
    services.undo_match_rejection(actor=coordinator, match_id=pk)
    services.approve_match(actor=coordinator, match_id=pk)
    handle_events()
    assert state_of(application) == "approved"
    services.undo_match_approval(actor=coordinator, match_id=pk)
    services.reject_match(actor=coordinator, match_id=pk, reason="Nej.")
    handle_events()
    follow_match(match_id=pk)
    assert (state_of(application), Match.objects.get(pk=pk).state) == ("rejected", "rejected")
