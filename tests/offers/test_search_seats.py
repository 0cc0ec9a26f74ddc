"""Free seats in the search: true at every moment, whether the entry tells them or the periods are asked."""

import random
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from backend.common import clock
from backend.offers.models import Offer, OfferPeriod, SearchEntry, UnsettledSeats
from backend.offers.search import Search, matching_entries
from backend.offers.search_facets import count_facets
from backend.offers.search_seats import settle_seats
from tests.factories import OfferFactory, PeriodFactory


def found() -> set[int]:
    """What the search finds with the filter for free seats; the counter beside the filter must say the same."""
    ids = set(matching_entries(Search(only_free=True)).values_list("pk", flat=True))
    assert count_facets(Search()).free == len(ids)
    return ids


def unsettled() -> set[int]:
    return set(UnsettledSeats.objects.values_list("offer_id", flat=True))


@pytest.mark.django_db
class TestTruth:
    @pytest.mark.parametrize("seed", range(6))
    def test_after_any_changes_before_and_after_settling(self, seed):
        """Seats taken and given back, dates moved, periods and places that come and go, in any order."""
        dice = random.Random(seed)
        offers = [OfferFactory(period=None) for _ in range(5)]
        for _step in range(60):
            offer = dice.choice(offers)
            self.change(dice, offer)
            if dice.random() < 0.3:
                settle_seats()
                assert not unsettled()
            today = clock.today()
            free = OfferPeriod.objects.filter(end__gte=today)
            expected = {period.offer_id for period in free if period.taken < period.capacity}
            assert found() == expected & set(SearchEntry.objects.values_list("pk", flat=True))

    @staticmethod
    def change(dice: random.Random, offer: Offer) -> None:
        periods = list(offer.periods.all())
        period = dice.choice(periods) if periods else None
        match dice.randrange(7):
            case 0:
                start = clock.today() + timedelta(days=dice.randint(-60, 60) + 100 * len(periods))
                PeriodFactory(offer=offer, start=start, end=start + timedelta(days=11), capacity=dice.randint(1, 2))
            case 1 if period:
                period.delete()
            case 2 | 3 if period:
                offer.periods.filter(pk=period.pk).update(taken=dice.randint(0, period.capacity))
            case 4 if period:
                offer.periods.filter(pk=period.pk).update(capacity=max(1, period.taken + dice.randint(0, 1)))
            case 5 if period:
                days = timedelta(days=dice.choice((-90, 90)))
                offer.periods.filter(pk=period.pk).update(start=period.start + days, end=period.end + days)
            case 6:
                offer.state = dice.choice(("published", "published", "paused"))
                offer.save()

    def test_nobody_settles_and_a_day_passes(self, frozen_clock):
        offer = OfferFactory(period__start=clock.today(), period__end=clock.today())
        settle_seats()
        later = OfferFactory(period__start=clock.today(), period__end=clock.today() + timedelta(days=30))
        assert found() == {offer.pk, later.pk}
        frozen_clock.move_to(clock.now() + timedelta(days=1))
        assert found() == {later.pk}


@pytest.mark.django_db
class TestNotes:
    def test_only_what_may_change_the_answer_is_noted(self):
        offer = OfferFactory(period__capacity=3)
        settle_seats()
        offer.periods.update(taken=1)
        Offer.objects.filter(pk=offer.pk).update(title="Svarva")
        assert not unsettled()
        offer.periods.update(taken=3)
        assert unsettled() == {offer.pk}
        settle_seats()
        offer.periods.update(end=clock.today() + timedelta(days=200))
        assert unsettled() == {offer.pk}

    def test_a_settled_place_is_told_by_its_entry_alone(self):
        offer = OfferFactory()
        other = OfferFactory()
        settle_seats()
        entries = SearchEntry.objects
        assert entries.get(pk=offer.pk).free_until == offer.periods.get().end
        # What the entry says is believed, and only of the place that is not noted.
        entries.update(free_until=None)
        assert found() == set()
        UnsettledSeats.objects.create(offer_id=other.pk)
        assert found() == {other.pk}
        assert settle_seats() == 1
        assert found() == {other.pk}

    def test_notes_of_a_deleted_place_go(self):
        offer = OfferFactory()
        offer.delete()
        assert unsettled()
        settle_seats()
        assert not unsettled()

    def test_many_are_settled_in_parts_of_a_constant_number_of_queries(self, monkeypatch):
        def queries() -> int:
            with CaptureQueriesContext(connection) as asked:
                settle_seats()
            return len(asked)

        OfferFactory()
        few = queries()
        offers = {OfferFactory().pk for _ in range(10)}
        assert queries() == few
        SearchEntry.objects.update(free_until=None)
        monkeypatch.setattr("backend.offers.search_seats.AT_ONCE", 4)
        UnsettledSeats.objects.bulk_create(UnsettledSeats(offer_id=pk) for pk in offers)
        assert settle_seats() == 10
        assert set(SearchEntry.objects.exclude(free_until=None).values_list("pk", flat=True)) == offers


@pytest.mark.django_db(transaction=True)
class TestSideBySide:
    """Whoever takes a seat and whoever settles wait for nobody who holds an entry, so that no two wait crosswise."""

    @pytest.fixture
    def other(self):
        """A second connection to the same database."""
        copy = connection.copy()
        yield copy
        copy.close()

    def hold(self, other, offer):
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT FROM offers_searchentry WHERE offer_id = %s FOR UPDATE", [offer.pk])
            assert cursor.rowcount == 1

    def test_a_held_entry_is_left_for_the_next_time(self, other):
        held, free = OfferFactory(), OfferFactory()
        settle_seats()
        self.hold(other, held)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            OfferPeriod.objects.update(taken=2)
            settle_seats()
        assert unsettled() == {held.pk}
        assert SearchEntry.objects.get(pk=free.pk).free_until is None
        assert found() == set()
        other.rollback()
        settle_seats()
        assert not unsettled()
        assert SearchEntry.objects.get(pk=held.pk).free_until is None

    def test_a_seat_that_is_being_taken_is_settled_when_it_is_taken(self, other):
        offer = OfferFactory()
        settle_seats()
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("UPDATE offers_offerperiod SET taken = capacity WHERE offer_id = %s", [offer.pk])
        assert settle_seats() == 0
        assert found() == {offer.pk}
        other.commit()
        assert found() == set()
        assert settle_seats() == 1
        assert found() == set()
