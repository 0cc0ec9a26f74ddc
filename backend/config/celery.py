"""The Celery application. Workers get ids; what is due, and when, stands in PostgreSQL."""

import os
from logging.config import dictConfig
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings.dev")

app = Celery("praktiknavet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = None
# A file of ten thousand rows takes a worker for itself: it must not stand in front of a login code.
app.conf.task_routes = {"exchange.run_import": {"queue": "imports"}}
app.autodiscover_tasks()


@setup_logging.connect
def log_as_everywhere(**_: Any) -> None:
    """Celery would set up its own handlers, whose lines quote what an exception says."""
    from django.conf import settings

    dictConfig(settings.LOGGING)
