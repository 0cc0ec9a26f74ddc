"""Commands about who an organisation is: somebody has made sure of it, or has not."""

from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import Conflict, Invalid, NotFound
from backend.common.transitions import lock, log
from backend.organisations import policies
from backend.organisations.enums import OrganisationConfirmation, OrganisationKind
from backend.organisations.models import Organisation

LONGEST_NOTE = 300
BY_HAND = [each for each in OrganisationConfirmation if each != OrganisationConfirmation.IMPORTED]


@transaction.atomic
def confirm_organisation(
    *, actor: User, organisation_id: int, how: str, note: str = "", kind: str = ""
) -> Organisation:
    """A coordinator where it is, or the network office, has made sure of who the organisation is.

    how: one of BY_HAND. note: what was looked at. kind: another kind, "" = as it is; a municipal unit is named by the network
    office alone. Raises Conflict when it is confirmed already.
    """
    organisation = _locked(actor, organisation_id)
    if how not in BY_HAND:
        raise Invalid("organisation.unknown_check", _("Choose what you have checked."), field="how")
    note = _short(note)
    if kind and kind not in OrganisationKind.values:
        raise Invalid("organisation.unknown_kind", _("Choose from the list."), field="kind")
    if kind and kind != organisation.kind:
        policies.require_kind(actor, kind)
        organisation.kind = kind
    if organisation.is_confirmed:
        raise Conflict("organisation.confirmed", _("A colleague has confirmed this organisation already."))
    organisation.confirmation, organisation.confirmation_note = OrganisationConfirmation(how), note
    organisation.confirmed_at, organisation.confirmed_by = clock.now(), actor
    organisation.save()
    log("organisation.confirmed", organisation, actor=actor, reason=note, data={"how": how, "kind": organisation.kind})
    return organisation


@transaction.atomic
def unconfirm_organisation(*, actor: User, organisation_id: int, reason: str) -> Organisation:
    """It turned out otherwise: the organisation is unconfirmed again, and trusted nowhere. The reason stays in the log."""
    organisation = _locked(actor, organisation_id)
    if not reason.strip():
        raise Invalid("organisation.no_reason", _("Write why."), field="reason")
    reason = _short(reason, field="reason")
    if not organisation.is_confirmed:
        raise Conflict("organisation.unconfirmed_already", _("This organisation is not confirmed."))
    organisation.confirmation, organisation.confirmation_note = "", ""
    organisation.confirmed_at = organisation.confirmed_by = None
    organisation.save()
    organisation.trusted_by.all().delete()
    log("organisation.unconfirmed", organisation, actor=actor, reason=reason)
    return organisation


def unconfirmed_text(organisation: Organisation) -> str:
    """What stands at every decision about an organisation that nobody has confirmed."""
    words = {"address": organisation.registered_from, "day": date_format(localtime(organisation.created_at), "j F Y")}
    if not organisation.registered_from:
        return gettext("Unconfirmed organisation: nobody has checked who it is")
    return (
        gettext("Unconfirmed organisation: registered %(day)s from %(address)s, nobody has checked who it is") % words
    )


def _locked(actor: User, organisation_id: int) -> Organisation:
    found = Organisation.objects.filter(pk=organisation_id).first()
    if found is None or not policies.can_confirm(actor, found):
        raise NotFound("organisation.unknown", _("There is no such organisation."))
    return lock(Organisation.objects.all(), organisation_id)


def _short(text: str, *, field: str = "note") -> str:
    if len(text.strip()) > LONGEST_NOTE:
        raise Invalid("organisation.too_long", _("The text is too long."), field=field)
    return text.strip()
