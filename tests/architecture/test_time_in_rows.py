"""Time lives in rows: nothing asks Celery to do something later, again, or by its own clock (docs/adr/0004)."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
# What moves a task or its repetition into the broker's hands: as an argument, as a key of options, as a setting of a task.
LATER = {"eta", "countdown"}
AGAIN = {"autoretry_for", "retry_backoff", "retry_kwargs", "max_retries", "default_retry_delay"}
BY_ITS_CLOCK = {"crontab", "solar", "add_periodic_task", "beat_schedule", "CELERY_BEAT_SCHEDULE"}
FORBIDDEN = LATER | AGAIN | BY_ITS_CLOCK
# How a task is published; a repetition of it is the dispatcher's next turn.
PUBLISHING = {"apply_async", "send_task"}


def time_in_celery(source: str) -> list[str]:
    """What in `source` gives time to Celery, as `line: what`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        found += [f"{getattr(node, 'lineno', 0)}: {what}" for what in _of_node(node)]
    return found


def _of_node(node: ast.AST) -> list[str]:
    if isinstance(node, ast.keyword):
        return [node.arg] if node.arg in FORBIDDEN else []
    if isinstance(node, ast.Dict):
        keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
        return [str(key) for key in keys if key in FORBIDDEN]
    if isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        is_set = isinstance(node.ctx, ast.Store)
        return [name] if name in BY_ITS_CLOCK or (is_set and name in FORBIDDEN) else []
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and isinstance(node.slice, ast.Constant):
        return [str(node.slice.value)] if node.slice.value in FORBIDDEN else []
    if isinstance(node, ast.ImportFrom):
        return [alias.name for alias in node.names if alias.name in BY_ITS_CLOCK]
    return _of_call(node) if isinstance(node, ast.Call) else []


def _of_call(call: ast.Call) -> list[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name == "retry":
        return ["retry()"]
    if name == "delay":
        return ["delay(), which publishes with retry"]
    if name not in PUBLISHING:
        return []
    said = {keyword.arg: keyword.value for keyword in call.keywords}
    retry = said.get("retry")
    return [] if isinstance(retry, ast.Constant) and retry.value is False else [f"{name}() without retry=False"]


def test_nothing_of_the_backend_gives_time_to_celery():
    found = {
        path.relative_to(ROOT).as_posix(): late
        for path in (ROOT / "backend").rglob("*.py")
        if "migrations" not in path.parts and (late := time_in_celery(path.read_text()))
    }
    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "deliver.apply_async((1,), eta=moment, retry=False)",
        "deliver.apply_async((1,), countdown=60, retry=False)",
        "deliver.apply_async((1,), **{'countdown': 60}, retry=False)",
        "options = dict(eta=moment)",
        "options['countdown'] = 60",
        "deliver.s(1).set(countdown=60)",
        "app.send_task('deliver', countdown=60, retry=False)",
        "deliver.signature((1,), countdown=60)",
        "self.retry(exc=error)",
        "raise deliver.retry()",
        "@shared_task(autoretry_for=(OSError,))\ndef deliver(pk): ...",
        "@shared_task(bind=True, max_retries=3)\ndef deliver(self, pk): ...",
        "class Deliver(Task):\n    autoretry_for = (OSError,)",
        "deliver.max_retries = 3",
        "deliver.apply_async((1,))",
        "deliver.apply_async((1,), retry=True)",
        "deliver.delay(1)",
        "from celery.schedules import crontab",
        "CELERY_BEAT_SCHEDULE = {}",
        "app.conf.beat_schedule = {}",
        "app.add_periodic_task(60, deliver.s(1))",
    ],
)
def test_each_way_to_do_so_is_found(source):
    assert time_in_celery(source)


@pytest.mark.parametrize(
    "source",
    [
        "deliver.apply_async((1,), retry=False)",
        "deliver.apply_async((ids,), producer=producer, retry=False)",
        "Delivery.objects.update(due_at=DbNow() + delay, retry_after=None)",
        "outcome = Outcome.RETRY",
    ],
)
def test_rows_and_plain_publishing_are_not(source):
    assert time_in_celery(source) == []
