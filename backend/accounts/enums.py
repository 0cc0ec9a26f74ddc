from django.db import models
from django.utils.translation import gettext_lazy as _


class RoleKind(models.TextChoices):
    """What someone does for a municipality or the network. Company roles are memberships of an organisation."""

    COORDINATOR = "coordinator", _("Coordinator")
    NETWORK = "network", _("Network office")


class RoleInvitationOutcome(models.TextChoices):
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Taken back")


class ResetOutcome(models.TextChoices):
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Stopped")
