"""The one place that asks what time it is, so that a test can hold the clock."""

from datetime import date, datetime

from django.utils import timezone


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return timezone.now()


def today() -> date:
    """The current date in Sweden."""
    return timezone.localdate()
