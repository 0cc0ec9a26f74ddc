"""Coordinators and the network office: invited, accepted, paused, resumed and ended by page, told and logged."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from backend.accounts import appointments
from backend.accounts.models import ProtectedGrant, Role, RoleInvitation, User
from backend.accounts.policies import is_coordinator_of, is_network_office
from backend.accounts.selectors import has_coordinator, list_coordinators_of
from backend.accounts.services import give_grant
from backend.common import clock
from backend.common.models import LogEntry
from backend.notifications.models import Notification
from tests.factories import CoordinatorFactory, NetworkOfficerFactory, UserFactory
from tests.factories.refusals import refused
from tests.factories.rows import FINSPANG, give_second_factor
from tests.factories.work import handle_events
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db

PEOPLE = reverse("network_people")
WRITTEN = {
    "email": " Karin@Kommun.example ",
    "name": "Karin Kommun",
    "kind": "coordinator",
    "municipality": FINSPANG,
    "valid_days": "7",
}


@pytest.fixture
def officer() -> Any:
    return NetworkOfficerFactory(name="Nils Nät")


def told(kind: str) -> list[User]:
    handle_events()
    return [each.recipient for each in Notification.objects.filter(kind=kind).select_related("recipient")]


def invite(officer: User, **changes: Any) -> RoleInvitation:
    asked = {"email": "karin@kommun.example", "name": "Karin", "kind": "coordinator", "municipality_code": FINSPANG}
    return appointments.invite_to_role(actor=officer, **{**asked, **changes})


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


class TestByPage:
    def test_an_invited_coordinator_logs_in_and_works(self, officer):
        office = logged_in(officer)
        assert office.post(PEOPLE, WRITTEN).url == PEOPLE
        invitation = RoleInvitation.objects.get()
        assert invitation.invitee.email == "karin@kommun.example"
        assert invitation.expires_at == invitation.sent_at + timedelta(days=7)
        assert told("role.invited") == [invitation.invitee]
        assert "Karin Kommun" in office.get(PEOPLE).text

        karin = logged_in(invitation.invitee)
        page = reverse("role_invitation", args=[invitation.pk])
        assert karin.get(f"/till/roleinvitation/{invitation.pk}/").url == page
        assert karin.get(page).status_code == 200
        assert not has_coordinator(FINSPANG), "a GET, also a mail scanner's, answers nothing"
        assert karin.post(page, {"answer": "yes"}).url == reverse("coordinator_home")
        assert karin.get(reverse("coordinator_home")).url.startswith(reverse("second_factor"))
        give_second_factor(invitation.invitee)
        assert karin.get(reverse("coordinator_home")).status_code == 200
        assert told("role.invitation_accepted") == [officer]
        assert list_coordinators_of(FINSPANG) == [invitation.invitee]
        actions = LogEntry.objects.filter(action__startswith="role.").order_by("pk").values_list("action", flat=True)
        assert list(actions) == ["role.invited", "role.invitation_accepted"]

    def test_somebody_elses_invitation_is_nothing(self, officer):
        invitation = invite(officer)
        page = reverse("role_invitation", args=[invitation.pk])
        assert logged_in(UserFactory()).post(page, {"answer": "yes"}).status_code == 404
        assert not Role.objects.filter(kind="coordinator").exists()

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"email": "ingen adress"}, "email"),
            ({"name": " "}, "name"),
            ({"municipality": ""}, "municipality"),
            ({"municipality": "9999"}, "municipality"),
            ({"kind": "network"}, "municipality"),
            ({"kind": "king"}, "kind"),
            ({"valid_days": "0"}, "valid_days"),
            ({"valid_days": "400"}, "valid_days"),
        ],
    )
    def test_bad_input_is_named_at_its_field_and_nothing_is_saved(self, officer, changes, field):
        response = logged_in(officer).post(PEOPLE, {**WRITTEN, **changes})
        assert response.status_code == 400
        assert f'id="id_{field}_error"' in response.text
        assert not RoleInvitation.objects.exists()
        assert not User.objects.filter(email="karin@kommun.example").exists()

    def test_the_buttons_pause_resume_end_send_again_and_take_back(self, officer):
        office, coordinator = logged_in(officer), CoordinatorFactory()
        role = coordinator.roles.get()
        office.post(reverse("network_role_pause", args=[role.pk]))
        assert logged_in(coordinator).get(reverse("coordinator_home")).status_code == 403
        office.post(reverse("network_role_resume", args=[role.pk]))
        assert logged_in(coordinator).get(reverse("coordinator_home")).status_code == 200
        office.post(reverse("network_role_end", args=[role.pk]))
        assert not Role.objects.filter(pk=role.pk).exists()
        invitation = invite(officer)
        office.post(reverse("network_invitation_resend", args=[invitation.pk]))
        assert told("role.invited") == [invitation.invitee, invitation.invitee]
        office.post(reverse("network_invitation_withdraw", args=[invitation.pk]))
        invitation.refresh_from_db()
        assert invitation.outcome == "withdrawn"
        for kind in ("role.paused", "role.resumed", "role.ended"):
            assert told(kind) == [coordinator], kind


class TestInvitations:
    def test_an_account_keeps_its_name_and_gets_the_role(self, officer):
        known = UserFactory(email="karin@kommun.example", name="Karin Svensson")
        invitation = invite(officer, name="Någon Annan")
        assert invitation.invitee == known
        appointments.accept_role_invitation(actor=known, invitation_id=invitation.pk)
        assert fresh(known).name == "Karin Svensson"
        assert is_coordinator_of(fresh(known), FINSPANG)

    def test_a_colleague_joins_the_office(self, officer):
        invitation = invite(officer, kind="network", municipality_code="")
        appointments.accept_role_invitation(actor=invitation.invitee, invitation_id=invitation.pk)
        assert is_network_office(fresh(invitation.invitee))

    def test_only_the_office_invites(self):
        refused("role.not_allowed", invite, officer=CoordinatorFactory())

    def test_who_has_the_role_or_is_invited_is_not_invited_again(self, officer):
        CoordinatorFactory(email="karin@kommun.example")
        refused("role.exists", invite, field="email", officer=officer)
        invite(officer, email="ny@kommun.example")
        refused("role.invited", invite, field="email", officer=officer, email="ny@kommun.example")
        UserFactory(email="borta@kommun.example", is_active=False)
        refused("role.account_closed", invite, field="email", officer=officer, email="borta@kommun.example")

    def test_one_that_has_run_out_is_not_accepted_but_can_be_sent_again(self, officer):
        invitation = invite(officer, valid_days=3)
        with time_machine.travel(clock.now() + timedelta(days=4), tick=False):
            refused(
                "role.invitation_over",
                appointments.accept_role_invitation,
                actor=invitation.invitee,
                invitation_id=invitation.pk,
            )
            again = appointments.resend_role_invitation(actor=officer, invitation_id=invitation.pk)
            assert again.expires_at == clock.now() + timedelta(days=3)
            appointments.accept_role_invitation(actor=invitation.invitee, invitation_id=invitation.pk)
        refused(
            "role.invitation_over",
            appointments.accept_role_invitation,
            actor=invitation.invitee,
            invitation_id=invitation.pk,
        )
        for command in (appointments.resend_role_invitation, appointments.withdraw_role_invitation):
            refused("role.invitation_ended", command, actor=officer, invitation_id=invitation.pk)

    def test_a_no_is_told(self, officer):
        invitation = invite(officer)
        appointments.decline_role_invitation(actor=invitation.invitee, invitation_id=invitation.pk)
        assert told("role.invitation_declined") == [officer]
        assert not Role.objects.filter(kind="coordinator").exists()


class TestRoles:
    def test_a_paused_one_gives_nothing_and_comes_back_whole(self, officer):
        coordinator = CoordinatorFactory()
        role = coordinator.roles.get()
        appointments.pause_role(actor=officer, role_id=role.pk)
        assert not is_coordinator_of(fresh(coordinator), FINSPANG)
        assert not has_coordinator(FINSPANG)
        assert list_coordinators_of(FINSPANG) == []
        refused("role.paused", appointments.pause_role, actor=officer, role_id=role.pk)
        appointments.resume_role(actor=officer, role_id=role.pk)
        assert is_coordinator_of(fresh(coordinator), FINSPANG)
        refused("role.not_paused", appointments.resume_role, actor=officer, role_id=role.pk)

    def test_somebody_at_the_office_is_always_there(self, officer):
        own = officer.roles.get().pk
        for command in (appointments.end_role, appointments.pause_role):
            refused("role.last_of_office", command, actor=officer, role_id=own)
        colleague = NetworkOfficerFactory()
        appointments.pause_role(actor=officer, role_id=colleague.roles.get().pk)
        # A paused colleague is nobody who could go on.
        refused("role.last_of_office", appointments.end_role, actor=officer, role_id=own)
        appointments.resume_role(actor=officer, role_id=colleague.roles.get().pk)
        appointments.end_role(actor=officer, role_id=own)
        assert not is_network_office(fresh(officer))

    def test_only_the_office_pauses_resumes_and_ends(self):
        coordinator = CoordinatorFactory()
        for command in (appointments.pause_role, appointments.resume_role, appointments.end_role):
            refused("role.not_allowed", command, actor=coordinator, role_id=coordinator.roles.get().pk)

    def test_what_was_granted_for_it_ends_with_it(self, officer):
        coordinator = CoordinatorFactory()
        give_grant(
            actor=officer,
            user=coordinator,
            municipality_code=FINSPANG,
            valid_until=clock.today() + timedelta(days=30),
            reason="Ansvarig rektor.",
        )
        appointments.end_role(actor=officer, role_id=coordinator.roles.get().pk)
        assert ProtectedGrant.objects.get().revoked_by == officer

    def test_the_office_learns_at_once_that_a_municipality_has_nobody(self, officer):
        first, second = CoordinatorFactory(), CoordinatorFactory()
        appointments.pause_role(actor=officer, role_id=first.roles.get().pk)
        assert told("municipality.without_coordinator") == []
        appointments.end_role(actor=officer, role_id=second.roles.get().pk)
        assert told("municipality.without_coordinator") == [officer]


def test_the_log_names_the_role_and_no_address(officer):
    coordinator = CoordinatorFactory(email="hemlig@kommun.example")
    appointments.end_role(actor=officer, role_id=coordinator.roles.get().pk)
    entry = LogEntry.objects.get(action="role.ended")
    assert entry.data == {"kind": "coordinator", "municipality": FINSPANG, "user": coordinator.pk}


def test_a_second_proved_address_finds_the_account(officer):
    known = UserFactory(email="karin@hem.example")
    known.emailaddress_set.create(email="karin@kommun.example", verified=True, primary=False)
    assert invite(officer).invitee == known
