"""Questions about organisations."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from backend.accounts.models import User
from backend.accounts.policies import acted_for
from backend.accounts.selectors import list_responsible_for
from backend.common import clock
from backend.organisations.enums import ClaimState
from backend.organisations.models import (
    ContactPerson,
    Invitation,
    Membership,
    MunicipalitySettings,
    Organisation,
    OrganisationClaim,
    TrustedOrganisation,
    Workplace,
)
from backend.organisations.numbers import LENGTH, is_personal


def list_organisations_of(user: User) -> list[Organisation]:
    return list(Organisation.objects.filter(memberships__user=user).order_by("name", "pk"))


def may_publish_unreviewed(organisation_id: int, municipality_code: str | None) -> bool:
    """Whether the municipality lets this organisation's offers out without review."""
    return (
        municipality_code is not None
        and MunicipalitySettings.objects.filter(municipality=municipality_code, trusted_may_publish=True).exists()
        and TrustedOrganisation.objects.filter(municipality=municipality_code, organisation=organisation_id).exists()
    )


def list_organisations_kept_by(user: User) -> "QuerySet[Organisation]":
    """Those whose contacts the user keeps: the own, and those with a workplace in a municipality the user acts for."""
    mine = Q(pk__in=Membership.objects.filter(user=user).values("organisation"))
    there = Workplace.objects.filter(acted_for(user, "municipality")).values("organisation")
    return Organisation.objects.filter(mine | Q(pk__in=there))


def list_contacts_kept_by(user: User) -> "QuerySet[ContactPerson]":
    """Everybody one calls at these organisations."""
    return ContactPerson.objects.filter(organisation__in=list_organisations_kept_by(user).values("pk"))


def list_member_users(organisation_id: int) -> list[User]:
    """Those who are told what happens to the organisation's offers."""
    return list(User.objects.filter(memberships__organisation=organisation_id, is_active=True))


def list_colleagues(user: User) -> list[Membership]:
    """Everyone in the user's organisations, the user included."""
    return list(
        Membership.objects.filter(organisation__memberships__user=user)
        .select_related("user", "organisation")
        .order_by("organisation__name", "-role", "user__name", "pk")
    )


def _has_number(text: str) -> Q:
    """Never a sole trader's: nobody finds out whose personal identity number that is."""
    digits = text.replace("-", "").replace(" ", "")
    return Q(pk__in=[]) if len(digits) != LENGTH or is_personal(digits) else Q(registration_number=digits)


def list_organisations_in(municipality_code: str, text: str = "") -> "QuerySet[Organisation]":
    """Those with a workplace in the municipality whose name holds the text, or whose number it is; each has `is_trusted`."""
    trusted = TrustedOrganisation.objects.filter(municipality=municipality_code, organisation=OuterRef("pk"))
    found = Organisation.objects.filter(workplaces__municipality=municipality_code).distinct()
    if text := text.strip()[:120]:
        found = found.filter(Q(name__icontains=text) | _has_number(text))
    return found.annotate(is_trusted=Exists(trusted)).order_by("name", "pk")


def list_open_invitations(user: User) -> list[Invitation]:
    """Those the user's organisations wait for, newest first."""
    return list(
        Invitation.objects.filter(
            organisation__memberships__user=user, ended_at__isnull=True, expires_at__gt=clock.now()
        )
        .select_related("invitee", "organisation")
        .order_by("-pk")
    )


def list_invitations_to(user: User) -> list[Invitation]:
    """Those the user has not answered and still can, oldest first."""
    return list(
        Invitation.objects.filter(invitee=user, ended_at__isnull=True, expires_at__gt=clock.now())
        .select_related("organisation")
        .order_by("pk")
    )


def get_invitation_to(user: User, invitation_id: int) -> Invitation | None:
    """An invitation to this user, answered or not. None when it is somebody else's."""
    return (
        Invitation.objects.filter(pk=invitation_id, invitee=user).select_related("organisation", "invited_by").first()
    )


def contacts_of(organisation_ids: Collection[int]) -> dict[int, list[ContactPerson]]:
    """Whom one calls, by organisation; those with a number first. One query however many there are."""
    found: dict[int, list[ContactPerson]] = defaultdict(list)
    for contact in ContactPerson.objects.filter(organisation__in=set(organisation_ids)).order_by("name", "pk"):
        found[contact.organisation_id].append(contact)
    return {pk: sorted(rows, key=lambda row: not row.phone) for pk, rows in found.items()}


def whom_to_call(contacts: Iterable[ContactPerson], workplace_id: int | None) -> ContactPerson | None:
    """The workplace's own contact before the organisation's, never another workplace's; None when nobody is known."""
    suitable = [row for row in contacts if row.workplace_id in {workplace_id, None}]
    return next(iter(sorted(suitable, key=lambda row: (not row.phone, row.workplace_id is None))), None)


def list_claims_to_decide(user: User) -> "QuerySet[OrganisationClaim]":
    """Open requests to answer for an organisation where the user decides; longest waiting first."""
    here = Workplace.objects.filter(acted_for(user, "municipality")).values("organisation")
    mine = acted_for(user, "organisation__municipality") | Q(organisation__in=here)
    return (
        OrganisationClaim.objects.filter(mine, state=ClaimState.OPEN)
        .exclude(user=user)
        .select_related("organisation", "user")
        .order_by("pk")
    )


def without_people() -> "QuerySet[Organisation]":
    """Organisations nobody here belongs to."""
    people = Membership.objects.filter(organisation=OuterRef("pk"), user__is_active=True)
    return Organisation.objects.filter(~Exists(people))


def list_responsible_for_organisation(organisation: Organisation) -> list[User]:
    """Who decides about an organisation without anybody: where it is registered, else where it first has a workplace."""
    code = organisation.municipality_id
    if code is None:
        code = (
            organisation.workplaces.filter(municipality__isnull=False)
            .order_by("pk")
            .values_list("municipality_id", flat=True)
            .first()
        )
    return list_responsible_for(code)
