"""Closed lists of the reference data; everything else about them is rows in tables."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class EvidenceGrade(models.TextChoices):
    """How sure we are of a network membership. Only confirmed members are shown as fact."""

    CONFIRMED = "confirmed", _("Confirmed")
    LIKELY = "likely", _("Likely")
    CLAIMED = "claimed", _("Claimed")


class ProgrammeKind(models.TextChoices):
    VOCATIONAL = "vocational", _("Vocational programme")
    PREPARATORY = "preparatory", _("Higher education preparatory programme")
    INTRODUCTORY = "introductory", _("Introductory programme")
    ADAPTED = "adapted", _("Adapted upper secondary programme")


class ProgrammeSeries(models.TextChoices):
    """The two code series of upper secondary programmes, side by side until 2030."""

    GY11 = "gy11", _("Gy11")
    GY25 = "gy25", _("Gy25")


class PlacementKind(models.TextChoices):
    INTERNSHIP = "internship", _("Internship")
    TRAINING = "training", _("Training place")


class AgeClass(models.TextChoices):
    """Classes of the rules on minors' work. Not an age: see backend.reference.work_rules.age_class."""

    UNDER_13 = "under_13", _("Under 13")
    CHILD = "child", _("Child from 13")
    YOUTH = "youth", _("Youth")
    ADULT = "adult", _("Adult")


class Verdict(models.TextChoices):
    """What a hazard means for someone of an age class, from mild to strict (the order of `severity`)."""

    ALLOWED = "allowed", _("Allowed")
    SUPERVISED = "supervised", _("Allowed under supervision")
    FORBIDDEN = "forbidden", _("Forbidden")

    @property
    def severity(self) -> int:
        return list(Verdict).index(self)


class Approver(models.TextChoices):
    """Whose coordinator approves the matches of a form."""

    STUDENT_MUNICIPALITY = "student_municipality", _("The student's municipality")
    WORKPLACE_MUNICIPALITY = "workplace_municipality", _("The workplace's municipality")


class DefaultDocument(models.TextChoices):
    NONE = "none", _("No document")
    LIGHT_AGREEMENT = "light_agreement", _("Simple agreement")
    PRAO_CONFIRMATION = "prao_confirmation", _("Work experience confirmation")
    APL_AGREEMENT = "apl_agreement", _("Workplace learning agreement")
    TRAINING_CONTRACT = "training_contract", _("Training contract")
    LIA_AGREEMENT = "lia_agreement", _("Higher vocational placement agreement")
    EMPLOYMENT_CONTRACT = "employment_contract", _("Employment contract")


class PositionSource(models.TextChoices):
    """How well a point on the map is known, the best first."""

    PIN = "pin", _("Set on the map")
    POSTCODE = "postcode", _("From the postcode")
    TOWN = "town", _("From the town")
    MUNICIPALITY = "municipality", _("The middle of the municipality")
