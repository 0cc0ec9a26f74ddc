"""Rows the channels keep beside the deliveries: what providers told us, addresses that bounced, browsers that may be
pushed to."""

import hashlib

from django.conf import settings
from django.db import models

from backend.common.clock import DbMomentField
from backend.notifications.enums import ChannelName


class ProviderEvent(models.Model):
    """One report of a provider about one message. The unique id makes a repeated report harmless.

    kind: the state it leads to (`delivered`, `bounced`, `complained`). `settled_at` is empty while the report is ahead of
    our own record of the call: it is looked at again until it is settled.
    """

    provider = models.CharField(max_length=20)
    # A digest of the provider's own id, or of the report where the provider gives none: of fixed length, and nothing else.
    event_id = models.CharField(max_length=64)
    channel = models.CharField(max_length=12, choices=ChannelName.choices)
    kind = models.CharField(max_length=10)
    reason = models.CharField(max_length=40, blank=True)
    # How the report names the message: our key when the provider gives it back, else the provider's id of the message.
    idem_key = models.UUIDField(null=True)
    message_id = models.CharField(max_length=200, blank=True)
    # A digest of the address the report is about: to see whether the person has another one by now.
    address = models.CharField(max_length=64, blank=True, default="")
    received_at = DbMomentField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "event_id"], name="provider_event_once")]
        indexes = [
            models.Index(fields=["id"], name="provider_event_open", condition=models.Q(settled_at__isnull=True)),
            models.Index(fields=["received_at"], name="provider_event_age"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind}"


class BouncedAddress(models.Model):
    """An address of a person that does not exist (any more). Only this address: a new one is tried as usual."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="bounced_addresses")
    channel = models.CharField(max_length=12, choices=ChannelName.choices)
    address = models.CharField(max_length=254)
    since = DbMomentField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "channel", "address"], name="bounced_address_once")]

    def __str__(self) -> str:
        return f"{self.channel} of user {self.user_id}"


class PushSubscription(models.Model):
    """One browser in which a person said yes to notifications. Deleted when the browser or the person takes it back."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="push_subscriptions")
    # Given by the browser's maker; knowing it and the two keys is what it takes to reach this browser.
    endpoint = models.CharField(max_length=1000, unique=True)
    p256dh = models.CharField(max_length=100)
    auth = models.CharField(max_length=40)
    # Our public key at the time: with another key the push service refuses us, whatever we send.
    signed_by = models.CharField(max_length=100, default="")
    browser = models.CharField(max_length=60, blank=True, help_text="“Firefox, Android”: how the person recognises it")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the endpoint, hex: by it a browser knows itself on the list, and a reader of the page learns nothing."""
        return hashlib.sha256(self.endpoint.encode()).hexdigest()

    def __str__(self) -> str:
        return f"browser {self.pk} of user {self.user_id}"
