"""A file someone imports, what each of its rows came to, and the work a worker does on it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common.models import OutboxRow, TimestampedModel
from backend.exchange.enums import ImportKind, ImportState, ImportStep, RowOutcome
from backend.offers.models import Offer
from backend.organisations.models import Organisation
from backend.reference.models import Municipality


class ImportJob(TimestampedModel):
    """One uploaded table. It belongs to an organisation or to a municipality, and to the person who uploaded it.

    mapping: name of a field -> number of its column, from 0. options: what the person chose beside the file.
    row_count: rows below the headings. The rows' cells are deleted at `expires_at`.
    """

    kind = models.CharField(max_length=12, choices=ImportKind.choices)
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="imports")
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="imports"
    )
    municipality = models.ForeignKey(
        Municipality, null=True, blank=True, on_delete=models.PROTECT, related_name="imports"
    )
    file_name = models.CharField(_("File"), max_length=120)
    digest = models.CharField(max_length=64)
    headings = ArrayField(models.CharField(max_length=200))
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    row_count = models.PositiveIntegerField()
    created_count = models.PositiveIntegerField(default=0)
    updated_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    faulty_count = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "-id"], name="import_of_organisation"),
            models.Index(fields=["municipality", "-id"], name="import_of_municipality"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(organisation__isnull=False, municipality__isnull=True)
                | Q(organisation__isnull=True, municipality__isnull=False),
                name="import_has_one_owner",
            ),
            models.CheckConstraint(
                condition=~Q(kind="class_list") | Q(municipality__isnull=False), name="class_list_has_a_municipality"
            ),
            models.CheckConstraint(condition=Q(state__in=ImportState.values), name="import_state_known"),
        ]

    def __str__(self) -> str:
        return f"import {self.pk}"

    @property
    def right_count(self) -> int:
        """Rows that the last check or run could import."""
        return self.created_count + self.updated_count + self.unchanged_count


class ImportFile(models.Model):
    """The uploaded bytes, apart from the job so that no list reads them. Gone once imported, and at `kept_until`."""

    job = models.OneToOneField(ImportJob, primary_key=True, on_delete=models.CASCADE, related_name="file")
    content = models.BinaryField()
    kept_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"file of import {self.job_id}"


class ImportRow(models.Model):
    """What the last check or run made of one line.

    line: as a person counts in the file, the headings are line 1. problems: pairs of field ("" = the whole row) and
    sentence, in the language of the person who imports. question: what the person has to say before the row can be
    imported: {"kind": "same_student", "student": id}. made: model name -> id of what the run created for it.
    """

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()
    outcome = models.CharField(max_length=10, choices=RowOutcome.choices)
    cells = models.JSONField(default=list)
    problems = models.JSONField(default=list)
    question = models.JSONField(default=dict)
    made = models.JSONField(default=dict)

    class Meta:
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["job", "line"], name="import_row_once")]
        indexes = [models.Index(fields=["job", "line"], name="import_row_faulty", condition=Q(outcome="faulty"))]

    def __str__(self) -> str:
        return f"line {self.line} of import {self.job_id}"


class ImportWork(OutboxRow):
    """The job's present duty for a worker. `handled` of the job's rows are behind it; it is written as it goes.

    state: of WorkState, or `running` while a worker holds the lease.
    """

    job = models.OneToOneField(ImportJob, primary_key=True, on_delete=models.CASCADE, related_name="work")
    step = models.CharField(max_length=5, choices=ImportStep.choices)
    handled = models.PositiveIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_token__isnull=False, lease_until__isnull=False),
                name="running_import_holds_a_lease",
            )
        ]
        indexes = [models.Index(fields=["due_at"], name="import_due", condition=Q(state="pending"))]

    def __str__(self) -> str:
        return f"{self.step} of import {self.job_id}"


class ImportedOffer(models.Model):
    """By which reference an organisation's files call an offer, and what the file said last (`fingerprint`)."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="imported_offers")
    reference = models.CharField(max_length=120)
    fingerprint = models.CharField(max_length=64)
    offer = models.OneToOneField(Offer, on_delete=models.CASCADE, related_name="imported_as")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "reference"], name="imported_offer_once_per_reference"),
            models.CheckConstraint(condition=~Q(reference=""), name="imported_offer_has_a_reference"),
        ]

    def __str__(self) -> str:
        return f"offer {self.offer_id}"
