"""Questions about people and roles."""

import unicodedata

from allauth.account.models import EmailAddress

from backend.accounts.enums import RoleKind
from backend.accounts.models import User
from backend.accounts.policies import grants_in_force


def find_person_by_email(email: str) -> User | None:
    """Whoever has proved the address, be it their first or another one; then whoever has it as the account's own.

    Letters are compared as the login does: without regard to case, composed. None: nobody, `create_user` may make one.
    """
    address = unicodedata.normalize("NFC", email).strip().lower()
    proved = EmailAddress.objects.filter(email__iexact=address, verified=True).select_related("user").first()
    return proved.user if proved is not None else User.objects.filter(email__iexact=address).first()


def list_coordinators_of(municipality_code: str | None) -> list[User]:
    """The active coordinators of a municipality; the network office where there is no municipality."""
    if municipality_code is None:
        return list(User.objects.filter(is_active=True, roles__kind=RoleKind.NETWORK).distinct())
    return list(
        User.objects.filter(
            is_active=True, roles__kind=RoleKind.COORDINATOR, roles__municipality=municipality_code
        ).distinct()
    )


def has_coordinator(municipality_code: str | None) -> bool:
    return (
        bool(municipality_code)
        and User.objects.filter(
            is_active=True, roles__kind=RoleKind.COORDINATOR, roles__municipality=municipality_code
        ).exists()
    )


def list_granted_in(municipality_code: str | None) -> list[User]:
    """The active coordinators of a municipality who may know its protected identities today."""
    granted = grants_in_force().filter(municipality=municipality_code).values("user")
    return list(
        User.objects.filter(
            pk__in=granted, is_active=True, roles__kind=RoleKind.COORDINATOR, roles__municipality=municipality_code
        ).distinct()
    )


def list_network_office() -> list[User]:
    return list_coordinators_of(None)
