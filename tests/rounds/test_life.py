"""A round from the first draft to its end: what each step does, tells and refuses."""

from datetime import date, timedelta

import pytest

from backend.common.models import LogEntry
from backend.notifications.models import Notification
from backend.placements.enums import MatchSource, MatchState
from backend.placements.models import Match, Placement
from backend.reference.models import PlacementFormVersion
from backend.rounds import services
from backend.rounds.enums import ResultState, RoundState
from backend.rounds.models import Participant, Result, Round
from tests.conftest import NOW
from tests.factories import CoordinatorFactory, MembershipFactory, PeriodFactory, StudentFactory
from tests.factories.refusals import refused
from tests.rounds.world import CLOSES, END, START, World, details

DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


class TestSettingUp:
    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"name": " "}, "round.no_name"),
            ({"name": "x" * 121}, "round.too_long"),
            ({"form": "okänd"}, "round.unknown_form"),
            ({"municipality_codes": ("9999",)}, "round.unknown_municipality"),
            ({"method": "guess"}, "round.unknown_method"),
            ({"unplaced_policy": "nobody"}, "round.unknown_policy"),
            ({"max_wishes": 0}, "round.bad_wishes"),
            ({"max_wishes": 21}, "round.bad_wishes"),
            ({"max_distance_km": 0}, "round.bad_distance"),
            ({"region_caps": {"0562": -1}}, "round.bad_cap"),
            ({"end": START - DAY}, "round.reversed"),
            ({"start": NOW.date()}, "round.past"),
            ({"opens_at": CLOSES}, "round.closes_early"),
            ({"publish_on": NOW.date() + DAY}, "round.publishes_early"),
            ({"accept_by": CLOSES + timedelta(days=1)}, "round.no_time_to_answer"),
            ({"accept_by": CLOSES + timedelta(days=90)}, "round.answers_late"),
            ({"employers_answer_by": CLOSES - timedelta(days=1)}, "round.employers_early"),
            ({"employers_answer_by": CLOSES + timedelta(days=20)}, "round.employers_late"),
            ({"lead_code": "0180"}, "round.not_coordinator"),
        ],
    )
    def test_wrong_input_is_named(self, changes, code):
        refused(code, services.create_round, actor=CoordinatorFactory(), details=details(**changes))
        assert not Round.objects.exists()

    def test_a_draft_can_be_changed_an_open_round_can_not(self):
        world = World(2)
        changed = services.update_round(
            actor=world.coordinator, round_id=world.round.pk, details=details(name="Ny", max_wishes=3)
        )
        assert (changed.name, changed.max_wishes) == ("Ny", 3)
        world.open()
        refused(
            "round.wrong_state",
            services.update_round,
            actor=world.coordinator,
            round_id=world.round.pk,
            details=details(),
        )

    def test_seats_must_be_of_the_form_and_within_the_dates(self):
        world = World()
        late = PeriodFactory(end=END + 14 * DAY)
        for period_id, seats, code in (
            (late.pk, 1, "round.other_dates"),
            (0, 1, "round.period_unknown"),
            (PeriodFactory(offer__form_id="praktik").pk, 1, "round.other_form"),
            (PeriodFactory().pk, 0, "round.no_seats"),
        ):
            error = refused(
                code,
                services.set_seats,
                actor=world.coordinator,
                round_id=world.round.pk,
                seats=[services.SeatDetails(period_id, seats)],
            )
            assert error.field == "seats-0"

    def test_a_reserve_is_at_most_the_seats(self):
        world = World()
        refused(
            "round.reserves_more",
            services.set_seats,
            actor=world.coordinator,
            round_id=world.round.pk,
            seats=[services.SeatDetails(PeriodFactory().pk, 2, reserves={"flickor": 3})],
        )

    def test_another_municipality_does_not_know_of_a_draft(self):
        world = World(1)
        stranger = CoordinatorFactory(municipality="0180")
        refused("round.unknown", services.open_round, actor=stranger, round_id=world.round.pk)

    def test_a_municipality_that_takes_part_reads_but_does_not_lead(self):
        world = World(1, municipality_codes=("0882",))
        refused(
            "round.not_allowed",
            services.open_round,
            actor=CoordinatorFactory(municipality="0882"),
            round_id=world.round.pk,
        )


class TestOpening:
    def test_the_seats_are_held_and_the_seed_is_drawn(self):
        world = World(2, 1).open()
        assert world.round.seed is not None
        assert world.taken() == [2, 1]
        assert LogEntry.objects.get(action="round.opened").data["seed"] == world.round.seed

    def test_without_seats_or_students_it_stays_a_draft(self):
        world = World()
        refused("round.no_seats", services.open_round, actor=world.coordinator, round_id=world.round.pk)
        closed = World(1, is_joinable=False)
        refused("round.no_students", services.open_round, actor=closed.coordinator, round_id=closed.round.pk)

    def test_seats_taken_meanwhile_stop_it_and_nothing_is_held(self):
        world = World(2, 1)
        period = world.rows[1].period
        type(period).objects.filter(pk=period.pk).update(taken=1)
        refused("period.full", services.open_round, actor=world.coordinator, round_id=world.round.pk)
        assert world.taken() == [0, 1]

    def test_seats_of_an_open_round_grow_and_shrink_in_their_periods(self):
        world = World(3).open()
        period = world.rows[0].period_id
        for seats in (1, 2):
            services.set_seats(
                actor=world.coordinator, round_id=world.round.pk, seats=[services.SeatDetails(period, seats)]
            )
            assert world.taken() == [seats]

    def test_a_place_somebody_wishes_for_is_not_taken_away(self):
        world = World(1, 1).open()
        world.student(0)
        refused(
            "round.seat_wished",
            services.set_seats,
            actor=world.coordinator,
            round_id=world.round.pk,
            seats=[services.SeatDetails(world.rows[1].period_id, 1)],
        )


