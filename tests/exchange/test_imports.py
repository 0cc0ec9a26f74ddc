"""Imports from upload to undo: all rows or none, the same file twice changes nothing, wrong rows named by line and column."""

import logging
import uuid
from datetime import date, timedelta

import pytest
from django.utils import translation

from backend.applications import services as applications
from backend.common.clock import DbNow
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.models import DomainEvent
from backend.exchange import runner, selectors, services
from backend.exchange.enums import ImportKind, ImportState
from backend.exchange.models import ImportedOffer, ImportFile, ImportRow, ImportWork
from backend.notifications.models import Notification
from backend.offers.models import Offer
from backend.students.models import GroupMembership, Student, StudentGroup
from tests.exchange.files import CLASS_HEADINGS, CLASS_ROW, OFFER_HEADINGS, OFFER_ROW, csv_file, work, xlsx_file
from tests.factories import CoordinatorFactory, MembershipFactory, StudentFactory, UserFactory, WorkplaceFactory
from tests.factories.work import handle_events

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    place = WorkplaceFactory()
    return MembershipFactory(organisation=place.organisation, role="owner", user__language="en").user


def upload_offers(owner, content, **options):
    return services.upload_import(
        actor=owner,
        kind=ImportKind.OFFERS,
        content=content,
        file_name="platser.csv",
        organisation_id=owner.memberships.get().organisation_id,
        options=options,
    )


def upload_class(coordinator, content, **options):
    return services.upload_import(
        actor=coordinator,
        kind=ImportKind.CLASS_LIST,
        content=content,
        file_name="8B.csv",
        municipality_code="0562",
        options=options,
    )


def checked(job):
    return work(services.check_import(actor=job.actor, job_id=job.pk, mapping=job.mapping))


def imported(job):
    ready = checked(job)
    assert ready.state == ImportState.READY, list(ready.rows.values_list("line", "problems"))
    return work(services.run_import(actor=job.actor, job_id=job.pk))


def problems(job) -> dict[int, list[tuple[str, str]]]:
    rows = selectors.list_rows(job, only_faulty=True)
    shown = [selectors.shown_row(job, row) for row in rows]
    return {row.line: [(each.column, each.message) for each in row.problems] for row in shown}


def test_a_table_of_places_becomes_drafts(owner):
    second = ["A2", "verkstaden", "apl", "Fräsa", "Du fräser.", "2027-W04", "2027 v. 7", ""]
    job = imported(upload_offers(owner, csv_file([OFFER_HEADINGS, OFFER_ROW, second])))
    assert (job.state, job.created_count) == (ImportState.DONE, 2)
    first, other = Offer.objects.order_by("pk")
    assert (first.title, first.form_id, first.state) == ("Svetsa i rostfritt", "apl", "draft")
    period = other.periods.get()
    assert (period.start, period.end, period.capacity) == (date(2027, 1, 25), date(2027, 2, 19), 1)


def test_a_place_asks_for_the_languages_of_its_row_and_for_none_where_it_says_none(owner):
    headings = [*OFFER_HEADINGS, "Språk"]
    rows = [[*OFFER_ROW, "svenska, Arabic"], ["A2", *OFFER_ROW[1:3], "Fräsa", *OFFER_ROW[4:], ""]]
    imported(upload_offers(owner, csv_file([headings, *rows])))
    assert list(Offer.objects.order_by("pk").values_list("languages", flat=True)) == [["sv", "ar"], []]


def test_they_can_be_sent_in_at_once(owner):
    imported(upload_offers(owner, csv_file([OFFER_HEADINGS, OFFER_ROW]), submit=True))
    assert Offer.objects.get().state == "submitted"


def test_a_check_changes_nothing(owner):
    before = DomainEvent.objects.count()
    job = checked(upload_offers(owner, csv_file([OFFER_HEADINGS, OFFER_ROW])))
    assert (job.state, job.created_count) == (ImportState.READY, 1)
    assert not Offer.objects.exists()
    assert not ImportedOffer.objects.exists()
    kinds = set(DomainEvent.objects.order_by("at").values_list("kind", flat=True)[before:])
    assert kinds <= {"import.check_wanted", "import.checked"}


