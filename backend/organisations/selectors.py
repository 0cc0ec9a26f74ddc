"""Questions about organisations."""

from backend.accounts.models import User
from backend.organisations.models import MunicipalitySettings, Organisation, TrustedOrganisation


def list_organisations_of(user: User) -> list[Organisation]:
    return list(Organisation.objects.filter(memberships__user=user).order_by("name"))


def may_publish_unreviewed(organisation_id: int, municipality_code: str | None) -> bool:
    """Whether the municipality lets this organisation's offers out without review."""
    return (
        municipality_code is not None
        and MunicipalitySettings.objects.filter(municipality=municipality_code, trusted_may_publish=True).exists()
        and TrustedOrganisation.objects.filter(municipality=municipality_code, organisation=organisation_id).exists()
    )


def list_member_users(organisation_id: int) -> list[User]:
    """Those who are told what happens to the organisation's offers."""
    return list(User.objects.filter(memberships__organisation=organisation_id, is_active=True))
