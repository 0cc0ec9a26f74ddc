"""Somebody with several roles: on the first page of each stands what waits in the others, and who has invited them."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.urls import reverse

from backend.accounts.appointments import invite_to_role
from backend.accounts.models import RoleInvitation, User
from backend.accounts.selectors import list_role_invitations_to
from backend.common import clock
from backend.organisations.models import Invitation
from backend.organisations.team import invite_colleague
from backend.students.services import give_consent, withdraw_consent
from tests.factories import (
    ApplicationFactory,
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    StudentFactory,
    UserFactory,
)
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db
TOWN = "0562"


def be_student(user: User) -> None:
    ApplicationFactory(
        student=StudentFactory(user=user), state="offered", hold_expires_at=clock.now() + timedelta(days=2)
    )


def be_guardian(user: User) -> None:
    GuardianshipFactory(guardian=user, accepted_at=None)


def be_employer(user: User) -> None:
    organisation = MembershipFactory(user=user).organisation
    ApplicationFactory(period__offer__workplace__organisation=organisation)


ROLES: dict[str, Callable[[User], None]] = {
    "student": be_student, "guardian": be_guardian, "employer": be_employer,
}  # fmt: skip
WORDS = {
    "student": "1 thing waits for you as a student",
    "guardian": "1 question waits for you as a guardian",
    "employer": "1 applicant waits for an answer from your company",
}


def first_page(user: User, role: str) -> Any:
    return logged_in(user).get(reverse(f"{role}_home"))


class TestOtherRoles:
    @pytest.mark.parametrize(("here", "there"), list(permutations(ROLES, 2)))
    def test_what_waits_in_another_role_stands_on_the_first_page(self, here, there):
        user = UserFactory()
        ROLES[here](user)
        assert not first_page(user, here).context["waiting_elsewhere"], (
            "what waits in the role itself stands on its page"
        )
        ROLES[there](user)
        page = first_page(user, here)
        assert WORDS[there] in page.text
        assert [line.url for line in page.context["waiting_elsewhere"]] == [reverse(f"{there}_home")]
        assert not logged_in(user).get(reverse("notifications")).context["waiting_elsewhere"]

    def test_a_coordinator_who_is_a_guardian_and_works_for_a_company(self):
        coordinator = CoordinatorFactory(municipality=TOWN)
        be_guardian(coordinator)
        be_employer(coordinator)
        text = first_page(coordinator, "coordinator").text
        assert WORDS["guardian"] in text
        assert WORDS["employer"] in text
        OfferFactory(state="submitted", workplace__municipality_id=TOWN)
        assert "waits for you as a coordinator" in first_page(coordinator, "guardian").text

    def test_the_network_office(self):
        office = NetworkOfficerFactory()
        be_guardian(office)
        OfferFactory(state="submitted", workplace__municipality_id="2584")
        assert WORDS["guardian"] in first_page(office, "network").text
        assert "waits for you at the network office" in first_page(office, "guardian").text

    def test_a_guardian_who_has_answered_is_not_asked_again(self):
        guardianship = GuardianshipFactory(accepted_at=None)
        user = guardianship.guardian
        StudentFactory(user=user)
        assert first_page(user, "student").context["waiting_elsewhere"]
        give_consent(actor=user, guardianship_id=guardianship.pk)
        assert not first_page(user, "student").context["waiting_elsewhere"]
        withdraw_consent(actor=user, guardianship_id=guardianship.pk)
        assert not first_page(user, "student").context["waiting_elsewhere"]


class TestInvitations:
    @pytest.fixture
    def invited(self):
        user = UserFactory()
        office, member = NetworkOfficerFactory(), MembershipFactory()
        invite_to_role(actor=office, email=user.email, name=user.name, kind="coordinator", municipality_code=TOWN)
        invite_colleague(actor=member.user, organisation=member.organisation, email=user.email)
        return user

    def test_they_stand_on_the_page_of_a_newcomer_who_never_opened_the_link(self, invited):
        page = logged_in(invited).get(reverse("welcome"))
        assert "a coordinator in Finspång" in page.text
        role, organisation = RoleInvitation.objects.get(), Invitation.objects.get()
        assert organisation.organisation.name in page.text
        urls = [line.url for line in page.context["waiting_elsewhere"]]
        assert urls == [reverse("role_invitation", args=[role.pk]), reverse("invitation", args=[organisation.pk])]
        for url in urls:
            assert logged_in(invited).get(url).status_code == 200

    def test_they_stand_on_the_first_page_of_every_role(self, invited):
        be_guardian(invited)
        assert "a coordinator in Finspång" in first_page(invited, "guardian").text

    def test_an_answered_and_an_old_one_do_not(self, invited):
        browser = logged_in(invited)
        browser.post(reverse("invitation", args=[Invitation.objects.get().pk]), {"answer": "no"})
        assert len(browser.get(reverse("welcome")).context["waiting_elsewhere"]) == 1
        RoleInvitation.objects.update(expires_at=clock.now() - timedelta(minutes=1))
        assert list_role_invitations_to(invited) == []
        assert browser.get(reverse("welcome")).context["waiting_elsewhere"] == []

    def test_nobody_sees_those_of_somebody_else(self, invited):
        assert logged_in(UserFactory()).get(reverse("welcome")).context["waiting_elsewhere"] == []
