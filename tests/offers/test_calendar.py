"""What time does to offers, who sees them, and last year's offer once more."""

from datetime import date, timedelta

import pytest

from backend.applications.enums import ApplicationState
from backend.offers import scheduled_tasks, services
from backend.offers.enums import CloseReason, OfferState
from backend.offers.models import Offer
from backend.offers.notifications import TOLD
from backend.offers.school_weeks import next_time
from tests.conftest import NOW
from tests.factories import (
    ApplicationFactory,
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    PeriodFactory,
    StudentFactory,
)
from tests.factories.rows import END
from tests.factories.work import handle_events

pytestmark = pytest.mark.django_db

TODAY = NOW.date()


@pytest.mark.parametrize("state", [OfferState.PUBLISHED, OfferState.PAUSED])
@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"apply_by": TODAY}, ""),
        ({"apply_by": TODAY - timedelta(days=1)}, CloseReason.DEADLINE),
        ({"period__start": TODAY - timedelta(days=21), "period__end": TODAY}, ""),
        ({"period__start": TODAY - timedelta(days=21), "period__end": TODAY - timedelta(days=1)}, CloseReason.ENDED),
        (
            {
                "apply_by": date(2026, 10, 1),
                "period__start": TODAY - timedelta(days=21),
                "period__end": TODAY - timedelta(days=1),
            },
            CloseReason.ENDED,
        ),
    ],
)
def test_the_calendar_closes(state, facts, reason):
    offer = OfferFactory(state=state, **facts)
    assert scheduled_tasks.close_overdue() == (1 if reason else 0)
    assert scheduled_tasks.close_overdue() == 0
    offer.refresh_from_db()
    assert offer.close_reason == reason
    assert offer.state == (OfferState.CLOSED if reason else state)
    assert (offer.closed_at == NOW) == bool(reason)


@pytest.mark.parametrize("state", [OfferState.DRAFT, OfferState.SUBMITTED, OfferState.CLOSED])
def test_the_calendar_leaves_other_states_alone(state):
    offer = OfferFactory(state=state, apply_by=date(2026, 1, 1))
    # Somebody who could give an offer under review new dates; without one it is closed, tests/scenarios has it.
    MembershipFactory(organisation=offer.organisation)
    assert scheduled_tasks.close_overdue() == 0
    assert not services.close_overdue_offer(offer_id=offer.pk)
    offer.refresh_from_db()
    assert offer.state == state


def test_one_period_to_come_keeps_an_offer_open():
    offer = OfferFactory(period__start=date(2026, 9, 7), period__end=date(2026, 10, 2))
    PeriodFactory(offer=offer)
    assert scheduled_tasks.close_overdue() == 0


class TestWhatClosingMeansForApplicants:
    @pytest.fixture
    def offer(self):
        return OfferFactory(apply_by=TODAY)

    @pytest.fixture
    def applications(self, offer):
        period = offer.periods.get()
        return [
            ApplicationFactory(period=period),
            ApplicationFactory(period=period, state="waitlisted", waiting_rank=1),
            ApplicationFactory(period=period, state="offered", hold_expires_at=NOW + timedelta(days=300)),
        ]

    def states(self, applications):
        for application in applications:
            application.refresh_from_db()
        return [application.state for application in applications]

    def test_after_the_deadline_they_are_still_answered(self, offer, applications, frozen_clock):
        frozen_clock.shift(timedelta(days=1))
        assert scheduled_tasks.close_overdue() == 1
        handle_events()
        assert self.states(applications) == ["submitted", "waitlisted", "offered"]

    def test_by_hand_those_who_wait_are_told(self, offer, applications):
        services.close_offer(actor=CoordinatorFactory(), offer_id=offer.pk)
        handle_events()
        assert self.states(applications) == ["lapsed", "lapsed", "offered"]
        assert applications[0].release_reason == "offer_closed"

    def test_nobody_waits_for_ever_for_a_period_that_has_passed(self, offer, applications, frozen_clock):
        from backend.applications.scheduled_tasks import lapse_ended

        frozen_clock.shift(timedelta(days=1))
        scheduled_tasks.close_overdue()
        handle_events()
        frozen_clock.move_to(NOW + (END - NOW.date()))
        assert lapse_ended() == 0
        frozen_clock.shift(timedelta(days=1))
        assert lapse_ended() == 2
        assert lapse_ended() == 0
        assert self.states(applications) == [
            ApplicationState.LAPSED,
            ApplicationState.LAPSED,
            ApplicationState.OFFERED,
        ]


