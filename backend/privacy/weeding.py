"""Which documents of each kind a rule speaks of, and how they are deleted with what belongs to them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet

from backend.applications.enums import LIVE_STATES
from backend.applications.models import Application
from backend.common import clock
from backend.common.models import LogEntry
from backend.notifications.models import Notification
from backend.placements.enums import STANDING_STATES
from backend.placements.models import Match, Placement
from backend.privacy.enums import DocumentKind, RetentionCondition, RetentionEvent
from backend.rounds.models import Participant, Run


@dataclass(frozen=True)
class Weeder:
    """How one kind of document goes.

    rows(): those that could go at all: nothing that is under way. municipality: path to the code of whose they are.
    events: from when years may be counted -> path to the time or day. conditions: beside ALWAYS, which of them.
    delete(ids): with what belongs to them. takes: other kinds of documents that go with them.
    """

    rows: Callable[[], "QuerySet[Any]"]
    municipality: str
    events: Mapping[str, str]
    delete: Callable[[list[int]], None]
    conditions: Mapping[str, Q]
    takes: tuple[DocumentKind, ...] = ()


def _forget(model: type[models.Model], ids: list[int]) -> None:
    """What is told about the rows elsewhere: notifications, and the free text of the log. That something was decided stays."""
    name = model._meta.model_name or ""
    Notification.objects.filter(subject_type=name, subject_id__in=ids).delete()
    LogEntry.objects.filter(subject_type=name, subject_id__in=ids, redacted_at__isnull=True).exclude(reason="").update(
        reason="", redacted_at=clock.now()
    )


def _ended_applications() -> "QuerySet[Application]":
    return Application.objects.filter(match__isnull=True).exclude(state__in=sorted(LIVE_STATES))


def _delete_applications(ids: list[int]) -> None:
    _forget(Application, ids)
    Application.objects.filter(pk__in=ids).delete()


def _ended_matches() -> "QuerySet[Match]":
    """Over, with no placement that stands; one that a round told of goes after its round."""
    return (
        Match.objects.filter(result__isnull=True, end__lt=clock.today())
        .exclude(state="proposed")
        .exclude(placement__state__in=sorted(STANDING_STATES))
    )


def _delete_matches(ids: list[int]) -> None:
    applications = list(Application.objects.filter(match__in=ids).values_list("pk", flat=True))
    placements = list(Placement.objects.filter(match__in=ids).values_list("pk", flat=True))
    _delete_applications(applications)
    _forget(Placement, placements)
    Placement.objects.filter(pk__in=placements).delete()
    _forget(Match, ids)
    Match.objects.filter(pk__in=ids).delete()


def _finished_participations() -> "QuerySet[Participant]":
    return Participant.objects.filter(round__state__in=["finished", "cancelled"])


def _delete_participations(ids: list[int]) -> None:
    _forget(Participant, ids)
    Participant.objects.filter(pk__in=ids).delete()
    Run.objects.filter(round__participants__isnull=True, round__state__in=["finished", "cancelled"]).exclude(
        snapshot=b""
    ).update(snapshot=b"")


def _messages() -> "QuerySet[Notification]":
    return Notification.objects.all()


def _delete_messages(ids: list[int]) -> None:
    Notification.objects.filter(pk__in=ids).delete()


WEEDERS: dict[DocumentKind, Weeder] = {
    DocumentKind.APPLICATION: Weeder(
        _ended_applications,
        "student__municipality",
        {RetentionEvent.LAST_CHANGE: "updated_at"},
        _delete_applications,
        {},
    ),
    DocumentKind.PLACEMENT: Weeder(
        _ended_matches,
        "student__municipality",
        {RetentionEvent.LAST_DAY: "end"},
        _delete_matches,
        {
            RetentionCondition.CARRIED_OUT: Q(placement__state="completed"),
            RetentionCondition.NOT_CARRIED_OUT: ~Q(placement__state="completed"),
        },
        takes=(DocumentKind.APPLICATION,),
    ),
    DocumentKind.ROUND: Weeder(
        _finished_participations,
        "student__municipality",
        {RetentionEvent.ROUND_END: "round__finished_at"},
        _delete_participations,
        {},
    ),
    DocumentKind.MESSAGE: Weeder(
        _messages,
        "recipient__student__municipality",
        {RetentionEvent.SENT: "created_at"},
        _delete_messages,
        {},
    ),
}


# How long the other kinds are kept, where no municipality decides: by the service itself.
FIXED: dict[DocumentKind, str] = {
    DocumentKind.ACCOUNT: "while the person has an account; logins go when they end",
    DocumentKind.ROLE: "while the person has the role; who had it stays in the log",
    DocumentKind.PROFILE: "while the person has an account",
    DocumentKind.GUARDIAN: "while the student is in the service, or until the guardian is removed",
    DocumentKind.FILE: "files for a day to a week, reports of other systems for 30 days",
    DocumentKind.ORGANISATION: "while the organisation takes part",
    DocumentKind.LOG: "preserved: the log is append-only; free text is taken out when what it is about goes",
}
