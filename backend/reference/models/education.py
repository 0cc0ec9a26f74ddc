"""Upper secondary programmes in both code series, and the occupations they lead to."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.reference.enums import ProgrammeKind, ProgrammeSeries
from backend.reference.models.mixins import TranslatedName, valid_on, valid_to_not_before_valid_from
from backend.reference.models.occupations import OccupationGroup

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


class ProgrammeQuerySet(models.QuerySet["Programme"]):
    def valid_on(self, on: dt.date) -> ProgrammeQuerySet:
        return self.filter(valid_on(on))

    def vocational(self) -> ProgrammeQuerySet:
        return self.filter(kind=ProgrammeKind.VOCATIONAL)


class Programme(TranslatedName):
    """An upper secondary programme in one code series ("IN" and "IN25" are two rows).

    `successor` points at the programme that took over (HA -> FS -> FS25); several may share a successor.
    `valid_to` is the last day students can be enrolled under the code.
    """

    code = models.CharField(primary_key=True, max_length=8)
    kind = models.CharField(max_length=15, choices=ProgrammeKind.choices)
    series = models.CharField(max_length=5, choices=ProgrammeSeries.choices)
    successor = models.ForeignKey("self", on_delete=models.PROTECT, related_name="predecessors", null=True, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True)
    verified = models.BooleanField(default=False)
    occupation_groups: models.ManyToManyField[OccupationGroup, ProgrammeOccupation] = models.ManyToManyField(
        OccupationGroup, through="ProgrammeOccupation", related_name="programmes"
    )

    objects = ProgrammeQuerySet.as_manager()

    if TYPE_CHECKING:
        successor_id: str | None
        programme_occupations: RelatedManager[ProgrammeOccupation]

    class Meta:
        ordering: ClassVar = ["name_sv", "code"]
        constraints: ClassVar = [
            valid_to_not_before_valid_from(
                "reference_programme_dates_in_order", _("The programme ends before it starts.")
            ),
            models.CheckConstraint(
                name="reference_programme_kind_known", condition=models.Q(kind__in=ProgrammeKind.values)
            ),
            models.CheckConstraint(
                name="reference_programme_series_known", condition=models.Q(series__in=ProgrammeSeries.values)
            ),
            models.CheckConstraint(
                name="reference_programme_not_own_successor",
                condition=models.Q(successor__isnull=True) | ~models.Q(successor=models.F("code")),
            ),
        ]


class ProgrammeOccupation(models.Model):
    """A programme commonly leads to work in an occupation group. Our own judgement, used for suggestions only."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="programme_occupations")
    group = models.ForeignKey(OccupationGroup, on_delete=models.CASCADE, related_name="programme_occupations")

    if TYPE_CHECKING:
        programme_id: str
        group_id: str

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "group"], name="reference_programmeoccupation_once")
        ]

    def __str__(self) -> str:
        return f"{self.programme_id} {self.group_id}"
