"""Commands about organisations that a list or another service knows and that nobody has registered yet."""

from dataclasses import dataclass

from django.db import transaction

from backend.accounts.models import User
from backend.common import clock
from backend.common.transitions import log
from backend.organisations.enums import MembershipRole, OrganisationConfirmation
from backend.organisations.models import Membership, Organisation, Workplace
from backend.organisations.services import get_known_municipality

SEVERAL_MUNICIPALITIES = "Flera kommuner"


@dataclass(frozen=True)
class ImportedOrganisation:
    """What a source says. source_ref: what identifies it there. municipality_code: empty where the source is not sure."""

    source: str
    source_ref: str
    name: str
    kind: str
    municipality_code: str = ""
    website: str = ""
    about: str = ""


@transaction.atomic
def save_imported_organisation(*, actor: User | None, details: ImportedOrganisation) -> tuple[Organisation, str]:
    """The organisation of the source, and what was done: created, updated, unchanged.

    One that somebody belongs to is theirs: its texts are not overwritten any more. actor: None = the operator's shell.
    """
    municipality = get_known_municipality(details.municipality_code) if details.municipality_code else None
    values = {
        "name": details.name[:160],
        "kind": details.kind,
        "municipality": municipality,
        "website": details.website,
        "about": details.about[:4000],
    }
    existing = (
        Organisation.objects.select_for_update(of=("self",))
        .select_related("municipality")
        .filter(source=details.source, source_ref=details.source_ref[:120])
        .first()
    )
    if existing is None:
        created = Organisation.objects.create(
            source=details.source,
            source_ref=details.source_ref[:120],
            confirmation=OrganisationConfirmation.IMPORTED,
            confirmed_at=clock.now(),
            confirmed_by=actor,
            **values,
        )
        log("organisation.imported", created, actor=actor)
        return created, "created"
    changed = [name for name, value in values.items() if getattr(existing, name) != value]
    if not changed or existing.memberships.exists():
        return existing, "unchanged"
    for name in changed:
        setattr(existing, name, values[name])
    existing.save(update_fields=changed)
    log("organisation.import_updated", existing, actor=actor, data={"fields": changed})
    return existing, "updated"


@transaction.atomic
def get_or_add_workplace(*, actor: User | None, organisation: Organisation, municipality_code: str) -> Workplace:
    """The organisation's workplace in the municipality, at its centre when new. Empty code: in several municipalities."""
    existing = organisation.workplaces.filter(municipality=municipality_code or None).order_by("pk").first()
    if existing is not None:
        return existing
    municipality = get_known_municipality(municipality_code) if municipality_code else None
    workplace = Workplace.objects.create(
        organisation=organisation,
        name=(f"{organisation.name}, {municipality.name}" if municipality else organisation.name)[:160],
        city=municipality.name if municipality else SEVERAL_MUNICIPALITIES,
        municipality=municipality,
        lat=municipality.lat if municipality else None,
        lon=municipality.lon if municipality else None,
    )
    log("workplace.imported", workplace, actor=actor)
    return workplace


@transaction.atomic
def hand_over_organisation(*, actor: User | None, organisation: Organisation, user: User) -> Membership:
    """Someone from an imported organisation takes it over, after the operator or the network office has checked who they are."""
    membership, created = Membership.objects.get_or_create(
        organisation=organisation, user=user, defaults={"role": MembershipRole.OWNER}
    )
    if created:
        log("organisation.handed_over", organisation, actor=actor, data={"user": user.pk})
    return membership
