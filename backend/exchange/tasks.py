"""The Celery tasks of the exchange and the dispatcher's view of its tables. They take ids; the rows decide."""

from datetime import timedelta

from celery import shared_task

from backend.common import outbox
from backend.exchange import runner
from backend.exchange.exports import services as exports
from backend.exchange.models import ExportJob, ImportWork, WebhookDelivery
from backend.exchange.webhooks import sending

# A large file takes minutes. The lease in the row, not the broker, says whether somebody is at it.
IMPORT_SECONDS = 1_200


@shared_task(name="exchange.run_import", soft_time_limit=IMPORT_SECONDS, time_limit=IMPORT_SECONDS + 60)
def run_import(job_id: int) -> None:
    runner.run_import(job_id)


def publish_imports(ids: list[int]) -> None:
    for pk in ids:
        run_import.apply_async((pk,), retry=False)


outbox.register(
    outbox.Source(
        "imports",
        ImportWork,
        publish_imports,
        cap=100,
        queued_for=timedelta(seconds=60),
        sweep=runner.sweep,
    )
)


@shared_task(name="exchange.run_export")
def run_export(job_id: int) -> None:
    exports.run_export(job_id)


def publish_exports(ids: list[int]) -> None:
    for pk in ids:
        run_export.apply_async((pk,), retry=False)


outbox.register(outbox.Source("exports", ExportJob, publish_exports, cap=100))


@shared_task(name="exchange.call_webhook")
def call_webhook(delivery_id: int) -> None:
    sending.deliver(delivery_id)


def publish_webhooks(ids: list[int]) -> None:
    for pk in ids:
        call_webhook.apply_async((pk,), retry=False)


outbox.register(
    outbox.Source(
        "webhooks",
        WebhookDelivery,
        publish_webhooks,
        # A receiver that is slow keeps a worker busy: the rest of the work must find room beside it.
        cap=200,
        queued_for=sending.QUEUED_FOR,
        servable=sending.servable,
        sweep=sending.sweep,
    )
)
