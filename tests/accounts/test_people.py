"""People and their roles."""

import pytest
from django.db import IntegrityError, transaction

from backend.accounts import policies, selectors
from backend.accounts.models import User
from tests.factories import CoordinatorFactory, NetworkOfficerFactory, UserFactory
from tests.factories.rows import FINSPANG, RoleFactory

pytestmark = pytest.mark.django_db


def test_an_address_has_one_account_however_it_is_written():
    UserFactory(email=" Kim@School.example ")
    assert User.objects.get().email == "kim@school.example"
    assert User.objects.get_by_natural_key("KIM@school.example").name
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="KIM@school.example", name="Kim")


def test_nobody_has_a_password():
    assert not UserFactory().has_usable_password()


def test_a_coordinator_answers_for_the_own_municipalities_only(django_assert_num_queries):
    user = CoordinatorFactory()
    RoleFactory(user=user, municipality_id="0882")
    with django_assert_num_queries(1):
        assert policies.municipalities_coordinated_by(user) == {FINSPANG, "0882"}
        assert policies.is_coordinator_of(user, FINSPANG)
        assert not policies.is_coordinator_of(user, "1493")
        assert not policies.is_coordinator_of(user, None)
        assert policies.is_coordinator(user)
        assert not policies.is_network_office(user)


def test_the_network_office_coordinates_nobody():
    user = NetworkOfficerFactory()
    assert policies.is_network_office(user)
    assert not policies.is_coordinator(user)
    assert not policies.is_coordinator_of(user, None)


def test_who_left_has_no_role():
    for user in (CoordinatorFactory(), NetworkOfficerFactory()):
        user.is_active = False
        user.save()
        assert not policies.is_coordinator(user)
        assert not policies.is_network_office(user)
    assert selectors.list_coordinators_of(FINSPANG) == []
    assert selectors.list_coordinators_of(None) == []
    assert not selectors.has_coordinator(FINSPANG)


def test_who_is_told_in_a_municipality_and_where_there_is_none():
    here, network = CoordinatorFactory(), NetworkOfficerFactory()
    CoordinatorFactory(municipality="0882")
    assert selectors.list_coordinators_of(FINSPANG) == [here]
    assert selectors.list_coordinators_of(None) == [network]
    assert selectors.has_coordinator(FINSPANG)
    assert not selectors.has_coordinator("1493")
    assert not selectors.has_coordinator(None)
    assert not selectors.has_coordinator("")


@pytest.mark.parametrize(("kind", "municipality"), [("coordinator", None), ("network", FINSPANG)])
def test_a_role_and_its_municipality_belong_together(kind, municipality):
    with pytest.raises(IntegrityError, match="coordinator_has_municipality"), transaction.atomic():
        RoleFactory(kind=kind, municipality_id=municipality)


def test_a_role_is_held_once():
    user = NetworkOfficerFactory()
    with pytest.raises(IntegrityError, match="role_once"), transaction.atomic():
        RoleFactory(user=user, kind="network", municipality_id=None)
