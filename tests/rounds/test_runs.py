"""Runs: killed, cancelled, repeated, adjusted; always whole or not there at all."""

import html
import json
import zlib
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation

from backend.common import outbox
from backend.reference.models import HazardFlag
from backend.rounds import runner, selectors, services
from backend.rounds.enums import RunFailure, RunState
from backend.rounds.models import Outcome, Participant, Round, Run, RunSeat
from backend.rounds.snapshot import digest_of
from matching import MarketErrors, MatchingError, MissingExtra, SolverFailed, UnsupportedCombination
from tests.factories import StudentFactory
from tests.factories.refusals import refused
from tests.rounds.world import CLOSES, World, make_due, seats_of

pytestmark = pytest.mark.django_db


def start(world: World, **more) -> Run:
    return services.start_run(actor=world.coordinator, round_id=world.round.pk, **more)


@pytest.fixture
def world() -> World:
    world = World(1, 2).open()
    for _ in range(4):
        world.student(0, 1)
    return world.close()


class TestResult:
    def test_it_is_complete_verified_and_can_be_computed_again_from_its_digest(self, world):
        run = world.run()
        assert (run.state, run.progress, run.is_verified) == (RunState.DONE, 100, True)
        assert len(run.certificate) == 64
        text = zlib.decompress(bytes(run.snapshot))
        assert digest_of(text) == run.digest
        assert selectors.snapshot_of(run) == text
        assert run.outcomes.count() == 4
        assert [row.filled for row in run.seats.order_by("seat")] == [1, 2]
        assert run.metrics["placed"] == 3

    def test_the_snapshot_knows_numbers_and_no_names(self, world):
        text = selectors.snapshot_of(world.run()).decode()
        for participant in Participant.objects.select_related("student__user"):
            assert participant.student.user.name not in text
            assert participant.student.user.email not in text
        assert json.loads(text)["seed"] == world.round.seed

    def test_the_same_round_gives_the_same_result_again(self, world):
        first, second = world.run(), world.run()
        assert first.digest == second.digest
        assert seats_of(first) == seats_of(second)

    def test_the_seed_of_every_run_is_the_one_that_was_public_before_it_closed(self, world):
        assert {world.run().seed, world.run("optimal").seed} == {world.round.seed}

    def test_a_student_with_a_place_already_is_left_out(self, world):
        from backend.placements.enums import MatchSource
        from backend.placements.services import propose_match
        from tests.factories import PeriodFactory

        busy = Participant.objects.first()
        propose_match(actor=None, student=busy.student, period=PeriodFactory(), source=MatchSource.APPLICATION)
        assert busy.pk not in seats_of(world.run())

    def test_a_place_forbidden_since_the_wish_goes_to_nobody_too_young(self):
        world = World(1).open()
        young, adult = world.student(0, birth_date=date(2010, 3, 1)), world.student(0)
        world.rows[0].period.offer.hazards.add(HazardFlag.objects.get(pk="ASBESTOS"))
        HazardFlag.objects.get(pk="ASBESTOS").rules.filter(age_class="adult").update(verdict="allowed")
        run = world.close().run()
        assert run.outcomes.get(participant=young).kinds == "x"
        assert run.outcomes.get(participant=young).seat is None
        assert run.outcomes.get(participant=adult).seat == world.rows[0]

    def test_priority_set_by_a_coordinator_decides_before_the_lottery(self):
        world = World(1).open()
        students = [world.student(0) for _ in range(6)]
        for each in students[:5]:
            services.update_participant(
                actor=world.coordinator, participant_id=each.pk, priority=1, reason="Fick plats i fjol."
            )
        assert world.close().run().outcomes.get(seat__isnull=False).participant == students[5]

    def test_regional_caps_and_reserved_seats_hold(self):
        world = World(3, region_caps={"0562": 2})
        services.set_seats(
            actor=world.coordinator,
            round_id=world.round.pk,
            seats=[services.SeatDetails(world.rows[0].period_id, 3, reserves={"flickor": 1})],
        )
        world.open()
        students = [world.student(0) for _ in range(8)]
        services.update_participant(actor=world.coordinator, participant_id=students[0].pk, group="flickor")
        run = world.close().run()
        assert run.is_verified
        placed = [pk for pk, seat in seats_of(run).items() if seat]
        assert len(placed) == 2
        assert students[0].pk in placed

    def test_siblings_come_to_the_same_town(self):
        world = World(1, 1, 1, 1)
        for row in world.rows[2:]:
            workplace = row.period.offer.workplace
            type(workplace).objects.filter(pk=workplace.pk).update(municipality="0882")
        world.open()
        Round.objects.filter(pk=world.round.pk).update(seed=1)  # not every lottery leaves a stable result for pairs
        alone = [world.student(0, 1) for _ in range(2)]
        one, two = world.student(0, 2), world.student(1, 3)
        services.pair_participants(actor=world.coordinator, first_id=one.pk, second_id=two.pk)
        assert alone
        run = world.close().run()
        assert run.is_verified
        towns = {
            row.seat.period.offer.workplace.municipality_id
            for row in run.outcomes.filter(participant__in=[one, two]).select_related("seat__period__offer__workplace")
        }
        assert len(towns) == 1

    def test_pairs_do_not_go_with_the_optimal_method(self):
        world = World(1).open()
        one, two = world.student(0), world.student(0)
        services.pair_participants(actor=world.coordinator, first_id=one.pk, second_id=two.pk)
        world.close()
        refused(
            "round.pairs_alone",
            services.start_run,
            actor=world.coordinator,
            round_id=world.round.pk,
            method="optimal",
        )


