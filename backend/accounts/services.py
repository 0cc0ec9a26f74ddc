"""Commands about grants: who may know the protected identities of a municipality. Each is logged with its reason."""

from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts import policies
from backend.accounts.models import ProtectedGrant, User
from backend.accounts.notices import tell_of_change
from backend.common import clock
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import lock, log

LONGEST = timedelta(days=366)
LONGEST_REASON = 500


@transaction.atomic
def give_grant(*, actor: User, user: User, municipality_code: str, valid_until: date, reason: str) -> ProtectedGrant:
    """The network office lets a coordinator know the protected identities of the own municipality, for a year at most.

    A grant that has run out gives way to the new one. Raises Invalid with the field that is wrong, Conflict when one
    stands already.
    """
    if not policies.can_give_grants(actor):
        raise NotAllowed("grant.not_allowed", _("Only the network office gives and takes back grants."))
    # The person's row serialises two grants at the same time.
    user = User.objects.select_for_update().get(pk=user.pk)
    _check(actor, user, municipality_code, valid_until, reason)
    run_out = ProtectedGrant.objects.filter(
        user=user, municipality=municipality_code, revoked_at__isnull=True, valid_until__lt=clock.today()
    )
    run_out.update(revoked_at=clock.now(), revoked_by=actor)
    try:
        with transaction.atomic():
            grant = ProtectedGrant.objects.create(
                user=user,
                municipality_id=municipality_code,
                reason=reason.strip(),
                granted_by=actor,
                granted_at=clock.now(),
                valid_until=valid_until,
            )
    except IntegrityError as error:
        raise Conflict(
            "grant.exists", _("This person has a grant already. Take it back to give another one."), field="user"
        ) from error
    log("grant.given", grant, actor=actor, reason=reason.strip(), data={"user": user.pk, "until": f"{valid_until}"})
    tell_of_change("grant.given", user, actor)
    return grant


def _check(actor: User, user: User, municipality_code: str, valid_until: date, reason: str) -> None:
    if user.pk == actor.pk:
        raise Invalid("grant.self", _("Somebody else has to give you the grant."), field="user")
    if not policies.is_coordinator_of(user, municipality_code):
        raise Invalid("grant.not_coordinator", _("Choose a coordinator of the municipality."), field="user")
    today = clock.today()
    if not today <= valid_until <= today + LONGEST:
        raise Invalid("grant.bad_day", _("Choose a day from today to a year ahead."), field="valid_until")
    if not reason.strip():
        raise Invalid("grant.no_reason", _("Write why this person needs to know."), field="reason")
    if len(reason.strip()) > LONGEST_REASON:
        raise Invalid("grant.too_long", _("The text is too long."), field="reason")


@transaction.atomic
def revoke_grant(*, actor: User, grant_id: int) -> ProtectedGrant:
    """Takes a grant back at once. Raises Conflict when it was taken back already."""
    if not policies.can_give_grants(actor):
        raise NotAllowed("grant.not_allowed", _("Only the network office gives and takes back grants."))
    try:
        grant = lock(ProtectedGrant.objects.all(), grant_id)
    except ProtectedGrant.DoesNotExist as error:
        raise NotFound("grant.unknown", _("There is no such grant.")) from error
    if grant.revoked_at is not None:
        raise Conflict("grant.revoked", _("This grant was taken back already."))
    grant.revoked_at, grant.revoked_by = clock.now(), actor
    grant.save(update_fields=["revoked_at", "revoked_by"])
    log("grant.revoked", grant, actor=actor, data={"user": grant.user_id})
    tell_of_change("grant.revoked", grant.user, actor)
    return grant
