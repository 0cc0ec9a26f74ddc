"""An interrupted placement frees the rest of its period: the organisation is asked, then those who waited are offered it."""

from datetime import date, timedelta

import pytest
from django.db import connection

from backend.applications import services
from backend.applications.models import Application
from backend.common.errors import DomainError
from backend.common.invariants import INVARIANTS
from backend.notifications.models import Notification
from backend.placements.models import Placement
from backend.placements.rest import decline_rest, open_rest
from backend.placements.services import approve_match, end_placement
from backend.rounds.models import Participant, Publication, Result, Round, RoundSeat, Run, Wish
from tests.factories import CoordinatorFactory, MembershipFactory, PeriodFactory, StudentFactory, UserFactory
from tests.factories.work import handle_events

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 23)


@pytest.fixture
def period():
    """Seventeen weeks, one seat, from last Monday on."""
    return PeriodFactory(capacity=1, start=MONDAY - timedelta(weeks=1), end=MONDAY + timedelta(weeks=16, days=-3))


@pytest.fixture
def company(period):
    return MembershipFactory(organisation=period.offer.organisation).user


@pytest.fixture
def coordinator():
    return CoordinatorFactory()


def ask(period, student=None):
    return services.submit_application(actor=(student or StudentFactory()).user, period_id=period.pk)


def place(company, coordinator, period):
    application = ask(period)
    services.offer_seat(actor=company, application_id=application.pk)
    match = services.accept_seat(actor=application.student.user, application_id=application.pk).match
    return approve_match(actor=coordinator, match_id=match.pk)


def interrupt(coordinator, placement):
    return end_placement(actor=coordinator, placement_id=placement.pk, reason="Flyttar.")


def seats_hold():
    for each in INVARIANTS:
        with connection.cursor() as cursor:
            cursor.execute(each.sql)
            assert cursor.fetchone()[0] == 0, each.name


def test_the_organisation_is_asked_and_the_first_who_waits_is_offered_the_days_left(period, company, coordinator):
    placement = place(company, coordinator, period)
    waiting = ask(period)
    services.waitlist_application(actor=company, application_id=waiting.pk)
    ended = interrupt(coordinator, placement)
    assert (ended.state, ended.last_day, ended.rest) == ("interrupted", MONDAY, "asked")
    assert Notification.objects.filter(recipient=company, kind="placement.rest_asked").count() == 1
    handle_events()
    assert not Application.objects.filter(state="offered").exists(), "the organisation is asked first"

    rest = open_rest(actor=company, placement_id=placement.pk)
    handle_events()

    assert (rest.start, rest.end, rest.rest_of) == (MONDAY + timedelta(days=1), period.end, period)
    offered = Application.objects.get(state="offered")
    assert (offered.student, offered.period) == (waiting.student, rest)
    seats_hold()
    match = services.accept_seat(actor=offered.student.user, application_id=offered.pk).match
    second = approve_match(actor=coordinator, match_id=match.pk)
    handle_events()
    waiting.refresh_from_db()
    assert (second.start, second.end) == (rest.start, rest.end)
    assert waiting.state == "withdrawn", "who has the rest waits for the whole no more"
    rest.refresh_from_db()
    period.refresh_from_db()
    assert (rest.taken, period.taken) == (1, 1)
    seats_hold()


def test_a_no_keeps_the_place_on_the_list_and_the_next_is_offered_it(period, company, coordinator):
    placement = place(company, coordinator, period)
    first, second = ask(period), ask(period)
    for row in (first, second):
        services.waitlist_application(actor=company, application_id=row.pk)
    interrupt(coordinator, placement)
    open_rest(actor=company, placement_id=placement.pk)
    handle_events()
    offered = Application.objects.get(state="offered")
    services.turn_down_seat(actor=offered.student.user, application_id=offered.pk)
    handle_events()
    assert Application.objects.get(state="offered").student == second.student
    first.refresh_from_db()
    assert first.state == "waitlisted"


def test_a_no_of_the_organisation_leaves_it_at_that(period, company, coordinator):
    placement = place(company, coordinator, period)
    interrupt(coordinator, placement)
    assert decline_rest(actor=company, placement_id=placement.pk).rest == "declined"
    with pytest.raises(DomainError) as refused:
        open_rest(actor=company, placement_id=placement.pk)
    assert refused.value.code == "placement.rest_answered"
    assert period.offer.periods.count() == 1


def test_two_who_leave_on_the_same_day_leave_two_seats(coordinator):
    period = PeriodFactory(capacity=2, start=MONDAY - timedelta(weeks=1), end=MONDAY + timedelta(weeks=10))
    company = MembershipFactory(organisation=period.offer.organisation).user
    placed = [place(company, coordinator, period) for _ in range(2)]
    for each in placed:
        interrupt(coordinator, each)
        rest = open_rest(actor=company, placement_id=each.pk)
    assert (rest.capacity, rest.taken) == (2, 0)
    seats_hold()


def test_on_the_last_days_nobody_is_asked(company, coordinator):
    friday = PeriodFactory(capacity=1, offer__workplace__organisation=company.memberships.get().organisation,
                           start=MONDAY - timedelta(weeks=3), end=MONDAY)  # fmt: skip
    placement = place(company, coordinator, friday)
    assert interrupt(coordinator, placement).rest == ""


@pytest.mark.parametrize("who", ["student", "stranger", "coordinator"])
def test_only_the_organisation_answers(period, company, coordinator, who):
    placement = place(company, coordinator, period)
    interrupt(coordinator, placement)
    person = {"student": placement.student.user, "stranger": UserFactory(), "coordinator": coordinator}[who]
    with pytest.raises(DomainError):
        open_rest(actor=person, placement_id=placement.pk)
    assert Placement.objects.get().rest == "asked"


def test_without_a_waiting_list_the_rounds_order_is_offered_it(period, company, coordinator):
    placement = place(company, coordinator, period)
    order = in_a_finished_round(period, coordinator, lots=[2, 1])
    interrupt(coordinator, placement)
    open_rest(actor=company, placement_id=placement.pk)
    handle_events()
    assert Application.objects.get(state="offered").student == order[1]
    seats_hold()


def in_a_finished_round(period, coordinator, *, lots):
    """Students without a place who wished for the seat, with their lots; the lower one is first."""
    from django.utils import timezone

    now = timezone.now()
    the_round = Round.objects.create(
        name="APL",
        lead_id="0562",
        form_id="apl",
        start=period.start,
        end=period.end,
        state="finished",
        opens_at=now - timedelta(days=40),
        closes_at=now - timedelta(days=30),
        publish_on=MONDAY - timedelta(days=20),
        accept_by=now - timedelta(days=10),
        created_by=coordinator,
        seed=1,
        opened_at=now - timedelta(days=40),
    )
    seat = RoundSeat.objects.create(round=the_round, period=period, seats=1)
    run = Run.objects.create(
        round=the_round,
        number=1,
        seed=1,
        started_by=coordinator,
        method="stable",
        state="done",
        due_at=now,
        digest="a" * 64,
        snapshot=b"{}",
    )
    publication = Publication.objects.create(round=the_round, run=run, published_by=coordinator, published_at=now)
    students = []
    for lot in lots:
        student = StudentFactory()
        participant = Participant.objects.create(
            round=the_round, student=student, start=the_round.start, end=the_round.end, is_live=False
        )
        Wish.objects.create(participant=participant, seat=seat, rank=1)
        Result.objects.create(publication=publication, participant=participant, state="unplaced", lot=lot)
        students.append(student)
    return students