class TestStarting:
    def test_only_a_closed_round_with_wishes_and_one_run_at_a_time(self):
        world = World(1).open()
        world.student()
        arguments = {"actor": world.coordinator, "round_id": world.round.pk}
        refused("round.wrong_state", services.start_run, **arguments)
        world.close()
        refused("round.no_wishes", services.start_run, **arguments)

    def test_not_while_another_works(self, world):
        start(world)
        refused("round.run_works", services.start_run, actor=world.coordinator, round_id=world.round.pk)

    def test_seats_are_not_lowered_while_a_run_works(self, world):
        services.reopen_round(
            actor=world.coordinator,
            round_id=world.round.pk,
            closes_at=CLOSES + timedelta(days=1),
            reason="Två elever var sjuka.",
        )
        Run.objects.create(round=world.round, number=1, method="stable", seed=1, started_by=world.coordinator)
        refused(
            "round.run_works",
            services.set_seats,
            actor=world.coordinator,
            round_id=world.round.pk,
            seats=[services.SeatDetails(world.rows[1].period_id, 1)],
        )

    def test_the_organisation_can_not_lower_its_seats_below_what_the_round_holds(self, world):
        from backend.offers.models import OfferPeriod

        with pytest.raises(IntegrityError, match="seats_taken_at_most_capacity"), transaction.atomic():
            OfferPeriod.objects.filter(pk=world.rows[1].period_id).update(capacity=1)


