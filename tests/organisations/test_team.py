"""Inviting colleagues, answering an invitation, changing and ending memberships."""

from datetime import timedelta

import pytest
import time_machine

from backend.applications import forwarding
from backend.common import clock
from backend.notifications.models import Notification
from backend.organisations import selectors, team
from backend.organisations.models import Invitation, Membership
from tests.factories import ApplicationFactory, MembershipFactory, OrganisationFactory, UserFactory
from tests.factories.refusals import refused
from tests.factories.work import handle_events

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return MembershipFactory(role="owner")


def invite(owner: Membership, email: str = "ny@firma.example") -> Invitation:
    return team.invite_colleague(actor=owner.user, organisation=owner.organisation, email=email)


class TestInvite:
    def test_the_colleague_is_told_and_joins_as_a_member(self, owner):
        invitation = invite(owner, " Ny@Firma.example ")
        handle_events()
        told = Notification.objects.get(kind="invitation.sent")
        assert told.recipient == invitation.invitee
        assert invitation.invitee.email == "ny@firma.example"
        assert selectors.list_open_invitations(owner.user) == [invitation]
        membership = team.accept_invitation(actor=invitation.invitee, invitation_id=invitation.pk)
        assert (membership.organisation, membership.role) == (owner.organisation, "member")
        assert selectors.list_open_invitations(owner.user) == []
        handle_events()
        assert Notification.objects.get(kind="invitation.accepted").recipient == owner.user

    @pytest.mark.parametrize("email", ["", "inget", "a@b", "a b@c.example"])
    def test_needs_an_address(self, owner, email):
        refused(
            "invitation.bad_email",
            team.invite_colleague,
            field="email",
            actor=owner.user,
            organisation=owner.organisation,
            email=email,
        )
        assert not Invitation.objects.exists()

    def test_only_members_invite(self, owner):
        refused(
            "organisation.not_member",
            team.invite_colleague,
            actor=UserFactory(),
            organisation=owner.organisation,
            email="x@y.example",
        )

    def test_neither_twice_nor_someone_who_belongs_already(self, owner):
        invite(owner)
        args = {"actor": owner.user, "organisation": owner.organisation}
        refused("invitation.exists", team.invite_colleague, email="ny@firma.example", **args)
        refused("invitation.member", team.invite_colleague, email=owner.user.email.upper(), **args)

    def test_an_expired_invitation_is_replaced(self, owner):
        first = invite(owner)
        with time_machine.travel(clock.now() + timedelta(days=14, minutes=1), tick=False):
            refused("invitation.ended", team.accept_invitation, actor=first.invitee, invitation_id=first.pk)
            second = invite(owner)
            assert selectors.list_open_invitations(owner.user) == [second]


class TestAnswer:
    def test_is_the_invitees_alone(self, owner):
        invitation = invite(owner)
        for command in (team.accept_invitation, team.decline_invitation):
            refused("invitation.unknown", command, actor=UserFactory(), invitation_id=invitation.pk)
            refused("invitation.unknown", command, actor=owner.user, invitation_id=invitation.pk)

    def test_a_no_and_a_withdrawal_end_it(self, owner):
        for command, actor in ((team.decline_invitation, None), (team.withdraw_invitation, owner.user)):
            invitation = invite(owner)
            command(actor=actor or invitation.invitee, invitation_id=invitation.pk)
            refused("invitation.ended", team.accept_invitation, actor=invitation.invitee, invitation_id=invitation.pk)
        assert Membership.objects.count() == 1

    def test_others_do_not_take_it_back(self, owner):
        invitation = invite(owner)
        refused(
            "invitation.unknown",
            team.withdraw_invitation,
            actor=MembershipFactory().user,
            invitation_id=invitation.pk,
        )


class TestMembers:
    def test_the_last_owner_stays(self, owner):
        refused("membership.last_owner", team.remove_member, actor=owner.user, membership_id=owner.pk)
        refused("membership.last_owner", team.set_role, actor=owner.user, membership_id=owner.pk, role="member")
        other = MembershipFactory(organisation=owner.organisation)
        team.set_role(actor=owner.user, membership_id=other.pk, role="owner")
        team.remove_member(actor=owner.user, membership_id=owner.pk)
        assert list(Membership.objects.values_list("pk", flat=True)) == [other.pk]

    def test_a_member_may_leave_but_not_remove(self, owner):
        member = MembershipFactory(organisation=owner.organisation)
        refused("membership.not_owner", team.remove_member, actor=member.user, membership_id=owner.pk)
        refused("membership.not_owner", team.set_role, actor=member.user, membership_id=member.pk, role="owner")
        team.remove_member(actor=member.user, membership_id=member.pk)
        assert Membership.objects.get() == owner

    def test_other_organisations_do_not_exist(self, owner):
        stranger = MembershipFactory(organisation=OrganisationFactory(), role="owner")
        refused("membership.unknown", team.remove_member, actor=stranger.user, membership_id=owner.pk)


class TestAskAColleague:
    def test_the_colleague_is_told(self, owner):
        application = ApplicationFactory(period__offer__organisation=owner.organisation)
        colleague = MembershipFactory(organisation=owner.organisation).user
        forwarding.ask_colleague(actor=owner.user, application_id=application.pk, colleague_id=colleague.pk)
        assert Notification.objects.get(kind="application.colleague_asked").recipient == colleague

    def test_neither_oneself_nor_a_stranger(self, owner):
        application = ApplicationFactory(period__offer__organisation=owner.organisation)
        for chosen in (owner.user, UserFactory()):
            refused(
                "colleague.unknown",
                forwarding.ask_colleague,
                field="colleague",
                actor=owner.user,
                application_id=application.pk,
                colleague_id=chosen.pk,
            )
        refused(
            "application.unknown",
            forwarding.ask_colleague,
            actor=MembershipFactory().user,
            application_id=application.pk,
            colleague_id=owner.user.pk,
        )


def test_a_team_invites_twenty_a_day(owner, frozen_clock):
    for number in range(team.MOST_A_DAY):
        invite(owner, f"kollega{number}@firma.example")
    args = {"actor": owner.user, "organisation": owner.organisation}
    refused("invitation.too_many_today", team.invite_colleague, email="en.till@firma.example", **args)
    frozen_clock.shift(timedelta(days=1, minutes=1))
    assert invite(owner, "en.till@firma.example").pk
