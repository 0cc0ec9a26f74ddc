"""Many at once through the real commands on real connections: nobody is overbooked, losers hear so.

`make faults` runs each race many times (FAULTS_RACES, 200 without it).
"""

import os
import threading
from collections import Counter
from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection, connections

from backend.applications import services
from backend.applications.enums import ApplicationState
from backend.applications.models import Application
from backend.common.errors import DomainError
from backend.placements import services as placements
from backend.placements.models import Match, Placement
from tests.factories import CoordinatorFactory, MembershipFactory, PeriodFactory, StudentFactory

LONG = os.environ.get("FAULTS") == "long"
ROUNDS = range(int(os.environ.get("FAULTS_RACES", "200")) if LONG else 1)
# Two against each other meet less surely than twenty.
DUELS = ROUNDS if LONG else range(5)
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def at_once(commands: list[Callable[[], object]]) -> Counter[str]:
    """Starts all commands together, each on its own connection. Counts "ok" and the codes of refusals."""
    barrier = threading.Barrier(len(commands))
    outcomes: Counter[str] = Counter()
    lock = threading.Lock()

    def run(command: Callable[[], object]) -> None:
        outcome = "crashed"
        try:
            barrier.wait()
            command()
            outcome = "ok"
        except DomainError as refusal:
            outcome = refusal.code if refusal.status == 409 else f"{refusal.status} {refusal.code}"
        finally:
            connections.close_all()
            with lock:
                outcomes[outcome] += 1

    threads = [threading.Thread(target=run, args=(command,)) for command in commands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.parametrize("attempt", ROUNDS)
def test_thirty_students_for_one_last_seat(attempt):
    period = PeriodFactory(capacity=1)
    company = MembershipFactory(organisation=period.offer.organisation).user
    ids = [services.submit_application(actor=StudentFactory().user, period_id=period.pk).pk for _ in range(30)]
    connection.close()
    outcomes = at_once([lambda pk=pk: services.offer_seat(actor=company, application_id=pk) for pk in ids])
    period.refresh_from_db()
    assert outcomes == {"ok": 1, "period.full": 29}
    assert period.taken == 1
    assert Application.objects.filter(state=ApplicationState.OFFERED).count() == 1


@pytest.mark.parametrize("attempt", ROUNDS)
def test_the_same_application_sent_twenty_times(attempt):
    period, student = PeriodFactory(), StudentFactory()
    outcomes = at_once(
        [lambda: services.submit_application(actor=student.user, period_id=period.pk) for _ in range(20)]
    )
    assert outcomes == {"ok": 1, "application.twice": 19}
    assert Application.objects.count() == 1


@pytest.mark.parametrize("attempt", DUELS)
def test_accept_against_withdraw(attempt):
    period, student = PeriodFactory(capacity=1), StudentFactory()
    company = MembershipFactory(organisation=period.offer.organisation).user
    application = services.submit_application(actor=student.user, period_id=period.pk)
    services.offer_seat(actor=company, application_id=application.pk)
    at_once(
        [
            lambda: services.accept_seat(actor=student.user, application_id=application.pk),
            lambda: services.withdraw_application(actor=student.user, application_id=application.pk),
        ]
    )
    application.refresh_from_db()
    period.refresh_from_db()
    # Whoever takes an application back while a seat is offered says no to the seat.
    assert application.state in {ApplicationState.WITHDRAWN, ApplicationState.TURNED_DOWN}
    assert period.taken == 0
    assert not Match.objects.filter(student=student, state="proposed").exists()


@pytest.mark.parametrize("attempt", ROUNDS)
def test_two_accepts_for_overlapping_weeks(attempt):
    student = StudentFactory()
    ids = []
    for start in (date(2027, 1, 25), date(2027, 2, 8)):
        period = PeriodFactory(start=start, end=date(2027, 2, 19))
        company = MembershipFactory(organisation=period.offer.organisation).user
        application = services.submit_application(actor=student.user, period_id=period.pk)
        services.offer_seat(actor=company, application_id=application.pk)
        ids.append(application.pk)
    outcomes = at_once([lambda pk=pk: services.accept_seat(actor=student.user, application_id=pk) for pk in ids])
    assert outcomes == {"ok": 1, "application.wrong_state": 1}
    assert Match.objects.filter(student=student, state="proposed").count() == 1


@pytest.mark.parametrize("attempt", ROUNDS)
def test_twenty_approvals_of_one_match(attempt):
    period, student = PeriodFactory(), StudentFactory()
    company = MembershipFactory(organisation=period.offer.organisation).user
    application = services.submit_application(actor=student.user, period_id=period.pk)
    services.offer_seat(actor=company, application_id=application.pk)
    coordinators = [CoordinatorFactory() for _ in range(20)]
    services.accept_seat(actor=student.user, application_id=application.pk)
    match = Match.objects.get()
    outcomes = at_once([lambda who=who: placements.approve_match(actor=who, match_id=match.pk) for who in coordinators])
    assert outcomes == {"ok": 1, "match.wrong_state": 19}
    assert Placement.objects.count() == 1


@pytest.mark.parametrize("attempt", DUELS)
def test_approve_against_reject_against_withdraw(attempt):
    period, student = PeriodFactory(capacity=1), StudentFactory()
    company = MembershipFactory(organisation=period.offer.organisation).user
    application = services.submit_application(actor=student.user, period_id=period.pk)
    services.offer_seat(actor=company, application_id=application.pk)
    services.accept_seat(actor=student.user, application_id=application.pk)
    match, (first, second) = Match.objects.get(), (CoordinatorFactory(), CoordinatorFactory())
    outcomes = at_once(
        [
            lambda: placements.approve_match(actor=first, match_id=match.pk),
            lambda: placements.reject_match(actor=second, match_id=match.pk, reason="Praktiken krockar med proven"),
            lambda: services.withdraw_application(actor=student.user, application_id=application.pk),
        ]
    )
    assert outcomes["ok"] == 1, outcomes
    assert outcomes.total() == 3
    period.refresh_from_db()
    stands = Placement.objects.count()
    assert period.taken == stands <= 1
