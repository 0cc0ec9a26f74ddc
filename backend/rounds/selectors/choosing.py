"""What a coordinator can choose from when a round is set up."""

from django.db.models import Q, QuerySet

from backend.offers.enums import OfferState
from backend.offers.models import OfferPeriod
from backend.rounds.models import Round


def list_periods_for(the_round: Round) -> "QuerySet[OfferPeriod]":
    """Published periods of the round's form and municipalities that lie inside its dates, and those already in it."""
    fits = Q(
        offer__state=OfferState.PUBLISHED,
        offer__form=the_round.form_id,
        start__gte=the_round.start,
        end__lte=the_round.end,
        offer__workplace__municipality__in=the_round.municipalities.values("pk"),
    )
    own = the_round.seats.filter(is_own_place=True).values("period")
    return (
        OfferPeriod.objects.filter(fits | Q(pk__in=the_round.seats.values("period")))
        .exclude(pk__in=own)
        .select_related("offer__organisation", "offer__workplace__municipality")
        .order_by("offer__organisation__name", "offer__title", "start", "pk")
    )
