"""A Celery task that does nothing: what the broker and the worker cost by themselves."""

from celery import shared_task


@shared_task(name="benchmarks.noop")
def noop(number: int) -> None:
    """Takes an id, as the real tasks do."""
