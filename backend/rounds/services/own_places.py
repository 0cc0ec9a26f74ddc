"""Places that students found themselves enter the same flow: an offer with one seat, kept for the student who found it."""

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import Conflict, Invalid, NotFound
from backend.common.transitions import log
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferPeriod
from backend.offers.seats import hold_seat
from backend.organisations.models import Organisation, Workplace
from backend.reference.models import HazardFlag, Municipality
from backend.rounds import policies
from backend.rounds.eligibility import problems_for
from backend.rounds.enums import OwnPlaceState, RoundState
from backend.rounds.models import LockedPair, OwnFoundPlace, Participant, RoundSeat
from backend.rounds.services.setup import lock_participant, require_no_run, require_state
from backend.rounds.services.wishes import SEAT, _participant, _require_open

LONGEST = {"organisation_name": 160, "address": 200, "contact_name": 120, "title": 120, "tasks": 4_000}


@dataclass(frozen=True)
class OwnPlaceDetails:
    """What the student knows about the place. start and end are included."""

    organisation_name: str
    municipality_code: str
    contact_name: str
    contact_email: str
    title: str
    tasks: str
    start: date
    end: date
    address: str = ""


@transaction.atomic
def submit_own_place(*, actor: User, participant_id: int, details: OwnPlaceDetails) -> OwnFoundPlace:
    """A student of an open round names a place. One at a time; the wishes stay in case it comes to nothing."""
    participant = _participant(actor, participant_id)
    _require_open(participant.round)
    _check(details, participant)
    if participant.own_places.exclude(state=OwnPlaceState.REJECTED).exists():
        raise Conflict("own_place.twice", _("You have named a place already."))
    place = OwnFoundPlace.objects.create(
        participant=participant,
        organisation_name=details.organisation_name.strip(),
        municipality_id=details.municipality_code,
        address=details.address.strip(),
        contact_name=details.contact_name.strip(),
        contact_email=details.contact_email.strip(),
        title=details.title.strip(),
        tasks=details.tasks.strip(),
        start=details.start,
        end=details.end,
    )
    log("own_place.submitted", place, actor=actor, data={"participant": participant.pk})
    return place


def _check(details: OwnPlaceDetails, participant: Participant) -> None:
    for name, longest in LONGEST.items():
        value = getattr(details, name).strip()
        if not value and name != "address":
            raise Invalid("own_place.missing", _("Fill in this field."), field=name)
        if len(value) > longest:
            raise Invalid("own_place.too_long", _("The text is too long."), field=name)
    try:
        validate_email(details.contact_email.strip())
    except ValidationError as error:
        raise Invalid("own_place.bad_email", _("Enter an e-mail address."), field="contact_email") from error
    if not Municipality.objects.filter(pk=details.municipality_code).exists():
        raise Invalid("municipality.unknown", _("There is no municipality with this code."), field="municipality_code")
    if details.end < details.start:
        raise Invalid("own_place.reversed", _("The last day is before the first."), field="end")
    if details.start < participant.round.start or details.end > participant.round.end:
        raise Invalid("own_place.other_dates", _("The dates lie outside the round."), field="start")


def _locked(actor: User, own_place_id: int) -> OwnFoundPlace:
    place = OwnFoundPlace.objects.filter(pk=own_place_id).first()
    if place is None:
        raise NotFound("own_place.unknown", _("There is no such place."))
    participant = lock_participant(place.participant_id)
    policies.require_answerer(actor, participant)
    require_state(participant.round, RoundState.OPEN, RoundState.CLOSED)
    require_no_run(participant.round)
    place = OwnFoundPlace.objects.select_for_update().get(pk=own_place_id)
    place.participant = participant
    if place.state != OwnPlaceState.SUBMITTED:
        raise Conflict("own_place.decided", _("Somebody has already decided about this place."))
    return place


@transaction.atomic
def accept_own_place(
    *, actor: User, own_place_id: int, workplace_id: int | None = None, hazards: tuple[str, ...] = ()
) -> RoundSeat:
    """The coordinator has talked to the workplace: it becomes an offer with one seat, which the round keeps.

    workplace_id: when the organisation is known already; a new one is made otherwise. hazards: risks at the work, which
    the law judges as for every place. Others never see the offer: it is paused.
    """
    place = _locked(actor, own_place_id)
    if place.start <= clock.today():
        raise Conflict("period.begun", _("The first day of this place has already been."))
    the_round = place.participant.round
    known = HazardFlag.objects.in_bulk(list(hazards))
    if set(hazards) - known.keys():
        raise Invalid("own_place.unknown_hazard", _("Choose from the list."), field="hazards")
    offer = Offer.objects.create(
        workplace=(workplace := _workplace(place, workplace_id)),
        organisation=workplace.organisation,
        form=the_round.form,
        title=place.title,
        tasks=place.tasks,
        supervisor_name=place.contact_name,
        supervisor_email=place.contact_email,
        state=OfferState.PAUSED,
        published_at=clock.now(),
    )
    offer.hazards.set(known.values())
    log("offer.created", offer, actor=actor, data={"own_place": place.pk})
    period = OfferPeriod.objects.create(offer=offer, start=place.start, end=place.end, capacity=1)
    hold_seat(period.pk)
    seat = RoundSeat.objects.create(round=the_round, period=period, seats=1, held=1, is_own_place=True)
    seat = RoundSeat.objects.select_related(*SEAT).get(pk=seat.pk)
    for problem in problems_for(place.participant.student, [seat], the_round)[seat.pk]:
        if problem.is_hard:
            raise Conflict(f"seat.{problem.code}", problem.text)
    if LockedPair.objects.filter(participant=place.participant).exists():
        raise Conflict("lock.twice", _("The student already has a seat that is decided."))
    locked = LockedPair.objects.create(participant=place.participant, seat=seat, locked_by=actor, reason="own_place")
    place.state, place.period = OwnPlaceState.ACCEPTED, period
    place.decided_by, place.decided_at = actor, clock.now()
    place.save(update_fields=["state", "period", "decided_by", "decided_at", "updated_at"])
    log("own_place.accepted", place, actor=actor, data={"offer": offer.pk, "lock": locked.pk})
    return seat


def _workplace(place: OwnFoundPlace, workplace_id: int | None) -> Workplace:
    if workplace_id is not None:
        known = Workplace.objects.select_related("organisation").filter(pk=workplace_id).first()
        if known is None:
            raise Invalid("own_place.unknown_workplace", _("Choose from the list."), field="workplace")
        return known
    organisation = Organisation.objects.create(name=place.organisation_name, municipality=place.municipality)
    return Workplace.objects.create(
        organisation=organisation,
        name=place.organisation_name,
        address=place.address,
        municipality=place.municipality,
    )


@transaction.atomic
def reject_own_place(*, actor: User, own_place_id: int, reason: str) -> OwnFoundPlace:
    """The place is not possible, and why; the student may name another one."""
    place = _locked(actor, own_place_id)
    if not reason.strip():
        raise Invalid("own_place.no_reason", _("Write why."), field="reason")
    place.state, place.reason = OwnPlaceState.REJECTED, reason.strip()
    place.decided_by, place.decided_at = actor, clock.now()
    place.save(update_fields=["state", "reason", "decided_by", "decided_at", "updated_at"])
    log("own_place.rejected", place, actor=actor, reason=reason.strip())
    return place
