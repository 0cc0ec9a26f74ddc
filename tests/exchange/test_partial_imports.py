"""The rows that are right can be imported alone: the others leave nothing behind and stay to be corrected."""

import base64
import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from backend.accounts.models import User
from backend.common.errors import Conflict
from backend.exchange import services
from backend.exchange.enums import ImportState
from backend.exchange.models import ImportJob
from backend.notifications.models import Notification
from backend.offers.models import Offer
from backend.students.models import GroupMembership, Guardianship, Student, StudentGroup
from tests.api.test_exchange import send, session
from tests.exchange.files import CLASS_HEADINGS, CLASS_ROW, OFFER_HEADINGS, OFFER_ROW, csv_file, work
from tests.factories import CoordinatorFactory, MembershipFactory, WorkplaceFactory
from tests.factories.work import handle_events
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db
HEADINGS = [*CLASS_HEADINGS, "Vårdnadshavare 1", "Vårdnadshavare 1 e-post"]
RIGHT = [*CLASS_ROW, "Eva Lind", "eva@hem.example"]
# The student, the class and the account are made before the guardian's address is refused: it is the student's own.
WRONG = ["otto@skola.example", "Otto Berg", "8C", *CLASS_ROW[3:], "Nils Berg", "otto@skola.example"]


@pytest.fixture
def coordinator():
    return CoordinatorFactory(language="en")


def checked(coordinator, *rows, headings=HEADINGS) -> ImportJob:
    job = services.upload_import(
        actor=coordinator,
        kind="class_list",
        content=csv_file([headings, *rows]),
        file_name="8B.csv",
        municipality_code="0562",
        options={},
    )
    return work(services.check_import(actor=coordinator, job_id=job.pk, mapping=job.mapping))


def taken(job: ImportJob) -> ImportJob:
    return work(services.run_import(actor=job.actor, job_id=job.pk, skip_faulty=True))


def test_the_page_offers_the_right_rows_and_keeps_the_others_to_be_corrected(coordinator):
    desk = logged_in(coordinator)
    file = SimpleUploadedFile("8B.csv", csv_file([HEADINGS, RIGHT, WRONG]), content_type="text/csv")
    desk.post(reverse("coordinator_imports"), {"owner": "0562", "file": file, "form": "prao"})
    job = ImportJob.objects.get()
    desk.post(reverse("import_check", args=[job.pk]), {name: str(n) for name, n in job.mapping.items()})
    work(job)
    page = reverse("import", args=[job.pk])
    assert "Import the 1 row that is right" in desk.get(page).text
    desk.post(reverse("import_run", args=[job.pk]), {"skip_faulty": "1"})
    job = work(job)
    assert (job.state, job.created_count, job.faulty_count) == (ImportState.DONE, 1, 1)
    text = desk.get(page).text
    assert "1 row was left out" in text
    assert "Otto Berg" not in [student.user.name for student in Student.objects.all()]
    table = desk.get(reverse("import_rejected_csv", args=[job.pk])).content.decode("utf-8-sig")
    headings, row = csv.reader(io.StringIO(table), delimiter=";")
    assert headings == [*HEADINGS, "Line", "Reason"]
    assert row[: len(WRONG)] == WRONG
    assert (row[-2], HEADINGS[-1] in row[-1]) == ("3", True)


def test_a_row_that_is_left_out_leaves_nothing_half_saved(coordinator):
    job = taken(checked(coordinator, RIGHT, WRONG, ["ingen adress", *RIGHT[1:]]))
    assert (job.created_count, job.faulty_count) == (1, 2)
    assert [student.user.email for student in Student.objects.all()] == ["maja@skola.example"]
    assert [group.name for group in StudentGroup.objects.all()] == ["8B"]
    assert (GroupMembership.objects.count(), Guardianship.objects.count()) == (1, 1)
    assert not User.objects.filter(email="otto@skola.example").exists()
    handle_events()
    invited = Notification.objects.filter(kind="student.invited")
    assert [each.recipient.email for each in invited] == ["maja@skola.example"]


