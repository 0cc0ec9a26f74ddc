"""Which open places are told to other services, and what all the feeds of places share.

Only published places that anyone may read, and of them only what the public page shows: no supervisor, no contact.
The mappers beside this module know the other side's words; nothing else in the house does.
"""

from datetime import date

from django.conf import settings
from django.utils import timezone

from backend.common import clock
from backend.offers.models import Offer, OfferPeriod, OfferQuerySet
from backend.offers.selectors import open_offers
from backend.reference.enums import PlacementKind

MOST_PLACES = 5_000
LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"


def address_of(offer: Offer) -> str:
    site: str = settings.SITE_URL
    return f"{site.rstrip('/')}/platser/{offer.pk}/"


def published_on(offer: Offer) -> date:
    """The Swedish day it was published. The database holds that a published place has one."""
    assert offer.published_at is not None
    return timezone.localdate(offer.published_at)


def periods_ahead(offer: Offer) -> list[OfferPeriod]:
    """The periods that are not over; an open place has at least one. Ordered by their first day."""
    today = clock.today()
    return [period for period in offer.periods.all() if period.end >= today]


def list_training() -> OfferQuerySet:
    return open_offers().filter(form__kind=PlacementKind.TRAINING).for_lists().order_by("-published_at", "-pk")


def list_internships() -> OfferQuerySet:
    return open_offers().exclude(form__kind=PlacementKind.TRAINING).for_lists().order_by("-published_at", "-pk")
