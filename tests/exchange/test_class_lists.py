"""Class lists over time: moved, left, named twice, with guardians; and what an undo leaves because somebody has used it."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import translation

from backend.common.errors import Conflict
from backend.common.models import LogEntry
from backend.exchange import selectors, services
from backend.exchange.enums import ImportState
from backend.notifications.models import Notification
from backend.rounds.models import Participant
from backend.students.models import Guardianship, Student, StudentGroup
from tests.exchange.files import CLASS_HEADINGS, CLASS_ROW, csv_file, work
from tests.exchange.test_school_files import upload
from tests.factories import CoordinatorFactory, StudentFactory
from tests.factories.work import handle_events
from tests.rounds.world import World

pytestmark = pytest.mark.django_db
OTTO = ["otto@skola.example", "Otto Berg", *CLASS_ROW[2:]]


@pytest.fixture
def coordinator():
    return CoordinatorFactory(language="en")


def sent(coordinator, *rows, headings=CLASS_HEADINGS):
    return services.upload_import(
        actor=coordinator,
        kind="class_list",
        content=csv_file([headings, *rows]),
        file_name="8B.csv",
        municipality_code="0562",
        options={},
    )


def checked(job, **said):
    return work(services.check_import(actor=job.actor, job_id=job.pk, mapping=job.mapping, **said))


def imported(job, left=(), **said):
    ready = checked(job, **said)
    assert ready.state == ImportState.READY, list(ready.rows.values_list("line", "problems"))
    return work(services.run_import(actor=job.actor, job_id=job.pk, left=left))


def lists_of(student) -> list[str]:
    return sorted(student.groups.values_list("name", flat=True))


def test_moved_to_another_class_is_no_longer_in_the_first(coordinator):
    imported(sent(coordinator, [*CLASS_ROW[:2], "9A", *CLASS_ROW[3:]]))
    maja = Student.objects.get()
    last_year = StudentGroup.objects.create(
        name="8A", school="Bergska skolan", municipality_id="0562", school_year=2025
    )
    last_year.memberships.create(student=maja)
    job = imported(sent(coordinator, [*CLASS_ROW[:2], "9B", *CLASS_ROW[3:]]))
    assert lists_of(maja) == ["8A", "9B"]
    services.undo_import(actor=coordinator, job_id=job.pk)
    assert lists_of(maja) == ["8A", "9A"]


def test_a_pupil_the_file_misses_is_asked_about_and_taken_off_only_when_said(coordinator):
    imported(sent(coordinator, CLASS_ROW, OTTO))
    otto = Student.objects.get(user__name="Otto Berg")
    other = imported(sent(coordinator, ["ny@skola.example", "Ny Elev", "8C", *CLASS_ROW[3:]]))
    assert other.options["missing"] == []
    job = checked(sent(coordinator, CLASS_ROW))
    assert [each.name for each in selectors.missing_pupils(job, coordinator)] == ["Otto Berg"]
    work(services.run_import(actor=coordinator, job_id=job.pk))
    assert lists_of(otto) == ["8B"]
    job = imported(sent(coordinator, CLASS_ROW), left=[otto.pk, Student.objects.get(user__name="Ny Elev").pk])
    otto.refresh_from_db()
    assert (lists_of(otto), otto.class_name) == ([], "")
    assert StudentGroup.objects.get(name="8C").students.count() == 1
    services.undo_import(actor=coordinator, job_id=job.pk)
    assert lists_of(otto) == ["8B"]


def test_who_changes_class_within_the_file_has_not_left(coordinator):
    imported(sent(coordinator, CLASS_ROW, OTTO))
    job = checked(sent(coordinator, CLASS_ROW, [*OTTO[:2], "8C", *OTTO[3:]]))
    assert selectors.missing_pupils(job, coordinator) == []


def test_a_new_address_for_a_known_name_and_birth_date_is_asked_about(coordinator):
    imported(sent(coordinator, CLASS_ROW))
    maja = Student.objects.get()
    changed = ["maja.lind@skola.example", *CLASS_ROW[1:]]
    job = checked(sent(coordinator, changed))
    assert job.state == ImportState.FAULTY
    (question,) = selectors.questions_of(job, coordinator)
    assert (question.line, "maja@skola.example" in question.known) == (2, True)
    job = imported(job, answers={2: "same"})
    assert Student.objects.get().pk == maja.pk
    maja.user.refresh_from_db()
    assert maja.user.email == "maja.lind@skola.example"
    handle_events()
    invitations = Notification.objects.filter(kind="student.invited", recipient=maja.user)
    assert invitations.count() == 2
    again = imported(sent(coordinator, changed))
    assert again.unchanged_count == 1


def test_another_student_of_the_same_name_is_a_new_one_when_said(coordinator):
    imported(sent(coordinator, CLASS_ROW))
    imported(sent(coordinator, ["maja2@skola.example", *CLASS_ROW[1:]]), answers={2: "new"})
    assert Student.objects.filter(user__name="Maja Lind").count() == 2


def test_the_address_of_someone_who_has_logged_in_stays(coordinator):
    known = StudentFactory(
        user__email="maja@hem.example", user__name="Maja Lind", birth_date=date(2012, 5, 1), class_name="7B"
    )
    known.user.last_login = known.created_at
    known.user.save()
    imported(sent(coordinator, CLASS_ROW), answers={2: "same"})
    known.refresh_from_db()
    assert (known.user.email, known.class_name) == ("maja@hem.example", "8B")
    assert Student.objects.count() == 1


def test_nobody_is_asked_about_a_student_they_must_not_know_of(coordinator):
    for municipality, protected in (("2081", False), ("0562", True)):
        StudentFactory(
            user__name="Maja Lind",
            birth_date=date(2012, 5, 1),
            municipality_id=municipality,
            is_protected=protected,
            alias="Elev 1" if protected else "",
        )
    assert checked(sent(coordinator, CLASS_ROW)).state == ImportState.READY


GUARDED = [*CLASS_HEADINGS, "Vårdnadshavare 1", "Vårdnadshavare 1 e-post", "Vårdnadshavare 2 namn", "VH2 e-post"]
PARENTS = ["Lind, Eva", "eva@hem.example", "", "adam@hem.example"]


def test_guardians_are_named_by_the_school_and_asked_once(coordinator):
    content = [*CLASS_ROW, *PARENTS]
    content[5] = '"Lind, Eva"'
    imported(sent(coordinator, content, headings=GUARDED))
    maja = Student.objects.get()
    assert sorted(maja.guardianships.values_list("guardian__email", "guardian__name")) == [
        ("adam@hem.example", "adam"),
        ("eva@hem.example", "Eva Lind"),
    ]
    again = imported(sent(coordinator, content, headings=GUARDED))
    assert again.unchanged_count == 1
    assert Notification.objects.filter(kind="consent.asked").count() == 2


PHONES = [*CLASS_HEADINGS, "Vårdnadshavare 1", "Vårdnadshavare 1 e-post", "Vårdnadshavare 1 telefon", "VH2 mobil"]


@pytest.mark.parametrize("heading", ["Guardian 1, telephone", "Vårdnadshavare 1, telefon", "Telefon vårdnadshavare 1"])
def test_a_guardians_number_is_kept_and_an_empty_cell_changes_nothing(coordinator, heading):
    headings = [*PHONES[:-2], heading]
    imported(sent(coordinator, [*CLASS_ROW, "Eva Lind", "eva@hem.example", "0046 70 174 06 05"], headings=headings))
    row = Guardianship.objects.get()
    assert (row.named_as, row.phone) == ("Eva Lind", "+46701740605")
    assert imported(
        sent(coordinator, [*CLASS_ROW, "Eva Lind", "eva@hem.example", ""], headings=headings)
    ).unchanged_count
    row.refresh_from_db()
    assert row.phone == "+46701740605"
    again = imported(sent(coordinator, [*CLASS_ROW, "Eva Lind", "eva@hem.example", "08-465 004 00"], headings=headings))
    row.refresh_from_db()
    assert (row.phone, again.updated_count) == ("+46846500400", 1)
    assert "4650" not in str(list(LogEntry.objects.values_list("data", flat=True)))


@pytest.mark.parametrize(
    ("parents", "column"),
    [
        (["Eva", "eva@hem.example", "ring Eva", ""], "Vårdnadshavare 1 telefon"),
        (["", "", "070-174 06 05", ""], "Vårdnadshavare 1 e-post"),
    ],
)
def test_a_guardians_number_that_is_none_or_nobodys_is_named_by_line_and_column(coordinator, parents, column):
    job = checked(sent(coordinator, [*CLASS_ROW, *parents], headings=PHONES))
    (row,) = selectors.list_rows(job, only_faulty=True)
    assert [(row.line, each.column) for each in selectors.shown_row(job, row).problems] == [(2, column)]


def test_an_adults_guardians_are_passed_over(coordinator):
    imported(sent(coordinator, [*CLASS_ROW[:4], "2008-05-01", *PARENTS[1:2] * 2, "", ""], headings=GUARDED))
    assert not Guardianship.objects.exists()


@pytest.mark.parametrize(
    ("parents", "column"),
    [
        (["Eva Lind", "", "", ""], "Vårdnadshavare 1 e-post"),
        (["", "eva", "", ""], "Vårdnadshavare 1 e-post"),
        (["", "", "", "maja@skola.example"], "VH2 e-post"),
    ],
)
def test_a_guardian_who_can_not_be_reached_is_named_by_line_and_column(coordinator, parents, column):
    job = checked(sent(coordinator, [*CLASS_ROW, *parents], headings=GUARDED))
    (row,) = selectors.list_rows(job, only_faulty=True)
    assert [(row.line, each.column) for each in selectors.shown_row(job, row).problems] == [(2, column)]


def used_by_login(student, coordinator):
    student.user.last_login = student.created_at
    student.user.save()


def used_in_a_round(student, coordinator):
    world = World()
    Participant.objects.create(round=world.round, student=student, start=world.round.start, end=world.round.end)


def used_by_an_edit(student, coordinator):
    from backend.common.transitions import log

    log("student.profile_saved", student, actor=student.user)


def used_on_another_list(student, coordinator):
    StudentGroup.objects.create(
        name="Språk", school="Bergska skolan", municipality_id="0562", school_year=2026
    ).memberships.create(student=student)


@pytest.mark.parametrize("use", [used_by_login, used_in_a_round, used_by_an_edit, used_on_another_list])
def test_an_undo_leaves_whom_somebody_has_used(coordinator, use):
    job = imported(sent(coordinator, CLASS_ROW, OTTO))
    handle_events()
    use(Student.objects.get(user__name="Maja Lind"), coordinator)
    with pytest.raises(Conflict) as refused, translation.override("en"):
        services.undo_import(actor=coordinator, job_id=job.pk)
    assert refused.value.data == {"lines": [2]}
    assert Student.objects.count() == 2
    undone = services.undo_import(actor=coordinator, job_id=job.pk, only_unused=True)
    assert undone.state == ImportState.UNDONE
    assert list(Student.objects.values_list("user__name", flat=True)) == ["Maja Lind"]


def test_an_undo_takes_guardians_along_who_were_only_named_here(coordinator):
    job = imported(sent(coordinator, [*CLASS_ROW, "Eva", "eva@hem.example", "", ""], headings=GUARDED))
    handle_events()
    services.undo_import(actor=coordinator, job_id=job.pk)
    assert not Guardianship.objects.exists()
    assert not Student.objects.exists()
    assert not type(coordinator).objects.filter(email="eva@hem.example").exists()


def test_the_pages_ask_and_name(client, coordinator):
    client.force_login(coordinator)
    imported(sent(coordinator, CLASS_ROW, OTTO))
    job = checked(sent(coordinator, ["maja.lind@skola.example", *CLASS_ROW[1:]]))
    page = client.get(reverse("import", args=[job.pk])).content.decode()
    assert 'name="answer-2"' in page
    client.post(reverse("import_check", args=[job.pk]), {"answers": "1", "answer-2": "same"})
    job = work(job)
    page = client.get(reverse("import", args=[job.pk])).content.decode()
    otto = Student.objects.get(user__name="Otto Berg")
    assert f'name="left" value="{otto.pk}"' in page
    client.post(reverse("import_run", args=[job.pk]), {"left": [str(otto.pk)]})
    job = work(job)
    assert lists_of(otto) == []


def test_another_sheet_is_chosen_on_the_page(client):
    from tests.exchange.test_school_files import book_of

    job = upload(
        book_of(
            ("8B", [CLASS_HEADINGS, CLASS_ROW], "visible"),
            ("8C", [CLASS_HEADINGS, OTTO], "visible"),
        )
    )
    client.force_login(job.actor)
    page = client.get(reverse("import", args=[job.pk])).content.decode()
    assert "8C" in page
    client.post(reverse("import_check", args=[job.pk]), {"read_again": "1", "sheet": "8C", "heading_line": "1"})
    job.refresh_from_db()
    assert job.options["sheet"] == "8C"
    wrong = client.post(reverse("import_check", args=[job.pk]), {"read_again": "1", "sheet": "8C", "heading_line": "9"})
    assert wrong.status_code == 400
