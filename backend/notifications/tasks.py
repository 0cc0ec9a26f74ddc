"""The Celery task that hands over deliveries, and the dispatcher's view of the table."""

from celery import current_app, shared_task

from backend.common import outbox
from backend.notifications import circuit, sending, sweeping
from backend.notifications.models import Delivery

# Ids of one task: they share a claim and a connection to the provider.
BATCH = 50
# Few ids are spread over the workers rather than sent one after the other by one of them.
FEWEST_TASKS = 8


@shared_task(name="notifications.deliver")
def deliver(delivery_ids: list[int]) -> None:
    sending.deliver(*delivery_ids)


def publish(ids: list[int]) -> None:
    """Hands ids to the broker over one connection, without retry: what does not arrive is swept."""
    size = max(1, min(BATCH, len(ids) // FEWEST_TASKS))
    with current_app.producer_or_acquire() as producer:
        for start in range(0, len(ids), size):
            deliver.apply_async((ids[start : start + size],), producer=producer, retry=False)


outbox.register(
    outbox.Source(
        "deliveries",
        Delivery,
        publish,
        # A lost message costs this long; recovery after a killed worker must stay below 90 seconds.
        queued_for=sweeping.QUEUED_FOR,
        order=("priority", "due_at", "pk"),
        servable=circuit.servable,
        sweep=sweeping.sweep_sending,
    )
)
