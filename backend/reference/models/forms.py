"""Placement forms and their parameters over time, hazard flags and who may meet them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.reference.enums import AgeClass, Approver, DefaultDocument, PlacementKind, Verdict
from backend.reference.models.mixins import TranslatedName, valid_on, valid_to_not_before_valid_from, validity_range

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


def all_age_classes() -> list[str]:
    return list(AgeClass.values)


def at_most(lower: str, upper: str) -> models.Q:
    return (
        models.Q(**{f"{lower}__isnull": True})
        | models.Q(**{f"{upper}__isnull": True})
        | models.Q(**{f"{lower}__lte": models.F(upper)})
    )


class PlacementForm(TranslatedName):
    """A kind of placement (praktikform). What it demands stands in its versions, dated."""

    code = models.SlugField(primary_key=True, max_length=30)
    kind = models.CharField(max_length=12, choices=PlacementKind.choices)
    description_sv = models.TextField(blank=True)
    description_en = models.TextField(blank=True)
    position = models.PositiveSmallIntegerField(default=0, help_text=_("Order in lists."))

    if TYPE_CHECKING:
        versions: RelatedManager[PlacementFormVersion]

    class Meta:
        ordering: ClassVar = ["position", "code"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reference_placementform_kind_known", condition=models.Q(kind__in=PlacementKind.values)
            )
        ]

    @property
    def description(self) -> str:
        return self.in_active_language(self.description_sv, self.description_en)

    @property
    def is_training(self) -> bool:
        return self.kind == PlacementKind.TRAINING


class PlacementFormVersionQuerySet(models.QuerySet["PlacementFormVersion"]):
    def valid_on(self, on: dt.date) -> PlacementFormVersionQuerySet:
        return self.filter(valid_on(on))


class PlacementFormVersion(models.Model):
    """The parameters of a placement form from `valid_from` to `valid_to`, both days included.

    Units: weeks, days, hours and years as named. `min_days` and `min_weeks` are what a school year, or the education, has to
    add up to; `max_weeks` is the longest single period. `min_age` and `max_age`: how many years somebody turns in the
    calendar year of the first day. `first_iso_week` and `last_iso_week`: where a period has to lie.
    `answer_days` are working days for the employer's answer, `hold_hours` how long an offered seat is held for the
    student, `refill_hold_hours` the same when a freed seat goes to the waiting list. `is_settled_before_start`: nobody
    applies, answers or says yes from the first day on. `reapply_after_days`: how many days after the employer's no one may
    apply for the same period again; empty = not at all.
    `verified` is false until a person has checked the row against the cited source.
    """

    form = models.ForeignKey(PlacementForm, on_delete=models.CASCADE, related_name="versions")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    citation = models.TextField(blank=True)
    verified = models.BooleanField(default=False)

    min_days = models.PositiveSmallIntegerField(null=True, blank=True)
    min_weeks = models.PositiveSmallIntegerField(null=True, blank=True)
    max_weeks = models.PositiveSmallIntegerField(null=True, blank=True)
    first_iso_week = models.PositiveSmallIntegerField(null=True, blank=True)
    last_iso_week = models.PositiveSmallIntegerField(null=True, blank=True)

    requires_contract = models.BooleanField(default=False)
    requires_risk_assessment = models.BooleanField(default=False)
    requires_guardian_consent = models.BooleanField(default=False, help_text=_("Of students under 18."))
    requires_register_extract = models.BooleanField(default=False)
    is_paid = models.BooleanField(default=False)

    min_age = models.PositiveSmallIntegerField(null=True, blank=True)
    max_age = models.PositiveSmallIntegerField(null=True, blank=True)
    allowed_age_classes = ArrayField(models.CharField(max_length=10, choices=AgeClass.choices), default=all_age_classes)

    answer_days = models.PositiveSmallIntegerField(default=5)
    hold_hours = models.PositiveSmallIntegerField(default=72)
    refill_hold_hours = models.PositiveSmallIntegerField(default=24)
    max_live_applications = models.PositiveSmallIntegerField(default=10)
    is_settled_before_start = models.BooleanField(default=False)
    reapply_after_days = models.PositiveSmallIntegerField(null=True, blank=True)
    default_document = models.CharField(
        max_length=20, choices=DefaultDocument.choices, default=DefaultDocument.LIGHT_AGREEMENT
    )
    approver = models.CharField(max_length=25, choices=Approver.choices, default=Approver.STUDENT_MUNICIPALITY)

    objects = PlacementFormVersionQuerySet.as_manager()

    if TYPE_CHECKING:
        form_id: str

    def is_valid_on(self, on: dt.date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    class Meta:
        ordering: ClassVar = ["form", "valid_from"]
        constraints: ClassVar = [
            valid_to_not_before_valid_from(
                "reference_formversion_dates_in_order", _("The version ends before it starts.")
            ),
            ExclusionConstraint(
                name="reference_formversion_no_overlap",
                expressions=[("form", RangeOperators.EQUAL), (validity_range(), RangeOperators.OVERLAPS)],
                violation_error_message=_("The form already has a version during this time."),
            ),
            models.CheckConstraint(
                name="reference_formversion_weeks_in_order",
                condition=at_most("min_weeks", "max_weeks"),
                violation_error_message=_("The least number of weeks is above the greatest."),
            ),
            models.CheckConstraint(
                name="reference_formversion_ages_in_order",
                condition=at_most("min_age", "max_age"),
                violation_error_message=_("The lowest age is above the highest."),
            ),
            models.CheckConstraint(
                name="reference_formversion_iso_weeks_in_order",
                condition=at_most("first_iso_week", "last_iso_week"),
                violation_error_message=_("The first week is after the last."),
            ),
            models.CheckConstraint(
                name="reference_formversion_timers_positive",
                condition=models.Q(
                    answer_days__gte=1, hold_hours__gte=1, refill_hold_hours__gte=1, max_live_applications__gte=1
                ),
                violation_error_message=_("Timers and limits are at least 1."),
            ),
            models.CheckConstraint(
                name="reference_formversion_age_classes_known",
                condition=models.Q(allowed_age_classes__contained_by=list(AgeClass.values))
                & ~models.Q(allowed_age_classes=[]),
                violation_error_message=_("At least one known age class is needed."),
            ),
            models.CheckConstraint(
                name="reference_formversion_approver_known", condition=models.Q(approver__in=Approver.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form_id} {self.valid_from:%Y-%m-%d}"


class HazardFlag(TranslatedName):
    """A hazard that an offer can carry, such as TRUCK or NIGHT."""

    code = models.CharField(primary_key=True, max_length=30)

    class Meta:
        ordering: ClassVar = ["code"]


class HazardRuleQuerySet(models.QuerySet["HazardRule"]):
    def started(self, on: dt.date) -> HazardRuleQuerySet:
        return self.filter(valid_from__lte=on)


class HazardRule(models.Model):
    """What a hazard means for an age class, in every form (`form` empty) or in one form.

    A rule is in force from `valid_from` until a newer rule of the same hazard, class and form takes over.
    """

    hazard = models.ForeignKey(HazardFlag, on_delete=models.CASCADE, related_name="rules")
    age_class = models.CharField(max_length=10, choices=AgeClass.choices)
    form = models.ForeignKey(
        PlacementForm, on_delete=models.CASCADE, related_name="hazard_rules", null=True, blank=True
    )
    verdict = models.CharField(max_length=12, choices=Verdict.choices)
    valid_from = models.DateField()
    citation = models.TextField(blank=True)
    verified = models.BooleanField(default=False)

    objects = HazardRuleQuerySet.as_manager()

    if TYPE_CHECKING:
        hazard_id: str
        form_id: str | None

    class Meta:
        ordering: ClassVar = ["hazard", "age_class", "form", "valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="reference_hazardrule_once_a_day",
                fields=["hazard", "age_class", "form", "valid_from"],
                nulls_distinct=False,
                violation_error_message=_("There is already a rule for this hazard, class and form from this day."),
            ),
            models.CheckConstraint(
                name="reference_hazardrule_age_class_known", condition=models.Q(age_class__in=AgeClass.values)
            ),
            models.CheckConstraint(
                name="reference_hazardrule_verdict_known", condition=models.Q(verdict__in=Verdict.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hazard_id} {self.age_class} {self.form_id or '*'}: {self.verdict}"
