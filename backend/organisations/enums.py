from django.db import models
from django.utils.translation import gettext_lazy as _


class OrganisationKind(models.TextChoices):
    COMPANY = "company", _("Company")
    MUNICIPAL_UNIT = "municipal_unit", _("Municipal unit")
    EDUCATION_PROVIDER = "education_provider", _("Education provider")


class OrganisationConfirmation(models.TextChoices):
    """How somebody has made sure that an organisation is what it says, and that who registered it works there."""

    REGISTER = "register", _("Name and number agree with a public register")
    CALL = "call", _("Called on a number from somewhere else than the form")
    KNOWN = "known", _("Known from before, or met in person")
    IMPORTED = "imported", _("Taken from an official list")


class MembershipRole(models.TextChoices):
    OWNER = "owner", _("Owner")
    MEMBER = "member", _("Member")


class InvitationOutcome(models.TextChoices):
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Taken back")


class ClaimState(models.TextChoices):
    OPEN = "open", _("Waits for a decision")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
