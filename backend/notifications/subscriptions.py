"""What notifications do themselves when something happened in an app below them: tell those concerned."""

from backend.common.events import subscribe
from backend.common.models import DomainEvent
from backend.notifications import about_organisations
from backend.notifications.services import notify
from backend.organisations.models import Invitation


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
