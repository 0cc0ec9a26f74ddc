"""The Celery task that carries out one run, and the dispatcher's view of the table."""

from celery import shared_task

from backend.common import outbox
from backend.rounds import runner
from backend.rounds.models import Run


@shared_task(name="rounds.run")
def run(run_id: int) -> None:
    runner.run_once(run_id)


def publish(ids: list[int]) -> None:
    for pk in ids:
        run.apply_async((pk,), retry=False)


# A run fills a worker for seconds: a few at once, so that notifications keep flowing beside them.
outbox.register(outbox.Source("rounds", Run, publish, cap=4, sweep=runner.sweep))
