"""A round that leaves students without a place can give them to a person: one task for each, until there is a place."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backend.notifications.models import Task
from backend.notifications.reminders import Matter, Owner, TaskLine, open_task, register, settle_all
from backend.placements.enums import PlacementState
from backend.placements.models import Placement
from backend.rounds.enums import ResultState, UnplacedPolicy
from backend.rounds.models import Result
from backend.students.protection import deciders_for

UNPLACED = "result.unplaced"
RELATED = ("participant__student__user", "participant__round")


def _waiting() -> "QuerySet[Result]":
    """Results without a place, of rounds that promised a person's help and stand published; not of those placed since."""
    placed = Placement.objects.filter(
        student=OuterRef("participant__student"),
        start__lte=OuterRef("participant__end"),
        end__gte=OuterRef("participant__start"),
        state__in=[PlacementState.UPCOMING, PlacementState.ONGOING],
    )
    return Result.objects.select_related(*RELATED).filter(
        ~Exists(placed),
        state=ResultState.UNPLACED,
        publication__undone_at=None,
        participant__round__unplaced_policy=UnplacedPolicy.PERSON,
    )


def open_tasks_of(*, round_id: int) -> int:
    """Puts every student the round left without a place on the desk of the student's municipality. Returns how many.

    No mail each: whoever published the round saw the number. A protected identity stands in no list, so that those with
    a grant are told.
    """
    return _put_on_desks(_waiting().filter(participant__round=round_id))


def _put_on_desks(results: "QuerySet[Result]") -> int:
    found = list(results.order_by("pk"))
    for result in found:
        owner = _owner(result)
        open_task(UNPLACED, result, owner, tells=owner.is_protected)
    return len(found)


def settle_tasks_of(*, round_id: int) -> None:
    """The publication was taken back: nobody is without a place by it."""
    results = Result.objects.filter(participant__round=round_id)
    settle_all("result", list(results.values_list("pk", flat=True)), UNPLACED)


def follow_student(*, student_id: int) -> None:
    """A placement of the student has begun to stand or come to nothing: the tasks say what is true now.

    What a person has closed stays closed.
    """
    mine = Result.objects.filter(participant__student=student_id, state=ResultState.UNPLACED)
    still = _waiting().filter(participant__student=student_id)
    settle_all("result", list(mine.exclude(pk__in=still.values("pk")).values_list("pk", flat=True)), UNPLACED)
    by_person = Task.objects.filter(matter=UNPLACED, subject_id=OuterRef("pk"), closed_by__isnull=False)
    _put_on_desks(still.filter(~Exists(by_person)))


def show_or_hide_tasks(*, student_id: int) -> None:
    """A task about a student stands in lists exactly as long as the identity is not protected."""
    for result in Result.objects.select_related("participant__student").filter(participant__student=student_id)[:1]:
        is_protected = result.participant.student.is_protected
        mine = Result.objects.filter(participant__student=student_id).values("pk")
        tasks = Task.objects.filter(subject_type="result", subject_id__in=mine)
        tasks.exclude(is_protected=is_protected).update(is_protected=is_protected)


def _owner(result: Result) -> Owner:
    student = result.participant.student
    code = student.municipality_id or result.participant.round.lead_id
    return Owner(code, deciders_for(student, code), student.is_protected)


def _lines(ids: Collection[int]) -> dict[int, TaskLine]:
    rows = Result.objects.select_related(*RELATED).in_bulk(ids)
    return {
        pk: TaskLine(
            title=_("%(name)s is without a place") % {"name": row.participant.student.display_name},
            text=_("“%(round)s” had no seat left. The student was promised that a coordinator helps.")
            % {"round": row.participant.round.name},
            link=f"/till/student/{row.participant.student_id}/",
        )
        for pk, row in rows.items()
    }


register(
    Matter(
        name=UNPLACED,
        kind="",
        title=gettext_lazy("Students a round left without a place"),
        load=lambda pk: Result.objects.select_related(*RELATED).filter(pk=pk).first(),
        is_open=lambda result: result.state == ResultState.UNPLACED,
        remind=lambda result: [],
        owner=_owner,
        lines=_lines,
    )
)
