"""Who someone is to a municipality. The apps above build their own `can_` rules on these."""

from backend.accounts.enums import RoleKind
from backend.accounts.models import User


def municipalities_coordinated_by(user: User) -> set[str]:
    """Codes of the municipalities the user is a coordinator of. One query per user object, then remembered on it."""
    return {code for kind, code in _roles(user) if kind == RoleKind.COORDINATOR and code}


def is_coordinator_of(user: User, municipality_code: str | None) -> bool:
    return municipality_code is not None and municipality_code in municipalities_coordinated_by(user)


def is_coordinator(user: User) -> bool:
    return bool(municipalities_coordinated_by(user))


def is_network_office(user: User) -> bool:
    return any(kind == RoleKind.NETWORK for kind, _code in _roles(user))


def _roles(user: User) -> list[tuple[str, str | None]]:
    if not user.is_authenticated or not user.is_active:
        return []
    roles: list[tuple[str, str | None]] | None = getattr(user, "_role_pairs", None)
    if roles is None:
        roles = list(user.roles.values_list("kind", "municipality_id"))
        user._role_pairs = roles  # type: ignore[attr-defined]  # noqa: SLF001 - remembered on the request's own user object
    return roles
