"""A municipality's round from opening to publication: 2,000 students, 400 places, every guard on."""

from collections import Counter

import pytest
from django.db import connection

from backend.common.invariants import broken
from backend.notifications.models import Notification
from backend.offers.models import OfferPeriod
from backend.placements.models import Placement
from backend.rounds import runner, selectors, services
from backend.rounds.enums import ResultState
from tests.factories import CoordinatorFactory
from tests.factories.rows import FINSPANG
from tests.rounds.crowd import make_round

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

STUDENTS, PLACES, SEATS = 2_000, 400, 4


def test_from_opening_to_publication():
    coordinator = CoordinatorFactory()
    the_round = make_round(
        coordinator, FINSPANG, students=STUDENTS, places=PLACES, seats=SEATS, wishes=8, seed=20261123
    )
    with connection.cursor() as cursor:
        # Autovacuum cannot see what this transaction wrote: by what it noted of the empty tables, joins took minutes.
        cursor.execute("ANALYZE")
    services.close_round(actor=coordinator, round_id=the_round.pk)
    runs = []
    for method in ("stable", "optimal"):
        run = services.start_run(actor=coordinator, round_id=the_round.pk, method=method)
        assert runner.run_once(run.pk)
        run.refresh_from_db()
        assert run.is_verified
        runs.append(run)
    compared = selectors.compare_runs(coordinator, runs[0].pk, runs[1].pk)
    assert compared.first.students == STUDENTS
    assert compared.first.passed_over == 0
    assert compared.second.placed >= compared.first.placed
    assert {group.name for group in compared.first.schools} == {"Bergska", "Nyhem", "Viggestorp", "Lotorp", "Kungsgård"}

    publication = services.publish_round(actor=coordinator, run_id=runs[0].pk)
    results = publication.results
    assert results.count() == STUDENTS
    told = Notification.objects.filter(kind="round.published")
    assert told.count() == STUDENTS
    placed = Counter(results.filter(state=ResultState.OFFERED).values_list("seat", flat=True))
    assert sum(placed.values()) == compared.first.placed
    assert max(placed.values()) <= SEATS

    for result in results.filter(state=ResultState.OFFERED).select_related("participant__student__user")[:20]:
        services.accept_result(actor=result.participant.student.user, result_id=result.pk)
    for result in results.filter(state=ResultState.OFFERED).select_related("participant__student__user")[:20]:
        services.decline_result(actor=result.participant.student.user, result_id=result.pk)
    assert Placement.objects.count() == 20
    assert not OfferPeriod.objects.exclude(taken=SEATS).exists()
    assert broken() == []