class TestCopy:
    def copy(self, offer):
        member = MembershipFactory(organisation=offer.organisation).user
        return services.copy_offer(actor=member, offer_id=offer.pk)

    def test_last_year_becomes_a_draft_in_the_same_weeks(self):
        offer = OfferFactory(
            state=OfferState.CLOSED,
            closed_at=NOW,
            close_reason=CloseReason.ENDED,
            apply_by=date(2026, 1, 1),
            submitted_at=NOW,
            skills=["cnc"],
            source="jobtech",
            source_ref="7",
            period__start=date(2026, 1, 26),
            period__end=date(2026, 2, 20),
        )
        offer.hazards.set(["NOISE"])
        offer.programmes.set(["IN"])
        copied = self.copy(offer)
        copied.refresh_from_db()
        period = copied.periods.get()
        assert copied.pk != offer.pk
        assert (copied.state, copied.submitted_at, copied.published_at, copied.closed_at) == ("draft", None, None, None)
        assert (copied.apply_by, copied.close_reason, copied.source, copied.source_ref) == (None, "", "", "")
        assert (period.start, period.end, period.taken) == (date(2027, 2, 1), date(2027, 2, 26), 0)
        assert offer.periods.get().start.weekday() == period.start.weekday()
        assert list(copied.hazards.values_list("pk", flat=True)) == ["NOISE"]
        assert list(copied.programmes.values_list("pk", flat=True)) == ["IN"]
        offer.refresh_from_db()
        assert offer.state == OfferState.CLOSED

    def test_seats_of_the_original_are_free_again_and_its_periods_untouched(self):
        offer = OfferFactory(period__taken=2)
        assert self.copy(offer).periods.get().free == 2
        assert offer.periods.get().free == 0

    def test_the_same_weeks_of_two_years_become_one_period(self):
        offer = OfferFactory(period__start=date(2026, 1, 26), period__end=date(2026, 2, 20))
        PeriodFactory(offer=offer, start=date(2025, 1, 27), end=date(2025, 2, 21))
        assert self.copy(offer).periods.count() == 1

    def test_several_years_back(self):
        offer = OfferFactory(period__start=date(2023, 1, 23), period__end=date(2023, 2, 17))
        assert self.copy(offer).periods.get().start == date(2027, 1, 25)

    def test_an_upcoming_place_moves_to_the_year_after(self):
        offer = OfferFactory(period__start=date(2027, 1, 25), period__end=date(2027, 2, 19))
        period = self.copy(offer).periods.get()
        assert (period.start, period.end) == (date(2028, 1, 24), date(2028, 2, 18))

    def test_every_period_moves_to_its_own_next_year(self):
        offer = OfferFactory(period__start=date(2026, 11, 9), period__end=date(2026, 11, 20))
        PeriodFactory(offer=offer, start=date(2027, 2, 1), end=date(2027, 2, 12))
        weeks = [(p.start.isocalendar()[:2], p.end.isocalendar()[:2]) for p in self.copy(offer).periods.all()]
        assert weeks == [((2027, 46), (2027, 47)), ((2028, 5), (2028, 6))]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # 2026 has 53 weeks; 2027 has 52, and so has 2028.
        (date(2026, 12, 28), date(2026, 12, 31), (date(2027, 12, 27), date(2027, 12, 30))),
        (date(2026, 12, 14), date(2027, 1, 15), (date(2027, 12, 20), date(2028, 1, 14))),
        (date(2026, 3, 2), date(2026, 3, 27), (date(2027, 3, 8), date(2027, 4, 2))),
        (date(2020, 12, 28), date(2021, 1, 8), (date(2026, 12, 28), date(2027, 1, 8))),
    ],
)
def test_school_weeks_of_another_year(start, end, expected):
    assert next_time(start, end, date(2026, 11, 23)) == expected


class TestVisibility:
    @pytest.fixture
    def offers(self):
        first = OfferFactory(state=OfferState.PUBLISHED)
        rest = {
            "draft": OfferFactory(state="draft", workplace=first.workplace),
            "sent back": OfferFactory(state="draft", submitted_at=NOW, workplace=first.workplace),
            "submitted": OfferFactory(state="submitted", submitted_at=NOW, workplace=first.workplace),
            "paused": OfferFactory(state="paused", submitted_at=NOW, workplace=first.workplace),
            "closed": OfferFactory(state="closed", submitted_at=NOW, workplace=first.workplace),
        }
        OfferFactory(state="draft", workplace__municipality_id="0882")
        return {"published": first} | rest

    def seen(self, user, offers):
        ids = set(Offer.objects.visible_to(user).values_list("pk", flat=True))
        named = {name for name, offer in offers.items() if offer.pk in ids}
        return named, len(ids) - len(named)

    def test_everyone_sees_the_published(self, offers):
        for user in (
            None,
            StudentFactory().user,
            MembershipFactory().user,
            CoordinatorFactory(municipality="1493"),
        ):
            assert self.seen(user, offers) == ({"published"}, 0)

    def test_the_organisation_sees_all_its_own_and_none_of_others(self, offers):
        member = MembershipFactory(organisation=offers["draft"].organisation).user
        assert self.seen(member, offers) == (set(offers), 0)
        member.is_active = False
        assert self.seen(member, offers) == ({"published"}, 0)

    def test_the_coordinator_sees_all_but_what_was_never_submitted(self, offers):
        assert self.seen(CoordinatorFactory(), offers) == (set(offers) - {"draft"}, 0)

    def test_the_network_office_sees_everything(self, offers):
        assert self.seen(NetworkOfficerFactory(), offers) == (set(offers), 1)

    @pytest.mark.parametrize("number", [3, 20])
    def test_a_list_takes_a_constant_number_of_queries(self, number, django_assert_num_queries):
        for _ in range(number):
            OfferFactory().programmes.set(["IN"])
        user = StudentFactory().user
        with django_assert_num_queries(4):
            for offer in Offer.objects.visible_to(user).for_lists():
                assert offer.organisation.name
                assert offer.workplace.municipality.name
                assert offer.form.name
                assert offer.occupation.name
                assert [period.free for period in offer.periods.all()] == [2]
                assert [programme.pk for programme in offer.programmes.all()] == ["IN"]


def test_every_kind_that_is_told_is_in_the_table_of_transitions():
    from backend.offers.enums import OFFER_TRANSITIONS

    assert TOLD.keys() <= OFFER_TRANSITIONS.moves.keys()
