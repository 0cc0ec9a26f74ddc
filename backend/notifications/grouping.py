"""What is told within one piece of work, such as an import or thirty decisions at once: one mail a person and kind."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import TYPE_CHECKING

from backend.notifications.enums import ChannelName, DeliveryState, Slot
from backend.notifications.models import Delivery, Notification

if TYPE_CHECKING:
    from backend.notifications.registry import Kind

# Each message waits so long for the others; if the work is cut off they go one by one after that.
HOLD = timedelta(minutes=2)
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


def hold(kind: "Kind", delivery: Delivery) -> None:
    """Lets an unsaved mail wait until the work is done."""
    waits = delivery.channel == ChannelName.EMAIL and delivery.slot == Slot.NOW
    if _written.get() is not None and kind.several is not None and waits and delivery.state != DeliveryState.SUPPRESSED:
        delivery.due_at += HOLD
        delivery.expires_at += HOLD
