"""What a token opens. Decisions about people are in no scope: they are taken by a person who is logged in."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    OFFERS_READ = "offers:read", _("Read own places, also those not published")
    OFFERS_WRITE = "offers:write", _("Write, submit, pause and close places")
    APPLICATIONS_READ = "applications:read", _("Read applications")
    APPLICATIONS_WRITE = "applications:write", _("Send applications")
    PLACEMENTS_READ = "placements:read", _("Read matches and placements")
    PROFILE_READ = "profile:read", _("Read the own profile, alerts and suggestions")
    PROFILE_WRITE = "profile:write", _("Change the own profile and alerts")
    NOTIFICATIONS_READ = "notifications:read", _("Read notifications")
    NOTIFICATIONS_WRITE = "notifications:write", _("Mark notifications as read, choose what to hear about")
    IMPORTS_READ = "imports:read", _("Follow imports")
    IMPORTS_WRITE = "imports:write", _("Import places")
    EXPORTS_READ = "exports:read", _("Export the lists that the other permissions open")


# What belongs to one person is no matter of the organisation's.
PERSONAL_SCOPES = frozenset(
    {
        Scope.APPLICATIONS_WRITE,
        Scope.PROFILE_READ,
        Scope.PROFILE_WRITE,
        Scope.NOTIFICATIONS_READ,
        Scope.NOTIFICATIONS_WRITE,
    }
)
ORGANISATION_SCOPES = frozenset(Scope) - PERSONAL_SCOPES
