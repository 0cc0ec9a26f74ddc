"""Every invariant notices what it is there for. Rows are broken the way a bug would: past the commands."""

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import transaction

from backend.applications.models import Application
from backend.common.invariants import broken, check
from backend.common.models import DomainEvent, LogEntry
from backend.notifications.models import Delivery
from backend.offers.models import Offer, OfferPeriod
from backend.ops.seed import seed
from backend.organisations.models import Workplace
from backend.placements.models import Match, Placement
from backend.rounds import services
from backend.rounds.models import Result, Round, RoundSeat, RunSeat
from backend.students.models import Student
from backend.suggestions.models import Suggestion
from tests.rounds.world import World

pytestmark = pytest.mark.django_db


def seat_too_many() -> None:
    period = OfferPeriod.objects.filter(taken=0).first()
    assert period
    OfferPeriod.objects.filter(pk=period.pk).update(taken=1)


def lost_event() -> None:
    first = DomainEvent.objects.filter(kind="application.submitted").earliest("subject_id")
    DomainEvent.objects.filter(pk=first.pk).update(kind="application.forgotten")


def state_without_log() -> None:
    Application.objects.filter(state="submitted").update(state="withdrawn")


def accepted_without_waiting_match() -> None:
    Match.objects.filter(application__state="accepted").update(state="withdrawn")


def match_of_somebody_else() -> None:
    match = Match.objects.filter(application__isnull=False, state="withdrawn").first()
    assert match
    other = Student.objects.exclude(pk=match.student_id).first()
    Match.objects.filter(pk=match.pk).update(student=other)


def placement_without_approval() -> None:
    Placement.objects.filter(state="completed").delete()


def published_without_period() -> None:
    offer = Offer.objects.filter(state="published", periods__applications__isnull=True).first()
    assert offer
    offer.periods.all().delete()


def workplace_of_somebody_else() -> None:
    offer = Offer.objects.first()
    assert offer
    Offer.objects.filter(pk=offer.pk).update(workplace=Workplace.objects.exclude(organisation=offer.organisation_id)[0])


def two_of_the_same_rank() -> None:
    waiting = Application.objects.filter(state="waitlisted").first()
    other = Application.objects.filter(state="submitted").exclude(student=waiting.student if waiting else None).first()
    assert waiting
    assert other
    Application.objects.filter(pk=other.pk).update(
        state="waitlisted", period=waiting.period_id, waiting_rank=waiting.waiting_rank
    )


def suggestion_of_a_protected_student() -> None:
    suggestion = Suggestion.objects.first()
    assert suggestion
    Student.objects.filter(pk=suggestion.student_id).update(is_protected=True, alias="Elev")


def mail_without_an_attempt() -> None:
    Delivery.objects.filter(channel="email").update(state="sent")


def promise_without_a_result() -> None:
    row = RoundSeat.objects.filter(promised__gt=0).first()
    assert row
    RoundSeat.objects.filter(pk=row.pk).update(promised=0)


def finished_round_that_holds() -> None:
    Round.objects.filter(state="open").update(state="finished")


def result_with_the_match_of_another_place() -> None:
    result = Result.objects.filter(state="accepted").first()
    assert result
    Match.objects.filter(pk=result.match_id).update(
        period=OfferPeriod.objects.exclude(pk=result.match.period_id if result.match else None).first()
    )


def run_that_fills_more_than_it_has_students() -> None:
    RunSeat.objects.filter(filled__gt=0).update(filled=0)


DAMAGES: dict[str, Callable[[], None]] = {
    "seats.taken_are_held": seat_too_many,
    "applications.have_events": lost_event,
    "applications.state_is_logged": state_without_log,
    "applications.accepted_waits_for_a_match": accepted_without_waiting_match,
    "matches.follow_their_application": match_of_somebody_else,
    "placements.come_from_approved_matches": placement_without_approval,
    "offers.published_have_periods": published_without_period,
    "offers.workplace_is_own": workplace_of_somebody_else,
    "waiting_list.ranks_differ": two_of_the_same_rank,
    "students.protected_are_not_suggested": suggestion_of_a_protected_student,
    "deliveries.sent_have_an_attempt": mail_without_an_attempt,
    "rounds.promises_are_results": promise_without_a_result,
    "rounds.hold_while_they_last": finished_round_that_holds,
    "rounds.accepted_have_their_match": result_with_the_match_of_another_place,
    "rounds.runs_fill_what_they_say": run_that_fills_more_than_it_has_students,
}
# What the database itself refuses; the queries stand guard in case a constraint is lost.
REFUSED_BY_CONSTRAINTS = {
    "seats.at_most_capacity",
    "placements.do_not_overlap",
    "deliveries.one_per_channel",
}


def test_each_damage_is_noticed() -> None:
    seed(scale=0.05)
    published = World(2).open()
    students = [published.student(0) for _ in range(2)]
    result = published.close().publish().results.get(participant=students[0])
    services.accept_result(actor=students[0].student.user, result_id=result.pk)
    World(1).open()
    assert broken() == []
    for name, damage in DAMAGES.items():
        point = transaction.savepoint()
        damage()
        assert name in {breach.name for breach in broken()}, name
        transaction.savepoint_rollback(point)
    assert broken() == []


def test_no_invariant_is_without_a_test() -> None:
    assert {breach.name for breach in check()} == DAMAGES.keys() | REFUSED_BY_CONSTRAINTS


def test_an_empty_database_breaks_nothing() -> None:
    assert not LogEntry.objects.exists()
    assert all(breach.count == 0 for breach in check())


def test_the_command_ends_with_1_when_something_is_broken(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_invariants")
    seed(scale=0.05)
    seat_too_many()
    with pytest.raises(SystemExit) as ended:
        call_command("check_invariants")
    assert ended.value.code == 1
    assert "FAIL      1  seats.taken_are_held" in capsys.readouterr().out
