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
