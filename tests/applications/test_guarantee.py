"""The guarantee board counts what the form requires in the school year: a part is a part, and last year's is over."""

from datetime import date
from typing import Any

import pytest
from django.utils import translation

from backend.applications.board import Standing, classes_of, counted_students_of, students_of, with_story
from backend.applications.board_story import story_of
from backend.common import clock
from backend.placements.models import Match, Placement
from backend.reference.models import PlacementFormVersion
from backend.students.groups import GroupDetails, add_members, create_group, remove_member
from backend.students.models import Student
from tests.factories import CoordinatorFactory, OfferFactory, StudentFactory
from tests.web.desk import only_period

pytestmark = pytest.mark.django_db
# The frozen Monday is 23 November 2026: the school year 2026/27.


@pytest.fixture
def karin() -> Any:
    return CoordinatorFactory()


def pupil(form: str = "prao", **facts: Any) -> Any:
    return StudentFactory(forms=[form], birth_date=date(2012, 5, 1), programme_id=None, class_name="8B", **facts)


def placed(student: Student, first: date, last: date, *, form: str = "prao", state: str = "upcoming") -> None:
    period = only_period(OfferFactory(form_id=form, period__start=first, period__end=last))
    match = Match.objects.create(
        student=student, period=period, state="approved", start=first, end=last, proposed_at=clock.now()
    )
    Placement.objects.create(match=match, student=student, period=period, start=first, end=last, state=state)


def stands(karin: Any, student: Student) -> tuple[str, str]:
    row = with_story(students_of(karin)).get(pk=student.pk)
    with translation.override("sv"):
        return row.standing, story_of(row)[1]


MONDAY, FRIDAY = date(2027, 1, 11), date(2027, 1, 15)


class TestWhatTheFormRequires:
    def test_ten_days_of_prao(self, karin):
        student = pupil()
        placed(student, MONDAY, FRIDAY)
        assert stands(karin, student) == (Standing.PARTLY, "5 av 10 dagar")
        placed(student, date(2027, 1, 18), date(2027, 1, 18))
        assert stands(karin, student) == (Standing.PARTLY, "6 av 10 dagar")
        placed(student, date(2027, 3, 8), date(2027, 3, 11))
        assert stands(karin, student)[0] == Standing.PLACED

    def test_fifteen_weeks_of_apl(self, karin):
        student = pupil("apl")
        placed(student, date(2027, 1, 11), date(2027, 2, 5), form="apl")
        assert stands(karin, student) == (Standing.PARTLY, "4 av 15 veckor")
        placed(student, date(2027, 2, 8), date(2027, 4, 23), form="apl")
        assert stands(karin, student)[0] == Standing.PLACED

    def test_weekends_are_no_days(self, karin):
        student = pupil()
        placed(student, MONDAY, date(2027, 1, 24))
        assert stands(karin, student)[0] == Standing.PLACED
        other = pupil()
        placed(other, date(2027, 1, 16), date(2027, 1, 24))
        assert stands(karin, other) == (Standing.PARTLY, "5 av 10 dagar")

    def test_the_number_is_a_parameter_of_the_form(self, karin):
        student = pupil()
        placed(student, MONDAY, FRIDAY)
        PlacementFormVersion.objects.filter(form="prao").update(min_days=5)
        assert stands(karin, student)[0] == Standing.PLACED

    def test_a_form_without_a_number_asks_for_any_place(self, karin):
        student = pupil("feriejobb")
        assert stands(karin, student)[0] == Standing.UNPLACED
        placed(student, date(2027, 6, 21), date(2027, 7, 9), form="feriejobb")
        assert stands(karin, student)[0] == Standing.PLACED

    def test_a_holiday_job_is_no_prao(self, karin):
        student = pupil()
        placed(student, date(2027, 6, 21), date(2027, 7, 9), form="feriejobb")
        assert stands(karin, student)[0] == Standing.UNPLACED

    def test_what_was_called_off_does_not_count(self, karin):
        student = pupil()
        placed(student, MONDAY, date(2027, 1, 22), state="cancelled")
        assert stands(karin, student)[0] == Standing.UNPLACED


class TestTheSchoolYear:
    def test_begins_anew_on_the_first_of_august(self, karin, frozen_clock):
        student = pupil()
        placed(student, MONDAY, date(2027, 1, 22), state="completed")
        frozen_clock.move_to("2027-07-31T10:00:00+02:00")
        assert stands(karin, student)[0] == Standing.PLACED
        frozen_clock.move_to("2027-08-01T10:00:00+02:00")
        assert stands(karin, student)[0] == Standing.UNPLACED
        waiting_since = with_story(students_of(karin)).get(pk=student.pk).since
        assert waiting_since.astimezone().date() >= date(2027, 7, 31)

    def test_a_placement_across_the_turn_counts_on_each_side_with_its_days(self, karin, frozen_clock):
        student = pupil()
        placed(student, date(2027, 7, 26), date(2027, 8, 6), state="completed")
        frozen_clock.move_to("2027-07-30T10:00:00+02:00")
        assert stands(karin, student) == (Standing.PARTLY, "5 av 10 dagar")
        frozen_clock.move_to("2027-08-09T10:00:00+02:00")
        assert stands(karin, student) == (Standing.PARTLY, "5 av 10 dagar")


class TestWhoIsCounted:
    def group(self, karin: Any, name: str = "8B", year: int = 2026) -> Any:
        return create_group(actor=karin, details=GroupDetails(name, "Bergska", "0562", year))

    def counted(self, karin: Any) -> set[int]:
        return set(counted_students_of(karin).values_list("pk", flat=True))

    def test_who_signed_up_alone_is(self, karin):
        student = pupil()
        assert self.counted(karin) == {student.pk}

    def test_who_was_taken_off_the_list_is_not(self, karin):
        stays, leaves = pupil(), pupil()
        group = self.group(karin)
        add_members(actor=karin, group_id=group.pk, student_ids=[stays.pk, leaves.pk])
        remove_member(actor=karin, group_id=group.pk, student_id=leaves.pk)
        assert self.counted(karin) == {stays.pk}
        assert [row.total for row in classes_of(karin)] == [1]
        # The coordinator still reaches the student's page, and a list takes them back.
        assert students_of(karin).filter(pk=leaves.pk).exists()
        add_members(actor=karin, group_id=group.pk, student_ids=[leaves.pk])
        assert self.counted(karin) == {stays.pk, leaves.pk}

    def test_who_moved_to_another_class_is(self, karin):
        student = pupil()
        old, new = self.group(karin), self.group(karin, "8A")
        add_members(actor=karin, group_id=old.pk, student_ids=[student.pk])
        add_members(actor=karin, group_id=new.pk, student_ids=[student.pk])
        remove_member(actor=karin, group_id=old.pk, student_id=student.pk)
        assert self.counted(karin) == {student.pk}

    def test_who_stands_only_on_last_years_list_is_not(self, karin):
        gone, here = pupil(), pupil()
        add_members(actor=karin, group_id=self.group(karin, "9A", 2025).pk, student_ids=[gone.pk, here.pk])
        add_members(actor=karin, group_id=self.group(karin, "9A", 2026).pk, student_ids=[here.pk])
        assert self.counted(karin) == {here.pk}
