"""Copies of somebody's data, rules of how long things are kept, and the protocol of what went."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common.models import OutboxRow, TimestampedModel, WorkState
from backend.privacy.enums import DocumentKind, RetentionAction, RetentionCondition, RetentionEvent
from backend.reference.models import Municipality
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


class RetentionRule(TimestampedModel):
    """How long a municipality keeps one kind of document, by a decision.

    municipality: empty for the network's default, which holds where a municipality has no rule of its own for the kind.
    years: counted from `counted_from`; both empty when the documents are preserved. decided_by: the board, not a person.
    ended_at: when another rule took its place. Without a rule nothing goes.
    """

    municipality = models.ForeignKey(
        Municipality, null=True, blank=True, on_delete=models.PROTECT, related_name="retention_rules"
    )
    kind = models.CharField(_("Kind of document"), max_length=20, choices=DocumentKind.choices)
    condition = models.CharField(
        _("Which of them"), max_length=20, choices=RetentionCondition.choices, default=RetentionCondition.ALWAYS
    )
    action = models.CharField(_("What is done"), max_length=10, choices=RetentionAction.choices)
    years = models.PositiveSmallIntegerField(_("After how many years"), null=True, blank=True)
    counted_from = models.CharField(_("Counted from"), max_length=20, choices=RetentionEvent.choices, blank=True)
    decision_number = models.CharField(_("Number of the decision"), max_length=40)
    decided_by = models.CharField(_("Decided by (board or committee)"), max_length=120)
    decided_on = models.DateField(_("Date of the decision"))
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["kind", "condition", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "kind", "condition"],
                condition=Q(ended_at__isnull=True),
                nulls_distinct=False,
                name="one_retention_rule_of_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(action="preserve", years__isnull=True, counted_from="")
                | (Q(action="weed", years__gte=1) & ~Q(counted_from="")),
                name="weeding_has_years_and_an_event",
            ),
            models.CheckConstraint(condition=~Q(decision_number=""), name="retention_rule_has_a_decision"),
        ]

    def __str__(self) -> str:
        return f"retention rule {self.pk}"


class RetentionRun(models.Model):
    """The protocol: how many documents of a municipality went by which rule, and when. Nobody can be known from it.

    is_protected: of protected identities; shown under a grant, since a number too would tell of one.
    """

    rule = models.ForeignKey(RetentionRule, on_delete=models.PROTECT, related_name="runs")
    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="retention_runs")
    is_protected = models.BooleanField(default=False)
    count = models.PositiveIntegerField()
    done_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["municipality", "-id"], name="retention_run_of")]

    def __str__(self) -> str:
        return f"retention run {self.pk}"
