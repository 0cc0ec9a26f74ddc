"""Why a pair of student and offer is ruled out."""

from enum import StrEnum


class Reason(StrEnum):
    """Hard rules, in the order in which `why_not` lists them."""

    FORM = "FORM"  # the student does not take this placement form
    AGE_HAZARD = "AGE_HAZARD"  # hazards of the place are not allowed at the student's age in this form
    PROGRAMME = "PROGRAMME"  # the offer is for other programmes
    DATES = "DATES"  # no period fits the student's available days
    DISTANCE = "DISTANCE"  # farther than the student travels
    LANGUAGE = "LANGUAGE"  # a required language is missing
    NO_SEATS = "NO_SEATS"  # no period has a free seat
