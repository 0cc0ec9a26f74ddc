"""Commands about tokens: make, use, revoke."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.notices import tell_of_change
from backend.common import clock
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import log
from backend.organisations.models import Organisation
from backend.tokens import policies
from backend.tokens.enums import ORGANISATION_SCOPES, Scope
from backend.tokens.models import ApiToken
from backend.tokens.selectors import hash_of

# Recognised by scanners that look for leaked secrets, and by people.
MARK = "pnv_"
LONGEST_DAYS, USUAL_DAYS = 366, 90
LONGEST_NAME = 60
MAX_TOKENS = 20


@dataclass(frozen=True)
class TokenDetails:
    """scopes: values of `Scope`. organisation_id: None for the person's own. days: until it ends."""

    name: str
    scopes: Sequence[str]
    organisation_id: int | None = None
    days: int = USUAL_DAYS


@dataclass(frozen=True)
class NewToken:
    """secret: shown once, known to nobody afterwards."""

    token: ApiToken
    secret: str


@transaction.atomic
def create_token(*, actor: User | None, user: User, details: TokenDetails) -> NewToken:
    """A token that acts for `user`. No actor: an operator at the console, who may make one for anyone.

    Raises Invalid with the field that is wrong, NotAllowed, and Conflict when there are too many.
    """
    # The person's row serialises the count of tokens.
    User.objects.select_for_update().get(pk=user.pk)
    if actor is not None and (actor.pk != user.pk or not policies.can_have_tokens(actor)):
        raise NotAllowed("token.not_allowed", _("Tokens are for organisations and coordinators."))
    _check(details)
    organisation = _organisation(user, details)
    live = ApiToken.objects.filter(user=user, revoked_at__isnull=True, expires_at__gt=clock.now())
    if live.count() >= MAX_TOKENS:
        raise Conflict("token.too_many", _("There are 20 tokens already. Revoke one first."))
    prefix = MARK + secrets.token_hex(4)
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        user=user,
        organisation=organisation,
        name=details.name.strip(),
        prefix=prefix,
        fingerprint=hash_of(secret),
        scopes=[scope for scope in Scope.values if scope in set(details.scopes)],
        expires_at=clock.now() + timedelta(days=details.days),
    )
    log("token.created", token, actor=actor, data={"scopes": token.scopes, "organisation": details.organisation_id})
    tell_of_change("token.created", user)
    return NewToken(token, secret)


def _check(details: TokenDetails) -> None:
    if not details.name.strip():
        raise Invalid("token.no_name", _("Give the token a name, such as the system that will use it."), field="name")
    if len(details.name.strip()) > LONGEST_NAME:
        raise Invalid("token.too_long", _("The text is too long."), field="name")
    if not details.scopes:
        raise Invalid("token.no_scope", _("Choose what the token opens."), field="scopes")
    if unknown := sorted(set(details.scopes) - set(Scope.values)):
        raise Invalid("token.unknown_scope", _("Choose from the list."), field="scopes", data={"scopes": unknown[:5]})
    if not 1 <= details.days <= LONGEST_DAYS:
        raise Invalid("token.bad_days", _("A token is valid for 1 to 366 days."), field="days")


def _organisation(user: User, details: TokenDetails) -> Organisation | None:
    if details.organisation_id is None:
        return None
    if not policies.can_manage_tokens_of(user, details.organisation_id):
        raise Invalid("token.not_owner", _("Only an owner of the organisation makes its tokens."), field="organisation")
    if set(details.scopes) - set(ORGANISATION_SCOPES):
        raise Invalid("token.personal_scope", _("This belongs to a person, not to an organisation."), field="scopes")
    return Organisation.objects.get(pk=details.organisation_id)


@transaction.atomic
def revoke_token(*, actor: User, token_id: int) -> None:
    """The token opens nothing any more. Harmless when repeated. Raises NotFound for someone else's."""
    token = policies.tokens_visible_to(actor).select_for_update(of=("self",)).filter(pk=token_id).first()
    if token is None:
        raise NotFound("token.unknown", _("There is no such token."))
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at", "updated_at"])
        log("token.revoked", token, actor=actor)
        tell_of_change("token.revoked", token.user, actor)


def note_use(token: ApiToken) -> None:
    """Remembers the day of use; writes at most once a day."""
    today = clock.today()
    if token.last_used_on == today:
        return
    unused = Q(last_used_on__isnull=True) | Q(last_used_on__lt=today)
    ApiToken.objects.filter(unused, pk=token.pk).update(last_used_on=today)
