"""What someone leaves lying: at most two reminders a matter, then a task for a person.

The steps are rows, written in the transaction that opens the matter; a job sends those that are due. Whether the matter
is still open is asked again at that moment, and a matter that is done settles its steps itself.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backend.accounts.policies import acted_for
from backend.common import clock, events, transitions
from backend.common.errors import Conflict, NotFound
from backend.notifications.models import ReminderStep, Task
from backend.notifications.services import notify
from backend.notifications.timing_models import MOST_REMINDERS, StepState

if TYPE_CHECKING:
    from backend.accounts.models import User

PER_RUN = 500
TASK_STEP = MOST_REMINDERS + 1
TASK_KIND = "task.opened"


@dataclass(frozen=True)
class Owner:
    """Who takes a matter in hand: the coordinators of a municipality, or the network office where there is none.

    people: those who are told, already chosen with regard to a protected identity.
    """

    municipality_code: str | None
    people: "list[User]"
    is_protected: bool = False


@dataclass(frozen=True)
class TaskLine:
    """A task in words, in the language active when it is asked for. link: a path of this site, "" for none.

    call, phone, email: whom the text says to call, where that is known.
    """

    title: str
    text: str
    link: str = ""
    call: str = ""
    phone: str = ""
    email: str = ""
    is_closed: bool = False


@dataclass(frozen=True)
class Matter:
    """One thing that can be left lying.

    name: `<subject>.<what>`. kind: the notification that reminds of it.
    load(id): the subject, or None when it is gone. is_open(subject): whether somebody still has to act.
    remind(subject): who is reminded. owner(subject): who gets the task after two reminders; None = no task follows.
    lines(ids): the tasks in words, in a constant number of queries.
    """

    name: str
    kind: str
    title: "str | Promise"
    load: Callable[[int], Any]
    is_open: Callable[[Any], bool]
    remind: "Callable[[Any], list[User]]"
    owner: Callable[[Any], Owner] | None = None
    lines: Callable[[Collection[int]], dict[int, TaskLine]] = lambda ids: {}


_matters: dict[str, Matter] = {}


def register(matter: Matter) -> Matter:
    _matters[matter.name] = matter
    return matter


def matters() -> list[Matter]:
    return [_matters[name] for name in sorted(_matters)]


def plan(
    matter: str, subject: models.Model, *, first: datetime, second: datetime | None = None, task: datetime | None = None
) -> None:
    """Writes the steps of a matter in the caller's transaction. Steps that are there already stay as they are.

    Moments that have passed are left out, so that what is late from the start reminds of nothing.
    """
    moments = {1: first, 2: second, TASK_STEP: task}
    ReminderStep.objects.bulk_create(
        [
            ReminderStep(
                matter=matter,
                subject_type=subject._meta.model_name or "",
                subject_id=subject.pk,
                number=number,
                due_at=moment,
            )
            for number, moment in moments.items()
            if moment is not None and moment > clock.now()
        ],
        ignore_conflicts=True,
    )


def settle(subject: models.Model, *names: str) -> None:
    """The matters of a subject are done: what lies ahead is settled and an open task is closed. Call it with the change."""
    settle_all(subject._meta.model_name or "", [subject.pk], *names)


def settle_all(subject_type: str, ids: Collection[int], *names: str) -> None:
    """The same for many subjects at once."""
    mine = {"subject_type": subject_type, "subject_id__in": ids, "matter__in": names}
    now = clock.now()
    ReminderStep.objects.filter(**mine, state=StepState.WAITING).update(state=StepState.SETTLED, done_at=now)
    Task.objects.filter(**mine, closed_at__isnull=True).update(closed_at=now)


def send_due() -> int:
    """Takes the steps that are due: reminders, or a task. Returns how many steps were handled."""
    due = ReminderStep.objects.filter(state=StepState.WAITING, due_at__lte=clock.now())
    ids = list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:PER_RUN])
    return sum(take_step(step_id=pk) for pk in ids)


@transaction.atomic
def take_step(*, step_id: int) -> bool:
    """One step, once: whoever comes second finds it taken. False when there was nothing to do any more."""
    step = ReminderStep.objects.select_for_update(skip_locked=True).filter(pk=step_id, state=StepState.WAITING).first()
    if step is None:
        return False
    matter = _matters.get(step.matter)
    subject = matter.load(step.subject_id) if matter else None
    later = ReminderStep.objects.filter(
        matter=step.matter, subject_id=step.subject_id, number__gt=step.number, due_at__lte=clock.now()
    )
    # After a standstill only the last of several overdue steps is taken: nobody gets two reminders at once.
    if matter is None or subject is None or not matter.is_open(subject) or later.exists():
        _finish(step, StepState.SETTLED)
        return True
    if step.number == TASK_STEP:
        if matter.owner is not None:
            open_task(matter.name, subject, matter.owner(subject))
    else:
        event = events.record("reminder.due", subject, {"matter": matter.name, "number": step.number})
        notify(
            event=event,
            recipients=matter.remind(subject),
            kind=matter.kind,
            subject=subject,
            data={"number": step.number},
        )
    _finish(step, StepState.DONE)
    return True


def _finish(step: ReminderStep, state: StepState) -> None:
    ReminderStep.objects.filter(pk=step.pk).update(state=state, done_at=clock.now())


@transaction.atomic
def open_task(matter: str, subject: models.Model, owner: Owner, *, tells: bool = True) -> Task:
    """Puts a matter on somebody's desk and tells them. An open task about it stays the only one.

    tells: False for one of many that come at the same moment: they stand on the desk, one mail each would drown it.
    """
    task, is_new = Task.objects.get_or_create(
        matter=matter,
        subject_id=subject.pk,
        closed_at=None,
        defaults={
            "subject_type": subject._meta.model_name or "",
            "municipality_id": owner.municipality_code,
            "is_protected": owner.is_protected,
            "opened_at": clock.now(),
        },
    )
    if is_new:
        transitions.log("task.opened", task, actor=None, data={"matter": matter})
        if tells:
            notify(event=events.record("task.opened", task), recipients=owner.people, kind=TASK_KIND, subject=task)
    return task


def list_open_tasks(user: "User") -> "models.QuerySet[Task]":
    """The tasks of the municipalities the user coordinates, for the network office those nobody coordinates; oldest first."""
    return _tasks_of(user).filter(closed_at__isnull=True).order_by("opened_at", "pk")


def _tasks_of(user: "User") -> "models.QuerySet[Task]":
    """Also closed ones. Those about a protected identity stand in no list: whoever may know of it has been told."""
    return Task.objects.filter(acted_for(user, "municipality"), is_protected=False)


@transaction.atomic
def close_task(*, actor: "User", task_id: int, note: str = "") -> Task:
    """Somebody has taken the matter in hand; the note says how.

    Raises NotFound for a task that is not the actor's, Conflict when a colleague was faster.
    """
    known = _tasks_of(actor).select_for_update().filter(pk=task_id).first()
    if known is None:
        raise NotFound("task.unknown", _("There is no such task."))
    if known.closed_at is not None:
        raise Conflict("task.closed", _("A colleague has already taken care of this."))
    known.closed_at, known.closed_by, known.note = clock.now(), actor, note.strip()[:500]
    known.save(update_fields=["closed_at", "closed_by", "note"])
    transitions.log("task.closed", known, actor=actor, reason=known.note, data={"matter": known.matter})
    return known


def lines_of(tasks: list[Task]) -> dict[int, TaskLine]:
    """Task id -> its words. One group of queries a matter, however many tasks there are."""
    found: dict[int, TaskLine] = {}
    for name in {task.matter for task in tasks}:
        matter = _matters.get(name)
        mine = [task for task in tasks if task.matter == name]
        lines = matter.lines([task.subject_id for task in mine]) if matter else {}
        title = str(matter.title) if matter else name
        found |= {
            task.pk: replace(lines.get(task.subject_id, TaskLine(title, "")), is_closed=task.closed_at is not None)
            for task in mine
        }
    return found
