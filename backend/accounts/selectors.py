"""Questions about people and roles."""

from backend.accounts.enums import RoleKind
from backend.accounts.models import User
from backend.accounts.policies import grants_in_force


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