class TestCancelling:
    def test_everything_is_given_back_and_all_are_told(self):
        world = World(2).open()
        participant = world.student(0)
        services.cancel_round(actor=world.coordinator, round_id=world.round.pk, reason="För få platser.")
        assert world.taken() == [0]
        assert not Participant.objects.get(pk=participant.pk).is_live
        assert Notification.objects.filter(kind="round.cancelled", recipient=participant.student.user).exists()

    def test_it_needs_a_reason_and_a_published_round_stays(self):
        world = World(1).open()
        world.student(0)
        refused("round.no_reason", services.cancel_round, actor=world.coordinator, round_id=world.round.pk, reason=" ")
        world.close().publish()
        refused(
            "round.wrong_state", services.cancel_round, actor=world.coordinator, round_id=world.round.pk, reason="x"
        )


class TestWholeLife:
    def test_from_wishes_to_placements(self):
        world = World(1, 1).open()
        company = MembershipFactory(organisation=world.rows[0].period.offer.organisation).user
        first, second, third = world.student(0, 1), world.student(0, 1), world.student(0)
        world.close()
        publication = world.publish()
        assert world.round.state == RoundState.PUBLISHED
        results = {row.participant_id: row for row in publication.results.all()}
        placed = [row for row in results.values() if row.state == ResultState.OFFERED]
        assert len(placed) == 2
        assert results[third.pk].state == ResultState.UNPLACED or third.pk in {row.participant_id for row in placed}
        told = set(Notification.objects.filter(kind="round.published").values_list("recipient", flat=True))
        assert told == {row.student.user_id for row in (first, second, third)}
        assert Notification.objects.filter(kind="round.organisation_told", recipient=company).exists()

        for row in placed:
            services.accept_result(actor=row.participant.student.user, result_id=row.pk)
        assert Placement.objects.count() == 2
        match = Match.objects.first()
        assert (match.source, match.state, match.decided_by) == (
            MatchSource.ROUND,
            MatchState.APPROVED,
            world.coordinator,
        )
        assert world.taken() == [1, 1]
        assert not Notification.objects.filter(kind="match.proposed").exists()

        services.finish_round(actor=world.coordinator, round_id=world.round.pk)
        assert world.taken() == [1, 1]
        assert not Participant.objects.filter(is_live=True).exists()

    def test_a_minor_without_consent_waits_for_the_coordinator(self):
        PlacementFormVersion.objects.filter(form="apl").update(requires_guardian_consent=True)
        world = World(1).open()
        participant = world.student(0, birth_date=date(2010, 3, 1))
        world.close()
        result = world.publish().results.get()
        services.accept_result(actor=participant.student.user, result_id=result.pk)
        assert Match.objects.get().state == MatchState.PROPOSED
        assert Notification.objects.filter(kind="match.proposed", recipient=world.coordinator).exists()

    def test_a_student_of_another_municipality_is_decided_by_its_own_coordinator(self):
        world = World(1, municipality_codes=("0882",)).open()
        CoordinatorFactory(municipality="0882")
        participant = world.student(0, municipality_id="0882")
        world.close()
        services.accept_result(actor=participant.student.user, result_id=world.publish().results.get().pk)
        match = Match.objects.get()
        assert (match.state, match.deciding_municipality_id) == (MatchState.PROPOSED, "0882")

    def test_applications_in_the_same_weeks_make_way(self):
        from backend.applications.models import Application
        from backend.applications.services import submit_application

        world = World(1).open()
        participant = world.student(0)
        submit_application(actor=participant.student.user, period_id=PeriodFactory().pk)
        world.close()
        services.accept_result(actor=participant.student.user, result_id=world.publish().results.get().pk)
        assert Application.objects.get().state == "withdrawn"


def test_time_closes_a_round_lets_answers_run_out_and_ends_it(frozen_clock):
    from backend.rounds import scheduled_tasks

    world = World(1).open()
    world.student(0)
    assert scheduled_tasks.close() == 0
    frozen_clock.shift(timedelta(days=7, minutes=1))
    assert scheduled_tasks.close() == 1
    world.publish()
    frozen_clock.shift(timedelta(days=30))
    assert scheduled_tasks.lapse_results() == 1
    assert Result.objects.get().state == ResultState.LAPSED
    assert world.taken() == [1]
    frozen_clock.move_to(NOW + (START - NOW.date()))
    assert scheduled_tasks.finish() == 1
    assert Round.objects.get().state == RoundState.FINISHED
    assert world.taken() == [0]


def test_students_in_another_round_in_the_same_weeks_are_named():
    world, other = World(1).open(), World(1, is_joinable=False)
    busy = world.student(0)
    free = StudentFactory()
    added = services.add_participants(
        actor=other.coordinator, round_id=other.round.pk, student_ids=[busy.student_id, free.pk]
    )
    assert (added.added, added.refused) == (1, [busy.student_id])
    refused("round.overlap", services.join_round, actor=free.user, round_id=world.round.pk)


def test_a_second_round_takes_up_what_is_left():
    world = World(1, 1).open()
    world.student(0), world.student(0)
    world.close()
    publication = world.publish()
    taken = publication.results.get(state=ResultState.OFFERED)
    services.accept_result(actor=taken.participant.student.user, result_id=taken.pk)
    second = services.start_second_round(
        actor=world.coordinator, round_id=world.round.pk, details=details(name="Andra omgången")
    )
    assert second.follows == world.round
    assert [row.period_id for row in second.seats.all()] == [world.rows[1].period_id]
    assert second.participants.count() == 1
