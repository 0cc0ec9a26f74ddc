"""Commands about the logins of other services that open an account here. Each is logged, without who somebody is there."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import OpenIdentity, User
from backend.accounts.notices import tell_of_change
from backend.accounts.openid import Claim
from backend.common import clock
from backend.common.errors import Conflict, NotFound
from backend.common.transitions import lock, log


def user_behind(claim: Claim) -> User | None:
    """Whose account the login opens; None for one that nobody has connected. E-mail addresses are never compared:
    another service's word about an address is no proof that its owner asked for this."""
    found = OpenIdentity.objects.select_related("user").filter(issuer=claim.issuer, subject=claim.subject).first()
    if found is None:
        return None
    OpenIdentity.objects.filter(pk=found.pk).update(last_used_on=clock.today())
    return found.user


@transaction.atomic
def connect_identity(*, actor: User, claim: Claim) -> OpenIdentity:
    """From now on the login opens the actor's account. Connecting twice changes nothing.

    Raises Conflict when it opens somebody else's account, or the account has another login of the same provider.
    """
    User.objects.select_for_update().get(pk=actor.pk)
    standing = OpenIdentity.objects.filter(user=actor, issuer=claim.issuer).first()
    if standing is not None and standing.subject == claim.subject:
        return standing
    if standing is not None:
        raise Conflict(
            "identity.other_connected", _("Another login of the same kind is connected. Disconnect it first.")
        )
    try:
        with transaction.atomic():
            identity = OpenIdentity.objects.create(
                user=actor, issuer=claim.issuer, subject=claim.subject, connected_at=clock.now()
            )
    except IntegrityError as error:
        raise Conflict("identity.taken", _("This login is connected to another account.")) from error
    log("identity.connected", identity, actor=actor, data={"issuer": claim.issuer})
    tell_of_change("identity.connected", actor)
    return identity


@transaction.atomic
def disconnect_identity(*, actor: User, identity_id: int) -> None:
    """The login opens nothing any more; the code by mail still does. Raises NotFound for somebody else's."""
    try:
        identity = lock(OpenIdentity.objects.filter(user=actor), identity_id)
    except OpenIdentity.DoesNotExist as error:
        raise NotFound("identity.unknown", _("There is no such login.")) from error
    log("identity.disconnected", identity, actor=actor, data={"issuer": identity.issuer})
    identity.delete()
    tell_of_change("identity.disconnected", actor)
