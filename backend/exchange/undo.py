"""Taking back what an import made, as long as nobody has used it: that which somebody has used stays."""

from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.applications.models import Application
from backend.common.errors import Conflict
from backend.common.models import LogEntry
from backend.exchange.models import ImportJob, ImportRow
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.students.groups import add_members
from backend.students.models import GroupMembership, Guardianship, Student, StudentGroup
from backend.students.policies import may_list

TAKEN_BACK = (OfferState.DRAFT, OfferState.SUBMITTED)
# Computed by the service itself, for everybody.
COMPUTED = frozenset({"suggestions", "suggestion_run"})
# What an import itself writes about a student.
OF_THE_IMPORT = ("student.enrolled", "guardian.added")
MOST_NAMED = 10


def rows_made(job: ImportJob) -> "QuerySet[ImportRow]":
    return ImportRow.objects.filter(job=job).exclude(made={}).order_by("line")


def depends(lines: list[int]) -> Conflict:
    """lines: of the file; empty = not known which."""
    if not lines:
        return Conflict(
            "import.undo_depends",
            _("Somebody has already done something with what was imported, so it cannot be undone."),
        )
    named = ", ".join(map(str, lines[:MOST_NAMED])) + (" …" if len(lines) > MOST_NAMED else "")
    return Conflict(
        "import.undo_depends",
        _(
            "Somebody has already done something with what was imported on these lines, so they cannot be undone: %(lines)s."
        )
        % {"lines": named},
        data={"lines": lines[:MOST_NAMED]},
    )


def take_back_offers(job: ImportJob) -> None:
    ids = {row.made["offer"] for row in rows_made(job) if "offer" in row.made}
    offers = list(Offer.objects.select_for_update(of=("self",)).filter(pk__in=ids))
    used = Application.objects.filter(period__offer__in=ids).exists()
    if used or len(offers) < len(ids) or any(offer.state not in TAKEN_BACK for offer in offers):
        raise depends([])
    Offer.objects.filter(pk__in=ids).delete()


def used_students(rows: "list[ImportRow]") -> set[int]:
    """Ids of the students that the rows made and somebody has used since, or may have: whatever points at one counts.

    That is a login, an application, a round, a placement, an alert, an edit, a list somebody else put them on, and what
    later versions add. The number of queries does not depend on the number of rows.
    """
    ids = {row.made["student"] for row in rows if "student" in row.made}
    own: dict[type[Model], set[int]] = {
        GroupMembership: {row.made["membership"] for row in rows if "membership" in row.made},
        Guardianship: {
            row.made[name] for row in rows for name in ("guardianship1", "guardianship2") if name in row.made
        },
    }
    found = Student.objects.filter(pk__in=ids)
    used = set(found.filter(user__last_login__isnull=False).values_list("pk", flat=True))
    used |= set(found.filter(is_protected=True).values_list("pk", flat=True))
    for relation in Student._meta.related_objects:
        if relation.many_to_many or relation.get_accessor_name() in COMPUTED:
            continue
        model, name = relation.related_model, relation.field.name
        assert isinstance(model, type)
        there = model._default_manager.filter(**{f"{name}__in": ids}).exclude(pk__in=own.get(model, set()))
        used |= set(there.values_list(f"{name}_id", flat=True))
    used |= set(found.filter(guardianships__consents__isnull=False).values_list("pk", flat=True))
    for accessor in ("roles", "memberships", "guardianships", "imports"):
        used |= set(found.filter(**{f"user__{accessor}__isnull": False}).values_list("pk", flat=True))
    edits = LogEntry.objects.filter(subject_type="student", subject_id__in=ids).exclude(action__in=OF_THE_IMPORT)
    return used | set(edits.values_list("subject_id", flat=True))


def used_rows(job: ImportJob) -> list[ImportRow]:
    """The rows of a class list that an undo leaves as they are."""
    rows = list(rows_made(job))
    used = used_students(rows)
    return [row for row in rows if row.made.get("student") in used]


def take_back_students(job: ImportJob, actor: User, *, only_unused: bool) -> list[int]:
    """Returns the lines that stay because somebody has used what they made. Raises Conflict when all of them do, or some
    and not `only_unused`.
    """
    rows = list(rows_made(job))
    students = {row.made["student"] for row in rows if "student" in row.made}
    # Locked first: nobody may begin to use one between the look and the deletion.
    found = list(Student.objects.select_for_update(of=("self",)).filter(pk__in=students).order_by("pk"))
    used = used_students(rows)
    stay = [row.line for row in rows if row.made.get("student") in used]
    if stay and (not only_unused or used >= students):
        raise depends(stay)
    going = [row for row in rows if row.made.get("student") not in used]
    _restore_lists(job, actor, going)
    GroupMembership.objects.filter(pk__in=_made(going, "membership")).delete()
    kept = [student for student in found if student.pk not in used]
    guardians = _made(going, "guardian1") | _made(going, "guardian2")
    Guardianship.objects.filter(pk__in=_made(going, "guardianship1") | _made(going, "guardianship2")).delete()
    users = {student.user_id for student in kept}
    Student.objects.filter(pk__in=[student.pk for student in kept]).delete()
    # An account that was there before the import is not its to delete.
    User.objects.filter(pk__in=users, created_at__gte=job.created_at).delete()
    User.objects.filter(
        pk__in=guardians, last_login__isnull=True, guardianships__isnull=True, student__isnull=True, roles__isnull=True
    ).filter(memberships__isnull=True).delete()
    StudentGroup.objects.filter(pk__in=_made(rows, "group"), memberships__isnull=True).delete()
    return stay


def _made(rows: list[ImportRow], name: str) -> set[int]:
    return {row.made[name] for row in rows if name in row.made}


def _restore_lists(job: ImportJob, actor: User, rows: list[ImportRow]) -> None:
    """Those who changed class, or were taken off as having left, stand on their former list again."""
    for row in rows:
        if "left_group" in row.made and "moved" in row.made:
            _put_back(actor, row.made["left_group"], row.made["moved"])
    for group_id, student_id in job.options.get("taken_off", []):
        _put_back(actor, group_id, student_id)


def _put_back(actor: User, group_id: int, student_id: int) -> None:
    if StudentGroup.objects.filter(pk=group_id).exists() and may_list(actor).filter(pk=student_id).exists():
        add_members(actor=actor, group_id=group_id, student_ids=[student_id])


def names_of(rows: list[ImportRow], mapping: dict[str, Any]) -> list[str]:
    """What the file calls them, for the page of the person who imported it."""
    columns = [mapping[name] for name in ("name", "first_name", "last_name") if name in mapping]
    return [" ".join(filter(None, (row.cells[n] for n in columns if n < len(row.cells)))) for row in rows]
