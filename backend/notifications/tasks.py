"""The Celery task that hands over one delivery, and the dispatcher's view of the table."""

from celery import current_app, shared_task

from backend.common import outbox
from backend.notifications import circuit, sending, sweeping
from backend.notifications.models import Delivery


@shared_task(name="notifications.deliver")
def deliver(delivery_id: int) -> None:
    sending.deliver(delivery_id)


def publish(ids: list[int]) -> None:
    """Hands ids to the broker over one connection, without retry: what does not arrive is swept."""
    with current_app.producer_or_acquire() as producer:
        for pk in ids:
            deliver.apply_async((pk,), producer=producer, retry=False)


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
