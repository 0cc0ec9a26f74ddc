"""Free seats as the search reads them: told by the entry of a place, or asked of its periods where something changed since.

A seat is taken under locks of its own, so whoever takes one never writes the entry. A trigger only notes the place, and
`settle_seats` writes it into the entry a little later (migration 0007, docs/adr/0008-search.md). What the search says of
seats is true at every moment all the same.
"""

from typing import Any

from django.db import transaction
from django.db.models import Case, F, OuterRef, Q, Subquery, When
from django.db.models.lookups import GreaterThanOrEqual

from backend.common import clock
from backend.offers.models import OfferPeriod, SearchEntry, UnsettledSeats

AT_ONCE = 10_000


def _free_until() -> Any:
    """The last day of the last period with a free seat, asked of the periods themselves."""
    free = OfferPeriod.objects.filter(offer=OuterRef("pk"), taken__lt=F("capacity"))
    return Subquery(free.order_by("-end").values("end")[:1])


def has_free_seats() -> Q:
    """Whether the place of an entry has a free seat in a period ahead."""
    # Not Exists: for the sake of a few unsettled places PostgreSQL would gather the periods of all.
    unsettled = UnsettledSeats.objects.values("offer_id")
    free_until = Case(When(pk__in=unsettled, then=_free_until()), default=F("free_until"))
    return Q(GreaterThanOrEqual(free_until, clock.today()))


def settle_seats() -> int:
    """Writes what changed since the last time into the entries. Returns how many notes are done with."""
    settled, last = 0, 0
    while notes := list(
        UnsettledSeats.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "offer_id")[:AT_ONCE]
    ):
        last = notes[-1][0]
        settled += _settle(notes)
    return settled


@transaction.atomic
def _settle(notes: list[tuple[int, int]]) -> int:
    """Waits for nobody: who changes a place holds its entry, and may be waiting for a seat. What is held is left for the
    next time. A place that has no entry is noted again when it gets one.
    """
    entries = SearchEntry.objects.filter(pk__in={offer for _pk, offer in notes})
    present = set(entries.values_list("pk", flat=True))
    ours = set(entries.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True))
    # Whoever wrote a note that can be read has committed: from here on its seats can be read as well.
    SearchEntry.objects.filter(pk__in=ours).update(free_until=_free_until())
    held = present - ours
    number, _of_each = UnsettledSeats.objects.filter(pk__in=[pk for pk, offer in notes if offer not in held]).delete()
    return number