class TestKilledAndCancelled:
    def test_a_killed_run_starts_again_and_ends_the_same(self, world, monkeypatch):
        untouched = world.run()
        run = start(world)
        monkeypatch.setattr(runner, "_store", killed)
        with pytest.raises(Killed):
            runner.run_once(run.pk)
        run.refresh_from_db()
        assert (run.state, Outcome.objects.filter(run=run).count()) == (RunState.WORKING, 0)
        monkeypatch.undo()
        assert runner.sweep() == 0
        make_due(run)
        assert runner.sweep() == 1
        assert runner.run_once(run.pk)
        run.refresh_from_db()
        assert (run.digest, run.attempts) == (untouched.digest, 2)
        assert seats_of(run) == seats_of(untouched)

    def test_a_run_that_is_killed_again_and_again_has_failed(self, world, monkeypatch):
        run = start(world)
        monkeypatch.setattr(runner, "_store", killed)
        for _ in range(runner.MOST_ATTEMPTS):
            with pytest.raises(Killed):
                runner.run_once(run.pk)
            make_due(run)
            runner.sweep()
        run.refresh_from_db()
        assert (run.state, run.error) == (RunState.FAILED, RunFailure.WORKER_LOST)
        assert not runner.run_once(run.pk)

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (MissingExtra("ortools"), RunFailure.NOT_INSTALLED),
            (MarketErrors([]), RunFailure.BAD_INPUT),
            (UnsupportedCombination("pairs"), RunFailure.COMBINATION),
            (SolverFailed("nodes"), RunFailure.NO_SOLUTION),
            (MatchingError("else"), RunFailure.OTHER),
        ],
    )
    def test_whoever_started_a_failed_run_reads_why_in_words(self, world, monkeypatch, client, error, reason):
        def fail(*_arguments):
            raise error

        run = start(world)
        monkeypatch.setattr(runner, "compute", fail)
        assert not runner.run_once(run.pk)
        run.refresh_from_db()
        assert (run.state, run.error) == (RunState.FAILED, reason)
        client.force_login(world.coordinator)
        for language in ("sv", "en"):
            with translation.override(language):
                words = str(reason.label)
            client.cookies["django_language"] = language
            page = html.unescape(client.get(reverse("round_runs", args=[world.round.pk])).content.decode())
            assert words in page
            assert type(error).__name__ not in page

    def test_every_reason_is_said_in_both_languages_and_no_class_is_named(self):
        names = {kind.__name__ for kind in (MissingExtra, MarketErrors, UnsupportedCombination, SolverFailed)}
        for reason in RunFailure:
            with translation.override("en"):
                english = str(reason.label)
            with translation.override("sv"):
                swedish = str(reason.label)
            assert english != swedish
            assert not any(name in english + swedish for name in names)

    def test_the_reason_of_an_earlier_version_is_words_too(self, world):
        run = start(world)
        run.state, run.error = RunState.FAILED, "MissingExtra"
        assert run.failure == str(RunFailure.OTHER.label)

    def test_a_cancelled_run_leaves_nothing_behind(self, world, monkeypatch):
        run = start(world)
        original = runner.compute

        def cancelled_meanwhile(snapshot, progress):
            services.cancel_run(actor=world.coordinator, run_id=run.pk)
            return original(snapshot, progress)

        monkeypatch.setattr(runner, "compute", cancelled_meanwhile)
        assert not runner.run_once(run.pk)
        run.refresh_from_db()
        assert run.state == RunState.CANCELLED
        assert not Outcome.objects.exists()
        assert not RunSeat.objects.exists()
        refused("run.wrong_state", services.cancel_run, actor=world.coordinator, run_id=run.pk)

    def test_two_workers_with_the_same_message_run_it_once(self, world):
        run = start(world)
        assert runner.run_once(run.pk)
        assert not runner.run_once(run.pk)

    def test_a_worker_whose_lease_was_taken_over_stores_nothing(self, world, monkeypatch):
        run = start(world)
        original = runner.compute

        def slow(snapshot, progress):
            monkeypatch.setattr(runner, "compute", original)
            make_due(run)
            runner.sweep()
            assert runner.run_once(run.pk)
            return original(snapshot, lambda percent: None)

        monkeypatch.setattr(runner, "compute", slow)
        assert not runner.run_once(run.pk)
        assert Outcome.objects.filter(run=run).count() == 4

    def test_cancelling_the_round_stops_its_run(self, world):
        run = start(world)
        services.cancel_round(actor=world.coordinator, round_id=world.round.pk, reason="Strejk.")
        run.refresh_from_db()
        assert run.state == RunState.CANCELLED
        assert not runner.run_once(run.pk)

    def test_the_dispatcher_hands_it_out(self, world):
        run = start(world)
        source = next(source for source in outbox.sources() if source.name == "rounds")
        assert outbox.claim(source, 10) == [run.pk]
        assert runner.run_once(run.pk)


class Killed(BaseException):
    pass


def killed(*_arguments: object) -> None:
    raise Killed


