"""Rows that belong to no single app: the log, domain events, and who still has to handle them."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.common.clock import DbMomentField


class TimestampedModel(models.Model):
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class LogEntry(models.Model):
    """Who did what to which row, and why. Written in the transaction of the change.

    The database refuses every change of a row but one: the free text of `reason` may be taken out once (`redacted_at`),
    when a person's data is erased. `log_seal` chains what is written.
    """

    action = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    at = models.DateTimeField()
    redacted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["subject_type", "subject_id", "id"], name="log_subject")]
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(redacted_at__isnull=True) | models.Q(reason=""), name="redacted_log_has_no_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type}:{self.subject_id}"


class LogSeal(models.Model):
    """A link of the chain over the log: one for each entry, in the order in which they were sealed, without gaps.

    number: 1, 2, 3 ... reason_digest: of the entry's reason, so that the link holds after the text was taken out.
    digest: of the link before, the number, the entry and its reason's digest. Both are HMAC-SHA256 in hexadecimal, with a
    key that is not in the database: who can write rows cannot forge a link.
    """

    number = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(LogEntry, on_delete=models.PROTECT, related_name="seal")
    reason_digest = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"seal {self.number} of {self.entry_id}"


class DomainEvent(models.Model):
    """Something that happened, for the apps above to act on. Holds ids, never personal data."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    data = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["subject_type", "subject_id"], name="event_subject")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_type}:{self.subject_id}"


class WorkState(models.TextChoices):
    """pending -> queued -> done; a failure goes back to pending with a later `due_at`, or ends as dead."""

    PENDING = "pending", _("Waiting")
    QUEUED = "queued", _("On its way")
    DONE = "done", _("Done")
    DEAD = "dead", _("Given up")


class OutboxRow(models.Model):
    """Work that a worker must do at least once. The dispatcher hands out ids; the row decides."""

    state = models.CharField(max_length=10, choices=WorkState.choices, default=WorkState.PENDING)
    due_at = DbMomentField()
    queued_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class EventHandling(OutboxRow):
    """One subscriber's duty to handle one event."""

    event = models.ForeignKey(DomainEvent, on_delete=models.CASCADE, related_name="handlings")
    subscriber = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "subscriber"], name="event_handled_once_by_subscriber")]
        indexes = [
            models.Index(fields=["due_at"], name="handling_due", condition=models.Q(state="pending")),
            models.Index(fields=["queued_until"], name="handling_queued", condition=models.Q(state="queued")),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} of {self.event_id}"


class PeriodicRun(OutboxRow):
    """One slot of a scheduled job. The unique pair makes it run once however many schedulers there are."""

    name = models.CharField(max_length=80)
    slot = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    handled = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "slot"], name="periodic_run_once_per_slot")]
        indexes = [
            models.Index(fields=["due_at"], name="run_due", condition=models.Q(state="pending")),
            models.Index(fields=["queued_until"], name="run_queued", condition=models.Q(state="queued")),
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.slot:%Y-%m-%d %H:%M:%S}"
