"""A form that was sent twice by a double click is one offer."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from backend.accounts.models import User
from backend.common import clock
from backend.offers.details import OfferDetails, PeriodDetails
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.offers.services import create_offer
from backend.organisations.models import Organisation
from backend.organisations.policies import require_member

SAME_CLICK = timedelta(minutes=1)


@transaction.atomic
def create_offer_once(
    *, actor: User, organisation: Organisation, details: OfferDetails, periods: Sequence[PeriodDetails]
) -> Offer:
    """`create_offer`; but the draft that is there, when the same words and periods became one less than a minute ago.

    The person's row is locked meanwhile, so two requests at the same moment are one after the other.
    """
    require_member(actor, organisation)
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    asked = sorted((each.start, each.end, each.seats) for each in periods)
    for twin in Offer.objects.filter(
        organisation=organisation,
        workplace=details.workplace_id,
        form=details.form,
        title=details.title.strip(),
        tasks=details.tasks.strip(),
        state=OfferState.DRAFT,
        created_at__gt=clock.now() - SAME_CLICK,
    ):
        if sorted(twin.periods.values_list("start", "end", "capacity")) == asked:
            return twin
    return create_offer(actor=actor, organisation=organisation, details=details, periods=periods)
