"""Questions about webhooks."""

from django.db.models import QuerySet

from backend.accounts.models import User
from backend.exchange.enums import EndpointState
from backend.exchange.models import WebhookDelivery, WebhookEndpoint
from backend.exchange.policies import webhooks_visible_to


def list_webhooks_of(user: User) -> "QuerySet[WebhookEndpoint]":
    """The addresses the user keeps, newest first."""
    return (
        webhooks_visible_to(user)
        .exclude(state=EndpointState.DELETED)
        .select_related("organisation", "municipality")
        .order_by("-pk")
    )


def get_webhook(user: User, endpoint_id: int) -> WebhookEndpoint | None:
    return list_webhooks_of(user).filter(pk=endpoint_id).first()


def list_deliveries_of(endpoint: WebhookEndpoint) -> "QuerySet[WebhookDelivery]":
    """What was sent there, newest first, with its attempts."""
    return endpoint.deliveries.select_related("event").prefetch_related("attempt_rows").order_by("-pk")