class TestPeopleDecide:
    def test_a_locked_seat_stands_in_every_run(self, world):
        participant = Participant.objects.last()
        services.lock_pair(
            actor=world.coordinator, participant_id=participant.pk, seat_id=world.rows[0].pk, reason="Rullstol."
        )
        for method in ("stable", "optimal"):
            run = world.run(method)
            assert run.outcomes.get(participant=participant).seat == world.rows[0]
            assert run.is_verified
            assert run.metrics["placed"] == 3
        other = Participant.objects.first()
        refused(
            "lock.full",
            services.lock_pair,
            actor=world.coordinator,
            participant_id=other.pk,
            seat_id=world.rows[0].pk,
            reason="Också.",
        )
        services.unlock_pair(actor=world.coordinator, lock_id=participant.lock.pk)
        assert not Participant.objects.filter(lock__isnull=False).exists()

    def test_a_move_names_its_warnings_and_its_reason(self, world):
        run = world.run()
        unplaced = run.outcomes.get(seat=None)
        placed = run.outcomes.filter(seat=world.rows[1]).first()
        arguments = {"actor": world.coordinator, "run_id": run.pk}
        refused(
            "run.full",
            services.adjust,
            **arguments,
            participant_id=unplaced.participant_id,
            seat_id=world.rows[1].pk,
            reason="Nära hemmet.",
        )
        error = refused(
            "adjust.warnings", services.adjust, **arguments, participant_id=placed.participant_id, seat_id=None
        )
        assert error.data["warnings"] == ["unplaces"]
        refused(
            "adjust.no_reason",
            services.adjust,
            **arguments,
            participant_id=placed.participant_id,
            seat_id=None,
            overridden=["unplaces"],
        )
        services.adjust(
            **arguments,
            participant_id=placed.participant_id,
            seat_id=None,
            overridden=["unplaces"],
            reason="Har flyttat.",
        )
        passing = [
            row.code for row in services.warnings_for(run, unplaced.participant, world.rows[1])
        ]  # whoever was moved away had the better lot
        assert passing == ["passes_over"]
        services.adjust(
            **arguments,
            participant_id=unplaced.participant_id,
            seat_id=world.rows[1].pk,
            overridden=passing,
            reason="Näst i tur.",
        )
        unplaced.refresh_from_db()
        assert (unplaced.seat, unplaced.rank, unplaced.computed_seat) == (world.rows[1], 2, None)
        assert run.adjustments.count() == 2
        assert selectors.figures_of(run).placed == 3

    def test_nobody_overrides_the_law(self, world):
        run = world.run()
        unplaced = run.outcomes.get(seat=None)
        student = unplaced.participant.student
        type(student).objects.filter(pk=student.pk).update(birth_date=date(2010, 3, 1))
        world.rows[0].period.offer.hazards.add(HazardFlag.objects.get(pk="ASBESTOS"))
        refused(
            "seat.age",
            services.adjust,
            actor=world.coordinator,
            run_id=run.pk,
            participant_id=unplaced.participant_id,
            seat_id=world.rows[0].pk,
            overridden=["age", "seat.age"],
            reason="Ändå.",
        )

    def test_a_place_left_out_gets_nobody(self, world):
        services.set_seat_excluded(
            actor=world.coordinator, seat_id=world.rows[0].pk, is_excluded=True, reason="Ingen handledare."
        )
        run = world.run()
        assert not run.outcomes.filter(seat=world.rows[0]).exists()
        assert run.outcomes.first().kinds[0] == "c"


class TestMinimums:
    def test_they_are_never_missed_in_silence(self):
        world = World()
        world.places(3, minimum=2)
        world.open()
        world.student(0)
        run = world.close().run()
        assert run.metrics["short"] == [{"seat": world.rows[0].pk, "filled": 1, "minimum": 2}]
        assert {way["way"] for way in run.metrics["ways"]} == {"stable", "close", "caps"}
        refused("round.minimums", services.publish_round, actor=world.coordinator, run_id=run.pk)
        world.publish(run, reason="Verkstaden tar emot en också.")


class TestComparison:
    def test_two_runs_side_by_side(self, world):
        stable, optimal = world.run(), world.run("optimal")
        compared = selectors.compare_runs(world.coordinator, stable.pk, optimal.pk)
        assert compared.first.placed == compared.second.placed == 3
        assert compared.better + compared.worse + compared.same == 4
        assert compared.first.passed_over == 0

    def test_groups_of_fewer_than_five_show_no_figures(self):
        world = World(9).open()
        for number in range(7):
            world.student(0, school="Stor" if number < 5 else "Liten")
        figures = selectors.figures_of(world.close().run())
        assert [group.name for group in figures.schools] == ["Stor"]

    def test_others_do_not_see_them(self, world):
        run = world.run()
        assert selectors.get_run(StudentFactory().user, run.pk) is None
