"""Publication: all at once, once, and only of what is still true; undone until the first yes; seats given on in order."""

from datetime import date, timedelta

import pytest
from django.db import connection

from backend.accounts.services import give_grant
from backend.common import clock
from backend.common.invariants import broken
from backend.notifications.models import Notification
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.placements.enums import MatchSource, MatchState
from backend.placements.services import end_placement, propose_match, reject_match
from backend.reference.models import HazardFlag
from backend.rounds import services
from backend.rounds.enums import ResultState, RoundState
from backend.rounds.models import Publication, Result, Round
from backend.rounds.scheduled_tasks import end_fallen
from tests.applications.test_races import at_once
from tests.factories import (
    CoordinatorFactory,
    GuardianshipFactory,
    NetworkOfficerFactory,
    PeriodFactory,
    StudentFactory,
)
from tests.factories.refusals import refused
from tests.factories.rows import FINSPANG
from tests.factories.work import handle_events
from tests.rounds.world import ACCEPT_BY, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    world = World(1, 1).open()
    for _ in range(3):
        world.student(0, 1)
    return world.close()


def refuse_publication(code, world, run, **more):
    return refused(code, services.publish_round, actor=world.coordinator, run_id=run.pk, **more)


class TestPublishing:
    def test_twice_is_refused(self, world):
        run = world.run()
        world.publish(run)
        refuse_publication("round.wrong_state", world, run)

    def test_by_somebody_else(self, world):
        run = world.run()
        stranger = CoordinatorFactory(municipality="0180")
        refused("run.unknown", services.publish_round, actor=stranger, run_id=run.pk)

    def test_an_unverified_run(self, world):
        run = world.run()
        type(run).objects.filter(pk=run.pk).update(is_verified=False)
        refuse_publication("run.not_verified", world, run)

    def test_a_place_closed_since(self, world):
        run = world.run()
        Offer.objects.filter(pk=world.rows[0].period.offer_id).update(state=OfferState.CLOSED)
        assert refuse_publication("round.changed", world, run).data == {"seat": world.rows[0].pk}

    def test_risks_added_since(self, world):
        run = world.run()
        young = run.outcomes.filter(seat__isnull=False).first().participant.student
        type(young).objects.filter(pk=young.pk).update(birth_date=date(2010, 3, 1))
        for row in world.rows:
            row.period.offer.hazards.add(HazardFlag.objects.get(pk="ASBESTOS"))
        refuse_publication("round.changed", world, run)

    def test_a_student_who_left_since(self, world):
        run = world.run()
        participant = run.outcomes.first().participant
        services.remove_participant(actor=world.coordinator, participant_id=participant.pk, reason="Flyttat.")
        refuse_publication("round.changed", world, run)

    def test_a_student_placed_elsewhere_since(self, world):
        run = world.run()
        student = run.outcomes.filter(seat__isnull=False).first().participant.student
        propose_match(actor=None, student=student, period=PeriodFactory(), source=MatchSource.APPLICATION)
        assert "placed" in refuse_publication("round.changed", world, run).data

    def test_a_run_from_before_the_round_was_opened_again(self, world, frozen_clock):
        run = world.run()
        services.reopen_round(
            actor=world.coordinator,
            round_id=world.round.pk,
            closes_at=world.round.closes_at + timedelta(hours=1),
            reason="Sjuka elever.",
        )
        frozen_clock.shift(timedelta(hours=1))
        world.close()
        refuse_publication("round.changed", world, run)

    def test_without_time_to_answer(self, world, frozen_clock):
        run = world.run()
        frozen_clock.move_to(ACCEPT_BY - timedelta(hours=3))
        refuse_publication("round.no_time_to_answer", world, run)

    def test_each_student_reads_why_in_both_languages(self, world):
        from django.utils import translation

        from backend.notifications import registry
        from backend.notifications.rendering import render_mail

        world.publish()
        for note in Notification.objects.filter(kind="round.published").select_related("recipient"):
            texts = set()
            for language in ("sv", "en"):
                note.recipient.language = language
                with translation.override(language):
                    texts.add(render_mail(note, registry.get(note.kind), note.recipient, unsubscribe_url="").text)
            assert len(texts) == 2

    def test_who_said_yes_before_the_mail_went_out_is_not_told_that_a_person_will_help(self, world):
        from backend.notifications import registry
        from backend.notifications.rendering import render_mail

        world.publish()
        result = Result.objects.filter(state=ResultState.OFFERED).latest("pk")
        student = result.participant.student.user
        note = Notification.objects.get(kind="round.published", recipient=student)
        student.language = "en"
        before = render_mail(note, registry.get(note.kind), student).text
        services.accept_result(actor=student, result_id=result.pk)
        after = render_mail(note, registry.get(note.kind), student).text
        assert "The seat is yours if you want it." in before
        assert "The seat is yours if you want it." not in after
        assert "helps you to find" not in after


