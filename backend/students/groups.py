"""Commands about class lists: a group, and who is in it. Coordinators of its municipality keep them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.policies import is_coordinator_of
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.text import clean_line
from backend.common.transitions import log, log_each
from backend.reference.models import Municipality
from backend.reference.models.mixins import fold
from backend.students.models import GroupMembership, Student, StudentGroup
from backend.students.policies import groups_visible_to, may_list

FIRST_YEAR, LAST_YEAR = 2000, 2100
LONGEST = {"name": 20, "school": 120}


@dataclass(frozen=True)
class GroupDetails:
    """name: as the school says, "8B". school_year: the year it starts in, 2026 = 2026/27."""

    name: str
    school: str
    municipality_code: str
    school_year: int


@dataclass(frozen=True)
class MembersChanged:
    """added, removed, unchanged: numbers of students."""

    added: int = 0
    removed: int = 0
    unchanged: int = 0


@transaction.atomic
def create_group(*, actor: User, details: GroupDetails) -> StudentGroup:
    """A new class list. Raises Invalid with the field that is wrong, Conflict `group.twice` when it exists."""
    if not Municipality.objects.filter(pk=details.municipality_code).exists():
        raise Invalid("municipality.unknown", _("There is no municipality with this code."), field="municipality")
    if not is_coordinator_of(actor, details.municipality_code):
        raise NotAllowed("group.not_coordinator", _("You are not a coordinator of this municipality."))
    name, school = clean_line(details.name), clean_line(details.school)
    for field, value in (("name", name), ("school", school)):
        if not value:
            raise Invalid(f"group.no_{field}", _("Fill in this field."), field=field)
        if len(value) > LONGEST[field]:
            raise Invalid("group.too_long", _("The text is too long."), field=field, data={"longest": LONGEST[field]})
    if not FIRST_YEAR <= details.school_year <= LAST_YEAR:
        raise Invalid("group.bad_year", _("Check the school year."), field="school_year")
    try:
        with transaction.atomic():
            group = StudentGroup.objects.create(
                name=name,
                school=school,
                municipality_id=details.municipality_code,
                school_year=details.school_year,
            )
    except IntegrityError as error:
        raise Conflict("group.twice", _("There is already a class list with this name."), field="name") from error
    log("group.created", group, actor=actor)
    return group


@transaction.atomic
def add_members(*, actor: User, group_id: int, student_ids: Sequence[int]) -> MembersChanged:
    """Adds students of the group's municipality. Those who are in it already stay; repeating changes nothing.

    Raises NotFound when the actor may not know of one of the students: then nobody is added.
    """
    group = _locked(actor, group_id)
    wanted = set(student_ids)
    known = set(may_list(actor).filter(pk__in=wanted, municipality=group.municipality_id).values_list("pk", flat=True))
    if unknown := wanted - known:
        raise NotFound("student.unknown", _("There is no such student."), data={"students": sorted(unknown)[:5]})
    present = set(group.memberships.filter(student__in=known).values_list("student", flat=True))
    added = sorted(known - present)
    GroupMembership.objects.bulk_create(GroupMembership(group=group, student_id=pk) for pk in added)
    if added:
        Student.objects.filter(pk__in=added).update(left_lists_on=None)
        log("group.members_added", group, actor=actor, data={"students": len(added)})
    return MembersChanged(added=len(added), unchanged=len(present))


@transaction.atomic
def move_to_group(*, actor: User, group_id: int, student_ids: Sequence[int]) -> dict[int, int]:
    """Puts students on the list and takes them off the school's other lists of the year: a class is changed, not added.

    Returns which list a student was taken off, where there was one. The number of queries does not depend on the number
    of students. Raises NotFound for a list or a student the actor may not know of.
    """
    group = _locked(actor, group_id)
    add_members(actor=actor, group_id=group.pk, student_ids=student_ids)
    others = (
        GroupMembership.objects.filter(
            student__in=student_ids,
            group__municipality=group.municipality_id,
            group__school_year=group.school_year,
        )
        .exclude(group=group)
        .select_related("group")
    )
    left = [each for each in others if fold(each.group.school) == fold(group.school)]
    GroupMembership.objects.filter(pk__in=[each.pk for each in left]).delete()
    log_each("group.member_removed", [(each.group, {"student": each.student_id}) for each in left], actor=actor)
    return {each.student_id: each.group_id for each in left}


@transaction.atomic
def leave_school_list(*, actor: User, group_id: int, student_id: int) -> None:
    """Takes a student who has left off the list; the profile names the class no longer. Nothing else is changed."""
    removed = remove_member(actor=actor, group_id=group_id, student_id=student_id).removed
    group = StudentGroup.objects.get(pk=group_id)
    student = Student.objects.select_for_update(of=("self",)).get(pk=student_id)
    if removed and fold(student.class_name) == fold(group.name) and fold(student.school) == fold(group.school):
        student.class_name = ""
        student.save(update_fields=["class_name", "updated_at"])
        log("student.left_class", student, actor=actor)
        events.record("student.profile_saved", student)
        outbox.wake()


@transaction.atomic
def remove_member(*, actor: User, group_id: int, student_id: int) -> MembersChanged:
    """Takes one student off the list. Nothing happens when the student is not on it."""
    group = _locked(actor, group_id)
    if not may_list(actor).filter(pk=student_id).exists():
        raise NotFound("student.unknown", _("There is no such student."))
    removed, _rows = group.memberships.filter(student=student_id).delete()
    if removed:
        if not GroupMembership.objects.filter(student=student_id).exists():
            Student.objects.filter(pk=student_id).update(left_lists_on=clock.today())
        log("group.member_removed", group, actor=actor, data={"student": student_id})
    return MembersChanged(removed=removed)


def _locked(actor: User, group_id: int) -> StudentGroup:
    group = groups_visible_to(actor).select_for_update(of=("self",)).filter(pk=group_id).first()
    if group is None:
        raise NotFound("group.unknown", _("There is no such class list."))
    return group
