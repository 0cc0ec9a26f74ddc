"""Commands about what an organisation says of itself, and whom one calls there."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.contacts import clean_contact
from backend.accounts.models import User
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import lock, log
from backend.organisations import policies
from backend.organisations.models import ContactPerson, Organisation
from backend.organisations.numbers import clean_registration_number
from backend.organisations.services import LONGEST_NAME

LONGEST_ABOUT = 4_000
LONGEST_WEBSITE = 200
LONGEST_ROLE = 80
MOST_CONTACTS = 20


@dataclass(frozen=True)
class OrganisationDetails:
    """registration_number: as people write it; empty leaves what is known as it is."""

    name: str
    about: str = ""
    website: str = ""
    registration_number: str = ""


@transaction.atomic
def update_organisation(*, actor: User, organisation_id: int, details: OrganisationDetails) -> Organisation:
    """A member changes what the organisation says of itself. An owner may add a number that is missing.

    A number that is known stays: it says who this is, and places and trust hang on it. Raises Invalid with the field,
    Conflict for another number or one that somebody else has.
    """
    if not policies.is_member(actor, organisation_id):
        raise NotFound("organisation.unknown", _("There is no such organisation."))
    organisation = lock(Organisation.objects.all(), organisation_id)
    values: dict[str, str] = {
        "name": details.name.strip(),
        "about": details.about.strip(),
        "website": details.website.strip(),
    }
    _check(values)
    if details.registration_number.strip():
        number = clean_registration_number(details.registration_number)
        if organisation.registration_number not in {None, number}:
            raise Conflict(
                "organisation.number_stays",
                _("The organisation number cannot be changed. Ask the coordinator if it is wrong."),
                field="registration_number",
            )
        if organisation.registration_number is None and not policies.is_owner(actor, organisation.pk):
            raise NotAllowed("organisation.not_owner", _("Only an owner adds the organisation number."))
        values["registration_number"] = number
    changed = [name for name, value in values.items() if getattr(organisation, name) != value]
    if not changed:
        return organisation
    for name in changed:
        setattr(organisation, name, values[name])
    try:
        with transaction.atomic():
            organisation.save(update_fields=changed)
    except IntegrityError as error:
        raise Conflict(
            "organisation.number_taken",
            _("Another organisation has this number already. Ask a colleague to invite you there."),
            field="registration_number",
        ) from error
    log("organisation.updated", organisation, actor=actor, data={"fields": changed})
    return organisation


def _check(values: dict[str, str]) -> None:
    if not values["name"]:
        raise Invalid("organisation.no_name", _("Enter the organisation's name."), field="name")
    for field, longest in (("name", LONGEST_NAME), ("about", LONGEST_ABOUT), ("website", LONGEST_WEBSITE)):
        if len(values[field]) > longest:
            raise Invalid("organisation.too_long", _("The text is too long."), field=field)
    if values["website"]:
        try:
            URLValidator(schemes=["http", "https"])(values["website"])
        except ValidationError as error:
            raise Invalid(
                "organisation.bad_website", _("Write an address such as https://example.se."), field="website"
            ) from error


@dataclass(frozen=True)
class ContactDetails:
    """workplace_id: None for the organisation as a whole. role: what one does there, such as "HR". phone: as people write it."""

    name: str
    role: str = ""
    email: str = ""
    phone: str = ""
    workplace_id: int | None = None


@transaction.atomic
def save_contact(
    *, actor: User, organisation_id: int, details: ContactDetails, contact_id: int | None = None
) -> ContactPerson:
    """Adds somebody one can call, or changes one. By the organisation or a coordinator where it has a workplace.

    Raises Invalid with the field; one of telephone and mail is needed. Conflict when there are too many.
    """
    organisation = _to_keep(actor, organisation_id)
    contact = clean_contact(details.name, details.email, details.phone)
    if not contact.name:
        raise Invalid("contact.no_name", _("Write whose number or address this is."), field="name")
    if not (contact.email or contact.phone):
        raise Invalid("contact.no_way", _("Write a telephone number or an e-mail address."), field="phone")
    if len(details.role.strip()) > LONGEST_ROLE:
        raise Invalid("contact.too_long", _("The text is too long."), field="role")
    if details.workplace_id is not None and not organisation.workplaces.filter(pk=details.workplace_id).exists():
        raise Invalid(
            "contact.unknown_workplace", _("Choose one of the organisation's own workplaces."), field="workplace"
        )
    if contact_id is None:
        if organisation.contacts.count() >= MOST_CONTACTS:
            raise Conflict("contact.too_many", _("There are enough contacts. Change or remove one."))
        saved = ContactPerson(organisation=organisation)
    else:
        saved = _contact(organisation, contact_id)
    saved.name, saved.email, saved.phone = contact.name, contact.email, contact.phone
    saved.role, saved.workplace_id = details.role.strip(), details.workplace_id
    saved.save()
    log("contact.saved", saved, actor=actor, data={"organisation": organisation.pk})
    return saved


@transaction.atomic
def remove_contact(*, actor: User, organisation_id: int, contact_id: int) -> None:
    """Nobody is called there any more: the name and the number are gone at once."""
    contact = _contact(_to_keep(actor, organisation_id), contact_id)
    log("contact.removed", contact, actor=actor, data={"organisation": organisation_id})
    contact.delete()


def _to_keep(actor: User, organisation_id: int) -> Organisation:
    organisation = Organisation.objects.select_for_update().filter(pk=organisation_id).first()
    if organisation is None or not policies.can_keep_contacts(actor, organisation):
        raise NotFound("organisation.unknown", _("There is no such organisation."))
    return organisation


def _contact(organisation: Organisation, contact_id: int) -> ContactPerson:
    contact = organisation.contacts.filter(pk=contact_id).first()
    if contact is None:
        raise NotFound("contact.unknown", _("There is no such contact."))
    return contact
