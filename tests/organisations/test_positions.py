"""Where a workplace lies, how well that is known, and that saving never makes it worse known."""

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from backend.common.models import DomainEvent
from backend.offers.models import SearchEntry
from backend.organisations import services
from backend.organisations.models import Workplace
from backend.organisations.services import WorkplaceDetails
from backend.reference.enums import PositionSource
from backend.reference.models import Municipality
from backend.reference.places import find_places
from tests.factories import MembershipFactory, OfferFactory, WorkplaceFactory
from tests.factories.work import handle_events

FINSPANG, LULEA = "0562", "2580"
PIN = (58.7421, 15.9023)

pytestmark = pytest.mark.django_db


def save(workplace: Workplace | None = None, **change: object) -> Workplace:
    site = workplace or WorkplaceFactory.build()
    organisation = workplace.organisation if workplace else MembershipFactory().organisation
    known = {
        "name": site.name,
        "municipality_code": site.municipality_id or FINSPANG,
        "address": site.address,
        "postcode": site.postcode,
        "city": site.city,
    }
    details = WorkplaceDetails(**known | change)
    member = organisation.memberships.first() or MembershipFactory(organisation=organisation)
    return services.save_workplace(actor=member.user, organisation=organisation, details=details, workplace=workplace)


def where(workplace: Workplace) -> tuple[float | None, float | None, str]:
    workplace.refresh_from_db()
    return workplace.lat, workplace.lon, workplace.position_source


class TestSource:
    def test_a_pin_is_the_best_known(self):
        assert where(save(lat=PIN[0], lon=PIN[1], postcode="612 31")) == (*PIN, "pin")

    def test_the_postcode_comes_before_the_town_and_the_town_before_the_middle(self):
        (town,) = find_places("Rejmyre, Finspång")
        (post,) = find_places("612 31")
        assert where(save(postcode="612 31", city="Rejmyre")) == (post.lat, post.lon, "postcode")
        assert where(save(city="Rejmyre")) == (town.lat, town.lon, "town")
        middle = Municipality.objects.get(pk=FINSPANG)
        assert where(save()) == (middle.lat, middle.lon, "municipality")

    @pytest.mark.parametrize("text", ["Luleå", "Gammelstad", "Atlantis", "Rejmyr"])
    def test_a_town_that_is_not_in_the_municipality_or_a_guess_does_not_count(self, text):
        assert where(save(city=text, postcode="972 31"))[2] == "municipality"

    def test_the_database_knows_four(self):
        workplace = WorkplaceFactory()
        with pytest.raises(IntegrityError, match="workplace_position_source_known"), transaction.atomic():
            Workplace.objects.filter(pk=workplace.pk).update(position_source="guess")


class TestSaving:
    @pytest.mark.parametrize("source", PositionSource.values)
    def test_unchanged_it_stays_where_it_is(self, source):
        workplace = WorkplaceFactory(lat=PIN[0], lon=PIN[1], position_source=source, postcode="61231", city="Finspång")
        save(workplace)
        assert where(workplace) == (*PIN, source)

    @pytest.mark.parametrize(
        "change", [{"postcode": "612 41"}, {"city": "Rejmyre"}, {"address": "Bruksvägen 1"}, {"city": ""}]
    )
    def test_a_pin_stays_when_the_address_changes(self, change):
        workplace = WorkplaceFactory(lat=PIN[0], lon=PIN[1], position_source=PositionSource.PIN, city="Finspång")
        save(workplace, **change)
        assert where(workplace) == (*PIN, "pin")

    def test_what_followed_from_the_address_follows_it(self):
        workplace = save(city="Finspång")
        save(workplace, city="Rejmyre")
        assert where(workplace)[2] == "town"
        save(workplace, municipality_code=LULEA, city="Luleå")
        assert where(workplace)[0] > 65

    def test_a_pin_does_not_stay_behind_in_the_old_municipality(self):
        workplace = WorkplaceFactory(lat=PIN[0], lon=PIN[1])
        save(workplace, municipality_code=LULEA)
        assert where(workplace)[0] > 65
        assert where(workplace)[2] == "municipality"

    def test_whoever_sends_back_what_was_read_has_not_set_a_pin(self):
        workplace = save(city="Rejmyre")
        lat, lon, _source = where(workplace)
        save(workplace, lat=lat, lon=lon)
        assert where(workplace) == (lat, lon, "town")
        save(workplace, lat=lat, lon=lon, city="Finspång")
        assert where(workplace)[:2] != (lat, lon)

    def test_search_and_suggestions_follow_a_move_and_nothing_else(self):
        offer = OfferFactory()
        save(offer.workplace)
        handle_events()
        assert not DomainEvent.objects.filter(kind__in=["workplace.moved", "offer.updated"]).exists()
        save(offer.workplace, lat=PIN[0], lon=PIN[1])
        handle_events()
        assert DomainEvent.objects.filter(kind="offer.updated", subject_id=offer.pk).count() == 1
        entry = SearchEntry.objects.get(pk=offer.pk)
        assert (entry.lat, entry.lon) == pytest.approx(PIN)


class TestNothingMakesAPinCoarser(TestCase):
    words = st.sampled_from(["", "612 31", "61241", "Finspång", "Rejmyre", "Luleå", "nowhere"])

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.fixed_dictionaries({"postcode": words, "city": words, "address": words}), max_size=4))
    def test_by_any_row_of_saves(self, changes):
        workplace = WorkplaceFactory(lat=PIN[0], lon=PIN[1], position_source=PositionSource.PIN)
        for change in changes:
            if len(change["postcode"].replace(" ", "")) <= 6:
                save(workplace, **change)
        assert where(workplace) == (*PIN, "pin")
