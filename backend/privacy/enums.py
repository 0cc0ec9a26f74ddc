"""Kinds of what is kept about people."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DocumentKind(models.TextChoices):
    """What a municipality decides about as one: it is kept, and goes, together."""

    ACCOUNT = "account", _("Account and logins")
    ROLE = "role", _("Roles and memberships")
    PROFILE = "profile", _("Student’s profile")
    GUARDIAN = "guardian", _("Guardians and consents")
    APPLICATION = "application", _("Applications")
    PLACEMENT = "placement", _("Matches and placements")
    ROUND = "round", _("Rounds: wishes, results and appeals")
    MESSAGE = "message", _("Notifications")
    FILE = "file", _("Files and connections to other systems")
    ORGANISATION = "organisation", _("Organisations and places")
    LOG = "log", _("The log of decisions")


class CopyOf(models.TextChoices):
    """Whose data a copy holds."""

    OWN = "own", _("Your own data")
    CHILD = "child", _("Your child’s data")


class RetentionAction(models.TextChoices):
    PRESERVE = "preserve", _("Preserve")
    WEED = "weed", _("Weed")


class RetentionCondition(models.TextChoices):
    """Of which documents of a kind a rule speaks."""

    ALWAYS = "always", _("All")
    CARRIED_OUT = "carried_out", _("Placements that were carried out")
    NOT_CARRIED_OUT = "not_carried_out", _("Matches that led to no completed placement")


class RetentionEvent(models.TextChoices):
    """From when the years of a rule are counted."""

    LAST_CHANGE = "last_change", _("The last change")
    LAST_DAY = "last_day", _("The last day of the placement")
    ROUND_END = "round_end", _("The end of the round")
    SENT = "sent", _("When it was sent")
