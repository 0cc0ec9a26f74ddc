"""What would follow from the seed's commands in a running service, done at once; and no mail from any of it.

The commands of the seed write events, notifications and deliveries like everybody's. Nothing of that is switched off:
the subscribers of the events run here instead of in a worker, what was to be told on the site is there, and the mails
end as `suppressed` with the reason `demo_data`, where the ledger shows them. All of it happens in the transaction of
the seed, so a running dispatcher never sees a row that it could send.
"""

from dataclasses import dataclass

from django.db.models import Max

from backend.common import events
from backend.common.clock import DbNow
from backend.common.models import EventHandling, WorkState
from backend.notifications.enums import ChannelName
from backend.notifications.models import Delivery

MAIL_REASON = "demo_data"


@dataclass(frozen=True)
class Mark:
    """The newest rows before the seed began; what others have waiting is left to the workers."""

    handling: int
    delivery: int


def mark() -> Mark:
    return Mark(
        EventHandling.objects.aggregate(newest=Max("pk"))["newest"] or 0,
        Delivery.objects.aggregate(newest=Max("pk"))["newest"] or 0,
    )


def settle(since: Mark) -> int:
    """Handles the events recorded since the mark, and those that follow from them. Returns how many."""
    handled = 0
    while waiting := list(
        EventHandling.objects.filter(pk__gt=since.handling, state=WorkState.PENDING)
        .select_related("event")
        .order_by("pk")
    ):
        for handling in waiting:
            events.handler_named(handling.subscriber)(handling.event)
        EventHandling.objects.filter(pk__in=[handling.pk for handling in waiting]).update(
            state=WorkState.DONE, done_at=DbNow(), attempts=1
        )
        handled += len(waiting)
    return handled


def suppress_mails(since: Mark) -> int:
    """No mail leaves because of the seed. Returns how many would have."""
    return Delivery.objects.filter(pk__gt=since.delivery, channel=ChannelName.EMAIL).advance(
        "delivery.suppressed", reason=MAIL_REASON, done_at=DbNow()
    )