def test_the_same_file_again_changes_nothing(owner):
    content = csv_file([OFFER_HEADINGS, OFFER_ROW])
    imported(upload_offers(owner, content))
    before = Offer.objects.values().get()
    job = imported(upload_offers(owner, content))
    assert (job.created_count, job.updated_count, job.unchanged_count) == (0, 0, 1)
    assert Offer.objects.values().get() == before


def test_the_same_row_without_a_reference_is_recognised(owner):
    content = csv_file([OFFER_HEADINGS[1:], OFFER_ROW[1:]])
    imported(upload_offers(owner, content))
    assert imported(upload_offers(owner, content)).unchanged_count == 1
    assert Offer.objects.count() == 1


def test_a_changed_row_changes_its_place(owner):
    imported(upload_offers(owner, csv_file([OFFER_HEADINGS, OFFER_ROW])))
    changed = [*OFFER_ROW[:3], "Svetsa i titan", *OFFER_ROW[4:7], "5"]
    job = imported(upload_offers(owner, csv_file([OFFER_HEADINGS, changed])))
    assert job.updated_count == 1
    offer = Offer.objects.get()
    assert (offer.title, offer.periods.get().capacity) == ("Svetsa i titan", 5)


@pytest.mark.parametrize(
    ("column", "value", "heading", "words"),
    [
        (1, "Okänd", "Arbetsplats", "no workplace"),
        (2, "semester", "Praktikform", "not known"),
        (3, "", "Rubrik", "empty"),
        (5, "snart", "Startdatum", "Write the date"),
        (6, "2027-01-01", "Slutdatum", "before the first"),
        (7, "många", "Platser", "whole number"),
        (5, "2020-01-01", "Slutdatum", None),
    ],
)
def test_a_wrong_row_is_named_by_line_and_column_and_nothing_is_imported(owner, column, value, heading, words):
    wrong = list(OFFER_ROW)
    wrong[0], wrong[column] = "A2", value
    if words is None:
        wrong[6], words = "2020-02-01", "already ended"
    job = checked(upload_offers(owner, csv_file([OFFER_HEADINGS, OFFER_ROW, wrong])))
    assert job.state == ImportState.FAULTY
    assert list(problems(job)) == [3]
    assert problems(job)[3][0][0] == heading
    assert words in problems(job)[3][0][1]
    with pytest.raises(Conflict):
        services.run_import(actor=owner, job_id=job.pk)
    assert not Offer.objects.exists()


def test_a_row_that_became_wrong_after_the_check_stops_all(owner):
    job = checked(
        upload_offers(owner, csv_file([OFFER_HEADINGS, OFFER_ROW, ["A2", *OFFER_ROW[1:4], "x", *OFFER_ROW[5:]]]))
    )
    other = [OFFER_HEADINGS, ["A2", *OFFER_ROW[1:]]]
    imported(upload_offers(owner, csv_file(other)))
    Offer.objects.update(state="closed")
    done = work(services.run_import(actor=owner, job_id=job.pk))
    assert done.state == ImportState.FAULTY
    assert list(problems(done)) == [3]
    assert Offer.objects.count() == 1


def test_two_rows_about_the_same_place(owner):
    job = checked(upload_offers(owner, csv_file([OFFER_HEADINGS, OFFER_ROW, OFFER_ROW])))
    assert "Line 2" in problems(job)[3][0][1]


def test_rejected_rows_come_back_as_a_table(owner):
    wrong = ["A2", "Okänd", *OFFER_ROW[2:]]
    job = checked(upload_offers(owner, csv_file([OFFER_HEADINGS, OFFER_ROW, wrong])))
    with translation.override("en"):
        headings, rows = selectors.rejected_table(job)
    assert headings == [*OFFER_HEADINGS, "Line", "Reason"]
    assert rows[0][: len(wrong)] == wrong
    assert "Arbetsplats" in rows[0][-1]


