"""What an organisation writes: every mistake has a code and a field, and nothing is half saved."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from backend.common.models import LogEntry
from backend.offers import services
from backend.offers.details import OfferDetails, PeriodDetails
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferPeriod
from tests.factories import (
    ApplicationFactory,
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    PeriodFactory,
    UserFactory,
    WorkplaceFactory,
)
from tests.factories.refusals import refused

pytestmark = [pytest.mark.django_db, pytest.mark.today("2026-11-23")]

GOOD = PeriodDetails(start=date(2027, 1, 25), end=date(2027, 2, 19), seats=2)
TODAY = date(2026, 11, 23)


def days(start, end, seats=1, pk=None):
    return PeriodDetails(start=start, end=end, seats=seats, pk=pk)


@pytest.fixture
def workplace():
    return WorkplaceFactory()


@pytest.fixture
def member(workplace):
    return MembershipFactory(organisation=workplace.organisation).user


def details_for(workplace, **changes):
    return OfferDetails(
        **{"workplace_id": workplace.pk, "form": "apl", "title": "Svetsare", "tasks": "Svetsa rör."} | changes
    )


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"title": "  "}, "offer.no_title", "title"),
        ({"tasks": ""}, "offer.no_tasks", "tasks"),
        ({"title": "x" * 121}, "offer.too_long", "title"),
        ({"tasks": "x" * 4001}, "offer.too_long", "tasks"),
        ({"supervisor_name": "x" * 121}, "offer.too_long", "supervisor_name"),
        ({"form": "okänd"}, "offer.unknown_form", "form"),
        ({"form": ""}, "offer.unknown_form", "form"),
        ({"occupation": "0000"}, "offer.unknown_occupation", "occupation"),
        ({"programmes": ["IN", "XX"]}, "offer.unknown_code", "programmes"),
        ({"languages": ["svenska"]}, "offer.unknown_code", "languages"),
        ({"apply_by": TODAY - timedelta(days=1)}, "offer.deadline_passed", "apply_by"),
        ({"apply_by": date(2027, 2, 20)}, "offer.deadline_late", "apply_by"),
        ({"hazards": ["ASBESTOS"]}, "offer.forbidden_work", "hazards"),
        ({"hazards": ["NIGHT"], "form": "prao"}, "offer.forbidden_work", "hazards"),
        ({"workplace_id": 0}, "offer.unknown_workplace", "workplace"),
    ],
)
def test_mistakes_in_the_offer(workplace, member, changes, code, field):
    details = details_for(workplace, **changes)
    arguments = {"organisation": workplace.organisation, "details": details, "periods": [GOOD]}
    refused(code, services.create_offer, field=field, actor=member, **arguments)


def test_unknown_hazards_are_refused(workplace, member):
    refused(
        "offer.forbidden_work",
        services.create_offer,
        field="hazards",
        actor=member,
        organisation=workplace.organisation,
        details=details_for(workplace, hazards=["LAVA"]),
        periods=[GOOD],
    )


@pytest.mark.parametrize(
    ("periods", "code", "field"),
    [
        ([], "offer.no_period", "periods"),
        ([GOOD, days(date(2027, 3, 2), date(2027, 3, 1))], "period.reversed", "periods-1-end"),
        ([days(GOOD.start, GOOD.end, 0)], "period.no_seats", "periods-0-seats"),
        ([days(GOOD.start, GOOD.end, -3)], "period.no_seats", "periods-0-seats"),
        ([days(GOOD.start, GOOD.end, 10_001)], "period.too_many_seats", "periods-0-seats"),
        ([days(date(2026, 11, 2), TODAY - timedelta(days=1))], "period.past", "periods-0-end"),
        ([GOOD, GOOD], "period.twice", "periods"),
        ([days(GOOD.start, GOOD.end, 1, pk=10**6)], "period.unknown", "periods"),
    ],
)
def test_mistakes_in_the_periods(workplace, member, periods, code, field):
    arguments = {"organisation": workplace.organisation, "details": details_for(workplace), "periods": periods}
    refused(code, services.create_offer, field=field, actor=member, **arguments)


@pytest.mark.parametrize(
    ("form", "start", "end", "fits"),
    [
        ("prao", date(2027, 1, 25), date(2027, 2, 12), True),
        ("prao", date(2027, 1, 25), date(2027, 2, 19), False),
        ("feriejobb", date(2027, 6, 21), date(2027, 7, 16), True),
        ("feriejobb", date(2027, 6, 21), date(2027, 7, 23), False),
        ("apl", date(2027, 1, 25), date(2028, 1, 25), True),
    ],
)
def test_the_longest_period_is_the_forms(workplace, member, form, start, end, fits):
    arguments = {
        "organisation": workplace.organisation,
        "details": details_for(workplace, form=form),
        "periods": [days(start, end)],
    }
    if fits:
        assert services.create_offer(actor=member, **arguments)
    else:
        refused("period.too_long", services.create_offer, field="periods-0-end", actor=member, **arguments)


@pytest.mark.parametrize(
    ("start", "end", "fits"),
    [
        (date(2027, 6, 21), date(2027, 7, 2), True),
        (date(2027, 8, 9), date(2027, 8, 22), True),
        (date(2027, 6, 20), date(2027, 7, 2), False),
        (date(2027, 8, 9), date(2027, 8, 23), False),
        (date(2027, 2, 22), date(2027, 2, 26), False),
    ],
)
def test_a_holiday_job_lies_in_weeks_25_to_33(workplace, member, start, end, fits):
    arguments = {
        "organisation": workplace.organisation,
        "details": details_for(workplace, form="feriejobb"),
        "periods": [days(start, end)],
    }
    if fits:
        assert services.create_offer(actor=member, **arguments)
    else:
        refused("period.outside_weeks", services.create_offer, field="periods-0-start", actor=member, **arguments)


def test_someone_elses_workplace(workplace, member):
    arguments = {
        "organisation": workplace.organisation,
        "details": details_for(WorkplaceFactory()),
        "periods": [GOOD],
    }
    refused("offer.unknown_workplace", services.create_offer, field="workplace", actor=member, **arguments)


def test_today_is_not_too_late(workplace, member):
    details = details_for(workplace, apply_by=TODAY)
    offer = services.create_offer(
        actor=member, organisation=workplace.organisation, details=details, periods=[days(TODAY, TODAY)]
    )
    assert (offer.apply_by, offer.periods.get().end) == (TODAY, TODAY)


def test_words_are_cleaned(workplace, member):
    details = details_for(workplace, title="  Svetsare ", skills=[" CNC ", "cnc", "", "Ritningsläsning"])
    offer = services.create_offer(actor=member, organisation=workplace.organisation, details=details, periods=[GOOD])
    assert (offer.title, offer.skills) == ("Svetsare", ["cnc", "ritningsläsning"])


class TestPeriodsThatExist:
    @pytest.fixture
    def offer(self, workplace):
        return OfferFactory(workplace=workplace, state=OfferState.DRAFT)

    @pytest.fixture
    def period(self, offer):
        return offer.periods.get()

    def update(self, member, offer, periods):
        return {
            "actor": member,
            "offer_id": offer.pk,
            "details": details_for(offer.workplace, title="Ny titel"),
            "periods": periods,
        }

    def test_seats_below_those_taken(self, member, offer, period):
        OfferPeriod.objects.update(taken=2)
        error = refused(
            "period.seats_below_taken",
            services.update_offer,
            field="periods-0-seats",
            **self.update(member, offer, [days(period.start, period.end, 1, period.pk)]),
        )
        assert error.data == {"taken": 2}

    def test_dates_in_which_someone_has_a_seat(self, member, offer, period):
        OfferPeriod.objects.update(taken=1)
        refused(
            "period.dates_taken",
            services.update_offer,
            field="periods-0-start",
            **self.update(member, offer, [days(date(2027, 2, 1), period.end, 2, period.pk)]),
        )

    def test_a_period_with_applicants_is_not_removed(self, member, offer, period):
        ApplicationFactory(period=period, state="withdrawn")
        refused("period.in_use", services.update_offer, field="periods", **self.update(member, offer, [GOOD]))

    def test_a_period_nobody_wants_is_removed(self, member, offer, period):
        services.update_offer(**self.update(member, offer, [days(date(2027, 4, 5), date(2027, 4, 30))]))
        assert list(offer.periods.values_list("start", flat=True)) == [date(2027, 4, 5)]

    def test_a_period_of_another_offer(self, member, offer, period):
        other = PeriodFactory()
        refused(
            "period.unknown",
            services.update_offer,
            field="periods",
            **self.update(member, offer, [days(other.start, other.end, 5, other.pk)]),
        )

    def test_the_same_period_twice(self, member, offer, period):
        twice = [
            days(date(2027, 3, 1), date(2027, 3, 26), 1, period.pk),
            days(date(2027, 4, 5), date(2027, 4, 30), 1, period.pk),
        ]
        refused("period.twice", services.update_offer, field="periods", **self.update(member, offer, twice))

    def test_periods_may_move_into_each_others_dates(self, member, offer, period):
        second = PeriodFactory(offer=offer, start=date(2027, 2, 22), end=date(2027, 3, 19))
        shifted = [
            days(second.start, second.end, 2, period.pk),
            days(period.start, period.end, 2, second.pk),
        ]
        services.update_offer(**self.update(member, offer, shifted))
        assert list(offer.periods.values_list("pk", "start")) == [
            (second.pk, date(2027, 1, 25)),
            (period.pk, date(2027, 2, 22)),
        ]

    def test_a_period_that_has_ended_may_stay(self, member, offer, period):
        OfferPeriod.objects.update(start=date(2026, 9, 7), end=date(2026, 10, 2))
        kept = days(date(2026, 9, 7), date(2026, 10, 2), 2, period.pk)
        services.update_offer(**self.update(member, offer, [kept, GOOD]))
        assert offer.periods.count() == 2


class TestTheDatabaseItself:
    """The last word: what no command can get past."""

    @pytest.mark.parametrize(
        ("change", "name", "message"),
        [
            ({"taken": 3}, "seats_taken_at_most_capacity", "More seats are taken than there are."),
            ({"capacity": 0}, "period_has_seats", "At least one seat is needed."),
            ({"end": date(2027, 1, 24)}, "period_ends_after_start", "The last day is before the first."),
        ],
    )
    def test_periods(self, change, name, message):
        period = PeriodFactory()
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            OfferPeriod.objects.update(**change)
        constraint = next(each for each in OfferPeriod._meta.constraints if each.name == name)
        with translation.override("en"):
            assert str(constraint.violation_error_message) == message
        period.refresh_from_db()
        assert (period.taken, period.capacity) == (0, 2)

    def test_a_period_once(self):
        period = PeriodFactory()
        with pytest.raises(IntegrityError, match="period_once_per_offer"), transaction.atomic():
            PeriodFactory(offer=period.offer)

    @pytest.mark.parametrize(
        ("change", "name"),
        [
            ({"state": "lost"}, "offer_state_known"),
            ({"state": "published", "published_at": None}, "published_offer_has_a_date"),
        ],
    )
    def test_offers(self, change, name):
        OfferFactory(state=OfferState.DRAFT)
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Offer.objects.update(**change)

    def test_an_imported_offer_once(self):
        OfferFactory(source="jobtech", source_ref="7")
        OfferFactory()
        OfferFactory()
        with pytest.raises(IntegrityError, match="offer_once_per_source"), transaction.atomic():
            OfferFactory(source="jobtech", source_ref="7")


class TestOnBehalf:
    """A coordinator posts for an organisation, in the own municipality only, and into the queue."""

    def test_it_waits_for_review_and_the_log_says_who(self):
        place, coordinator = WorkplaceFactory(), CoordinatorFactory()
        offer = services.post_offer_for(
            actor=coordinator, workplace_id=place.pk, details=details_for(place), periods=[GOOD]
        )
        assert (offer.organisation, offer.state) == (place.organisation, "submitted")
        entry = LogEntry.objects.get(action="offer.created")
        assert (entry.actor, entry.data) == (coordinator, {"on_behalf": True})

    def test_nobody_else_may(self):
        place = WorkplaceFactory()
        for actor in (CoordinatorFactory(municipality="2580"), NetworkOfficerFactory(), UserFactory()):
            refused(
                "offer.not_your_municipality",
                services.post_offer_for,
                actor=actor,
                workplace_id=place.pk,
                details=details_for(place),
                periods=[GOOD],
            )
        assert not Offer.objects.exists()
