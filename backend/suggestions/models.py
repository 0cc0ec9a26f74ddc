"""Ranked, explained pairs of a student and an offer."""

from django.db import models

from backend.common.models import TimestampedModel
from backend.offers.models import Offer
from backend.students.models import Student


class Suggestion(TimestampedModel):
    """score: 0 to 1, higher fits better. reasons: list of {code, data} from the strongest, see suggestions/reasons.py."""

    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="suggestions")
    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="suggestions")
    score = models.FloatField()
    reasons = models.JSONField(default=list)
    dismissed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["student", "-score"], name="suggestion_best")]
        constraints = [models.UniqueConstraint(fields=["student", "offer"], name="suggestion_once")]

    def __str__(self) -> str:
        return f"suggestion {self.pk}"


class SuggestionRun(models.Model):
    """When a student's suggestions were last computed, so that those who never changed anything get them too."""

    student = models.OneToOneField(Student, primary_key=True, on_delete=models.CASCADE, related_name="suggestion_run")
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"suggestions of {self.student_id} at {self.at:%Y-%m-%d}"
