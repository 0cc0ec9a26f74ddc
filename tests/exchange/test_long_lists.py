"""A long class list is looked up and written in batches: what it costs grows with the batches, not with each row."""

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from backend.common.models import DomainEvent, LogEntry
from backend.exchange import class_import, services
from backend.exchange.enums import ImportState
from backend.students.models import Student, StudentGroup
from tests.exchange.files import CLASS_HEADINGS, CLASS_ROW, csv_file, work
from tests.factories import CoordinatorFactory, StudentFactory

pytestmark = pytest.mark.django_db
PUPILS, CLASS_SIZE = 200, 25


@pytest.fixture
def coordinator():
    return CoordinatorFactory(language="en")


def pupils(class_prefix: str = "7", number: int = PUPILS) -> list[list[str]]:
    return [
        [f"elev{n}@skola.example", f"Elev {n} Ek", f"{class_prefix}{chr(65 + n // CLASS_SIZE)}", *CLASS_ROW[3:]]
        for n in range(number)
    ]


def wanted(coordinator, rows):
    job = services.upload_import(
        actor=coordinator,
        kind="class_list",
        content=csv_file([CLASS_HEADINGS, *rows]),
        file_name="alla.csv",
        municipality_code="0562",
        options={},
    )
    return services.import_at_once(actor=coordinator, job_id=job.pk, mapping=job.mapping, skip_faulty=True)


def queries_of(job) -> float:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        work(job)
    return len(captured) / PUPILS


def test_new_known_and_moved_students_cost_few_queries_each(coordinator):
    assert queries_of(wanted(coordinator, pupils())) <= 4
    assert Student.objects.count() == PUPILS
    assert queries_of(wanted(coordinator, pupils())) <= 1
    assert queries_of(wanted(coordinator, pupils("8"))) <= 4
    assert set(Student.objects.values_list("class_name", flat=True)) == {group for _, _, group, *_ in pupils("8")}
    assert StudentGroup.objects.filter(name__startswith="7", memberships__isnull=False).count() == 0


def test_each_student_of_a_batch_has_what_a_single_one_has(coordinator):
    work(wanted(coordinator, pupils(number=3)))
    for student in Student.objects.all():
        assert student.forms.get().pk == "prao"
        assert student.groups.get().name == "7A"
        assert student.user.emailaddress_set.get().verified
        assert not student.user.has_usable_password()
        assert LogEntry.objects.filter(action="student.enrolled", subject_id=student.pk, actor=coordinator).count() == 1
        events = DomainEvent.objects.filter(subject_type="student", subject_id=student.pk)
        assert sorted(events.values_list("kind", flat=True)) == ["student.enrolled", "student.profile_saved"]


def test_a_refused_row_in_a_batch_refuses_itself_alone(coordinator):
    StudentFactory(user__email="elev2@skola.example", municipality_id="2081")
    CoordinatorFactory(email="elev3@skola.example")
    job = work(wanted(coordinator, pupils(number=6)))
    assert (job.state, job.created_count, job.faulty_count) == (ImportState.DONE, 4, 2)
    rows = job.rows.filter(outcome="faulty")
    assert [row.line for row in rows] == [4, 5]
    assert len({str(row.problems) for row in rows}) == 1


def test_two_of_one_name_in_a_batch_are_asked_about(coordinator):
    rows = pupils(number=4)
    rows[3][1] = rows[2][1]
    job = work(wanted(coordinator, rows))
    (row,) = job.rows.filter(outcome="faulty")
    assert (row.line, row.question["kind"]) == (5, "same_student")


def test_what_nobody_thought_of_in_a_batch_makes_one_row_faulty(coordinator, monkeypatch):
    enrol = class_import.enrol_students

    def broken(**arguments):
        if any(details.email == "elev2@skola.example" for details in arguments["rows"]):
            raise IntegrityError
        return enrol(**arguments)

    def broken_alone(**arguments):
        if arguments["details"].email == "elev2@skola.example":
            raise IntegrityError
        return enrol_alone(**arguments)

    enrol_alone = class_import.enrol_student
    monkeypatch.setattr(class_import, "enrol_students", broken)
    monkeypatch.setattr(class_import, "enrol_student", broken_alone)
    job = work(wanted(coordinator, pupils(number=5)))
    assert (job.created_count, job.faulty_count) == (4, 1)
    assert [row.line for row in job.rows.filter(outcome="faulty")] == [4]
