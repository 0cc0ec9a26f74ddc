"""What students and organisations may say in a round, and what is refused with a clear word."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from backend.accounts.services import give_grant
from backend.common import clock
from backend.common.models import LogEntry
from backend.notifications.models import Notification
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.reference.models import HazardFlag
from backend.rounds import services
from backend.rounds.models import EmployerRanking, Participant, Wish
from tests.factories import CoordinatorFactory, MembershipFactory, NetworkOfficerFactory, StudentFactory
from tests.factories.refusals import refused
from tests.rounds.world import CLOSES, END, START, World

DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


def set_wishes(world, participant, seats, actor=None, **more):
    return {
        "actor": actor or participant.student.user,
        "participant_id": participant.pk,
        "seat_ids": [getattr(seat, "pk", seat) for seat in seats],
        **more,
    }


class TestWishes:
    def test_the_list_is_replaced_as_a_whole(self):
        world = World(1, 1, 1).open()
        participant = world.student(0, 1)
        world.wish(participant, 2, 0)
        assert list(participant.wishes.values_list("rank", "seat")) == [
            (1, world.rows[2].pk),
            (2, world.rows[0].pk),
        ]
        world.wish(participant)
        assert not Wish.objects.exists()
        participant.refresh_from_db()
        assert participant.wished_at is None

    def test_the_same_place_twice_is_named(self):
        world = World(1, 1).open()
        participant = world.student()
        error = refused(
            "wishes.twice",
            services.set_wishes,
            **set_wishes(world, participant, [world.rows[0], world.rows[1], world.rows[0]]),
        )
        assert error.field == "wishes-2"

    def test_more_than_the_round_takes(self):
        world = World(1, 1, max_wishes=1).open()
        participant = world.student()
        refused("wishes.too_many", services.set_wishes, **set_wishes(world, participant, world.rows))

    def test_a_place_of_another_round_is_unknown(self):
        world, other = World(1).open(), World(1)
        participant = world.student()
        refused("wishes.unknown", services.set_wishes, **set_wishes(world, participant, other.rows))

    def test_work_that_is_forbidden_at_the_age(self):
        world = World(1).open()
        world.rows[0].period.offer.hazards.add(HazardFlag.objects.get(pk="ASBESTOS"))
        participant = world.student(birth_date=date(2010, 3, 1))
        error = refused("wishes.age", services.set_wishes, **set_wishes(world, participant, world.rows))
        assert error.field == "wishes-0"

    def test_a_place_that_was_closed_meanwhile(self):
        world = World(1).open()
        participant = world.student()
        Offer.objects.update(state=OfferState.CLOSED)
        refused("wishes.offer_closed", services.set_wishes, **set_wishes(world, participant, world.rows))

    def test_a_journey_longer_than_the_round_or_the_student_allows(self):
        world = World(1, max_distance_km=10).open()
        far = world.student(lat=59.5, lon=15.8)
        refused("wishes.distance", services.set_wishes, **set_wishes(world, far, world.rows))
        own_limit = World(1).open().student(lat=59.0, lon=15.8, max_distance_km=5)
        rows = list(own_limit.round.seats.all())
        refused("wishes.distance", services.set_wishes, **set_wishes(world, own_limit, rows))

    def test_after_the_closing_time_nothing_changes_even_before_the_calendar_has_closed_it(self, frozen_clock):
        world = World(1).open()
        participant = world.student()
        frozen_clock.move_to(CLOSES)
        refused("round.closed", services.set_wishes, **set_wishes(world, participant, world.rows))

    def test_before_the_opening_time(self):
        world = World(1, opens_at=CLOSES - timedelta(days=1)).open()
        student = StudentFactory()
        refused("round.not_yet_open", services.join_round, actor=student.user, round_id=world.round.pk)

    def test_a_coordinator_wishes_on_behalf_with_a_reason_and_that_is_logged(self):
        world = World(1).open()
        participant = world.student()
        refused(
            "wishes.no_reason",
            services.set_wishes,
            **set_wishes(world, participant, world.rows, actor=world.coordinator),
        )
        services.set_wishes(
            **set_wishes(world, participant, world.rows, actor=world.coordinator, reason="Ringde och bad om hjälp.")
        )
        entry = LogEntry.objects.get(action="wishes.set")
        assert (entry.actor, entry.data["by_student"]) == (world.coordinator, False)
        told = Notification.objects.get(kind="round.wished_for_you")
        assert told.recipient == participant.student.user
        services.set_wishes(**set_wishes(world, participant, [], actor=participant.student.user))
        assert Notification.objects.filter(kind="round.wished_for_you").count() == 1

    def test_others_do_not_know_of_the_participant(self):
        world = World(1).open()
        participant = world.student()
        for stranger in (StudentFactory().user, CoordinatorFactory(municipality="0180")):
            refused(
                "participant.unknown",
                services.set_wishes,
                **set_wishes(world, participant, world.rows, actor=stranger, reason="x"),
            )

    def test_joining_is_for_students_of_the_municipalities_who_look_for_the_form(self):
        world = World(1).open()
        for stranger in (StudentFactory(municipality_id="0180"), StudentFactory(forms=["praktik"])):
            refused("round.unknown", services.join_round, actor=stranger.user, round_id=world.round.pk)

    def test_leaving_takes_the_wishes_back(self):
        world = World(1).open()
        participant = world.student(0)
        refused("participant.unknown", services.leave_round, actor=StudentFactory().user, participant_id=participant.pk)
        services.leave_round(actor=participant.student.user, participant_id=participant.pk)
        assert not Wish.objects.exists()


class TestTheDatabaseItself:
    def test_one_student_is_not_in_two_rounds_in_the_same_weeks(self):
        world, other = World(1).open(), World(1).open()
        participant = world.student()
        with pytest.raises(IntegrityError, match="no_overlapping_rounds"), transaction.atomic():
            Participant.objects.create(
                round=other.round, student=participant.student, start=other.round.start, end=other.round.end
            )

    @pytest.mark.parametrize(("field", "name"), [("rank", "one_wish_per_rank"), ("seat", "each_place_wished_once")])
    def test_wishes_differ_in_rank_and_place(self, field, name):
        world = World(1, 1).open()
        participant = world.student(0, 1)
        first, second = participant.wishes.all()
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Wish.objects.filter(pk=second.pk).update(**{field: getattr(first, field)})


class TestOrganisationsRank:
    @pytest.fixture
    def world(self):
        return World(1, employers_answer_by=CLOSES + timedelta(days=5)).open()

    @pytest.fixture
    def company(self, world):
        return MembershipFactory(organisation=world.rows[0].period.offer.organisation).user

    def test_they_are_asked_when_the_round_closes_and_their_order_decides(self, world, company):
        from backend.notifications.models import Notification

        first, second, third = (world.student(0) for _ in range(3))
        world.close()
        assert Notification.objects.filter(kind="round.ranking_asked", recipient=company).exists()
        services.rank_applicants(actor=company, seat_id=world.rows[0].pk, ranking=[[third.pk], [first.pk]])
        run = world.run()
        assert run.outcomes.get(seat__isnull=False).participant == third
        kinds = dict(run.outcomes.values_list("participant", "kinds"))
        assert (kinds[first.pk], kinds[second.pk], kinds[third.pk]) == ("f", "f", "a")

    @pytest.mark.parametrize(
        ("ranking", "code"),
        [(lambda a, b: [[a], [a]], "ranking.twice"), (lambda a, b: [[b]], "ranking.unknown")],
    )
    def test_wrong_rankings(self, world, company, ranking, code):
        wishing, idle = world.student(0), world.student()
        world.close()
        refused(
            code,
            services.rank_applicants,
            actor=company,
            seat_id=world.rows[0].pk,
            ranking=ranking(wishing.pk, idle.pk),
        )

    def test_not_before_the_round_closes_nor_after_the_time_nor_by_others(self, world, company, frozen_clock):
        participant = world.student(0)
        arguments = {"seat_id": world.rows[0].pk, "ranking": [[participant.pk]]}
        refused("round.wrong_state", services.rank_applicants, actor=company, **arguments)
        world.close()
        refused("seat.unknown", services.rank_applicants, actor=MembershipFactory().user, **arguments)
        frozen_clock.move_to(CLOSES + timedelta(days=5, minutes=1))
        refused("round.ranking_over", services.rank_applicants, actor=company, **arguments)
        assert not EmployerRanking.objects.exists()

    def test_where_organisations_do_not_rank(self):
        world = World(1).open()
        company = MembershipFactory(organisation=world.rows[0].period.offer.organisation).user
        participant = world.student(0)
        world.close()
        refused(
            "round.no_ranking",
            services.rank_applicants,
            actor=company,
            seat_id=world.rows[0].pk,
            ranking=[[participant.pk]],
        )


class TestOwnPlaces:
    def named(self, participant, **changes):
        details = {
            "organisation_name": "Morbrors verkstad",
            "municipality_code": "0562",
            "contact_name": "Mor Bror",
            "contact_email": "bror@verkstad.example",
            "title": "Hjälp i verkstaden",
            "tasks": "Laga cyklar.",
            "start": START,
            "end": END,
        }
        return {
            "actor": participant.student.user,
            "participant_id": participant.pk,
            "details": services.OwnPlaceDetails(**details | changes),
        }

    def test_an_accepted_place_is_kept_for_the_student_through_the_run(self):
        world = World(1).open()
        participant, other = world.student(0), world.student(0)
        place = services.submit_own_place(**self.named(participant))
        seat = services.accept_own_place(actor=world.coordinator, own_place_id=place.pk)
        run = world.close().run()
        assert run.outcomes.get(participant=participant).seat == seat
        assert run.outcomes.get(participant=other).seat == world.rows[0]
        assert not Offer.objects.visible_to(None).filter(pk=seat.period.offer_id).exists()
        result = world.publish(run).results.get(participant=participant)
        services.accept_result(actor=participant.student.user, result_id=result.pk)
        result.refresh_from_db()
        assert result.match.period == seat.period

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"organisation_name": " "}, "own_place.missing"),
            ({"title": "x" * 121}, "own_place.too_long"),
            ({"contact_email": "bror"}, "own_place.bad_email"),
            ({"municipality_code": "9999"}, "municipality.unknown"),
            ({"end": START - DAY}, "own_place.reversed"),
            ({"end": START + 127 * DAY}, "own_place.other_dates"),
        ],
    )
    def test_wrong_input(self, changes, code):
        participant = World(1).open().student()
        refused(code, services.submit_own_place, **self.named(participant, **changes))

    def test_forbidden_work_stays_forbidden(self):
        world = World(1).open()
        participant = world.student(birth_date=date(2010, 3, 1))
        place = services.submit_own_place(**self.named(participant))
        refused(
            "seat.age",
            services.accept_own_place,
            actor=world.coordinator,
            own_place_id=place.pk,
            hazards=("ASBESTOS",),
        )

    def test_a_rejected_place_makes_room_for_another(self):
        world = World(1).open()
        participant = world.student()
        place = services.submit_own_place(**self.named(participant))
        refused("own_place.twice", services.submit_own_place, **self.named(participant))
        refused(
            "own_place.no_reason",
            services.reject_own_place,
            actor=world.coordinator,
            own_place_id=place.pk,
            reason="",
        )
        services.reject_own_place(actor=world.coordinator, own_place_id=place.pk, reason="Ingen handledare.")
        assert services.submit_own_place(**self.named(participant)).pk != place.pk

    def test_a_partners_student_is_answered_by_those_who_lead_the_round(self):
        world = World(1, municipality_codes=("0562", "0882")).open()
        place = services.submit_own_place(**self.named(world.student(municipality_id="0882")))
        for municipality, code in (("0882", "round.not_allowed"), ("0461", "participant.unknown")):
            actor = CoordinatorFactory(municipality=municipality)
            refused(code, services.accept_own_place, actor=actor, own_place_id=place.pk)
            refused(code, services.reject_own_place, actor=actor, own_place_id=place.pk, reason="För långt bort.")
        assert services.accept_own_place(actor=world.coordinator, own_place_id=place.pk).pk

    def test_a_protected_students_place_is_for_those_with_a_grant(self):
        world = World(1, municipality_codes=("0562", "0882")).open()
        participant = world.student(municipality_id="0882", is_protected=True, alias="Student KXBR")
        place = services.submit_own_place(**self.named(participant))
        granted, partner = CoordinatorFactory(municipality="0882"), CoordinatorFactory(municipality="0882")
        until = clock.today() + timedelta(days=90)
        give_grant(
            actor=NetworkOfficerFactory(), user=granted, municipality_code="0882", valid_until=until, reason="Rektor."
        )
        for actor in (world.coordinator, partner):
            refused("participant.unknown", services.accept_own_place, actor=actor, own_place_id=place.pk)
        assert services.accept_own_place(actor=granted, own_place_id=place.pk).pk
