"""What someone should know, and each attempt to tell them."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from backend.common.clock import DbMomentField
from backend.common.models import DomainEvent
from backend.notifications.channel_models import BouncedAddress, ProviderEvent, PushSubscription
from backend.notifications.enums import DELIVERY, Category, ChannelName, DeliveryState, Outcome, Slot
from backend.notifications.timing_models import DigestSlot, Hours, ReminderStep, Task

__all__ = [
    "BouncedAddress",
    "ChannelCircuit",
    "Delivery",
    "DeliveryAttempt",
    "DigestSlot",
    "Hours",
    "Notification",
    "Preference",
    "ProviderEvent",
    "PushSubscription",
    "ReminderStep",
    "Task",
]


class Notification(models.Model):
    """One person should know about one event. `data` holds ids and plain values, no personal data."""

    event = models.ForeignKey(DomainEvent, on_delete=models.PROTECT, related_name="notifications")
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    # False when the person said never to this category on the site: the row still carries the other channels.
    is_shown = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "recipient"], name="notification_once_per_event_and_recipient")
        ]
        indexes = [
            models.Index(fields=["subject_type", "subject_id"], name="notification_subject"),
            # Rows are only added, so that a tiny index finds those of a period.
            BrinIndex(fields=["created_at"], name="notification_written"),
            models.Index(fields=["recipient", "-id"], name="notification_of_person", condition=Q(is_shown=True)),
            models.Index(
                fields=["recipient"], name="notification_unread", condition=Q(is_shown=True, read_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_type}:{self.subject_id} to {self.recipient_id}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def advance(self, action: str, **values: Any) -> int:
        """Takes the rows that are in a state the table allows through `action`. Returns how many: 0 = someone else won.

        One conditional UPDATE, the only way a delivery's state changes.
        """
        move = DELIVERY.moves[action]
        return self.filter(state__in=move.sources).update(state=move.target, **values)


class Delivery(models.Model):
    """One attempt chain on one channel.

    All moments that decide something (due_at, lease_until, queued_until, called_at, expires_at) come from the database
    clock, so that processes with different clocks agree.
    """

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(DomainEvent, on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=12, choices=ChannelName.choices)
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    # uuid5 of event, recipient and channel: what providers and receivers recognise a second copy by.
    idem_key = models.UUIDField(unique=True)
    # Lower goes first: decisions before news, news before digests.
    priority = models.PositiveSmallIntegerField(default=1)
    slot = models.CharField(max_length=6, choices=Slot.choices, default=Slot.NOW)
    carried_by = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="carries",
        help_text="the digest it went in",
    )
    due_at = DbMomentField()
    expires_at = models.DateTimeField()
    queued_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    ambiguous_attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    called_at = models.DateTimeField(null=True)
    template_version = models.CharField(max_length=16, blank=True)
    provider_answer = models.CharField(max_length=120, blank=True)
    # The provider's own name of the message it accepted last; its reports use it.
    provider_message_id = models.CharField(max_length=200, blank=True, default="")
    reason = models.CharField(max_length=120, blank=True)
    done_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "recipient", "channel"], name="delivery_once"),
            models.CheckConstraint(
                condition=~Q(state="sending") | Q(lease_token__isnull=False, lease_until__isnull=False),
                name="sending_holds_a_lease",
            ),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known"),
        ]
        indexes = [
            models.Index(fields=["priority", "due_at", "id"], name="delivery_due", condition=Q(state="pending")),
            models.Index(fields=["expires_at"], name="delivery_expiring", condition=Q(state="pending")),
            models.Index(fields=["queued_until"], name="delivery_queued", condition=Q(state="queued")),
            models.Index(fields=["lease_until"], name="delivery_sending", condition=Q(state="sending")),
            models.Index(
                fields=["recipient", "due_at"],
                name="delivery_for_digest",
                condition=Q(state="pending", slot__in=["daily", "weekly"]),
            ),
            models.Index(
                fields=["provider_message_id"], name="delivery_at_provider", condition=~Q(provider_message_id="")
            ),
            models.Index(
                fields=["-id"], name="delivery_needs_action", condition=Q(state__in=["uncertain", "dead", "bounced"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.idem_key} {self.state}"


class DeliveryAttempt(models.Model):
    """What one attempt came to. `answer` is a code and a phase, never the provider's words: those repeat addresses."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempt_rows")
    number = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=13, choices=Outcome.choices)
    answer = models.CharField(max_length=120, blank=True)
    at = DbMomentField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.outcome}"


class Preference(models.Model):
    """A person's choice that differs from the default of the category."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_preferences"
    )
    category = models.CharField(max_length=20, choices=Category.choices)
    channel = models.CharField(max_length=12, choices=ChannelName.choices)
    slot = models.CharField(max_length=6, choices=Slot.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "category", "channel"], name="preference_once")]

    def __str__(self) -> str:
        return f"{self.category} {self.channel} {self.slot}"


class ChannelCircuit(models.Model):
    """Whether a channel's provider may be called. Open while `open_until` lies ahead; then one probe at a time."""

    channel = models.CharField(max_length=12, choices=ChannelName.choices, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True)
    probe_until = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=120, blank=True)

    def __str__(self) -> str:
        return f"{self.channel}: {'open' if self.open_until else 'closed'}"
