"""What employers look for, from public job advertisements: demand per place and occupation, and the start of an offer.

No person is in these tables: names, addresses and numbers are removed before a row is written.
"""

from django.db import models
from django.db.models import Q

from backend.common.models import TimestampedModel
from backend.reference.models import Municipality, OccupationGroup


class DemandSignal(TimestampedModel):
    """One advertisement as a signal: so many vacancies in an occupation group in a municipality, from then on.

    source_ref: the advertisement's id, always as text. municipality empty: the advertisement names none. group empty:
    its group is not among ours. removed_at: when the source took it away.
    """

    municipality = models.ForeignKey(Municipality, null=True, on_delete=models.PROTECT, related_name="demand_signals")
    group = models.ForeignKey(OccupationGroup, null=True, on_delete=models.PROTECT, related_name="demand_signals")
    source = models.CharField(max_length=20)
    source_ref = models.CharField(max_length=120)
    vacancies = models.PositiveIntegerField()
    published_on = models.DateField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "source_ref"], name="demand_once_per_source"),
            models.CheckConstraint(condition=Q(vacancies__gte=1), name="demand_has_vacancies"),
        ]
        indexes = [
            models.Index(fields=["municipality", "group"], name="demand_here", condition=Q(removed_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.source_ref}"


class AdPrefill(TimestampedModel):
    """The words of an advertisement that an organisation may start its own offer from, without persons."""

    signal = models.OneToOneField(DemandSignal, on_delete=models.CASCADE, related_name="prefill")
    headline = models.CharField(max_length=200)
    text = models.TextField(max_length=4000)
    employer_name = models.CharField(max_length=160, blank=True)

    def __str__(self) -> str:
        return f"prefill {self.signal_id}"
