"""Seats that are added, a list that is opened, and weeks that are taken already."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.accounts.models import User
from backend.applications import services
from backend.applications.enums import ApplicationState
from backend.applications.models import Application
from backend.offers import services as offers
from backend.offers.details import OfferDetails, PeriodDetails
from backend.offers.models import OfferPeriod
from backend.placements import services as placements
from tests.factories import ApplicationFactory, CoordinatorFactory, MembershipFactory, PeriodFactory, StudentFactory
from tests.factories.refusals import refused
from tests.factories.work import handle_events

pytestmark = pytest.mark.django_db


@pytest.fixture
def period() -> OfferPeriod:
    row: Any = PeriodFactory(capacity=1)
    return row


@pytest.fixture
def company(period: OfferPeriod) -> User:
    user: Any = MembershipFactory(organisation=period.offer.organisation).user
    return user


def apply(period: OfferPeriod, student: Any = None) -> Application:
    return services.submit_application(actor=(student or StudentFactory()).user, period_id=period.pk)


@pytest.fixture
def waiting(period: OfferPeriod, company: User) -> list[Application]:
    """One holds the only seat, three wait."""
    first, *others = [apply(period) for _ in range(4)]
    services.offer_seat(actor=company, application_id=first.pk)
    for row in others:
        services.waitlist_application(actor=company, application_id=row.pk)
    handle_events()
    return others


def raise_seats(period: OfferPeriod, actor: User, seats: int) -> None:
    offer = period.offer
    offers.update_offer(
        actor=actor,
        offer_id=offer.pk,
        details=OfferDetails(workplace_id=offer.workplace_id, form="apl", title=offer.title, tasks=offer.tasks),
        periods=[PeriodDetails(start=period.start, end=period.end, seats=seats, pk=period.pk)],
    )


def states(rows: list[Application]) -> list[str]:
    return [Application.objects.get(pk=row.pk).state for row in rows]


class TestAddedSeats:
    def test_they_wait_for_the_review_and_then_go_to_the_first_who_wait(
        self, period: OfferPeriod, company: User, waiting: list[Application]
    ) -> None:
        raise_seats(period, company, 3)
        handle_events()
        assert states(waiting) == [ApplicationState.WAITLISTED] * 3
        offers.publish_offer(actor=CoordinatorFactory(), offer_id=period.offer_id)
        handle_events()
        assert states(waiting) == ["offered", "offered", "waitlisted"]
        period.refresh_from_db()
        assert period.taken == 3

    def test_handling_it_twice_offers_no_seat_twice(
        self, period: OfferPeriod, company: User, waiting: list[Application]
    ) -> None:
        OfferPeriod.objects.filter(pk=period.pk).update(capacity=2)
        assert services.refill_offer(offer_id=period.offer_id) == 1
        assert services.refill_offer(offer_id=period.offer_id) == 0
        assert states(waiting) == ["offered", "waitlisted", "waitlisted"]

    def test_a_period_that_is_over_gets_nobody(self, waiting: list[Application], period: OfferPeriod) -> None:
        OfferPeriod.objects.filter(pk=period.pk).update(capacity=4, start=date(2026, 9, 1), end=date(2026, 9, 30))
        assert services.refill_offer(offer_id=period.offer_id) == 0


class TestOpeningTheList:
    def test_all_are_read_with_a_constant_number_of_queries(self, period: OfferPeriod, company: User) -> None:
        counts = []
        for number in (1, 8):
            for _ in range(number):
                ApplicationFactory(period=period)
            with CaptureQueriesContext(connection) as queries:
                assert services.mark_offer_read(actor=company, offer_id=period.offer_id) == number
            counts.append(len(queries))
        assert counts[0] == counts[1]
        assert services.mark_offer_read(actor=company, offer_id=period.offer_id) == 0

    def test_only_those_who_answer_have_read(self, period: OfferPeriod) -> None:
        application = ApplicationFactory(period=period)
        for stranger in (MembershipFactory().user, CoordinatorFactory(), application.student.user):
            refused("offer.unknown", services.mark_offer_read, actor=stranger, offer_id=period.offer_id)


class TestWeeksThatAreTaken:
    @pytest.fixture(autouse=True)
    def coordinator(self) -> User:
        user: Any = CoordinatorFactory()
        return user

    def accepted(self, period: OfferPeriod, company: User) -> Application:
        application = apply(period)
        services.offer_seat(actor=company, application_id=application.pk)
        return services.accept_seat(actor=application.student.user, application_id=application.pk)

    @pytest.mark.parametrize("approved", [False, True])
    def test_whoever_has_a_place_does_not_apply_for_the_same_days(
        self, period: OfferPeriod, company: User, coordinator: User, approved: bool
    ) -> None:
        application = self.accepted(period, company)
        if approved:
            placements.approve_match(actor=coordinator, match_id=application.match_id or 0)
        other = PeriodFactory(start=period.end, end=date(2027, 4, 1))
        student = application.student.user
        refused("application.placed_already", services.submit_application, actor=student, period_id=other.pk)
        later = PeriodFactory(start=date(2027, 3, 1), end=date(2027, 4, 1))
        assert services.submit_application(actor=student, period_id=later.pk).state == ApplicationState.SUBMITTED

    def test_a_rejected_match_leaves_the_weeks_free(
        self, period: OfferPeriod, company: User, coordinator: User
    ) -> None:
        application = self.accepted(period, company)
        placements.reject_match(actor=coordinator, match_id=application.match_id or 0, reason="För långt.")
        other = PeriodFactory(start=period.start, end=period.end)
        student = application.student.user
        assert services.submit_application(actor=student, period_id=other.pk).state == ApplicationState.SUBMITTED
