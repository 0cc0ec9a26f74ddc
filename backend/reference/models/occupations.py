"""Occupations on the level of SSYK 2012 groups, with the official lists that import_taxonomy fills."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.reference.models.mixins import SWEDISH_FOLD, SWEDISH_SORT, TranslatedName, fold, translate_lower

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


class OccupationField(TranslatedName):
    """A broad area of work, such as industry or construction."""

    code = models.SlugField(primary_key=True, max_length=40)
    jobtech_concept_id = models.CharField(max_length=20, blank=True)
    sort_key = models.GeneratedField(
        expression=translate_lower("name_sv", SWEDISH_SORT),
        output_field=models.CharField(max_length=200),
        db_persist=True,
    )

    if TYPE_CHECKING:
        groups: RelatedManager[OccupationGroup]

    class Meta:
        ordering: ClassVar = ["sort_key"]


class OccupationGroupQuerySet(models.QuerySet["OccupationGroup"]):
    def current(self) -> OccupationGroupQuerySet:
        return self.filter(deprecated=False)

    def matching(self, text: str) -> OccupationGroupQuerySet:
        """Groups whose Swedish or English name contains the text, accents and case aside, or whose code starts so."""
        folded = fold(text)
        if not folded:
            return self.none()
        return self.filter(
            models.Q(search_key__contains=folded)
            | models.Q(name_en__icontains=text.strip())
            | models.Q(ssyk4__startswith=folded)
        )


class OccupationGroup(TranslatedName):
    """A group on level four of SSYK 2012: the key matching runs on. Four digits, leading zeros kept."""

    ssyk4 = models.CharField(primary_key=True, max_length=4, validators=[RegexValidator(r"^\d{4}$")])
    field = models.ForeignKey(OccupationField, on_delete=models.PROTECT, related_name="groups")
    taxonomy_version = models.CharField(max_length=40)
    jobtech_concept_id = models.CharField(max_length=20, blank=True)
    deprecated = models.BooleanField(default=False)
    sort_key = models.GeneratedField(
        expression=translate_lower("name_sv", SWEDISH_SORT),
        output_field=models.CharField(max_length=200),
        db_persist=True,
    )
    search_key = models.GeneratedField(
        expression=translate_lower("name_sv", SWEDISH_FOLD),
        output_field=models.CharField(max_length=200),
        db_persist=True,
    )

    objects = OccupationGroupQuerySet.as_manager()

    if TYPE_CHECKING:
        field_id: str
        occupations: RelatedManager[Occupation]

    class Meta:
        ordering: ClassVar = ["sort_key"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reference_occupationgroup_four_digits",
                condition=models.Q(ssyk4__regex=r"^[0-9]{4}$"),
                violation_error_message=_("An SSYK code on level four has four digits."),
            )
        ]


class Occupation(models.Model):
    """An occupation of the JobTech Taxonomy. Key: its concept id. Filled by import_taxonomy only."""

    concept_id = models.CharField(primary_key=True, max_length=20)
    name_sv = models.CharField(max_length=200)
    group = models.ForeignKey(OccupationGroup, on_delete=models.PROTECT, related_name="occupations")
    deprecated = models.BooleanField(default=False)

    if TYPE_CHECKING:
        group_id: str

    class Meta:
        ordering: ClassVar = ["name_sv"]

    def __str__(self) -> str:
        return self.name_sv


class Skill(models.Model):
    """A skill of the JobTech Taxonomy. Key: its concept id. Filled by import_taxonomy only."""

    concept_id = models.CharField(primary_key=True, max_length=20)
    name_sv = models.CharField(max_length=200)
    groups: models.ManyToManyField[OccupationGroup, GroupSkill] = models.ManyToManyField(
        OccupationGroup, through="GroupSkill", related_name="skills"
    )

    class Meta:
        ordering: ClassVar = ["name_sv"]

    def __str__(self) -> str:
        return self.name_sv


class GroupSkill(models.Model):
    """A skill that belongs to an occupation group."""

    group = models.ForeignKey(OccupationGroup, on_delete=models.CASCADE, related_name="group_skills")
    skill = models.ForeignKey(Skill, on_delete=models.CASCADE, related_name="group_skills")

    if TYPE_CHECKING:
        group_id: str
        skill_id: str

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["group", "skill"], name="reference_groupskill_once")]

    def __str__(self) -> str:
        return f"{self.group_id} {self.skill_id}"


class ClassificationCode(models.Model):
    """A row of an official hierarchical classification: code, level from 1, parent one level up."""

    code = models.CharField(primary_key=True, max_length=5)
    level = models.PositiveSmallIntegerField()
    name_sv = models.CharField(max_length=300)
    jobtech_concept_id = models.CharField(max_length=20, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.code} {self.name_sv}"


class SniCode(ClassificationCode):
    """Industry by SNI 2007: a section letter, then two to five digits."""

    parent = models.ForeignKey("self", on_delete=models.PROTECT, related_name="children", null=True, blank=True)

    if TYPE_CHECKING:
        parent_id: str | None

    class Meta:
        ordering: ClassVar = ["code"]


class SunField(ClassificationCode):
    """Field of education by SUN 2020: one to three digits, then a letter."""

    parent = models.ForeignKey("self", on_delete=models.PROTECT, related_name="children", null=True, blank=True)

    if TYPE_CHECKING:
        parent_id: str | None

    class Meta:
        ordering: ClassVar = ["code"]