@pytest.mark.django_db(transaction=True)
def test_two_coordinators_publish_different_runs_at_once():
    world = World(1, 1).open()
    for _ in range(3):
        world.student(0, 1)
    world.close()
    runs = [world.run(), world.run("optimal")]
    colleague = CoordinatorFactory()
    connection.close()
    outcomes = at_once(
        [
            lambda actor=actor, run=run: services.publish_round(actor=actor, run_id=run.pk)
            for actor in (world.coordinator, colleague)
            for run in runs
        ]
    )
    assert outcomes == {"ok": 1, "round.wrong_state": 3}
    assert Publication.objects.count() == 1
    assert Result.objects.count() == 3
    assert Result.objects.filter(state=ResultState.OFFERED).count() == 2
    assert Notification.objects.filter(kind="round.published").count() == 3


@pytest.mark.django_db(transaction=True)
def test_undoing_against_the_first_yes():
    world = World(1).open()
    participant = world.student(0)
    result = world.close().publish().results.get()
    connection.close()
    outcomes = at_once(
        [
            lambda: services.accept_result(actor=participant.student.user, result_id=result.pk),
            lambda: services.undo_publication(actor=world.coordinator, round_id=world.round.pk, reason="Fel körning."),
        ]
    )
    result.refresh_from_db()
    the_round = Round.objects.get()
    assert outcomes["ok"] == 1
    assert (result.state, the_round.state) in {
        (ResultState.ACCEPTED, RoundState.PUBLISHED),
        (ResultState.TAKEN_BACK, RoundState.CLOSED),
    }


class TestUndoing:
    def test_everybody_is_told_and_another_run_can_be_published(self, world):
        world.publish()
        services.undo_publication(actor=world.coordinator, round_id=world.round.pk, reason="Fel körning.")
        assert set(Result.objects.values_list("state", flat=True)) == {ResultState.TAKEN_BACK}
        assert Notification.objects.filter(kind="round.unpublished").count() == 3
        assert [row.promised for row in world.round.seats.all()] == [0, 0]
        world.publish(world.run("optimal"))
        assert Publication.objects.count() == 2

    def test_not_after_the_first_yes(self, world):
        result = world.publish().results.filter(state=ResultState.OFFERED).first()
        services.accept_result(actor=result.participant.student.user, result_id=result.pk)
        refused(
            "round.accepted_already",
            services.undo_publication,
            actor=world.coordinator,
            round_id=world.round.pk,
            reason="Fel körning.",
        )


