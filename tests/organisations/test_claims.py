"""Imported organisations: a proved member asks to answer for them, and until then nobody is met with silence."""

from typing import Any

import pytest
from django.urls import reverse

from backend.applications import services as applications
from backend.applications.board import list_unclaimed_applications
from backend.applications.models import Application
from backend.common.models import LogEntry
from backend.notifications.models import Notification
from backend.organisations import claims, team
from backend.organisations.models import Membership, OrganisationClaim
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    StudentFactory,
    UserFactory,
)
from tests.factories.refusals import refused
from tests.factories.work import handle_events
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db

OTHER = "2021"


class Town:
    def __init__(self) -> None:
        self.offer = OfferFactory(
            workplace__organisation__source="yh",
            workplace__organisation__source_ref="1",
            workplace__organisation__website="https://www.skola.example/om",
            workplace__organisation__name="Skolan",
        )
        self.organisation = self.offer.organisation
        self.coordinator: Any = CoordinatorFactory()
        self.officer: Any = NetworkOfficerFactory()
        self.anna: Any = UserFactory(email="anna@skola.example", name="Anna Skola")

    def claim(self, **changes: Any) -> OrganisationClaim:
        asked = {
            "actor": self.anna,
            "organisation_id": self.organisation.pk,
            "role": "rektor",
            "email": self.anna.email,
        }
        return claims.claim_organisation(**{**asked, **changes})

    def apply(self, **of_student: Any) -> Application:
        student = StudentFactory(**of_student)
        return applications.submit_application(actor=student.user, period_id=self.offer.periods.get().pk)


@pytest.fixture
def town(frozen_clock) -> Town:
    return Town()


def told(kind: str) -> set[int]:
    handle_events()
    return set(Notification.objects.filter(kind=kind).values_list("recipient", flat=True))


class TestClaims:
    def test_by_page_from_the_place_to_the_own_desk(self, town):
        anna, desk = logged_in(town.anna), logged_in(town.coordinator)
        page = reverse("organisation_claim", args=[town.organisation.pk])
        assert page in anna.get(reverse("offer", args=[town.offer.pk])).text
        assert anna.post(page, {"role": "rektor", "email": town.anna.email}).status_code == 302
        assert told("claim.made") == {town.coordinator.pk}
        text = desk.get(reverse("coordinator_unclaimed")).text
        for part in ("Anna Skola", "rektor", "anna@skola.example", "own domain"):
            assert part in text, part
        claim = OrganisationClaim.objects.get()
        desk.post(reverse("claim_decide", args=[claim.pk]), {"answer": "yes"})
        assert Membership.objects.get(organisation=town.organisation).role == "owner"
        assert told("claim.approved") == {town.anna.pk}
        assert logged_in(town.anna).get(f"/till/organisationclaim/{claim.pk}/").url == reverse("employer_home")
        actions = LogEntry.objects.filter(action__startswith="claim.").order_by("pk").values_list("action", flat=True)
        assert list(actions) == ["claim.made", "claim.approved"]

    @pytest.mark.parametrize(
        ("email", "website", "speaks"),
        [
            ("a@skola.example", "https://www.skola.example/om", True),
            ("a@mail.skola.example", "https://skola.example", True),
            ("a@skola.example", "", False),
            ("a@gmail.example", "https://skola.example", False),
            ("a@minskola.example", "https://skola.example", False),
            ("a@example", "https://skola.example", False),
        ],
    )
    def test_what_the_address_shows(self, town, email, website, speaks):
        town.organisation.website = website
        assert claims.speaks_for(OrganisationClaim(organisation=town.organisation, email=email)) is speaks

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"role": " "}, "claim.no_role", "role"),
            ({"role": "x" * 81}, "claim.too_long", "role"),
            ({"email": "vd@skola.example"}, "claim.not_proved", "email"),
            ({"email": ""}, "claim.not_proved", "email"),
            ({"organisation_id": 999_999}, "organisation.unknown", None),
        ],
    )
    def test_bad_input(self, town, changes, code, field):
        refused(code, town.claim, field=field, **changes)

    def test_once_and_only_where_nobody_is(self, town):
        town.claim()
        refused("claim.exists", town.claim)
        MembershipFactory(organisation=town.organisation)
        refused("claim.has_people", town.claim, actor=UserFactory(email="b@skola.example"), email="b@skola.example")

    def test_a_no_has_a_reason_and_is_told(self, town):
        claim = town.claim()
        decide = claims.decide_claim
        refused("claim.no_reason", decide, field="reason", actor=town.coordinator, claim_id=claim.pk, approves=False)
        decide(actor=town.coordinator, claim_id=claim.pk, approves=False, reason="Vi når dig inte.")
        assert told("claim.rejected") == {town.anna.pk}
        assert not Membership.objects.filter(organisation=town.organisation).exists()
        refused("claim.decided", decide, actor=town.coordinator, claim_id=claim.pk, approves=True)
        assert town.claim().pk != claim.pk, "may ask once more"

    def test_who_decides(self, town):
        claim = town.claim()
        for actor in (CoordinatorFactory(municipality=OTHER), town.officer, MembershipFactory().user, town.anna):
            refused("claim.unknown", claims.decide_claim, actor=actor, claim_id=claim.pk, approves=True)
        town.coordinator.roles.all().delete()
        assert claims.decide_claim(actor=town.officer, claim_id=claim.pk, approves=True)

    def test_nobody_decides_about_themselves(self, town):
        claim = town.claim(actor=town.coordinator, email=town.coordinator.email)
        refused("claim.own", claims.decide_claim, actor=town.coordinator, claim_id=claim.pk, approves=True)

    def test_only_one_of_two_gets_it(self, town):
        first, other = town.claim(), UserFactory(email="b@skola.example")
        second = town.claim(actor=other, email=other.email)
        claims.decide_claim(actor=town.coordinator, claim_id=first.pk, approves=True)
        refused("claim.has_people", claims.decide_claim, actor=town.coordinator, claim_id=second.pk, approves=True)