def test_the_corrected_rest_is_a_file_of_its_own_and_each_is_undone_alone(coordinator):
    first = taken(checked(coordinator, RIGHT, WRONG))
    headings = [*HEADINGS, "Line", "Reason"]
    rest = checked(coordinator, [*WRONG[:-1], "nils@hem.example", "3", "…"], headings=headings)
    assert rest.state == ImportState.READY
    rest = work(services.run_import(actor=coordinator, job_id=rest.pk))
    assert (rest.created_count, Student.objects.count()) == (1, 2)
    services.undo_import(actor=coordinator, job_id=first.pk)
    assert [student.user.name for student in Student.objects.all()] == ["Otto Berg"]


def test_whose_row_is_left_out_has_not_left_the_class(coordinator):
    job = taken(checked(coordinator, RIGHT))
    ada = ["ada@skola.example", "Ada Ek", *RIGHT[2:5], "", ""]
    bad = [*RIGHT[:4], "2012-13-41", *RIGHT[5:]]
    job = checked(coordinator, bad, ada)
    maja = Student.objects.get()
    job = work(services.run_import(actor=coordinator, job_id=job.pk, skip_faulty=True, left=[maja.pk]))
    assert (job.state, job.options["missing"]) == (ImportState.DONE, [])
    assert maja.groups.get().name == "8B"


def test_without_the_choice_it_stays_all_or_nothing(coordinator):
    job = checked(coordinator, RIGHT, WRONG)
    with pytest.raises(Conflict):
        services.run_import(actor=coordinator, job_id=job.pk)
    assert not Student.objects.exists()


def test_a_choice_made_once_is_not_remembered_for_the_next_run(coordinator):
    """A row may become wrong between a check and a run: who has not chosen to leave it out has not chosen."""
    job = checked(coordinator, RIGHT, WRONG)
    job.options["skip_faulty"] = True
    job.save()
    ready = work(services.check_import(actor=coordinator, job_id=job.pk, mapping=job.mapping))
    assert ready.state == ImportState.FAULTY
    done = work(services.import_at_once(actor=coordinator, job_id=job.pk, mapping=job.mapping))
    assert (done.state, Student.objects.count()) == (ImportState.FAULTY, 0)


def test_a_file_without_a_right_row_is_not_imported(coordinator):
    job = checked(coordinator, WRONG)
    assert "right" not in logged_in(coordinator).get(reverse("import", args=[job.pk])).text.split("<main")[1]
    with pytest.raises(Conflict) as refused:
        services.run_import(actor=coordinator, job_id=job.pk, skip_faulty=True)
    assert refused.value.code == "import.no_right_row"


def test_a_program_takes_the_right_rows():
    place = WorkplaceFactory()
    owner = MembershipFactory(organisation=place.organisation, role="owner", user__language="en").user
    client = session(owner)
    rows = [OFFER_HEADINGS, OFFER_ROW, ["A2", "Okänd", *OFFER_ROW[2:]]]
    body = {
        "organisation": place.organisation_id,
        "file_name": "platser.csv",
        "file": base64.b64encode(csv_file(rows)).decode(),
    }
    job = work(ImportJob.objects.get(pk=send(client, "imports/", body).json()["id"]))
    assert send(client, f"imports/{job.pk}/run/", {}).status_code == 409
    assert send(client, f"imports/{job.pk}/run/", {"skip_faulty": True}).json()["state"] == "running"
    work(job)
    answer = client.get(f"/api/v1/imports/{job.pk}/").json()
    assert (answer["state"], answer["created"], answer["faulty"]) == ("done", 1, 1)
    assert Offer.objects.count() == 1
    at_once = send(client, "imports/", body | {"dry_run": False, "skip_faulty": True}).json()
    job = work(ImportJob.objects.get(pk=at_once["id"]))
    assert (job.state, job.unchanged_count, job.faulty_count) == (ImportState.DONE, 1, 1)
