"""Addresses of other systems that are told what happens, and each attempt to tell them."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common.clock import DbMomentField
from backend.common.models import DomainEvent, OutboxRow, TimestampedModel
from backend.exchange.enums import DisabledReason, EndpointState, WebhookDeliveryState
from backend.organisations.models import Organisation
from backend.reference.models import Municipality


class WebhookEndpoint(TimestampedModel):
    """Where one organisation's or one municipality's events go.

    seed: what the signing secret is derived from, together with the service's own key; the secret itself is not stored.
    former_seed: signs as well until former_until, so that the receiver can change to a renewed secret without a gap.
    disabled_because: a code of DisabledReason while the endpoint is disabled.
    failing_since: the first of the failures that no success has ended. open_until: not called before, because it failed.
    """

    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="webhooks"
    )
    municipality = models.ForeignKey(
        Municipality, null=True, blank=True, on_delete=models.PROTECT, related_name="webhooks"
    )
    url = models.URLField(_("Address"), max_length=300)
    kinds = ArrayField(models.CharField(max_length=60))
    state = models.CharField(max_length=10, choices=EndpointState.choices, default=EndpointState.ACTIVE)
    seed = models.BinaryField(max_length=32)
    former_seed = models.BinaryField(max_length=32, null=True, blank=True)
    former_until = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    open_until = models.DateTimeField(null=True, blank=True)
    disabled_because = models.CharField(max_length=10, choices=DisabledReason.choices, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(organisation__isnull=False, municipality__isnull=True)
                | Q(organisation__isnull=True, municipality__isnull=False),
                name="webhook_has_one_owner",
            ),
            models.CheckConstraint(condition=Q(url__startswith="https://"), name="webhook_is_encrypted"),
            models.CheckConstraint(condition=Q(kinds__len__gte=1), name="webhook_has_kinds"),
            models.CheckConstraint(condition=Q(state__in=EndpointState.values), name="webhook_state_known"),
            models.CheckConstraint(
                condition=Q(former_seed__isnull=True, former_until__isnull=True)
                | Q(former_seed__isnull=False, former_until__isnull=False),
                name="webhook_former_secret_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"webhook {self.pk}"


class WebhookDelivery(OutboxRow):
    """One event for one endpoint. message_id stays the same in every attempt and replay: receivers know copies by it.

    state: of WebhookDeliveryState. status: the last answer's HTTP status, empty when there was none.
    """

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(DomainEvent, on_delete=models.PROTECT, related_name="+")
    message_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    created_at = DbMomentField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="webhook_delivery_once"),
            models.CheckConstraint(
                condition=~Q(state="sending") | Q(lease_token__isnull=False, lease_until__isnull=False),
                name="sending_webhook_holds_a_lease",
            ),
            models.CheckConstraint(
                condition=Q(state__in=WebhookDeliveryState.values), name="webhook_delivery_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="webhook_due", condition=Q(state="pending")),
            models.Index(fields=["queued_until"], name="webhook_queued", condition=Q(state="queued")),
            models.Index(fields=["lease_until"], name="webhook_sending", condition=Q(state="sending")),
            models.Index(fields=["endpoint", "-id"], name="webhook_log"),
        ]

    def __str__(self) -> str:
        return f"webhook delivery {self.message_id}"


class WebhookAttempt(models.Model):
    """What one call came to. outcome: "received", or a short code of what went wrong; never the receiver's words."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempt_rows")
    number = models.PositiveSmallIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    outcome = models.CharField(max_length=60)
    milliseconds = models.PositiveIntegerField(default=0)
    at = DbMomentField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.outcome}"
