"""Seats that look taken to everybody but are still to be given out: those a round keeps."""

from collections.abc import Iterable

from django.db.models import Sum

from backend.offers.models import Offer
from backend.rounds.models import RoundSeat


def mark_kept(offers: Iterable[Offer]) -> None:
    """Sets `kept` on the periods without a free seat: how many of their seats rounds keep.

    The offers come with their periods (`for_lists`). One query for all of them, none when every period has a free seat.
    """
    full = [period for offer in offers for period in offer.periods.all() if not period.free]
    if not full:
        return
    rows = RoundSeat.objects.filter(period__in=full, held__gt=0).values("period").annotate(kept=Sum("held"))
    kept = {row["period"]: row["kept"] for row in rows.order_by()}
    for period in full:
        period.kept = kept.get(period.pk, 0)
