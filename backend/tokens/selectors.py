"""Questions about tokens."""

import hashlib

from django.db.models import Exists, OuterRef, Q, QuerySet

from backend.accounts.models import User
from backend.common import clock
from backend.organisations.enums import MembershipRole
from backend.organisations.models import Membership, Organisation
from backend.tokens.models import ApiToken
from backend.tokens.policies import tokens_visible_to


def hash_of(secret: str) -> str:
    """SHA-256 of a token, in hexadecimal."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def find_token(secret: str) -> ApiToken | None:
    """The token with its user, while it holds. One query.

    A token ends with its day, when revoked, with its person's account, and, for an organisation, when the person who
    made it does not own the organisation any more.
    """
    owns = Membership.objects.filter(
        user=OuterRef("user"), organisation=OuterRef("organisation"), role=MembershipRole.OWNER
    )
    return (
        ApiToken.objects.select_related("user")
        .filter(
            Q(organisation__isnull=True) | Exists(owns),
            fingerprint=hash_of(secret),
            revoked_at__isnull=True,
            expires_at__gt=clock.now(),
            user__is_active=True,
        )
        .first()
    )


def list_tokens(user: User) -> "QuerySet[ApiToken]":
    """Those that hold or held, newest first, without the revoked ones."""
    return (
        tokens_visible_to(user).filter(revoked_at__isnull=True).select_related("organisation", "user").order_by("-pk")
    )


def list_owned_organisations(user: User) -> list[Organisation]:
    """The organisations whose tokens the person manages."""
    return list(
        Organisation.objects.filter(memberships__user=user, memberships__role=MembershipRole.OWNER).order_by(
            "name", "pk"
        )
    )
