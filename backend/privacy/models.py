"""A copy of somebody's data that is being made or waits to be fetched."""

from datetime import timedelta

from django.db import models
from django.db.models import Q

from backend.accounts.models import User
from backend.common.models import OutboxRow, TimestampedModel, WorkState
from backend.students.models import Student

# A week: long enough for whoever reads mail seldom, short enough that copies do not gather.
KEPT_FOR = timedelta(days=7)


class DataCopy(OutboxRow, TimestampedModel):
    """All that is kept about one person, as one file, for the person who asked and nobody else.

    child: the student when a guardian asked; empty for one's own data. row_count: known when the file is made.
    is_withdrawn: whoever asked may not have it any more. expires_at: when the file is deleted.
    """

    asker = models.ForeignKey(User, on_delete=models.CASCADE, related_name="data_copies")
    child = models.ForeignKey(Student, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    language = models.CharField(max_length=5)
    row_count = models.PositiveIntegerField(null=True)
    is_withdrawn = models.BooleanField(default=False)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["asker", "-id"], name="data_copy_of_asker"),
            models.Index(fields=["due_at"], name="data_copy_due", condition=Q(state="pending")),
            models.Index(fields=["expires_at"], name="data_copy_expires"),
        ]

    def __str__(self) -> str:
        return f"copy of data {self.pk}"

    @property
    def standing(self) -> str:
        """waiting, ready, failed or withdrawn: what the asker may expect."""
        if self.is_withdrawn:
            return "withdrawn"
        return {WorkState.DONE: "ready", WorkState.DEAD: "failed"}.get(WorkState(self.state), "waiting")


class DataCopyFile(models.Model):
    """The bytes of the zip file, apart from the row so that no list reads them."""

    copy = models.OneToOneField(DataCopy, primary_key=True, on_delete=models.CASCADE, related_name="file")
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"file of copy {self.copy_id}"
