"""The Celery task that makes copies, and the dispatcher's view of them. It takes ids; the rows decide."""

from celery import shared_task

from backend.common import outbox
from backend.privacy import runner
from backend.privacy.models import DataCopy


@shared_task(name="privacy.make_data_copy")
def make_data_copy(copy_id: int) -> None:
    runner.run_data_copy(copy_id)


def publish_data_copies(ids: list[int]) -> None:
    for pk in ids:
        make_data_copy.apply_async((pk,), retry=False)


outbox.register(outbox.Source("data copies", DataCopy, publish_data_copies, cap=50))
