"""What is told together: one mail a person and kind.

Within one piece of work, such as an import or thirty decisions at once (`collect`), and within a quarter of an hour where
nobody is waiting for the mail, such as thirty places that are sent in one by one (`gather`).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Min, QuerySet

from backend.notifications.enums import ChannelName, DeliveryState, Slot
from backend.notifications.models import Delivery, Notification

if TYPE_CHECKING:
    from backend.notifications.registry import Kind

# Each message waits so long for the others; if the work is cut off they go one by one after that.
HOLD = timedelta(minutes=2)
# The first mail of a kind that gathers waits so long, and those that come meanwhile go with it.
GATHERING = timedelta(minutes=15)
_written: ContextVar[list[Notification] | None] = ContextVar("written_together", default=None)


@contextmanager
def collect() -> Iterator[list[Notification] | None]:
    """The list that `note` fills; None inside another one, which has them already."""
    if _written.get() is not None:
        yield None
        return
    token = _written.set([])
    try:
        yield _written.get()
    finally:
        _written.reset(token)


def note(kind: "Kind", notifications: Iterable[Notification]) -> None:
    """Remembers what may be told together with more of its kind."""
    found = _written.get()
    if found is not None and kind.several is not None:
        found += notifications


def hold(kind: "Kind", deliveries: Iterable[Delivery], moment: datetime) -> None:
    """Lets unsaved mails wait: until the work is done, or for others of a kind that gathers. moment: the database clock."""
    waiting = [each for each in deliveries if _goes_now(each)]
    if not waiting or kind.several is None:
        return
    if _written.get() is not None:
        for delivery in waiting:
            delivery.due_at += HOLD
            delivery.expires_at += HOLD
    elif kind.gathers:
        first = _first_due(kind, {each.recipient_id for each in waiting}, moment)
        for delivery in waiting:
            delivery.due_at = max(delivery.due_at, first.get(delivery.recipient_id, moment + GATHERING))


def _goes_now(delivery: Delivery) -> bool:
    return (
        delivery.channel == ChannelName.EMAIL
        and delivery.slot == Slot.NOW
        and delivery.state != DeliveryState.SUPPRESSED
    )


def _first_due(kind: "Kind", people: set[int], moment: datetime) -> dict[int, datetime]:
    """When the mail that a person's mails of the kind wait for goes out."""
    rows = waiting_of([kind.name]).filter(recipient__in=people, due_at__gt=moment)
    return dict(rows.values("recipient").annotate(first=Min("due_at")).values_list("recipient", "first"))


def waiting_of(kinds: Iterable[str]) -> QuerySet[Delivery]:
    """Mails of these kinds that have not been tried."""
    return Delivery.objects.filter(
        notification__kind__in=list(kinds),
        channel=ChannelName.EMAIL,
        slot=Slot.NOW,
        state=DeliveryState.PENDING,
        attempts=0,
    )
