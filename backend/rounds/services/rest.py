"""The rest of a period that a student of a round left early goes on in the round's order, when no waiting list wants it."""

from django.db import transaction

from backend.applications.models import Application
from backend.applications.rest import offer_rest, whole_periods_of
from backend.offers.models import OfferPeriod
from backend.rounds.enums import RoundState
from backend.rounds.models import RoundSeat
from backend.rounds.services.results import waiting_for


@transaction.atomic
def offer_rest_in_order(*, period_id: int) -> Application | None:
    """Offers the days that are left to the first in the round's order who wished for the place and has none."""
    period = OfferPeriod.objects.get(pk=period_id)
    seats = RoundSeat.objects.filter(
        period__in=whole_periods_of(period),
        round__state__in=[RoundState.PUBLISHED, RoundState.FINISHED],
        is_own_place=False,
    )
    for seat in seats.select_related("round", "period").order_by("pk"):
        for result in waiting_for(seat):
            offered = offer_rest(period_id=period_id, student_id=result.participant.student_id)
            if offered is not None:
                return offered
    return None
