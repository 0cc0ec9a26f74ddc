"""Who may act for an organisation."""

from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.policies import acted_for, acts_for, is_coordinator_of, is_network_office
from backend.common.errors import Invalid, NotAllowed
from backend.organisations.enums import MembershipRole, OrganisationKind
from backend.organisations.models import Membership, Organisation


def is_member(user: User, organisation_id: int) -> bool:
    return user.is_active and user.memberships.filter(organisation=organisation_id).exists()


def can_act_for(user: User, organisation: Organisation) -> bool:
    return is_member(user, organisation.pk)


def is_owner(user: User, organisation_id: int) -> bool:
    return user.is_active and user.memberships.filter(organisation=organisation_id, role=MembershipRole.OWNER).exists()


def can_import_places(user: User) -> bool:
    return is_network_office(user)


def has_people(organisation_id: int) -> bool:
    """Whether somebody here can answer for the organisation. Imported ones have nobody until they are claimed."""
    return Membership.objects.filter(organisation=organisation_id, user__is_active=True).exists()


def can_stand_in_for(user: User, organisation: Organisation) -> bool:
    """Who answers for an organisation that has nobody here: the coordinator where it is, else the network office."""
    if has_people(organisation.pk):
        return False
    return acts_for(user, organisation.municipality_id) or can_keep_contacts(user, organisation)


def can_decide_claim(user: User, organisation: Organisation) -> bool:
    """Known also after the decision, so that whoever made it can look back."""
    at_workplaces = organisation.workplaces.filter(acted_for(user, "municipality")).exists()
    return acts_for(user, organisation.municipality_id) or at_workplaces


def can_confirm(user: User, organisation: Organisation) -> bool:
    """Whoever decides about its claims, and the network office; nobody confirms an organisation they belong to."""
    return can_see_confirmation(user, organisation) and not user.memberships.filter(organisation=organisation).exists()


def can_see_confirmation(user: User, organisation: Organisation) -> bool:
    return is_network_office(user) or can_decide_claim(user, organisation)


def require_kind(user: User, kind: str) -> None:
    """A municipality's own units are named as such by the network office alone."""
    if kind == OrganisationKind.MUNICIPAL_UNIT and not is_network_office(user):
        raise Invalid(
            "organisation.municipal_kind",
            _("Only the network office registers municipal units. Choose another kind; the office changes it."),
            field="kind",
        )


def can_invite_to(user: User, organisation: Organisation) -> bool:
    return can_act_for(user, organisation) or can_stand_in_for(user, organisation)


def can_keep_contacts(user: User, organisation: Organisation) -> bool:
    """The organisation's people, and whoever acts for a municipality where it has a workplace."""
    return can_act_for(user, organisation) or organisation.workplaces.filter(acted_for(user, "municipality")).exists()


def require_member(user: User, organisation: Organisation) -> None:
    if not can_act_for(user, organisation):
        raise NotAllowed("organisation.not_member", _("You do not belong to this organisation."))


def require_coordinator(user: User, municipality_code: str) -> None:
    if not is_coordinator_of(user, municipality_code):
        raise NotAllowed("municipality.not_coordinator", _("You are not a coordinator of this municipality."))
