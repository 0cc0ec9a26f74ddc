"""How long an application may lie, and who is reminded of it: the organisation's answer, the student's yes or no."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backend.accounts.models import User
from backend.applications.enums import ApplicationState, ReleaseReason
from backend.applications.models import Application
from backend.common import clock
from backend.common.models import DomainEvent
from backend.notifications.models import Task
from backend.notifications.reminders import Matter, Owner, TaskLine, open_task, plan, register, settle
from backend.organisations.selectors import list_member_users
from backend.placements.models import Match
from backend.students.models import Guardianship, Student
from backend.students.protection import deciders_for

RELATED = ("student__user", "period__offer__organisation", "period__offer__workplace")
UNANSWERED, HOLD_ENDING, LET_GO = "application.unanswered", "application.hold_ending", "application.seat_let_go"
LAST_CALL = timedelta(hours=24)
LAST_CALL_OF_HOLD = timedelta(hours=6)


def follow(event: DomainEvent, application: Application) -> None:
    """Starts and settles the timers of a transition, in its transaction."""
    if event.kind.startswith("application.change_"):
        return
    now = clock.now()
    if event.kind == "application.offer_undone":
        settle(application, HOLD_ENDING)
    if event.kind in {"application.submitted", "application.offer_undone"}:
        half = now + (application.answer_due_at - now) / 2
        # The third step is the escalation that already stands in `answer_due_at`, see services.escalate_silence.
        plan(UNANSWERED, application, first=half, second=max(half, application.answer_due_at - LAST_CALL))
        return
    settle(application, UNANSWERED)
    if event.kind == "application.offered":
        assert application.hold_expires_at is not None
        half = now + (application.hold_expires_at - now) / 2
        plan(HOLD_ENDING, application, first=half, second=max(half, application.hold_expires_at - LAST_CALL_OF_HOLD))
    else:
        settle(application, HOLD_ENDING)
    if event.kind == "application.lapsed" and application.release_reason == ReleaseReason.NOT_ANSWERED:
        open_task(LET_GO, application, _owner(application))


def show_or_hide_tasks(*, student_id: int) -> None:
    """Tasks about a student stand in lists exactly as long as the identity is not protected."""
    student = Student.objects.filter(pk=student_id).first()
    if student is None:
        return
    about: dict[str, QuerySet[Any]] = {
        "application": Application.objects.filter(student=student),
        "match": Match.objects.filter(student=student),
        "guardianship": Guardianship.objects.filter(student=student),
    }
    for subject_type, rows in about.items():
        tasks = Task.objects.filter(subject_type=subject_type, subject_id__in=rows.values("pk"))
        tasks.exclude(is_protected=student.is_protected).update(is_protected=student.is_protected)


def _load(pk: int) -> Application | None:
    return Application.objects.select_related(*RELATED).filter(pk=pk).first()


def _organisation(application: Application) -> list[User]:
    return list_member_users(application.period.offer.organisation_id)


def _owner(application: Application) -> Owner:
    code = application.student.municipality_id or application.period.offer.municipality_code
    return Owner(code, deciders_for(application.student, code), application.student.is_protected)


def _let_go_lines(ids: Collection[int]) -> dict[int, TaskLine]:
    rows = Application.objects.select_related(*RELATED).in_bulk(ids)
    return {
        pk: TaskLine(
            title=_("%(name)s did not answer an offered seat") % {"name": row.student.display_name},
            text=_("%(title)s at %(organisation)s. The seat has gone back.")
            % {"title": row.period.offer.title, "organisation": row.period.offer.organisation.name},
            link=f"/till/application/{pk}/",
        )
        for pk, row in rows.items()
    }


register(
    Matter(
        name=UNANSWERED,
        kind="application.answer_wanted",
        title=gettext_lazy("Applications without an answer"),
        load=_load,
        is_open=lambda application: application.state == ApplicationState.SUBMITTED,
        remind=_organisation,
    )
)
register(
    Matter(
        name=HOLD_ENDING,
        kind="application.seat_waits",
        title=gettext_lazy("Offered seats without an answer"),
        load=_load,
        is_open=lambda application: application.state == ApplicationState.OFFERED,
        remind=lambda application: [application.student.user],
    )
)
register(
    Matter(
        name=LET_GO,
        kind="",
        title=gettext_lazy("Offered seats that were let go"),
        load=_load,
        is_open=lambda application: True,
        remind=lambda application: [],
        owner=_owner,
        lines=_let_go_lines,
    )
)
