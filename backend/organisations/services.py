"""Commands about organisations, their workplaces, and what a municipality decides about them."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import events, outbox
from backend.common.errors import Conflict, Invalid
from backend.common.transitions import log
from backend.organisations import policies
from backend.organisations.enums import MembershipRole, OrganisationKind
from backend.organisations.models import Membership, Organisation, TrustedOrganisation, Workplace
from backend.organisations.numbers import clean_registration_number
from backend.reference.enums import PositionSource
from backend.reference.models import Municipality
from backend.reference.positions import locate_site

LONGEST_NAME = 160
LONGEST_OF_WORKPLACE = {"name": LONGEST_NAME, "address": 200, "postcode": 6, "city": 80}
# Degrees: a metre. Whoever sends back the point that was read has not set it anew.
SAME_POINT = 0.00001
# Degrees of latitude and longitude, as the table's own constraint has them.
IN_SWEDEN = ((54.0, 70.0), (9.0, 26.0))


@dataclass(frozen=True)
class WorkplaceDetails:
    """municipality_code: four digits. lat, lon: of the pin, degrees WGS 84, in Sweden; both or none = nobody moved it."""

    name: str
    municipality_code: str = ""
    address: str = ""
    postcode: str = ""
    city: str = ""
    lat: float | None = None
    lon: float | None = None


def get_known_municipality(code: str, *, field: str = "municipality") -> Municipality:
    """The municipality with the four-digit code. Raises Invalid when there is none."""
    municipality = Municipality.objects.filter(pk=code).first()
    if municipality is None:
        raise Invalid(
            "municipality.unknown", _("There is no municipality with this code."), field=field, data={"code": code[:8]}
        )
    return municipality


@transaction.atomic
def register_organisation(
    *,
    actor: User,
    name: str,
    registration_number: str,
    municipality_code: str,
    kind: str = OrganisationKind.COMPANY,
    about: str = "",
    website: str = "",
) -> Organisation:
    """Someone registers the organisation they work for and becomes its owner.

    Raises Invalid for a number that fails its check, Conflict when the organisation is registered already.
    """
    number = clean_registration_number(registration_number)
    municipality = get_known_municipality(municipality_code)
    if not name.strip():
        raise Invalid("organisation.no_name", _("Enter the organisation's name."), field="name")
    if len(name.strip()) > LONGEST_NAME:
        raise Invalid("organisation.too_long", _("The text is too long."), field="name")
    if kind not in OrganisationKind.values:
        raise Invalid("organisation.unknown_kind", _("Choose from the list."), field="kind")
    policies.require_kind(actor, kind)
    try:
        with transaction.atomic():
            organisation = Organisation.objects.create(
                name=name.strip(),
                kind=kind,
                registration_number=number,
                municipality=municipality,
                about=about,
                website=website,
                registered_by=actor,
                registered_from=actor.email,
            )
    except IntegrityError as error:
        raise Conflict(
            "organisation.exists",
            _("This organisation is registered already. Ask a colleague to invite you."),
            field="registration_number",
        ) from error
    Membership.objects.create(user=actor, organisation=organisation, role=MembershipRole.OWNER)
    log("organisation.registered", organisation, actor=actor)
    return organisation


@transaction.atomic
def save_workplace(
    *, actor: User, organisation: Organisation, details: WorkplaceDetails, workplace: Workplace | None = None
) -> Workplace:
    """Adds a workplace, or changes one of the organisation's own.

    Without a pin the point follows from postcode, town or municipality, see `locate_site`, so that distances can be shown at
    all. A pin that was set stays until another one is, or until the workplace moves to another municipality; saving what
    stands there already moves nothing.
    """
    policies.require_member(actor, organisation)
    _check_workplace(details)
    if workplace is not None and workplace.organisation_id != organisation.pk:
        raise Invalid("workplace.not_own", _("Choose one of the organisation's own workplaces."), field="workplace")
    municipality = get_known_municipality(details.municipality_code)
    saved = Workplace(organisation=organisation)
    if workplace is not None:
        saved = Workplace.objects.select_for_update(of=("self",)).get(pk=workplace.pk)
    before = (saved.lat, saved.lon)
    position = _position(saved, municipality, details)
    saved.name, saved.address = details.name.strip(), details.address.strip()
    saved.postcode, saved.city = _postcode(details), details.city.strip()
    saved.municipality = municipality
    saved.lat, saved.lon, saved.position_source = position
    saved.save()
    log("workplace.saved", saved, actor=actor)
    if workplace is not None and (saved.lat, saved.lon) != before:
        events.record("workplace.moved", saved)
        outbox.wake()
    return saved


def _postcode(details: WorkplaceDetails) -> str:
    return details.postcode.replace(" ", "")


def _position(saved: Workplace, municipality: Municipality, details: WorkplaceDetails) -> tuple[float, float, str]:
    """Where the workplace is after the change: latitude, longitude and how well that is known."""
    known = None if saved.lat is None or saved.lon is None else (saved.lat, saved.lon, saved.position_source)
    if details.lat is not None and details.lon is not None:
        is_same = known is not None and max(abs(details.lat - known[0]), abs(details.lon - known[1])) < SAME_POINT
        if not is_same:
            return details.lat, details.lon, PositionSource.PIN
    stays = saved.municipality_id == municipality.pk and (
        saved.position_source == PositionSource.PIN
        or (saved.postcode, saved.city) == (_postcode(details), details.city.strip())
    )
    if known is not None and stays:
        return known
    found = locate_site(municipality, postcode=details.postcode, town=details.city)
    return found.lat, found.lon, found.source


def _check_workplace(details: WorkplaceDetails) -> None:
    if not details.name.strip():
        raise Invalid("workplace.no_name", _("Enter the workplace's name."), field="name")
    for field, longest in LONGEST_OF_WORKPLACE.items():
        text = getattr(details, field).strip()
        if len(text.replace(" ", "") if field == "postcode" else text) > longest:
            raise Invalid("workplace.too_long", _("The text is too long."), field=field, data={"longest": longest})
    if details.lat is not None and details.lon is not None:
        (south, north), (west, east) = IN_SWEDEN
        if not (south <= details.lat <= north and west <= details.lon <= east):
            raise Invalid("workplace.not_in_sweden", _("The position is not in Sweden."), field="lat")


@transaction.atomic
def set_trust(*, actor: User, municipality_code: str, organisation: Organisation, trusted: bool) -> None:
    """A coordinator decides whether the organisation's offers need review in the municipality."""
    policies.require_coordinator(actor, municipality_code)
    if trusted and not organisation.is_confirmed:
        raise Conflict(
            "organisation.unconfirmed",
            _("Confirm first who the organisation is. Trust lets it publish without review."),
        )
    if trusted:
        TrustedOrganisation.objects.get_or_create(municipality_id=municipality_code, organisation=organisation)
    else:
        TrustedOrganisation.objects.filter(municipality=municipality_code, organisation=organisation).delete()
    log(
        "organisation.trusted" if trusted else "organisation.untrusted",
        organisation,
        actor=actor,
        data={"municipality": municipality_code},
    )
