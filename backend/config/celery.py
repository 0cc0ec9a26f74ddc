"""The Celery application. Workers get ids; what is due, and when, stands in PostgreSQL."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings.dev")

app = Celery("praktiknavet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = None
app.autodiscover_tasks()