def test_columns_are_guessed_and_can_be_corrected(owner):
    headings = ["Var", *OFFER_HEADINGS[2:]]
    job = upload_offers(owner, csv_file([headings, OFFER_ROW[1:]]))
    assert "workplace" not in job.mapping
    with pytest.raises(Invalid) as refused:
        services.check_import(actor=owner, job_id=job.pk, mapping=job.mapping)
    assert refused.value.field == "workplace"
    ready = work(services.check_import(actor=owner, job_id=job.pk, mapping={**job.mapping, "workplace": 0}))
    assert ready.state == ImportState.READY


def test_a_column_can_not_be_used_twice(owner):
    job = upload_offers(owner, csv_file([OFFER_HEADINGS, OFFER_ROW]))
    with pytest.raises(Invalid) as refused:
        services.check_import(actor=owner, job_id=job.pk, mapping={**job.mapping, "tasks": 3})
    assert refused.value.field == "tasks"


def test_undo_takes_the_places_away_while_nobody_applied(owner):
    job = imported(upload_offers(owner, csv_file([OFFER_HEADINGS, OFFER_ROW])))
    services.undo_import(actor=owner, job_id=job.pk)
    assert not Offer.objects.exists()
    assert services.undo_import(actor=owner, job_id=job.pk).state == ImportState.UNDONE


def test_undo_is_refused_when_something_depends_on_it(owner):
    job = imported(upload_offers(owner, csv_file([OFFER_HEADINGS, OFFER_ROW])))
    Offer.objects.update(state="published", published_at=job.created_at)
    applications.submit_application(actor=StudentFactory().user, period_id=Offer.objects.get().periods.get().pk)
    with pytest.raises(Conflict) as refused:
        services.undo_import(actor=owner, job_id=job.pk)
    assert refused.value.code == "import.undo_depends"
    assert Offer.objects.exists()


def test_a_class_list_makes_students_a_class_and_invitations():
    coordinator = CoordinatorFactory()
    other = ["otto@skola.example", "Otto Berg", "8B", "Bergska skolan", "2012-09-30"]
    job = imported(upload_class(coordinator, xlsx_file([CLASS_HEADINGS, CLASS_ROW, other])))
    assert job.created_count == 2
    group = StudentGroup.objects.get()
    assert (group.name, group.school, group.school_year, group.municipality_id) == (
        "8B",
        "Bergska skolan",
        2026,
        "0562",
    )
    assert set(group.students.values_list("user__name", flat=True)) == {"Maja Lind", "Otto Berg"}
    maja = Student.objects.get(user__email="maja@skola.example")
    assert (maja.birth_date, maja.has_finished_compulsory_school) == (date(2012, 5, 1), False)
    handle_events()
    assert Notification.objects.filter(kind="student.invited").count() == 2
    assert Notification.objects.get(kind="import.done").recipient == coordinator


def test_a_programme_is_known_by_the_name_it_shares_with_its_successor():
    headings, row = [*CLASS_HEADINGS, "Program"], [*CLASS_ROW, "Industritekniska programmet"]
    imported(upload_class(CoordinatorFactory(), csv_file([headings, row]), form="apl"))
    assert Student.objects.get().programme_id == "IN25"


def test_the_same_class_list_again_changes_nothing_and_invites_nobody():
    coordinator = CoordinatorFactory()
    content = csv_file([CLASS_HEADINGS, CLASS_ROW])
    imported(upload_class(coordinator, content))
    assert imported(upload_class(coordinator, content)).unchanged_count == 1
    handle_events()
    assert Student.objects.count() == 1
    assert Notification.objects.filter(kind="student.invited").count() == 1


