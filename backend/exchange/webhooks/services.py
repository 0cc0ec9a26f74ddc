"""Commands about webhooks: register, change, pause, remove, try, replay; and what time brings."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.notices import tell_of_change
from backend.accounts.selectors import list_coordinators_of
from backend.common import clock, events, outbox
from backend.common.clock import DbNow
from backend.common.errors import Conflict, Invalid, NotFound
from backend.common.models import DomainEvent
from backend.common.transitions import lock, log, move
from backend.exchange.enums import ENDPOINT_TRANSITIONS, DisabledReason, EndpointState, WebhookDeliveryState
from backend.exchange.models import WebhookDelivery, WebhookEndpoint
from backend.exchange.policies import require_webhook_owner, webhooks_visible_to
from backend.exchange.webhooks.addresses import check_url
from backend.exchange.webhooks.kinds import KINDS, TRIAL, concerned_by
from backend.exchange.webhooks.signing import secret_of
from backend.notifications.services import notify
from backend.organisations.enums import MembershipRole
from backend.organisations.models import Organisation

SEED_BYTES = 32
MOST_ENDPOINTS = 10
DISABLED_AFTER = timedelta(days=5)
FORMER_SECRET_KEPT = timedelta(days=1)
KEPT_FOR = timedelta(days=30)


@transaction.atomic
def register_webhook(
    *,
    actor: User,
    url: str,
    kinds: Sequence[str],
    organisation: Organisation | None = None,
    municipality_code: str = "",
) -> tuple[WebhookEndpoint, str]:
    """An endpoint of the organisation or of the municipality, and its secret, which is told this once.

    Raises Invalid with field "url" or "kinds", NotAllowed, Conflict above ten endpoints.
    """
    require_webhook_owner(actor, organisation=organisation, municipality=municipality_code)
    if (organisation is None) == (not municipality_code):
        raise Invalid("webhook.one_owner", _("Choose an organisation or a municipality."), field="owner")
    _check(url, kinds)
    present = WebhookEndpoint.objects.filter(organisation=organisation, municipality=municipality_code or None).exclude(
        state=EndpointState.DELETED
    )
    if present.count() >= MOST_ENDPOINTS:
        raise Conflict("webhook.too_many", _("There are ten addresses already. Remove one first."))
    endpoint = WebhookEndpoint.objects.create(
        organisation=organisation,
        municipality_id=municipality_code or None,
        url=url,
        kinds=sorted(set(kinds)),
        seed=secrets.token_bytes(SEED_BYTES),
        created_by=actor,
    )
    log("webhook.registered", endpoint, actor=actor)
    tell_of_change("webhook.registered", actor)
    return endpoint, secret_of(endpoint.seed)


def _check(url: str, kinds: Sequence[str]) -> None:
    check_url(url)
    if not kinds:
        raise Invalid("webhook.no_kinds", _("Choose at least one kind of event."), field="kinds")
    if set(kinds) - (KINDS.keys() - {TRIAL}):
        raise Invalid("webhook.unknown_kind", _("Choose from the list."), field="kinds")


def _own(actor: User, endpoint_id: int) -> WebhookEndpoint:
    visible = webhooks_visible_to(actor).exclude(state=EndpointState.DELETED)
    if not visible.filter(pk=endpoint_id).exists():
        raise NotFound("webhook.unknown", _("There is no such address."))
    return lock(WebhookEndpoint.objects.all(), endpoint_id)


@transaction.atomic
def change_webhook(*, actor: User, endpoint_id: int, url: str, kinds: Sequence[str]) -> WebhookEndpoint:
    """Another address or other kinds; the secret stays."""
    endpoint = _own(actor, endpoint_id)
    _check(url, kinds)
    endpoint.url, endpoint.kinds = url, sorted(set(kinds))
    endpoint.save(update_fields=["url", "kinds", "updated_at"])
    log("webhook.changed", endpoint, actor=actor)
    tell_of_change("webhook.changed", actor)
    return endpoint


@transaction.atomic
def renew_secret(*, actor: User, endpoint_id: int) -> str:
    """A new secret, told this once. For a day messages are signed with the one before as well."""
    endpoint = _own(actor, endpoint_id)
    endpoint.former_seed, endpoint.former_until = endpoint.seed, clock.now() + FORMER_SECRET_KEPT
    endpoint.seed = secrets.token_bytes(SEED_BYTES)
    endpoint.save(update_fields=["seed", "former_seed", "former_until", "updated_at"])
    log("webhook.secret_renewed", endpoint, actor=actor)
    tell_of_change("webhook.secret_renewed", actor)
    return secret_of(endpoint.seed)


@transaction.atomic
def pause_webhook(*, actor: User, endpoint_id: int) -> WebhookEndpoint:
    """Nothing is sent for now; what happens meanwhile waits."""
    endpoint = _own(actor, endpoint_id)
    move(endpoint, ENDPOINT_TRANSITIONS, "webhook.paused", actor=actor)
    return endpoint


@transaction.atomic
def resume_webhook(*, actor: User, endpoint_id: int) -> WebhookEndpoint:
    """Sending goes on with what has waited."""
    endpoint = _own(actor, endpoint_id)
    endpoint.failures, endpoint.failing_since, endpoint.open_until = 0, None, None
    endpoint.disabled_because = ""
    move(
        endpoint,
        ENDPOINT_TRANSITIONS,
        "webhook.resumed",
        actor=actor,
        update_fields=["failures", "failing_since", "open_until", "disabled_because"],
    )
    outbox.wake()
    return endpoint


@transaction.atomic
def delete_webhook(*, actor: User, endpoint_id: int) -> None:
    """Nothing is sent there any more; what was sent stays in the log for its time."""
    endpoint = _own(actor, endpoint_id)
    move(endpoint, ENDPOINT_TRANSITIONS, "webhook.deleted", actor=actor)
    endpoint.deliveries.filter(state__in=[WebhookDeliveryState.PENDING, WebhookDeliveryState.QUEUED]).update(
        state=WebhookDeliveryState.DEAD, last_error="endpoint_removed", done_at=DbNow()
    )


@transaction.atomic
def send_trial(*, actor: User, endpoint_id: int) -> WebhookDelivery:
    """A message without content, to see whether it arrives. Raises Conflict while the endpoint is not active."""
    endpoint = _own(actor, endpoint_id)
    if endpoint.state != EndpointState.ACTIVE:
        raise Conflict("webhook.not_active", _("Switch the address on first."))
    delivery = WebhookDelivery.objects.create(endpoint=endpoint, event=events.record(TRIAL, endpoint))
    log("webhook.tried", endpoint, actor=actor)
    outbox.wake()
    return delivery


@transaction.atomic
def replay_delivery(*, actor: User, delivery_id: int) -> WebhookDelivery:
    """Sends a settled delivery once more under the same id. Raises Conflict while it is on its way."""
    delivery = WebhookDelivery.objects.filter(pk=delivery_id, endpoint__in=webhooks_visible_to(actor)).first()
    if delivery is None:
        raise NotFound("webhook.unknown_delivery", _("There is no such message."))
    endpoint = _own(actor, delivery.endpoint_id)
    if endpoint.state != EndpointState.ACTIVE:
        raise Conflict("webhook.not_active", _("Switch the address on first."))
    again = WebhookDelivery.objects.filter(
        pk=delivery.pk, state__in=[WebhookDeliveryState.DONE, WebhookDeliveryState.DEAD]
    ).update(state=WebhookDeliveryState.PENDING, attempts=0, due_at=DbNow(), done_at=None, last_error="")
    if not again:
        raise Conflict("webhook.on_its_way", _("It is on its way already."))
    log("webhook.replayed", endpoint, actor=actor, data={"delivery": delivery.pk})
    outbox.wake()
    delivery.refresh_from_db()
    return delivery


def write_deliveries(event: DomainEvent) -> int:
    """One delivery per active or paused endpoint that wants the event and may have it. Asking again writes nothing."""
    concerned = concerned_by(event)
    if concerned.is_silent:
        return 0
    wanted = WebhookEndpoint.objects.filter(
        Q(organisation__in=concerned.organisations) | Q(municipality__in=concerned.municipalities),
        kinds__contains=[event.kind],
        state__in=[EndpointState.ACTIVE, EndpointState.PAUSED],
    )
    rows = WebhookDelivery.objects.bulk_create(
        [WebhookDelivery(endpoint=endpoint, event=event) for endpoint in wanted], ignore_conflicts=True
    )
    if rows:
        outbox.wake()
    return len(rows)


def disable_failing() -> int:
    """Switches off endpoints that have not answered once for days, and tells who keeps them. Returns how many."""
    due = WebhookEndpoint.objects.filter(
        state=EndpointState.ACTIVE, failing_since__lte=DbNow() - DISABLED_AFTER
    ).values_list("pk", flat=True)
    for pk in list(due):
        disable_endpoint(pk, DisabledReason.SILENT)
    return len(due)


@transaction.atomic
def disable_endpoint(endpoint_id: int, reason: DisabledReason) -> bool:
    """Switches an active endpoint off and tells who keeps it why. False when it was switched off or paused meanwhile."""
    endpoint = lock(WebhookEndpoint.objects.all(), endpoint_id)
    if endpoint.state != EndpointState.ACTIVE:
        return False
    endpoint.disabled_because = reason
    event = move(
        endpoint,
        ENDPOINT_TRANSITIONS,
        "webhook.disabled",
        actor=None,
        data={"reason": str(reason)},
        update_fields=["disabled_because"],
    )
    notify(event=event, recipients=_keepers(endpoint), kind="webhook.disabled", subject=endpoint)
    outbox.wake()
    return True


def _keepers(endpoint: WebhookEndpoint) -> list[User]:
    if endpoint.organisation_id is None:
        return list_coordinators_of(endpoint.municipality_id)
    return list(
        User.objects.filter(
            memberships__organisation=endpoint.organisation_id, memberships__role=MembershipRole.OWNER, is_active=True
        )
    )


def forget_old_deliveries() -> int:
    """The log reaches back thirty days. Returns how many rows went."""
    _rows, by_model = WebhookDelivery.objects.filter(created_at__lt=DbNow() - KEPT_FOR).delete()
    return by_model.get("exchange.WebhookDelivery", 0)
