"""A copy of what is kept: made by a worker, fetched by the asker alone, deleted after a week, without other people."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from backend.applications import services as applications
from backend.common.errors import Conflict, NotFound
from backend.exchange import services as imports
from backend.notifications.models import Notification
from backend.placements import services as placements
from backend.placements.models import Match
from backend.privacy.gathering import gather
from backend.privacy.models import DataCopy, DataCopyFile
from backend.privacy.runner import run_data_copy
from backend.privacy.services import fetch_data_copy, forget_old_copies, request_data_copy
from backend.students import services as students
from tests.exchange.files import CLASS_HEADINGS, CLASS_ROW, csv_file
from tests.factories import (
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    PeriodFactory,
    StudentFactory,
    UserFactory,
)
from tests.factories.work import handle_events
from tests.privacy.copies import contents, copy_of, data_of
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db

WORDS = "Jag vill lära mig svetsa vid Glan."


@pytest.fixture
def placed(frozen_clock):
    """A minor with a guardian, an application with words in it, and a placement."""
    student = StudentFactory(user=UserFactory(name="Alva Ek", email="alva@skola.example"), birth_date=date(2010, 3, 1))
    guardian = UserFactory(name="Gun Ek", email="gun@hem.example")
    guardianship = GuardianshipFactory(student=student, guardian=guardian, phone="+46701112233")
    students.give_consent(actor=guardian, guardianship_id=guardianship.pk)
    period = PeriodFactory()
    boss = MembershipFactory(organisation=period.offer.organisation, user__name="Bo Chef").user
    row = applications.submit_application(actor=student.user, period_id=period.pk, motivation=WORDS)
    applications.offer_seat(actor=boss, application_id=row.pk, message="Välkommen hit!")
    applications.accept_seat(actor=student.user, application_id=row.pk)
    coordinator = CoordinatorFactory(name="Kia Samordnare")
    placements.approve_match(actor=coordinator, match_id=Match.objects.get().pk)
    handle_events()
    return student


def test_a_student_gets_everything_about_oneself_and_nobody_else(placed):
    other = StudentFactory(user=UserFactory(name="Nils Annan"))
    applications.submit_application(actor=other.user, period_id=PeriodFactory().pk, motivation="Hemligt.")
    copy = copy_of(placed.user)
    files = contents(copy)
    data = data_of(copy)
    assert data["accounts.User"][0]["email"] == "alva@skola.example"
    assert [row["motivation"] for row in data["applications.Application"]] == [WORDS]
    assert len(data["placements.Placement"]) == 1
    assert {"application.submitted", "match.approved"} <= {row["action"] for row in data["common.LogEntry"]}
    assert copy.row_count == sum(len(rows) for rows in data.values())
    everything = b"".join(files.values()).decode()
    assert WORDS in files["uppgifter.html"].decode()
    for stranger in ("Nils Annan", "Hemligt.", "Kia Samordnare", "Bo Chef", "gun@hem.example", "701112233"):
        assert stranger not in everything, stranger


def test_a_guardian_gets_what_guardians_may_know_of_the_child(placed):
    guardian = placed.guardianships.get().guardian
    data = data_of(copy_of(guardian, child_id=placed.pk))
    assert data["students.Student"][0]["birth_date"] == "2010-03-01"
    (application,) = data["applications.Application"]
    assert {"motivation", "message", "own_words"} & set(application) == set()
    assert {"accounts.User", "students.Alert", "notifications.Notification", "common.LogEntry"} & set(data) == set()


def test_only_a_guardian_who_has_said_so_of_a_minor_without_protection(placed, frozen_clock):
    guardian = placed.guardianships.get().guardian
    copy = copy_of(guardian, child_id=placed.pk)
    named = GuardianshipFactory(student=placed, accepted_at=None).guardian
    for actor in (UserFactory(), named, StudentFactory().user):
        with pytest.raises(NotFound):
            request_data_copy(actor=actor, child_id=placed.pk)
    placed.is_protected, placed.alias = True, "Student QX"
    placed.save()
    with pytest.raises(NotFound):
        request_data_copy(actor=guardian, child_id=placed.pk)
    with pytest.raises(NotFound):
        fetch_data_copy(actor=guardian, copy_id=copy.pk)


def test_a_protected_identity_does_not_show_in_ones_own_copy(placed):
    def told() -> dict:
        data = data_of(copy_of(placed.user))
        return {label: rows for label, rows in data.items() if label not in {"privacy.DataCopy", "common.LogEntry"}}

    before = told()
    placed.is_protected, placed.alias = True, "Student QX"
    placed.save(update_fields=["is_protected", "alias"])
    DataCopy.objects.all().delete()
    assert told() == before


def test_a_class_list_stays_with_the_school(frozen_clock):
    coordinator = CoordinatorFactory()
    imports.upload_import(
        actor=coordinator,
        kind="class_list",
        content=csv_file([CLASS_HEADINGS, CLASS_ROW]),
        file_name="8B.csv",
        municipality_code="0562",
    )
    files = contents(copy_of(coordinator))
    assert sorted(files) == ["data.json", "uppgifter.html"]
    assert b"8B.csv" in files["data.json"]


def test_a_member_gets_the_file_of_places_that_was_sent(frozen_clock):
    member = MembershipFactory()
    content = csv_file([["Titel", "Beskrivning"], ["Svetsare", "Svetsar"]])
    imports.upload_import(
        actor=member.user,
        kind="offers",
        content=content,
        file_name="platser.csv",
        organisation_id=member.organisation_id,
    )
    files = contents(copy_of(member.user))
    assert [body for path, body in files.items() if path.startswith("files/")] == [content]
    assert data_of(DataCopy.objects.get())["organisations.Membership"][0]["organisation"] == member.organisation.name


def test_the_asker_is_told_and_nobody_else_can_fetch(placed):
    copy = copy_of(placed.user)
    handle_events()
    assert Notification.objects.get(kind="data_copy.ready").recipient == placed.user
    address = reverse("own_data_file", args=[copy.pk])
    response = logged_in(placed.user).get(address)
    assert response["Content-Type"] == "application/zip"
    assert "no-store" in response["Cache-Control"]
    assert logged_in(UserFactory()).get(address).status_code == 404
    assert logged_in(placed.guardianships.get().guardian).get(address).status_code == 404


def test_the_file_is_deleted_when_it_expires(placed, frozen_clock):
    copy = copy_of(placed.user)
    frozen_clock.move_to(copy.expires_at + timedelta(seconds=1))
    with pytest.raises(NotFound):
        fetch_data_copy(actor=placed.user, copy_id=copy.pk)
    assert forget_old_copies() == 1
    assert not DataCopyFile.objects.exists()


def test_asked_twice_it_is_made_once_and_ten_are_enough(placed):
    first = request_data_copy(actor=placed.user)
    assert request_data_copy(actor=placed.user) == first
    with pytest.raises(Conflict):
        fetch_data_copy(actor=placed.user, copy_id=first.pk)
    run_data_copy(first.pk)
    run_data_copy(first.pk)
    for _each in range(9):
        copy_of(placed.user)
    with pytest.raises(Conflict):
        request_data_copy(actor=placed.user)


def test_a_guardianship_that_ends_before_the_work_is_done_withdraws_the_copy(placed):
    guardianship = placed.guardianships.get()
    copy = request_data_copy(actor=guardianship.guardian, child_id=placed.pk)
    guardianship.delete()
    run_data_copy(copy.pk)
    copy.refresh_from_db()
    assert copy.standing == "withdrawn"
    assert not DataCopyFile.objects.exists()


def test_the_page_asks_shows_progress_and_offers_the_file(placed):
    guardian = placed.guardianships.get().guardian
    client = logged_in(guardian)
    page = client.get(reverse("own_data")).content.decode()
    assert "No copy has been asked for" in page
    assert "Ask for a copy about Alva Ek" in page
    client.post(reverse("own_data"), {"child": placed.pk})
    assert "Being made" in client.get(reverse("own_data")).content.decode()
    copy = DataCopy.objects.get()
    run_data_copy(copy.pk)
    assert reverse("own_data_file", args=[copy.pk]) in client.get(reverse("own_data")).content.decode()
    assert client.post(reverse("own_data"), {"child": StudentFactory().pk}).status_code == 404
    assert client.post(reverse("own_data"), {"child": "x"}).status_code == 404


def test_a_file_is_read_in_few_queries(placed, django_assert_max_num_queries):
    for _each in range(3):
        applications.submit_application(
            actor=placed.user, period_id=PeriodFactory(start=date(2027, 9, 1), end=date(2027, 9, 20)).pk
        )
    with django_assert_max_num_queries(75):
        gather(person=placed.user)