def test_a_student_keeps_what_they_said_and_follows_the_school():
    coordinator = CoordinatorFactory()
    known = StudentFactory(
        user__email="maja@skola.example", birth_date=date(2012, 5, 1), class_name="7B", skills=["cnc"]
    )
    job = imported(upload_class(coordinator, csv_file([CLASS_HEADINGS, CLASS_ROW])))
    assert (job.created_count, job.updated_count) == (0, 1)
    known.refresh_from_db()
    assert (known.class_name, known.skills) == ("8B", ["cnc"])


def not_enrollable() -> list[str]:
    StudentFactory(user__email="borlange@skola.example", municipality_id="2081", birth_date=date(2012, 5, 1))
    StudentFactory(user__email="skyddad@skola.example", birth_date=date(2012, 5, 1), is_protected=True, alias="Elev 1")
    CoordinatorFactory(email="larare@skola.example")
    return ["borlange@skola.example", "skyddad@skola.example", "larare@skola.example"]


def test_accounts_of_others_are_refused_with_one_and_the_same_sentence():
    coordinator = CoordinatorFactory(language="en")
    rows = [[email, *CLASS_ROW[1:]] for email in not_enrollable()]
    job = checked(upload_class(coordinator, csv_file([CLASS_HEADINGS, *rows])))
    found = problems(job)
    assert list(found) == [2, 3, 4]
    assert len({tuple(each) for each in found.values()}) == 1
    assert not GroupMembership.objects.exists()


def test_a_personal_identity_number_is_refused_and_not_needed():
    coordinator = CoordinatorFactory(language="en")
    job = checked(upload_class(coordinator, csv_file([CLASS_HEADINGS, [*CLASS_ROW[:4], "20120501-1234"]])))
    assert "last four digits" in problems(job)[2][0][1]


def test_undo_of_a_class_list_until_someone_has_logged_in():
    coordinator = CoordinatorFactory()
    job = imported(upload_class(coordinator, csv_file([CLASS_HEADINGS, CLASS_ROW])))
    handle_events()
    student = Student.objects.get()
    student.user.last_login = job.created_at
    student.user.save()
    with pytest.raises(Conflict):
        services.undo_import(actor=coordinator, job_id=job.pk)
    student.user.last_login = None
    student.user.save()
    services.undo_import(actor=coordinator, job_id=job.pk)
    assert not Student.objects.exists()
    assert not StudentGroup.objects.exists()


def test_only_the_own_tenant(owner):
    stranger, coordinator = MembershipFactory().user, CoordinatorFactory(municipality="2081")
    organisation = owner.memberships.get().organisation_id
    content = csv_file([OFFER_HEADINGS, OFFER_ROW])
    for actor in (stranger, coordinator, UserFactory()):
        with pytest.raises(NotAllowed):
            services.upload_import(
                actor=actor, kind="offers", content=content, file_name="x.csv", organisation_id=organisation
            )
    with pytest.raises(NotAllowed):
        upload_class(coordinator, csv_file([CLASS_HEADINGS, CLASS_ROW]))
    job = upload_offers(owner, content)
    for command in (services.run_import, services.discard_import, services.undo_import):
        with pytest.raises(NotFound):
            command(actor=stranger, job_id=job.pk)
    assert selectors.get_import(stranger, job.pk) is None


def test_a_file_goes_once_it_is_imported_and_its_rows_after_thirty_days(owner, frozen_clock):
    job = imported(upload_offers(owner, csv_file([OFFER_HEADINGS, OFFER_ROW])))
    assert not ImportFile.objects.exists()
    frozen_clock.shift(timedelta(days=29))
    assert services.forget_old_imports() == 0
    frozen_clock.shift(timedelta(days=1))
    assert services.forget_old_imports() == 1
    assert not ImportRow.objects.exists()
    job.refresh_from_db()
    assert job.created_count == 1


