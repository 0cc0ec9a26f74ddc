"""Who may have tokens, and whose they may see and revoke."""

from django.db.models import Q, QuerySet

from backend.accounts.models import User
from backend.accounts.policies import is_coordinator
from backend.organisations.enums import MembershipRole
from backend.tokens.models import ApiToken


def can_have_tokens(user: User) -> bool:
    """Those whose work is connected to other systems: members of organisations, and coordinators."""
    return user.is_active and (user.memberships.exists() or is_coordinator(user))


def can_manage_tokens_of(user: User, organisation_id: int) -> bool:
    """The organisation's owners."""
    return user.is_active and user.memberships.filter(organisation=organisation_id, role=MembershipRole.OWNER).exists()


def tokens_visible_to(user: User) -> "QuerySet[ApiToken]":
    """The person's own, and those of the organisations the person owns."""
    if not user.is_active:
        return ApiToken.objects.none()
    owned = user.memberships.filter(role=MembershipRole.OWNER).values("organisation")
    return ApiToken.objects.filter(Q(user=user, organisation__isnull=True) | Q(organisation__in=owned))
