"""Who meets the student at the workplace: a person with a name, an address and a number, who can be replaced."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.contacts import Contact, clean_contact
from backend.accounts.models import User
from backend.common import events, outbox
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import log
from backend.placements import policies
from backend.placements.enums import PlacementState
from backend.placements.models import Placement
from backend.placements.supervisor_notifications import tell_of_supervisor

STANDING = (PlacementState.UPCOMING, PlacementState.ONGOING)


@transaction.atomic
def replace_supervisor(*, actor: User, placement_id: int, supervisor: Contact) -> Placement:
    """Somebody else meets the student from now on. The organisation does it, or the coordinator.

    Told: the student, the guardians of a minor, the organisation, the coordinator, and the old and the new supervisor where
    an address is known. Only one's number or address corrected (the name stays): told alike, but nobody is relieved.
    Raises Invalid with `name`, `email` or `phone`, Conflict when the placement has ended or nothing changes.
    """
    placement = (
        Placement.objects.select_related("match__student__user", "match__period__offer__workplace")
        .select_related("period__offer__organisation")
        .select_for_update(of=("self",))
        .filter(pk=placement_id)
        .first()
    )
    if placement is None or not policies.may_know_match(actor, placement.match):
        raise NotFound("placement.unknown", _("There is no such placement."))
    if not policies.can_replace_supervisor(actor, placement):
        raise NotAllowed("placement.not_allowed", _("Another municipality looks after this placement."))
    if placement.state not in STANDING:
        raise Conflict("placement.ended", _("The placement has ended."))
    chosen = clean_contact(supervisor.name, supervisor.email, supervisor.phone)
    if not chosen.name:
        raise Invalid("placement.no_supervisor", _("Write who meets the student at the workplace."), field="name")
    before = supervisor_of(placement)
    if chosen == before:
        raise Conflict("placement.same_supervisor", _("This is the supervisor already."), field="name")
    placement.supervisor_name = chosen.name
    placement.supervisor_email, placement.supervisor_phone = chosen.email, chosen.phone
    placement.save(update_fields=["supervisor_name", "supervisor_email", "supervisor_phone"])
    # Names and numbers stay out of the log, which outlives them: what changed is enough.
    changed = [part for part in ("name", "email", "phone") if getattr(before, part) != getattr(chosen, part)]
    log("placement.supervisor_replaced", placement, actor=actor, data={"changed": changed})
    event = events.record("placement.supervisor_replaced", placement, {"actor": actor.pk})
    tell_of_supervisor(event, placement, before=before)
    outbox.wake()
    return placement


def supervisor_of(placement: Placement) -> Contact:
    return Contact(placement.supervisor_name, placement.supervisor_email, placement.supervisor_phone)