def test_a_file_that_nobody_imports_goes_after_a_week(owner, frozen_clock):
    job = upload_offers(owner, csv_file([OFFER_HEADINGS, OFFER_ROW]))
    frozen_clock.shift(timedelta(days=6))
    assert services.forget_old_imports() == 0
    frozen_clock.shift(timedelta(days=1))
    assert services.forget_old_imports() == 1
    with pytest.raises(Conflict) as caught:
        services.run_import(actor=owner, job_id=job.pk)
    assert caught.value.code == "import.file_gone"


@pytest.mark.parametrize("number", ["20120501-1234", "120501-1234", "201205011234", "2012-05-01-1234"])
def test_a_file_with_personal_identity_numbers_goes_after_an_hour(frozen_clock, number):
    rows = [[*CLASS_HEADINGS, "Personnummer"], [*CLASS_ROW, number]]
    job = upload_class(CoordinatorFactory(), csv_file(rows))
    frozen_clock.shift(timedelta(hours=1))
    assert services.forget_old_imports() == 1
    assert not ImportFile.objects.filter(pk=job.pk).exists()


def test_a_file_that_a_worker_reads_stays_until_it_is_read(frozen_clock):
    coordinator = CoordinatorFactory()
    job = upload_class(coordinator, csv_file([[*CLASS_HEADINGS, "Anm"], [*CLASS_ROW, "20120501-1234"]]))
    services.check_import(actor=coordinator, job_id=job.pk, mapping=job.mapping)
    frozen_clock.shift(timedelta(hours=2))
    assert services.forget_old_imports() == 0
    work(job)
    assert services.forget_old_imports() == 1


def test_a_doubled_message_does_nothing(owner):
    job = imported(upload_offers(owner, csv_file([OFFER_HEADINGS, OFFER_ROW])))
    runner.run_import(job.pk)
    assert Offer.objects.count() == 1
    services.run_import(actor=owner, job_id=job.pk)
    assert ImportWork.objects.get().state == "done"


def test_a_vanished_workers_import_is_due_again_and_given_up_in_the_end(owner):
    job = upload_offers(owner, csv_file([OFFER_HEADINGS, OFFER_ROW]))
    services.check_import(actor=owner, job_id=job.pk, mapping=job.mapping)
    rows = ImportWork.objects.filter(pk=job.pk)
    for attempt in range(1, runner.MAX_ATTEMPTS + 1):
        rows.update(
            state="running", attempts=attempt, lease_token=uuid.uuid4(), lease_until=DbNow() - timedelta(seconds=1)
        )
        assert runner.sweep() == 1
    job.refresh_from_db()
    assert (rows.get().state, job.state) == ("dead", ImportState.FAULTY)
    assert "interrupted" in problems(job)[0][0][1]


def test_a_worker_that_lost_its_lease_leaves_no_trace(owner, monkeypatch):
    job = checked(upload_offers(owner, csv_file([OFFER_HEADINGS, OFFER_ROW])))
    services.run_import(actor=owner, job_id=job.pk)
    apply_all = runner._apply_all

    def taken_over(*args):
        found = apply_all(*args)
        ImportWork.objects.filter(pk=job.pk).update(lease_token=uuid.uuid4())
        return found

    monkeypatch.setattr(runner, "_apply_all", taken_over)
    job = work(job)
    assert job.state == ImportState.RUNNING
    assert not Offer.objects.exists()


def test_no_cell_reaches_the_log(owner, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "Hemlig Person"
    checked(upload_offers(owner, csv_file([OFFER_HEADINGS, [secret, secret, *OFFER_ROW[2:]]])))
    assert secret not in caplog.text


def test_a_row_costs_a_bounded_number_of_questions(owner, django_assert_max_num_queries):
    rows = [[f"A{number}", *OFFER_ROW[1:]] for number in range(20)]
    job = upload_offers(owner, csv_file([OFFER_HEADINGS, *rows]))
    services.check_import(actor=owner, job_id=job.pk, mapping=job.mapping)
    with django_assert_max_num_queries(40 + 20 * 25):
        work(job)
