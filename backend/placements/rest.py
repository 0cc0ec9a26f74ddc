"""What is left of a period when a placement is interrupted: the organisation is asked, then the seat is given on.

The rest is a period of its own under the same place, so that seats, overlaps and searches go by the days that are left. The
seat of the whole period stays taken: it was used.
"""

from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, NotAllowed, NotFound
from backend.common.transitions import log
from backend.common.workdays import next_working_day
from backend.offers.models import Offer, OfferPeriod
from backend.organisations.policies import is_member
from backend.placements import policies
from backend.placements.enums import RestState
from backend.placements.models import Placement


def days_left(placement: Placement) -> tuple[date, date] | None:
    """First and last day of what somebody else could have, from the next working day on; None when nothing is left."""
    if placement.last_day is None:
        return None
    first = next_working_day(max(placement.last_day, clock.today()))
    return (first, placement.end) if first <= placement.end else None


def _asked(actor: User, placement_id: int) -> Placement:
    placement = (
        Placement.objects.select_related("period__offer", "match__student")
        .select_for_update(of=("self",))
        .filter(pk=placement_id)
        .first()
    )
    if placement is None or not policies.may_know_match(actor, placement.match):
        raise NotFound("placement.unknown", _("There is no such placement."))
    if not is_member(actor, placement.period.offer.organisation_id):
        raise NotAllowed(
            "placement.not_organisation", _("Only the organisation can say whether it takes somebody else.")
        )
    if placement.rest != RestState.ASKED:
        raise Conflict("placement.rest_answered", _("There is nothing to answer here any more."))
    return placement


@transaction.atomic
def open_rest(*, actor: User, placement_id: int) -> OfferPeriod:
    """The organisation takes somebody else for the days that are left: they become a period with one seat.

    The waiting list is offered it first, then the round's order; see applications/rest.py and rounds/services/rest.py.
    Raises Conflict `placement.rest_answered`, and `placement.rest_over` when no working day is left.
    """
    placement = _asked(actor, placement_id)
    left = days_left(placement)
    if left is None:
        raise Conflict("placement.rest_over", _("No working day is left of the period."))
    offer = Offer.objects.select_for_update(of=("self",)).get(pk=placement.period.offer_id)
    period = _add_seat(offer, placement.period, *left)
    if offer.approved:
        row = [left[0].isoformat(), left[1].isoformat(), period.capacity]
        known = [each for each in offer.approved["periods"] if each[:2] != row[:2]]
        offer.approved = {**offer.approved, "periods": sorted([*known, row])}
        offer.save(update_fields=["approved"])
    placement.rest = RestState.OPENED
    placement.save(update_fields=["rest"])
    log("placement.rest_opened", placement, actor=actor, data={"period": period.pk})
    events.record("seat.freed", period, {"offer": offer.pk})
    outbox.wake()
    return period


def _add_seat(offer: Offer, whole: OfferPeriod, start: date, end: date) -> OfferPeriod:
    """One seat more in the period with these dates, which is made when there is none yet."""
    try:
        with transaction.atomic():
            return OfferPeriod.objects.create(offer=offer, start=start, end=end, capacity=1, rest_of=whole)
    except IntegrityError:
        OfferPeriod.objects.filter(offer=offer, start=start, end=end).update(capacity=F("capacity") + 1)
        return OfferPeriod.objects.get(offer=offer, start=start, end=end)


@transaction.atomic
def decline_rest(*, actor: User, placement_id: int) -> Placement:
    """The organisation takes nobody else for the days that are left."""
    placement = _asked(actor, placement_id)
    placement.rest = RestState.DECLINED
    placement.save(update_fields=["rest"])
    log("placement.rest_declined", placement, actor=actor)
    return placement
