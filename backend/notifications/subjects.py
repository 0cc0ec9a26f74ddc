"""The row a notification speaks of: read alone when a mail is made, together for a list of many."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models import F

if TYPE_CHECKING:
    from backend.notifications.models import Notification

M = TypeVar("M")


class Subject(Generic[M]):
    """Called with a notification it gives the subject, or raises ObjectDoesNotExist when that is gone.

    many(subject type, ids): the subjects by the id the notification holds, in a constant number of queries.
    """

    def __init__(self, many: Callable[[str, Collection[int]], dict[int, M]]) -> None:
        self.many = many

    def __call__(self, notification: "Notification") -> M:
        if not hasattr(notification, "found_subject"):
            # Never kept: whether a message still holds is asked of the row as it is now.
            found = self.many(notification.subject_type, [notification.subject_id]).get(notification.subject_id)
        else:
            found = notification.found_subject
        if found is None:
            raise ObjectDoesNotExist(f"{notification.subject_type} {notification.subject_id} is gone")
        return found


def while_there(check: "Callable[[Notification], str]", gone: str) -> "Callable[[Notification], str]":
    """A check of whether a message still holds that answers `gone` where the subject is gone."""

    def still_relevant(notification: "Notification") -> str:
        try:
            return check(notification)
        except ObjectDoesNotExist:
            return gone

    return still_relevant


def from_rows(rows: "Callable[[], models.QuerySet[Any]]", **lookups: str) -> Subject[Any]:
    """The subject is a row of the queryset. lookups: subject type -> where its id stands, when that is not the row itself."""

    def many(subject_type: str, ids: Collection[int]) -> dict[int, Any]:
        found = rows().annotate(told_of=F(lookups.get(subject_type, "pk"))).filter(told_of__in=set(ids))
        return {row.told_of: row for row in found}

    return Subject(many)


def preload(notifications: "Iterable[tuple[Notification, Subject[Any] | None]]") -> None:
    """Reads the subjects of many notifications: as many queries as there are ways to read them."""
    groups: dict[tuple[Subject[Any], str], list[Notification]] = defaultdict(list)
    for notification, subject in notifications:
        if subject is not None:
            groups[subject, notification.subject_type].append(notification)
    for (subject, subject_type), rows in groups.items():
        found = subject.many(subject_type, {row.subject_id for row in rows})
        for row in rows:
            row.found_subject = found.get(row.subject_id)  # type: ignore[attr-defined]
