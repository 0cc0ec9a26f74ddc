"""What somebody subscribes to, and how far we have read what we subscribe to ourselves."""

from django.db import models
from django.db.models import Q

from backend.accounts.models import User
from backend.common.models import TimestampedModel


class CalendarFeed(TimestampedModel):
    """A person's calendar address. Its signature holds id and generation: a new generation revokes the old address."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="calendar_feed")
    generation = models.PositiveIntegerField(default=1)
    is_active = models.BooleanField(default=True)
    last_read_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return f"calendar of {self.user_id}"


class CalendarRevision(models.Model):
    """How an event was shown last in a person's calendar: calendars believe a change only when the number has grown.

    digest: of all that is shown. sequence, changed_at: of the last time that became something else; both only grow.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="calendar_revisions")
    uid = models.CharField(max_length=200)
    digest = models.CharField(max_length=32)
    sequence = models.PositiveIntegerField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "uid"], name="one_revision_per_event")]

    def __str__(self) -> str:
        return f"{self.uid} revision {self.sequence}"


class StreamCursor(models.Model):
    """How far a stream of advertisements has been read: the moment of the last change that was taken in."""

    source = models.CharField(max_length=200, primary_key=True)
    read_until = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(source=""), name="stream_has_a_source")]

    def __str__(self) -> str:
        return self.source
