"""Class lists: who keeps them, who stands on them."""

import pytest
from django.db import IntegrityError, transaction

from backend.common.models import LogEntry
from backend.students import groups, selectors
from backend.students.groups import GroupDetails
from backend.students.models import GroupMembership, StudentGroup
from tests.factories import CoordinatorFactory, StudentFactory
from tests.factories.refusals import refused
from tests.factories.rows import FINSPANG

pytestmark = pytest.mark.django_db


def details(**changes):
    return GroupDetails(
        **{"name": "8B", "school": "Nyhemsskolan", "municipality_code": FINSPANG, "school_year": 2026} | changes
    )


@pytest.fixture
def coordinator():
    return CoordinatorFactory()


def test_a_list_is_made_filled_and_shortened(coordinator):
    group = groups.create_group(actor=coordinator, details=details(name=" 8B "))
    first, second = StudentFactory(), StudentFactory()
    changed = groups.add_members(actor=coordinator, group_id=group.pk, student_ids=[first.pk, second.pk])
    assert (changed.added, changed.unchanged) == (2, 0)
    again = groups.add_members(actor=coordinator, group_id=group.pk, student_ids=[first.pk])
    assert (again.added, again.unchanged) == (0, 1)
    assert groups.remove_member(actor=coordinator, group_id=group.pk, student_id=first.pk).removed == 1
    assert groups.remove_member(actor=coordinator, group_id=group.pk, student_id=first.pk).removed == 0
    assert list(selectors.members_of(group)) == [second]
    assert LogEntry.objects.filter(subject_type="studentgroup").count() == 3


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " "}, "group.no_name"),
        ({"school": ""}, "group.no_school"),
        ({"name": "x" * 21}, "group.too_long"),
        ({"school_year": 26}, "group.bad_year"),
        ({"municipality_code": "9999"}, "municipality.unknown"),
        ({"municipality_code": "0180"}, "group.not_coordinator"),
    ],
)
def test_wrong_input_is_named(coordinator, changes, code):
    refused(code, groups.create_group, actor=coordinator, details=details(**changes))


def test_the_same_list_twice_is_refused_by_the_database(coordinator):
    group = groups.create_group(actor=coordinator, details=details())
    refused("group.twice", groups.create_group, actor=coordinator, details=details())
    assert groups.create_group(actor=coordinator, details=details(school_year=2027)).pk != group.pk
    student = StudentFactory()
    GroupMembership.objects.create(group=group, student=student)
    with pytest.raises(IntegrityError), transaction.atomic():
        GroupMembership.objects.create(group=group, student=student)


def test_nobody_is_added_when_one_of_them_is_not_ours(coordinator):
    group = groups.create_group(actor=coordinator, details=details())
    ours, theirs, hidden = (
        StudentFactory(),
        StudentFactory(municipality_id="0180"),
        StudentFactory(is_protected=True, alias="Student BBBB"),
    )
    for stranger in (theirs, hidden):
        refused(
            "student.unknown",
            groups.add_members,
            actor=coordinator,
            group_id=group.pk,
            student_ids=[ours.pk, stranger.pk],
        )
    assert not group.memberships.exists()


def test_another_municipality_does_not_know_of_the_list(coordinator):
    group = groups.create_group(actor=coordinator, details=details())
    stranger = CoordinatorFactory(municipality="0180")
    refused("group.unknown", groups.add_members, actor=stranger, group_id=group.pk, student_ids=[])
    refused("group.unknown", groups.remove_member, actor=stranger, group_id=group.pk, student_id=1)
    assert not selectors.list_groups(stranger).exists()


def test_a_protected_identity_is_not_counted_on_the_list(coordinator):
    group = groups.create_group(actor=coordinator, details=details())
    for student in (StudentFactory(), StudentFactory(is_protected=True, alias="Student BBBB")):
        GroupMembership.objects.create(group=group, student=student)
    assert selectors.list_groups(coordinator).get().size == 1
    assert selectors.members_of(group).count() == 1


def test_lists_take_one_query(coordinator, django_assert_num_queries):
    for number in range(5):
        group = groups.create_group(actor=coordinator, details=details(name=f"8{number}"))
        groups.add_members(actor=coordinator, group_id=group.pk, student_ids=[StudentFactory().pk])
    coordinator = type(coordinator).objects.get(pk=coordinator.pk)
    with django_assert_num_queries(2):  # the roles of the user, the lists
        assert len([(row.municipality.name, row.size) for row in selectors.list_groups(coordinator)]) == 5
    assert StudentGroup.objects.count() == 5
