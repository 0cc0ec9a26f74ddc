"""Who someone is to a municipality. The apps above build their own `can_` rules on these."""

from django.db.models import Q, QuerySet

from backend.accounts.enums import RoleKind
from backend.accounts.models import ProtectedGrant, Role, User
from backend.common import clock
from backend.reference.models import Municipality


def municipalities_coordinated_by(user: User) -> set[str]:
    """Codes of the municipalities the user is a coordinator of. One query per user object, then remembered on it."""
    return {code for kind, code in _roles(user) if kind == RoleKind.COORDINATOR and code}


def is_coordinator_of(user: User, municipality_code: str | None) -> bool:
    return municipality_code is not None and municipality_code in municipalities_coordinated_by(user)


def is_coordinator(user: User) -> bool:
    return bool(municipalities_coordinated_by(user))


def vacant_municipalities() -> "QuerySet[Municipality]":
    """Those no coordinator works for today: nobody has the role, or everybody is paused or gone."""
    staffed = Role.objects.in_force().filter(kind=RoleKind.COORDINATOR)
    return Municipality.objects.exclude(pk__in=staffed.values("municipality"))


def acts_for(user: User, municipality_code: str | None) -> bool:
    """Whether the user decides for the municipality today: its coordinator; the network office where there is none.

    This is asked each time, so that what waits goes to the office at the moment the last coordinator leaves, and back to
    the first one who comes. None: no municipality at all.
    """
    if is_coordinator_of(user, municipality_code):
        return True
    if not is_network_office(user):
        return False
    return municipality_code is None or vacant_municipalities().filter(pk=municipality_code).exists()


def acted_for(user: User, path: str) -> Q:
    """The same as a condition on rows: `path` leads to the municipality (`workplace__municipality`)."""
    mine = Q(**{f"{path}__in": municipalities_coordinated_by(user)})
    if is_network_office(user):
        mine |= Q(**{f"{path}__isnull": True}) | Q(**{f"{path}__in": vacant_municipalities()})
    return mine


def is_network_office(user: User) -> bool:
    return any(kind == RoleKind.NETWORK for kind, _code in _roles(user))


def works_for_the_network(user: User) -> bool:
    """Coordinators, among them whoever may know of protected identities, and the network office."""
    return bool(_roles(user))


def protected_municipalities_of(user: User) -> set[str]:
    """Codes of the municipalities whose protected identities the user may know, by a grant that holds today.

    One query each time, none for someone who coordinates nothing: what is taken back must not be remembered.
    """
    codes = municipalities_coordinated_by(user)
    if not codes:
        return set()
    return set(grants_in_force().filter(user=user, municipality__in=codes).values_list("municipality_id", flat=True))


def knows_protected_of(user: User, municipality_code: str | None) -> bool:
    return municipality_code is not None and municipality_code in protected_municipalities_of(user)


def can_appoint(user: User) -> bool:
    """Who invites, pauses and ends coordinators and members of the network office."""
    return is_network_office(user)


def can_give_grants(user: User) -> bool:
    return is_network_office(user)


def grants_in_force() -> "QuerySet[ProtectedGrant]":
    return ProtectedGrant.objects.filter(revoked_at__isnull=True, valid_until__gte=clock.today())


def _roles(user: User) -> list[tuple[str, str | None]]:
    if not user.is_authenticated or not user.is_active:
        return []
    roles: list[tuple[str, str | None]] | None = getattr(user, "_role_pairs", None)
    if roles is None:
        roles = list(user.roles.filter(paused_at__isnull=True).values_list("kind", "municipality_id"))
        user._role_pairs = roles  # type: ignore[attr-defined]  # noqa: SLF001 - remembered on the request's own user object
    return roles