class TestAnswers:
    @pytest.fixture
    def results(self, world):
        return list(world.publish().results.order_by("state", "pk").select_related("participant__student__user"))

    def test_a_seat_given_back_goes_to_the_next_in_the_order(self, world, results):
        unplaced = next(row for row in results if row.state == ResultState.UNPLACED)
        offered = next(row for row in results if row.state == ResultState.OFFERED)
        services.decline_result(actor=offered.participant.student.user, result_id=offered.pk)
        unplaced.refresh_from_db()
        assert (unplaced.state, unplaced.seat, unplaced.is_refill) == (ResultState.OFFERED, offered.seat, True)
        assert Notification.objects.filter(kind="result.offered", recipient=unplaced.participant.student.user).exists()
        assert world.taken() == [1, 1]
        row = world.round.seats.get(pk=offered.seat_id)
        assert (row.held, row.promised) == (1, 1)

    def test_only_the_student_says_yes_and_only_in_time(self, results, frozen_clock):
        offered = next(row for row in results if row.state == ResultState.OFFERED)
        refused("result.unknown", services.accept_result, actor=StudentFactory().user, result_id=offered.pk)
        refused("result.not_student", services.accept_result, actor=CoordinatorFactory(), result_id=offered.pk)
        frozen_clock.move_to(ACCEPT_BY)
        refused("result.late", services.accept_result, actor=offered.participant.student.user, result_id=offered.pk)

    def test_yes_twice_is_one_match(self, results):
        offered = next(row for row in results if row.state == ResultState.OFFERED)
        actor = offered.participant.student.user
        services.accept_result(actor=actor, result_id=offered.pk)
        refused("result.wrong_state", services.accept_result, actor=actor, result_id=offered.pk)
        refused("result.approved", services.decline_result, actor=actor, result_id=offered.pk)

    def test_a_yes_that_waits_for_approval_can_be_taken_back_and_the_seat_goes_on(self, world, results):
        unplaced = next(row for row in results if row.state == ResultState.UNPLACED)
        offered = next(row for row in results if row.state == ResultState.OFFERED)
        actor = offered.participant.student.user
        world.coordinator.is_active = False  # so that nobody has approved in advance
        world.coordinator.save()
        services.accept_result(actor=actor, result_id=offered.pk)
        services.decline_result(actor=actor, result_id=offered.pk)
        offered.refresh_from_db()
        assert (offered.state, offered.match.state) == (ResultState.DECLINED, MatchState.WITHDRAWN)
        unplaced.refresh_from_db()
        assert (unplaced.state, unplaced.seat, unplaced.is_refill) == (ResultState.OFFERED, offered.seat, True)
        row = world.round.seats.get(pk=offered.seat_id)
        assert (row.held, row.promised, world.taken()) == (1, 1, [1, 1])
        assert broken() == []

    def test_a_match_that_comes_to_nothing_gives_its_seat_back_when_it_cannot_be_undone_any_more(
        self, world, results, frozen_clock
    ):
        unplaced = next(row for row in results if row.state == ResultState.UNPLACED)
        offered = next(row for row in results if row.state == ResultState.OFFERED)
        colleague = CoordinatorFactory()
        world.coordinator.is_active = False
        world.coordinator.save()
        match = services.accept_result(actor=offered.participant.student.user, result_id=offered.pk).match
        reject_match(actor=colleague, match_id=match.pk, reason="Arbetsplatsen har stängt.")
        assert end_fallen() == 0
        frozen_clock.shift(timedelta(days=1))
        assert end_fallen() == 1
        assert end_fallen() == 0
        offered.refresh_from_db()
        unplaced.refresh_from_db()
        assert (offered.state, unplaced.state, unplaced.seat) == (ResultState.FELL, ResultState.OFFERED, offered.seat)
        assert broken() == []

    def test_a_cancelled_placement_gives_its_seat_back(self, world, results):
        unplaced = next(row for row in results if row.state == ResultState.UNPLACED)
        offered = next(row for row in results if row.state == ResultState.OFFERED)
        match = services.accept_result(actor=offered.participant.student.user, result_id=offered.pk).match
        refused(
            "result.approved", services.decline_result, actor=offered.participant.student.user, result_id=offered.pk
        )
        end_placement(actor=world.coordinator, placement_id=match.placement.pk, reason="Sjukdom.")
        assert end_fallen() == 1
        unplaced.refresh_from_db()
        assert (unplaced.state, unplaced.seat) == (ResultState.OFFERED, offered.seat)

    def test_a_guardian_of_a_minor_says_no(self):
        world = World(1).open()
        participant = world.student(0, birth_date=date(2010, 3, 1))
        guardian = GuardianshipFactory(student=participant.student).guardian
        result = world.close().publish().results.get()
        refused("result.unknown", services.accept_result, actor=guardian, result_id=result.pk)
        services.decline_result(actor=guardian, result_id=result.pk)
        result.refresh_from_db()
        assert result.state == ResultState.DECLINED

    def test_another_place_in_the_same_weeks_gives_the_seat_back(self, results):
        offered = next(row for row in results if row.state == ResultState.OFFERED)
        propose_match(
            actor=None,
            student=offered.participant.student,
            period=PeriodFactory(),
            source=MatchSource.APPLICATION,
        )
        handle_events()
        offered.refresh_from_db()
        assert offered.state == ResultState.DECLINED
        assert Result.objects.filter(is_refill=True, state=ResultState.OFFERED).count() == 1


