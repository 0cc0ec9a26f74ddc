"""What a student does, as far as placements ask."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Studies(models.TextChoices):
    """The answer to "what do you study?". Empty where nobody has asked: then nothing follows from it."""

    COMPULSORY = "compulsory", _("Compulsory school, years 7–9")
    UPPER_SECONDARY = "upper_secondary", _("Upper secondary school, years 1–3")
    ADULT = "adult", _("Adult education")
    HIGHER = "higher", _("Higher vocational education or university")
    NONE = "none", _("Nothing right now")


class NamedBy(models.TextChoices):
    """Who said that somebody is a guardian."""

    SCHOOL = "school", _("The school")
    STUDENT = "student", _("The student")


class Confirmation(models.TextChoices):
    """How it is known that somebody is the guardian; empty while nobody but the student has said so."""

    SCHOOL = "school", _("Named by the school")
    COORDINATOR = "coordinator", _("Confirmed by a coordinator")
