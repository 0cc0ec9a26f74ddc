from django.db import models
from django.utils.translation import gettext_lazy as _


class OrganisationKind(models.TextChoices):
    COMPANY = "company", _("Company")
    MUNICIPAL_UNIT = "municipal_unit", _("Municipal unit")
    EDUCATION_PROVIDER = "education_provider", _("Education provider")


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
