"""Counties, municipalities and the membership of the network."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.reference.enums import EvidenceGrade
from backend.reference.models.mixins import (
    SWEDISH_FOLD,
    SWEDISH_SORT,
    fold,
    translate_lower,
    valid_on,
    valid_to_not_before_valid_from,
    validity_range,
)

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


class County(models.Model):
    """A county (län). Key: the first two digits of the SCB municipality code."""

    code = models.CharField(primary_key=True, max_length=2, validators=[RegexValidator(r"^\d{2}$")])
    name = models.CharField(max_length=100, unique=True)
    sort_key = models.GeneratedField(
        expression=translate_lower("name", SWEDISH_SORT), output_field=models.CharField(max_length=100), db_persist=True
    )

    class Meta:
        ordering: ClassVar = ["sort_key"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reference_county_code_two_digits",
                condition=models.Q(code__regex=r"^[0-9]{2}$"),
                violation_error_message=_("A county code has two digits."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class MunicipalityQuerySet(models.QuerySet["Municipality"]):
    def matching(self, text: str) -> MunicipalityQuerySet:
        """Rows whose name contains the text, accents and case aside, or whose code starts with it."""
        folded = fold(text)
        if not folded:
            return self.none()
        return self.filter(models.Q(search_key__contains=folded) | models.Q(code__startswith=folded))

    def network_members(self, on: dt.date) -> MunicipalityQuerySet:
        """Municipalities with a confirmed membership on the day."""
        return self.filter(
            pk__in=NetworkMembership.objects.active(on).confirmed().values("municipality_id"),
        )


class Municipality(models.Model):
    """A municipality (kommun). Key: the SCB code, a string of four digits with leading zeros kept.

    `lat` and `lon` are WGS84 degrees of the centroid of the largest land polygon.
    """

    code = models.CharField(primary_key=True, max_length=4, validators=[RegexValidator(r"^\d{4}$")])
    name = models.CharField(max_length=100, unique=True)
    full_name = models.CharField(max_length=120)
    county = models.ForeignKey(County, on_delete=models.PROTECT, related_name="municipalities")
    lat = models.FloatField()
    lon = models.FloatField()
    population = models.PositiveIntegerField(null=True, blank=True)
    jobtech_concept_id = models.CharField(max_length=20, blank=True)
    sort_key = models.GeneratedField(
        expression=translate_lower("name", SWEDISH_SORT), output_field=models.CharField(max_length=100), db_persist=True
    )
    search_key = models.GeneratedField(
        expression=translate_lower("name", SWEDISH_FOLD), output_field=models.CharField(max_length=100), db_persist=True
    )

    objects = MunicipalityQuerySet.as_manager()

    if TYPE_CHECKING:
        county_id: str
        memberships: RelatedManager[NetworkMembership]

    class Meta:
        ordering: ClassVar = ["sort_key"]
        verbose_name_plural = "municipalities"
        indexes: ClassVar = [models.Index(fields=["sort_key"], name="reference_municipality_sort")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reference_municipality_code_four_digits",
                condition=models.Q(code__regex=r"^[0-9]{4}$"),
                violation_error_message=_("A municipality code has four digits."),
            ),
            models.CheckConstraint(
                name="reference_municipality_code_in_county",
                condition=models.Q(code__startswith=models.F("county")),
                violation_error_message=_("A municipality code starts with its county's code."),
            ),
            models.CheckConstraint(
                name="reference_municipality_in_sweden",
                condition=models.Q(lat__range=(55, 70), lon__range=(10, 25)),
                violation_error_message=_("The coordinates are outside Sweden."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class NetworkMembershipQuerySet(models.QuerySet["NetworkMembership"]):
    def active(self, on: dt.date) -> NetworkMembershipQuerySet:
        return self.filter(valid_on(on))

    def confirmed(self) -> NetworkMembershipQuerySet:
        return self.filter(evidence=EvidenceGrade.CONFIRMED)


class NetworkMembership(models.Model):
    """A municipality's membership of the network for a time, graded by how well it is known."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="memberships")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True, help_text=_("The last day of the membership."))
    evidence = models.CharField(max_length=10, choices=EvidenceGrade.choices)
    evidence_note = models.TextField(blank=True)
    source = models.CharField(max_length=300, blank=True)

    objects = NetworkMembershipQuerySet.as_manager()

    if TYPE_CHECKING:
        municipality_id: str

    class Meta:
        ordering: ClassVar = ["municipality__sort_key", "valid_from"]
        constraints: ClassVar = [
            valid_to_not_before_valid_from(
                "reference_membership_dates_in_order", _("The membership ends before it starts.")
            ),
            models.CheckConstraint(
                name="reference_membership_evidence_known",
                condition=models.Q(evidence__in=EvidenceGrade.values),
            ),
            ExclusionConstraint(
                name="reference_membership_no_overlap",
                expressions=[("municipality", RangeOperators.EQUAL), (validity_range(), RangeOperators.OVERLAPS)],
                violation_error_message=_("The municipality already has a membership during this time."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.municipality_id} {self.valid_from:%Y-%m-%d} ({self.evidence})"
