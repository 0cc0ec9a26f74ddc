"""Who may import, and who keeps the webhooks of an organisation or a municipality."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.policies import is_coordinator_of, municipalities_coordinated_by
from backend.common.errors import NotAllowed
from backend.exchange.models import ImportJob, WebhookEndpoint
from backend.organisations.enums import MembershipRole
from backend.organisations.models import Organisation
from backend.organisations.policies import is_member


def can_import_for_organisation(user: User, organisation_id: int) -> bool:
    return is_member(user, organisation_id)


def can_import_for_municipality(user: User, code: str) -> bool:
    return is_coordinator_of(user, code)


def imports_visible_to(user: User) -> "QuerySet[ImportJob]":
    """Those of the user's organisations; those of a municipality only to the coordinator who made them, because the
    rows may name a person whose identity was protected afterwards.
    """
    if not user.is_active:
        return ImportJob.objects.none()
    mine = Q(organisation__in=user.memberships.values("organisation"))
    mine |= Q(municipality__in=municipalities_coordinated_by(user), actor=user)
    return ImportJob.objects.filter(mine)


def is_owner(user: User, organisation_id: int) -> bool:
    """Owners are an organisation's administrators."""
    return user.is_active and user.memberships.filter(organisation=organisation_id, role=MembershipRole.OWNER).exists()


def webhooks_visible_to(user: User) -> "QuerySet[WebhookEndpoint]":
    """Those of organisations the user owns and of municipalities the user coordinates."""
    if not user.is_active:
        return WebhookEndpoint.objects.none()
    owned = user.memberships.filter(role=MembershipRole.OWNER).values("organisation")
    return WebhookEndpoint.objects.filter(
        Q(organisation__in=owned) | Q(municipality__in=municipalities_coordinated_by(user))
    )


def require_webhook_owner(user: User, *, organisation: Organisation | None, municipality: Any) -> None:
    """Raises NotAllowed unless the user administers the organisation or coordinates the municipality (a code)."""
    if organisation is not None and is_owner(user, organisation.pk):
        return
    if municipality and is_coordinator_of(user, municipality):
        return
    raise NotAllowed("webhook.not_allowed", _("Only those who administer the organisation may do this."))