class TestAppeals:
    def test_a_question_is_answered_by_a_person(self, world):
        result = world.publish().results.select_related("participant__student__user").first()
        actor = result.participant.student.user
        appeal = services.appeal_result(actor=actor, result_id=result.pk, text="Varför fick jag inte plats?")
        assert Notification.objects.get(kind="appeal.sent").recipient == world.coordinator
        refused("appeal.waiting", services.appeal_result, actor=actor, result_id=result.pk, text="Hallå?")
        refused("appeal.unknown", services.answer_appeal, actor=actor, appeal_id=appeal.pk, answer="Jo.")
        services.answer_appeal(actor=world.coordinator, appeal_id=appeal.pk, answer="Vi pratar i morgon.")
        assert Notification.objects.get(kind="appeal.answered").recipient == actor
        refused("appeal.answered", services.answer_appeal, actor=world.coordinator, appeal_id=appeal.pk, answer="Igen")
        assert services.appeal_result(actor=actor, result_id=result.pk, text="Tack!").pk

    def test_a_partners_student_is_answered_by_those_who_lead_the_round(self):
        world = World(1, municipality_codes=(FINSPANG, "0882")).open()
        participant = world.student(0, municipality_id="0882")
        partner = CoordinatorFactory(municipality="0882")
        result = world.close().publish().results.get(participant=participant)
        appeal = services.appeal_result(actor=participant.student.user, result_id=result.pk, text="Varför just där?")
        refused("round.not_allowed", services.answer_appeal, actor=partner, appeal_id=appeal.pk, answer="Jo.")
        stranger = CoordinatorFactory(municipality="0461")
        refused("appeal.unknown", services.answer_appeal, actor=stranger, appeal_id=appeal.pk, answer="Jo.")
        assert services.answer_appeal(actor=world.coordinator, appeal_id=appeal.pk, answer="Det låg närmast.").answer

    def test_a_protected_students_question_is_for_those_with_a_grant(self):
        world = World(1, municipality_codes=(FINSPANG, "0882")).open()
        participant = world.student(0, municipality_id="0882", is_protected=True, alias="Student KXBR")
        granted = CoordinatorFactory(municipality="0882")
        until = clock.today() + timedelta(days=90)
        give_grant(
            actor=NetworkOfficerFactory(), user=granted, municipality_code="0882", valid_until=until, reason="Rektor."
        )
        result = world.close().publish().results.get(participant=participant)
        appeal = services.appeal_result(actor=participant.student.user, result_id=result.pk, text="Varför just där?")
        assert [each.recipient for each in Notification.objects.filter(kind="appeal.sent")] == [granted]
        refused("appeal.unknown", services.answer_appeal, actor=world.coordinator, appeal_id=appeal.pk, answer="Jo.")
        assert services.answer_appeal(actor=granted, appeal_id=appeal.pk, answer="Det låg närmast.").answer

    def test_a_double_click_asks_once(self, world, frozen_clock):
        result = world.publish().results.select_related("participant__student__user").first()
        asked = {"actor": result.participant.student.user, "result_id": result.pk, "text": "Varför just där?"}
        first = services.appeal_result(**asked)
        assert services.appeal_result(**asked) == first
        assert Notification.objects.filter(kind="appeal.sent").count() == 1
        frozen_clock.shift(61)
        refused("appeal.waiting", services.appeal_result, **asked)

    def test_an_empty_one_and_a_strangers(self, world):
        result = world.publish().results.select_related("participant__student__user").first()
        refused(
            "appeal.empty",
            services.appeal_result,
            actor=result.participant.student.user,
            result_id=result.pk,
            text=" ",
        )
        refused("result.unknown", services.appeal_result, actor=StudentFactory().user, result_id=result.pk, text="Hej")
