"""Domain events: how a command reaches the apps above its own without importing them.

`record` writes the event and one duty per subscriber in the caller's transaction. The dispatcher hands each duty to a
worker at least once; the worker runs the subscriber and marks the duty done in one transaction, so that an effect in the
database happens exactly once.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from django.db import models

from backend.common import clock
from backend.common.models import DomainEvent, EventHandling

Handler = Callable[[DomainEvent], None]

_handlers: dict[str, Handler] = {}
_subscribers: dict[str, list[str]] = defaultdict(list)


def subscribe(*kinds: str) -> Callable[[Handler], Handler]:
    """Registers a function `handler(event)` for the given kinds. Stands in an app's `subscriptions.py`.

    The handler runs inside a transaction in a Celery worker and must tolerate being asked twice.
    """

    def register(handler: Handler) -> Handler:
        name = f"{handler.__module__}.{handler.__name__}"
        _handlers[name] = handler
        for kind in kinds:
            if name not in _subscribers[kind]:
                _subscribers[kind].append(name)
        return handler

    return register


def handler_named(name: str) -> Handler:
    """The registered function. KeyError when a row names a subscriber that no longer exists."""
    return _handlers[name]


def subscribed_kinds() -> set[str]:
    return {kind for kind, names in _subscribers.items() if names}


def record(kind: str, subject: models.Model, data: dict[str, Any] | None = None) -> DomainEvent:
    """Writes that something happened to `subject`. Call it inside the transaction of the change.

    data: ids and plain values only; no personal data.
    """
    (event,) = record_each(kind, [subject], data)
    return event


def record_each(kind: str, subjects: Sequence[models.Model], data: dict[str, Any] | None = None) -> list[DomainEvent]:
    """The same of each subject, all of one model. Two queries."""
    now = clock.now()
    written = DomainEvent.objects.bulk_create(
        DomainEvent(
            kind=kind,
            subject_type=subject._meta.model_name or "",
            subject_id=subject.pk,
            data=data or {},
            at=now,
        )
        for subject in subjects
    )
    EventHandling.objects.bulk_create(
        EventHandling(event=event, subscriber=name) for event in written for name in _subscribers[kind]
    )
    return written
