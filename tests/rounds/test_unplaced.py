"""Students a round left without a place, where a person was promised: one task each, until there is a place."""

from typing import Any

import pytest
from django.utils import translation

from backend.accounts.models import User
from backend.applications import services as applications
from backend.common.events import record
from backend.notifications.models import Notification, Task
from backend.notifications.reminders import close_task, lines_of, list_open_tasks
from backend.placements import services as placements
from backend.placements.models import Match
from backend.rounds import services, unplaced
from backend.rounds.enums import UnplacedPolicy
from backend.rounds.models import Participant
from backend.students.models import Student
from tests.factories import CoordinatorFactory, MembershipFactory, PeriodFactory
from tests.factories.work import handle_events
from tests.rounds.world import World

pytestmark = pytest.mark.django_db


def published(*, policy: str = UnplacedPolicy.PERSON, waiting: int = 2) -> World:
    """One seat, and more students than that."""
    world = World(1, unplaced_policy=policy).open()
    for _number in range(waiting + 1):
        world.student(0)
    world.close()
    world.publish()
    handle_events()
    return world


def open_tasks(user: Any) -> list[Task]:
    return list(list_open_tasks(user))


def student_of(task: Task) -> Student:
    return Participant.objects.select_related("student__user").get(results=task.subject_id).student


def place(student: Student, coordinator: User) -> Match:
    """A place found by an ordinary application, in the weeks of the round."""
    participant = student.rounds.get()
    period: Any = PeriodFactory(start=participant.start, end=participant.end)
    owner: Any = MembershipFactory(organisation=period.offer.organisation).user
    application = applications.submit_application(actor=student.user, period_id=period.pk)
    applications.offer_seat(actor=owner, application_id=application.pk)
    match = applications.accept_seat(actor=student.user, application_id=application.pk).match
    assert match is not None
    placements.approve_match(actor=coordinator, match_id=match.pk)
    handle_events()
    return match


def test_each_stands_on_the_desk_of_the_own_municipality_without_a_mail_each() -> None:
    world = published()
    tasks = open_tasks(world.coordinator)
    with translation.override("en"):
        titles = {line.title for line in lines_of(tasks).values()}
    assert titles == {f"{student_of(task).user.name} is without a place" for task in tasks}
    assert len(tasks) == 2
    assert open_tasks(CoordinatorFactory(municipality="2580")) == []
    assert not Notification.objects.filter(kind="task.opened").exists()
    unplaced.open_tasks_of(round_id=world.round.pk)
    assert len(open_tasks(world.coordinator)) == 2


@pytest.mark.parametrize("policy", [UnplacedPolicy.SECOND_ROUND, UnplacedPolicy.OPEN_MARKET])
def test_where_no_person_was_promised_there_is_no_task(policy: str) -> None:
    assert open_tasks(published(policy=policy, waiting=1).coordinator) == []


def test_taking_the_publication_back_closes_them() -> None:
    world = published(waiting=1)
    services.undo_publication(actor=world.coordinator, round_id=world.round.pk, reason="Fel körning.")
    handle_events()
    assert open_tasks(world.coordinator) == []


def test_a_protected_identity_stands_in_no_list() -> None:
    world = published(waiting=1)
    (task,) = open_tasks(world.coordinator)
    student = student_of(task)
    Student.objects.filter(pk=student.pk).update(is_protected=True, alias="Student KXBR")
    record("student.profile_saved", student)
    handle_events()
    assert open_tasks(world.coordinator) == []
    Student.objects.filter(pk=student.pk).update(is_protected=False, alias="")
    record("student.profile_saved", student)
    handle_events()
    assert open_tasks(world.coordinator) == [task]


def test_a_place_found_in_any_way_settles_it_and_its_end_opens_it_again() -> None:
    world = published(waiting=1)
    (task,) = open_tasks(world.coordinator)
    match = place(student_of(task), world.coordinator)
    assert open_tasks(world.coordinator) == []

    placements.undo_match_approval(actor=world.coordinator, match_id=match.pk)
    handle_events()
    (again,) = open_tasks(world.coordinator)
    placement = placements.approve_match(actor=world.coordinator, match_id=match.pk)
    handle_events()
    assert open_tasks(world.coordinator) == []
    placements.end_placement(actor=world.coordinator, placement_id=placement.pk, reason="Maskinen är trasig.")
    handle_events()
    (third,) = open_tasks(world.coordinator)
    assert {again.subject_id, third.subject_id} == {task.subject_id}


def test_what_a_person_has_closed_stays_closed() -> None:
    world = published(waiting=1)
    (task,) = open_tasks(world.coordinator)
    close_task(actor=world.coordinator, task_id=task.pk, note="Börjar på komvux.")
    match = place(student_of(task), world.coordinator)
    placements.undo_match_approval(actor=world.coordinator, match_id=match.pk)
    handle_events()
    assert open_tasks(world.coordinator) == []
