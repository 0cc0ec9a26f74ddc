"""Seats: the one place where `taken` changes. The database's check is the last word, see OfferPeriod."""

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backend.common import events
from backend.common.errors import Conflict
from backend.offers.models import OfferPeriod


def hold_seat(period_id: int) -> None:
    """Takes one seat in the caller's transaction. Raises Conflict when none is left: someone else was first."""
    held = OfferPeriod.objects.filter(pk=period_id, taken__lt=F("capacity")).update(taken=F("taken") + 1)
    if not held:
        raise Conflict("period.full", _("The last seat was just taken."), data={"period": period_id})


def release_seat(period: OfferPeriod) -> None:
    """Gives one seat back and tells the apps above, so that the waiting list can refill it."""
    OfferPeriod.objects.filter(pk=period.pk, taken__gt=0).update(taken=F("taken") - 1)
    events.record("seat.freed", period, {"offer": period.offer_id})


def return_seat(period: OfferPeriod) -> None:
    """Gives one seat back without asking the waiting list: an organisation that undoes its offer decides anew itself."""
    OfferPeriod.objects.filter(pk=period.pk, taken__gt=0).update(taken=F("taken") - 1)


def hold_seats(period_id: int, number: int) -> None:
    """Takes several seats at once, or none of them. Raises Conflict when not so many are left."""
    held = OfferPeriod.objects.filter(pk=period_id, taken__lte=F("capacity") - number).update(taken=F("taken") + number)
    if not held:
        raise Conflict("period.full", _("There are not that many free seats any more."), data={"period": period_id})


def release_seats(period: OfferPeriod, number: int) -> None:
    """Gives several seats back, one event each, so that the waiting list refills every one of them."""
    if number:
        OfferPeriod.objects.filter(pk=period.pk, taken__gte=number).update(taken=F("taken") - number)
        for _seat in range(number):
            events.record("seat.freed", period, {"offer": period.offer_id})
