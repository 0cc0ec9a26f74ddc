"""People and their roles."""

from datetime import date

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from backend.accounts import policies, selectors
from backend.accounts.models import User
from backend.organisations.team import invite_colleague
from backend.students.enrolment import EnrolmentDetails, enrol_student
from backend.students.services import add_guardian
from tests.factories import CoordinatorFactory, MembershipFactory, NetworkOfficerFactory, StudentFactory, UserFactory
from tests.factories.refusals import refused
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


class TestFindPersonByEmail:
    """A person answers to every address they have proved, written in whichever way."""

    @pytest.fixture
    def kim(self):
        """Signed up with one address and moved to another one afterwards, as the page of addresses does it."""
        user = UserFactory(email="kim@school.example")
        second = EmailAddress.objects.create(user=user, email="kim@home.example", verified=True)
        second.set_as_primary()
        user.refresh_from_db()
        assert user.email == "kim@home.example"
        return user

    @pytest.mark.parametrize(
        "written", ["kim@school.example", "kim@home.example", " KIM@School.Example ", "Kim@home.example\n"]
    )
    def test_by_the_first_and_by_a_later_address(self, kim, written):
        assert selectors.find_person_by_email(written) == kim

    def test_composed_and_decomposed_letters_are_one(self):
        user = UserFactory(email="p\u00e4r@school.example")
        assert selectors.find_person_by_email("Pa\u0308r@school.example") == user

    def test_an_address_that_is_only_claimed_finds_nobody(self, kim):
        EmailAddress.objects.create(user=kim, email="claimed@home.example", verified=False)
        assert selectors.find_person_by_email("claimed@home.example") is None

    def test_somebody_elses_claim_does_not_hide_the_account_of_the_address(self, kim):
        other = UserFactory(email="other@home.example")
        EmailAddress.objects.create(user=kim, email="other@home.example", verified=False)
        assert selectors.find_person_by_email("other@home.example") == other

    def test_as_guardian_as_colleague_and_on_a_class_list(self, kim):
        pupil = StudentFactory(birth_date=date(2012, 5, 1))
        guardianship = add_guardian(actor=pupil.user, student_id=pupil.pk, email="kim@school.example", name="Kim")
        assert guardianship.guardian == kim
        owner = MembershipFactory(role="owner")
        invitation = invite_colleague(
            actor=owner.user, organisation=owner.organisation, email="kim@school.example", name="Kim"
        )
        assert invitation.invitee == kim
        other = UserFactory(email="elev@school.example")
        EmailAddress.objects.create(user=other, email="elev@home.example", verified=True)
        details = EnrolmentDetails(
            email="elev@home.example",
            name="Elev",
            birth_date=date(2012, 5, 1),
            school="Bergska skolan",
            class_name="8B",
            forms=["prao"],
        )
        student, outcome = enrol_student(actor=CoordinatorFactory(), municipality_code=FINSPANG, details=details)
        assert (student.user, outcome) == (other, "created")

    def test_nobody_is_their_own_guardian_by_another_address(self, kim):
        student = StudentFactory(user=kim, birth_date=date(2012, 5, 1))
        refused("guardian.self", add_guardian, actor=kim, student_id=student.pk, email="kim@school.example", name="Kim")
