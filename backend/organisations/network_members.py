"""Commands about the network's members: which municipality, from when to when, and how well that is known."""

from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.policies import is_network_office
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import lock, log
from backend.organisations.services import get_known_municipality
from backend.reference.enums import EvidenceGrade
from backend.reference.models import NetworkMembership

LONGEST_SOURCE = 300


def _require_office(actor: User) -> None:
    if not is_network_office(actor):
        raise NotAllowed("membership.not_allowed", _("Only the network office keeps the list of members."))


@transaction.atomic
def add_membership(
    *, actor: User, municipality_code: str, valid_from: date, evidence: str, note: str = "", source: str = ""
) -> NetworkMembership:
    """A municipality is a member from a day on. A confirmed one names where that stands.

    Raises Invalid with the field that is wrong, Conflict when it is a member on that day already.
    """
    _require_office(actor)
    municipality = get_known_municipality(municipality_code)
    if evidence not in EvidenceGrade.values:
        raise Invalid("membership.unknown_evidence", _("Choose from the list."), field="evidence")
    if evidence == EvidenceGrade.CONFIRMED and not source.strip():
        raise Invalid("membership.no_source", _("Say where it is confirmed, such as an address."), field="source")
    if len(source.strip()) > LONGEST_SOURCE:
        raise Invalid("membership.too_long", _("The text is too long."), field="source")
    try:
        with transaction.atomic():
            membership = NetworkMembership.objects.create(
                municipality=municipality,
                valid_from=valid_from,
                evidence=evidence,
                evidence_note=note.strip(),
                source=source.strip(),
            )
    except IntegrityError as error:
        raise Conflict(
            "membership.overlap", _("The municipality already has a membership during this time."), field="municipality"
        ) from error
    log("membership.added", membership, actor=actor, data={"municipality": municipality.pk, "evidence": evidence})
    return membership


@transaction.atomic
def end_membership(*, actor: User, membership_id: int, last_day: date) -> NetworkMembership:
    """The membership ends after a day. The row stays: what was true then remains true."""
    _require_office(actor)
    try:
        membership = lock(NetworkMembership.objects.all(), membership_id)
    except NetworkMembership.DoesNotExist as error:
        raise NotFound("membership.unknown", _("There is no such membership.")) from error
    if last_day < membership.valid_from:
        raise Invalid("membership.ends_early", _("The membership ends before it starts."), field="last_day")
    membership.valid_to = last_day
    membership.save(update_fields=["valid_to"])
    log("membership.ended", membership, actor=actor, data={"municipality": membership.municipality_id})
    return membership
