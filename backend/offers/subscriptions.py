"""What places do when something happened below them."""

from backend.common import events
from backend.common.events import subscribe
from backend.common.models import DomainEvent
from backend.offers.models import Offer


@subscribe("workplace.moved")
def tell_of_new_position(event: DomainEvent) -> None:
    """Whoever measures a way to one of the workplace's published places measures it anew."""
    for offer in Offer.objects.published().filter(workplace=event.subject_id).order_by("pk"):
        events.record("offer.updated", offer)
