"""What came of telling: read, and acted upon, within two days. Nothing is recorded for it: the rows that are there anyway
(when it was opened, and the log of what people did) are counted."""

from collections.abc import Callable
from datetime import timedelta

from django.db.models import Case, DateTimeField, OuterRef, Subquery, Value, When

from backend.common.models import LogEntry
from backend.notifications import registry

WITHIN = timedelta(hours=48)


def own_step(*actions: str) -> Callable[[], Subquery]:
    """For Kind.acted: the first of these log rows that the reader wrote about the same subject after being told."""

    def acted() -> Subquery:
        rows = LogEntry.objects.filter(
            subject_type=OuterRef("subject_type"),
            subject_id=OuterRef("subject_id"),
            actor=OuterRef("recipient"),
            action__in=actions,
            at__gte=OuterRef("created_at"),
        )
        return Subquery(rows.order_by("at").values("at")[:1])

    return acted


def acted_at() -> Case:
    """For notifications: when the reader did what the kind asks for. Empty when nothing has happened or nothing is asked."""
    return Case(
        *(When(kind=kind.name, then=kind.acted()) for kind in registry.kinds() if kind.acted),
        default=Value(None),
        output_field=DateTimeField(),
    )