class TestNobodyAnswers:
    def test_the_coordinator_is_told_sees_and_answers(self, town):
        application = town.apply(municipality_id=OTHER)
        assert told("application.nobody_answers") == {town.coordinator.pk}
        desk = logged_in(town.coordinator)
        assert desk.get(f"/till/application/{application.pk}/").url == reverse("coordinator_unclaimed")
        assert application.student.user.name in desk.get(reverse("coordinator_unclaimed")).text
        assert "nobody answers for" in desk.get(reverse("coordinator_home")).text
        desk.post(reverse("unclaimed_offer", args=[application.pk]))
        application.refresh_from_db()
        assert application.state == "offered"

    def test_without_a_coordinator_it_is_the_offices(self, town):
        town.coordinator.roles.all().delete()
        application = town.apply()
        assert told("application.nobody_answers") == {town.officer.pk}
        office = logged_in(town.officer)
        sent = {"reason": "dates", "message": "Vi återkommer."}
        assert office.post(reverse("unclaimed_decline", args=[application.pk]), sent).status_code == 302
        application.refresh_from_db()
        assert application.state == "declined"

    def test_only_whoever_stands_in(self, town):
        application = town.apply()
        for user in (CoordinatorFactory(municipality=OTHER), town.officer):
            assert not list_unclaimed_applications(user).exists()
            assert logged_in(user).post(reverse("unclaimed_offer", args=[application.pk])).status_code == 404
        MembershipFactory(organisation=town.organisation)
        assert not list_unclaimed_applications(town.coordinator).exists()
        refused(
            "application.not_answerer", applications.offer_seat, actor=town.coordinator, application_id=application.pk
        )

    def test_where_somebody_is_the_coordinator_is_left_in_peace(self, town):
        member = MembershipFactory(organisation=town.organisation).user
        town.apply()
        assert told("application.nobody_answers") == set()
        assert told("application.submitted") == {member.pk}

    def test_a_protected_student_is_no_part_of_it(self, town):
        hidden = town.apply(is_protected=True, alias="Student KXBR")
        refused("application.unknown", applications.offer_seat, actor=town.coordinator, application_id=hidden.pk)
        assert told("application.nobody_answers") == set()
        assert not list_unclaimed_applications(town.coordinator).exists()

    def test_an_invited_contact_becomes_the_owner(self, town):
        sent = {"email": "ny@skola.example", "name": "Ny"}
        logged_in(town.coordinator).post(reverse("unclaimed_invite", args=[town.organisation.pk]), sent)
        invitation = town.organisation.invitations.get()
        assert told("invitation.sent") == {invitation.invitee_id}
        membership = team.accept_invitation(actor=invitation.invitee, invitation_id=invitation.pk)
        assert membership.role == "owner"
        refused(
            "organisation.not_member",
            team.invite_colleague,
            actor=town.coordinator,
            organisation=town.organisation,
            email="en@till.example",
        )
