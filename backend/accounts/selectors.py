"""Questions about people and roles."""

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from django.db.models import QuerySet
from django.db.models.functions import Lower, Upper

from backend.accounts.enums import RoleKind
from backend.accounts.models import Role, RoleInvitation, User
from backend.accounts.policies import grants_in_force
from backend.common import clock
from backend.common.text import clean_address


def _with_role(kind: str, municipality_code: str | None) -> "QuerySet[User]":
    roles = Role.objects.in_force().filter(kind=kind, municipality=municipality_code)
    return User.objects.filter(pk__in=roles.values("user")).order_by("pk")


def find_person_by_email(email: str) -> User | None:
    """Whoever has proved the address, be it their first or another one; then whoever has it as the account's own.

    Letters are compared as the login does: without regard to case, composed, without invisible ones. None: nobody,
    `create_user` may make one.
    """
    return find_people_by_email([email]).get(clean_address(email))


def find_people_by_email(emails: Iterable[str]) -> dict[str, User]:
    """The same for several addresses: cleaned address -> person, without those that nobody has. Two queries at most."""
    wanted = {clean_address(email) for email in emails}
    proved = EmailAddress.objects.alias(proved=Upper("email")).filter(
        proved__in=[address.upper() for address in wanted], verified=True
    )
    found: dict[str, User] = {}
    for each in proved.select_related("user").order_by("pk"):
        found.setdefault(clean_address(each.email), each.user)
    # By the index that keeps addresses apart: UPPER, which allauth's rows ask for, would read every account.
    if rest := wanted - found.keys():
        own = User.objects.alias(own=Lower("email")).filter(own__in=rest)
        found |= {clean_address(user.email): user for user in own}
    return found


def list_coordinators_of(municipality_code: str | None) -> list[User]:
    """The active coordinators of a municipality; the network office where there is no municipality."""
    if municipality_code is None:
        return list(_with_role(RoleKind.NETWORK, None))
    return list(_with_role(RoleKind.COORDINATOR, municipality_code))


def list_responsible_for(municipality_code: str | None) -> list[User]:
    """Who is told what waits in a municipality: its active coordinators, else the network office."""
    return list_coordinators_of(municipality_code) or list_coordinators_of(None)


def has_coordinator(municipality_code: str | None) -> bool:
    return bool(municipality_code) and _with_role(RoleKind.COORDINATOR, municipality_code).exists()


def list_granted_in(municipality_code: str | None) -> list[User]:
    """The active coordinators of a municipality who may know its protected identities today."""
    granted = grants_in_force().filter(municipality=municipality_code).values("user")
    return list(_with_role(RoleKind.COORDINATOR, municipality_code).filter(pk__in=granted))


def list_network_office() -> list[User]:
    return list_coordinators_of(None)


def list_roles() -> "QuerySet[Role]":
    """Everybody's roles with person and municipality: the network office first, then by municipality and name."""
    return Role.objects.select_related("user", "municipality").order_by(
        "-kind", "municipality__name", "user__name", "pk"
    )


def list_open_role_invitations() -> "QuerySet[RoleInvitation]":
    """Those nobody has answered, newest first; also the expired ones, which can be sent again."""
    return (
        RoleInvitation.objects.filter(ended_at__isnull=True)
        .select_related("invitee", "municipality", "invited_by")
        .order_by("-pk")
    )


def list_role_invitations_to(user: User) -> list[RoleInvitation]:
    """Those the user has not answered and still can, oldest first."""
    return list(
        RoleInvitation.objects.filter(invitee=user, ended_at__isnull=True, expires_at__gt=clock.now())
        .select_related("municipality")
        .order_by("pk")
    )


def get_role_invitation_to(user: User, invitation_id: int) -> RoleInvitation | None:
    """An invitation to this user, answered or not. None when it is somebody else's."""
    return (
        RoleInvitation.objects.filter(pk=invitation_id, invitee=user)
        .select_related("municipality", "invited_by")
        .first()
    )


def holds(invitation: RoleInvitation) -> bool:
    return invitation.ended_at is None and invitation.expires_at > clock.now()
