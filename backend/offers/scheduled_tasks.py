"""What the calendar does to offers."""

from datetime import timedelta

from django.db.models import Q

from backend.common import clock
from backend.common.schedule import periodic
from backend.offers import services
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.offers.search_seats import settle_seats
from backend.offers.search_words import refresh_words


@periodic("offers.close_overdue", every=timedelta(hours=1))
def close_overdue() -> int:
    """Closes offers whose last day to apply, or last period, has passed; of those under review only the ones that nobody
    could be asked to change."""
    is_nobodys = Q(state=OfferState.SUBMITTED) & ~Q(organisation__memberships__user__is_active=True)
    open_offers = Offer.objects.filter(Q(state__in=[OfferState.PUBLISHED, OfferState.PAUSED]) | is_nobodys)
    late = open_offers.filter(apply_by__lt=clock.today()) | open_offers.exclude(periods__end__gte=clock.today())
    return sum(services.close_overdue_offer(offer_id=pk) for pk in set(late.values_list("pk", flat=True)))


@periodic("offers.refresh_search_words", every=timedelta(days=1))
def refresh_search_words() -> int:
    """Forgets the words of places that are gone and adds those that were skipped."""
    return refresh_words()


@periodic("offers.settle_seats", every=timedelta(minutes=1))
def settle_search_seats() -> int:
    """Lets the search know free seats without asking the periods."""
    return settle_seats()
