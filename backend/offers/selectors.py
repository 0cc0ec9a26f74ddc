"""Questions about offers: the public search with its counters, and the figures of the start page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Case, Count, Q, Value, When

from backend.accounts.models import User
from backend.common import clock
from backend.offers.models import Offer
from backend.offers.search import (
    ORDERS,
    Search,
    SearchPage,
    find_page,
    load_offers,
    matching_entries,
    months_ahead,
    next_month,
    open_entries,
    open_offers,
    search_offers,
)
from backend.offers.search_facets import Facets, FacetValue, count_facets
from backend.offers.search_words import words_of
from backend.organisations.municipality_settings import settings_of
from backend.reference.selectors import form_on

__all__ = [
    "ORDERS",
    "FacetValue",
    "Facets",
    "Search",
    "SearchPage",
    "answer_days_for",
    "count_facets",
    "count_open_by_municipality",
    "find_page",
    "get_offer_to_read",
    "list_similar_offers",
    "matching_entries",
    "months_ahead",
    "next_month",
    "open_figures",
    "open_offers",
    "search_offers",
    "words_of",
]


def get_offer_to_read(user: User | None, offer_id: int) -> Offer | None:
    """The offer with what its page shows, when the user may know of it."""
    return Offer.objects.visible_to(user).for_lists().prefetch_related("hazards").filter(pk=offer_id).first()


def answer_days_for(offer: Offer) -> int:
    """Working days the organisation has for an answer to who applies today: the municipality's, else the form's.

    Raises NotFound when the form is not in use today.
    """
    own = settings_of(offer.municipality_code).answer_days
    return own or form_on(offer.form_id, clock.today()).answer_days


def list_similar_offers(offer: Offer, limit: int = 3, *, besides: Collection[int] = ()) -> list[Offer]:
    """Other open places with a free seat of the same form, in the occupation's field where it has one; those of the same
    municipality first. besides: offers to leave out, such as those already applied for.
    """
    alike = Search(
        forms=(offer.form_id,), fields=(offer.occupation.field_id,) if offer.occupation else (), only_free=True
    )
    near = Case(When(municipality=offer.municipality_code, then=Value(0)), default=Value(1))
    others = matching_entries(alike).exclude(pk__in=[offer.pk, *besides])
    ids = others.order_by(near, "-published_at", "-pk").values_list("pk", flat=True)[:limit]
    return load_offers([(pk, None) for pk in ids])


@dataclass(frozen=True)
class OpenFigures:
    open_count: int
    new_count: int


def open_figures() -> OpenFigures:
    """How many places are open, and how many of them were published since yesterday at the same time."""
    counts = open_entries().aggregate(
        all=Count("pk"), new=Count("pk", filter=Q(published_at__gte=clock.now() - timedelta(days=1)))
    )
    return OpenFigures(counts["all"], counts["new"])


def count_open_by_municipality() -> dict[str, int]:
    """Open places per municipality code; those in several municipalities are in none."""
    rows = (
        open_entries()
        .filter(municipality__isnull=False)
        .order_by()
        .values_list("municipality")
        .annotate(number=Count("pk"))
    )
    return {code: number for code, number in rows if code}
