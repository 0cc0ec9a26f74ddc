"""Seats that a round keeps are not called taken: nobody has them yet."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.offers.models import OfferPeriod
from backend.rounds.selectors import mark_kept
from tests.factories import MembershipFactory, OfferFactory
from tests.factories.work import handle_events
from tests.rounds.world import World
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db

KEPT, TAKEN = "2 of 2 places kept for a round", "All 2 places are taken"


@pytest.fixture
def offer() -> Any:
    """A place whose two seats an open round gives out."""
    world = World(2).open()
    handle_events()
    return world.rows[0].period.offer


@pytest.fixture
def visitor() -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    return client


def test_the_search_and_the_place_say_so(offer, visitor):
    for page in (reverse("search"), reverse("offer", args=[offer.pk])):
        text = visitor.get(page, headers={"accept-language": "en"}).text
        assert KEPT in text
        assert TAKEN not in text


def test_the_organisation_reads_it_everywhere(offer):
    desk = logged_in(MembershipFactory(organisation=offer.organisation).user)
    for name, args in (
        ("employer_home", []),
        ("employer_offers", []),
        ("employer_offer", [offer.pk]),
        ("employer_applicants", [offer.pk]),
    ):
        text = desk.get(reverse(name, args=args)).text
        assert (KEPT in text, TAKEN in text) == (True, False), name


def test_seats_that_people_have_are_taken_as_before(offer, visitor):
    other = OfferFactory()
    OfferPeriod.objects.filter(offer=other).update(taken=2)
    assert TAKEN in visitor.get(reverse("offer", args=[other.pk]), headers={"accept-language": "en"}).text


def test_it_costs_one_query_however_many_and_none_where_seats_are_free(offer):
    free = list(type(offer).objects.for_lists().filter(pk=OfferFactory().pk))
    full = list(type(offer).objects.for_lists().filter(pk__in=[offer.pk, World(1, 1).open().rows[0].period.offer_id]))
    for offers, cost in ((free, 0), (full, 1)):
        with CaptureQueriesContext(connection) as queries:
            mark_kept(offers)
        assert len(queries) == cost
    assert {period.kept for each in full for period in each.periods.all()} == {1, 2}
