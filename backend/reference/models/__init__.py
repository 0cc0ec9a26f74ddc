from backend.reference.models.education import Programme, ProgrammeOccupation
from backend.reference.models.forms import HazardFlag, HazardRule, PlacementForm, PlacementFormVersion
from backend.reference.models.mixins import TranslatedName
from backend.reference.models.occupations import (
    GroupSkill,
    Occupation,
    OccupationField,
    OccupationGroup,
    Skill,
    SniCode,
    SunField,
)
from backend.reference.models.places import County, Municipality, NetworkMembership

__all__ = [
    "County",
    "GroupSkill",
    "HazardFlag",
    "HazardRule",
    "Municipality",
    "NetworkMembership",
    "Occupation",
    "OccupationField",
    "OccupationGroup",
    "PlacementForm",
    "PlacementFormVersion",
    "Programme",
    "ProgrammeOccupation",
    "Skill",
    "SniCode",
    "SunField",
    "TranslatedName",
]
