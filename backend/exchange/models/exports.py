"""A list someone wants as a file, and the file a worker made of it."""

from django.db import models
from django.db.models import Q

from backend.accounts.models import User
from backend.common.models import OutboxRow, TimestampedModel, WorkState
from backend.exchange.tables import TableFormat
from backend.organisations.models import Organisation


class ExportJob(OutboxRow, TimestampedModel):
    """One list as one file, for the person who asked and nobody else.

    name: of `exports.lists.EXPORTS`. organisation: set when an organisation's token asked; only its rows are told.
    row_count: known when the file is made. is_forgotten: there is no file any more, or it may not be made any more.
    """

    actor = models.ForeignKey(User, on_delete=models.CASCADE, related_name="exports")
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="exports"
    )
    name = models.CharField(max_length=40)
    table_format = models.CharField(max_length=4, choices=TableFormat.choices)
    filters = models.JSONField(default=dict)
    row_count = models.PositiveIntegerField(null=True)
    is_forgotten = models.BooleanField(default=False)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["actor", "-id"], name="export_of_person"),
            models.Index(fields=["due_at"], name="export_due", condition=Q(state="pending")),
            models.Index(fields=["expires_at"], name="export_expires"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(table_format__in=TableFormat.values), name="export_format_known"),
        ]

    def __str__(self) -> str:
        return f"export {self.pk}"

    @property
    def standing(self) -> str:
        """waiting, done, failed, or expired: what the person may expect."""
        if self.is_forgotten:
            return "expired"
        return {WorkState.DONE: "done", WorkState.DEAD: "failed"}.get(WorkState(self.state), "waiting")


class ExportFile(models.Model):
    """The bytes, apart from the job so that no list reads them."""

    job = models.OneToOneField(ExportJob, primary_key=True, on_delete=models.CASCADE, related_name="file")
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"file of export {self.job_id}"
