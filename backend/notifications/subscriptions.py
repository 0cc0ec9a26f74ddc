"""What notifications do themselves when something happened in an app below them: tell those concerned."""

from backend.accounts.models import RoleInvitation, SecondFactorReset, User
from backend.accounts.selectors import list_network_office
from backend.common.events import subscribe
from backend.common.models import DomainEvent
from backend.notifications import about_logins, about_organisations, about_roles
from backend.notifications.services import notify
from backend.organisations.models import Invitation, OrganisationClaim
from backend.organisations.selectors import list_responsible_for_organisation


@subscribe("invitation.sent")
def tell_invitee(event: DomainEvent) -> None:
    invitation = Invitation.objects.select_related("invitee").get(pk=event.subject_id)
    notify(event=event, recipients=[invitation.invitee], kind=about_organisations.SENT.name, subject=invitation)


@subscribe("invitation.accepted")
def tell_inviter(event: DomainEvent) -> None:
    invitation = Invitation.objects.select_related("invited_by").get(pk=event.subject_id)
    if invitation.invited_by is not None:
        notify(
            event=event, recipients=[invitation.invited_by], kind=about_organisations.ACCEPTED.name, subject=invitation
        )


@subscribe("role.invited")
def tell_invited_to_role(event: DomainEvent) -> None:
    invitation = RoleInvitation.objects.select_related("invitee").get(pk=event.subject_id)
    notify(event=event, recipients=[invitation.invitee], kind=about_roles.INVITED.name, subject=invitation)


@subscribe("role.invitation_accepted", "role.invitation_declined")
def tell_office_of_answer(event: DomainEvent) -> None:
    invitation = RoleInvitation.objects.select_related("invited_by").get(pk=event.subject_id)
    if invitation.invited_by is not None:
        notify(event=event, recipients=[invitation.invited_by], kind=event.kind, subject=invitation)


@subscribe("role.paused", "role.resumed", "role.ended")
def tell_of_changed_role(event: DomainEvent) -> None:
    person = User.objects.get(pk=event.subject_id)
    notify(event=event, recipients=[person], kind=event.kind, subject=person, data=event.data)


@subscribe("municipality.without_coordinator")
def tell_office_of_vacancy(event: DomainEvent) -> None:
    """At once, to everybody at the office: from now on they decide what waits there."""
    notify(
        event=event,
        recipients=list_network_office(),
        kind=about_roles.VACANT.name,
        subject=User.objects.get(pk=event.subject_id),
        data=event.data,
    )


@subscribe("claim.made")
def tell_who_decides(event: DomainEvent) -> None:
    claim = OrganisationClaim.objects.select_related("organisation").get(pk=event.subject_id)
    deciders = [user for user in list_responsible_for_organisation(claim.organisation) if user.pk != claim.user_id]
    notify(event=event, recipients=deciders, kind=about_organisations.CLAIMED.name, subject=claim)


@subscribe("claim.approved", "claim.rejected")
def tell_claimant(event: DomainEvent) -> None:
    claim = OrganisationClaim.objects.select_related("user").get(pk=event.subject_id)
    notify(event=event, recipients=[claim.user], kind=event.kind, subject=claim)


@subscribe(*about_logins.CHANGES)
def tell_of_changed_login(event: DomainEvent) -> None:
    person = User.objects.get(pk=event.subject_id)
    notify(event=event, recipients=[person], kind=event.kind, subject=person)


@subscribe("second_factor.reset_asked")
def tell_of_asked_reset(event: DomainEvent) -> None:
    row = SecondFactorReset.objects.select_related("user").get(pk=event.subject_id)
    notify(event=event, recipients=[row.user], kind=about_logins.ASKED.name, subject=row)
