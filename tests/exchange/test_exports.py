"""Lists as files for programs: made by a worker, for the one who asked, with the rows of the page and no others."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from backend.common import clock
from backend.common.errors import Conflict, Invalid, NotAllowed
from backend.common.models import LogEntry, WorkState
from backend.exchange.exports import services
from backend.exchange.exports.registry import EXPORTS
from backend.exchange.models import ExportFile, ExportJob
from backend.organisations.models import Membership
from backend.students.services import AlertDetails, save_alert
from backend.tokens.enums import Scope
from tests.api.desk import API, refused, session, token_of, with_token
from tests.factories import (
    ApplicationFactory,
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    StudentFactory,
    WorkplaceFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    workplace = WorkplaceFactory()
    OfferFactory(workplace=workplace, title="Svetsa i rostfritt")
    OfferFactory(title="Andras plats")
    return MembershipFactory(organisation=workplace.organisation, role="owner").user


def made(user, name, **more) -> ExportJob:
    job = services.request_export(actor=user, name=name, table_format="csv", **more)
    services.run_export(job.pk)
    job.refresh_from_db()
    return job


def text(job: ExportJob) -> str:
    return services.file_of(job).decode("utf-8-sig")


def test_a_worker_makes_the_file_and_a_doubled_message_does_nothing(owner):
    job = services.request_export(actor=owner, name="our-places", table_format="csv")
    assert job.standing == "waiting"
    with pytest.raises(Conflict) as early:
        services.file_of(job)
    assert early.value.code == "export.not_ready"
    services.run_export(job.pk)
    services.run_export(job.pk)
    job.refresh_from_db()
    assert (job.standing, job.row_count, ExportFile.objects.count()) == ("done", 1, 1)
    assert "Svetsa i rostfritt" in text(job)
    assert "Andras plats" not in text(job)


def test_a_worker_that_dies_leaves_nothing_and_the_row_is_taken_up_again(owner, monkeypatch):
    job = services.request_export(actor=owner, name="colleagues", table_format="csv")
    with monkeypatch.context() as dying:

        def die(**_more):
            raise RuntimeError

        dying.setattr(services, "record_export", die)
        services.run_export(job.pk)
    job.refresh_from_db()
    assert (job.state, job.row_count, ExportFile.objects.count()) == (WorkState.PENDING, None, 0)
    assert not LogEntry.objects.filter(action="export.taken").exists()
    services.run_export(job.pk)
    job.refresh_from_db()
    assert (job.standing, job.row_count) == ("done", 1)
    assert LogEntry.objects.get(action="export.taken").data == {"what": "colleagues", "rows": 1}


def test_a_text_is_no_formula():
    student = StudentFactory()
    save_alert(actor=student.user, details=AlertDetails(name="=CNC", text="cnc"))
    assert "'=CNC" in text(made(student.user, "alerts"))


@pytest.mark.parametrize(
    ("name", "more", "code"),
    [
        ("everything", {}, "export.unknown_list"),
        ("our-places", {"filters": {"state": "lost"}}, "export.unknown_filter"),
        ("our-places", {"filters": {"colour": "red"}}, "export.unknown_filter"),
    ],
)
def test_wrong_wishes_are_refused(owner, name, more, code):
    with pytest.raises(Invalid) as refusal:
        services.request_export(actor=owner, name=name, table_format="csv", **more)
    assert refusal.value.code == code
    assert not ExportJob.objects.exists()


EVERYONE = {"notifications", "places"}
FOR_WHOM = {
    "owner": {"our-places", "workplaces", "applicants", "placements", "colleagues"},
    "student": {"suggestions", "alerts", "applications"},
    "coordinator": {
        "students",
        "matches",
        "coordinated-placements",
        "places-to-review",
        "without-an-answer",
        "needs-a-call",
        "organisations",
        "round-students",
        "round-results",
    },
    # Figures, the machinery, and places: no list with persons in it.
    "network office": {"places-to-review", "municipalities", "members", "scheduled-jobs", "effect", "undelivered"},
}


def test_a_list_is_open_to_those_who_see_its_page(owner):
    student = StudentFactory().user
    people = {
        "owner": owner,
        "student": student,
        "coordinator": CoordinatorFactory(),
        "network office": NetworkOfficerFactory(),
    }
    opened = {
        person: {name for name, export in EXPORTS.items() if services.may_export(export, user, None)} - EVERYONE
        for person, user in people.items()
    }
    assert opened == FOR_WHOM
    assert not [name for name in FOR_WHOM["network office"] if EXPORTS[name].is_personal]
    with pytest.raises(NotAllowed):
        services.request_export(actor=student, name="our-places", table_format="csv")


def test_the_guide_names_every_list_with_its_scope_and_its_filters():
    text = Path(settings.BASE_DIR, "docs", "exports.md").read_text()
    told = {}
    for row in re.findall(r"^\| (`.+) \|$", text, re.MULTILINE):
        names, _for, scope, filters = (cell.strip() for cell in row.split("|"))
        for name in re.findall(r"`([a-z-]+)`", names):
            told[name] = scope.strip("`"), set(re.findall(r"`([a-z]+)`", filters))
    assert told == {
        name: (export.scope.value if export.scope else "no token", set(export.filters))
        for name, export in EXPORTS.items()
    }


def test_the_network_offices_figures_hide_counts_under_five():
    CoordinatorFactory()
    StudentFactory.create_batch(4)
    assert "Finspång;Östergötlands län;Confirmed;1;0;0;under 5;under 5" in text(
        made(NetworkOfficerFactory(language="en"), "municipalities")
    )


class TestApplicants:
    """A list of one place names the place in its filters."""

    @pytest.fixture
    def place(self, owner):
        offer = OfferFactory(workplace=owner.memberships.get().organisation.workplaces.get())
        ApplicationFactory(period=offer.periods.get(), student__user__name="Maja Lind")
        return offer

    def wish(self, user, place, **more):
        return services.request_export(
            actor=user, name="applicants", table_format="csv", filters={"offer": str(place.pk)}, **more
        )

    def test_holds_those_of_the_place_and_the_log_says_which(self, owner, place):
        job = self.wish(owner, place)
        services.run_export(job.pk)
        job.refresh_from_db()
        assert "Maja Lind" in text(job)
        what = LogEntry.objects.get(action="export.taken").data
        assert what == {"what": f"applicants-{place.pk}", "rows": 1}

    def test_is_refused_without_the_place_and_for_anothers_or_nobodys(self, owner, place):
        with pytest.raises(Invalid) as refusal:
            services.request_export(actor=owner, name="applicants", table_format="csv")
        assert (refusal.value.code, refusal.value.data) == ("export.filter_missing", {"names": ["offer"]})
        for value in (str(OfferFactory().pk), "999999999", "x", "", "1" * 30):
            with pytest.raises(Invalid) as refusal:
                services.request_export(actor=owner, name="applicants", table_format="csv", filters={"offer": value})
            assert refusal.value.code == "export.unknown_filter"

    def test_an_organisations_token_has_only_its_own_places(self, owner, place):
        other = MembershipFactory(user=owner, role="owner").organisation
        with pytest.raises(Invalid):
            self.wish(owner, place, organisation_id=other.pk)

    def test_is_closed_again_when_the_place_is_not_ones_own_any_more(self, owner, place):
        job = self.wish(owner, place)
        services.run_export(job.pk)
        MembershipFactory(user=owner)
        owner.memberships.filter(organisation=place.organisation).delete()
        with pytest.raises(Conflict) as refusal:
            services.file_of(ExportJob.objects.get())
        assert refusal.value.code == "export.expired"


def test_the_search_knows_its_filters_and_several_values():
    person = StudentFactory().user
    OfferFactory(title="Svetsa", form_id="apl")
    OfferFactory(title="Prova på", form_id="prao")
    OfferFactory(title="Sommarjobb", form_id="feriejobb")
    found = text(made(person, "places", filters={"form": "apl,prao"}))
    assert [word in found for word in ("Svetsa", "Prova", "Sommarjobb")] == [True, True, False]
    for filters in ({"form": "apl,nonsense"}, {"month": "2027-13"}, {"km": "3"}, {"form": ",".join(["apl"] * 21)}):
        with pytest.raises(Invalid) as refusal:
            services.request_export(actor=person, name="places", table_format="csv", filters=filters)
        assert refusal.value.code == "export.unknown_filter"


def test_the_board_is_narrowed_as_on_its_page():
    desk = CoordinatorFactory()
    StudentFactory(user__name="Maja Lind", class_name="IN3"), StudentFactory(user__name="Otto Berg", class_name="IN2")
    found = text(made(desk, "students", filters={"class": "IN3"}))
    assert ("Maja Lind" in found, "Otto Berg" in found) == (True, False)


def test_who_lost_the_role_gets_neither_a_new_file_nor_the_old_one(owner):
    old, waiting = (
        made(owner, "colleagues"),
        services.request_export(actor=owner, name="colleagues", table_format="csv"),
    )
    Membership.objects.filter(user=owner).delete()
    services.run_export(waiting.pk)
    waiting.refresh_from_db()
    assert waiting.standing == "expired"
    for job in (old, waiting):
        with pytest.raises(Conflict) as refusal:
            services.file_of(job)
        assert refusal.value.code == "export.expired"
    assert ExportFile.objects.count() == 1


def test_a_file_with_people_is_not_given_after_somebody_was_protected(owner):
    people, places = made(owner, "colleagues"), made(owner, "our-places")
    LogEntry.objects.create(action="student.protected", subject_type="student", subject_id=1, at=clock.now())
    with pytest.raises(Conflict):
        services.file_of(people)
    assert services.file_of(places)


def test_files_go_after_a_day(owner, frozen_clock):
    made(owner, "our-places")
    frozen_clock.shift(timedelta(hours=23))
    assert services.forget_old_exports() == 0
    frozen_clock.shift(timedelta(hours=1))
    assert services.forget_old_exports() == 1
    assert not ExportFile.objects.exists()


class TestProgram:
    def test_asks_waits_and_fetches(self, owner):
        organisation = owner.memberships.get().organisation_id
        other = MembershipFactory(user=owner, role="owner").organisation
        OfferFactory(workplace=WorkplaceFactory(organisation=other), title="Den andra firmans")
        client = with_token(token_of(owner, Scope.EXPORTS_READ, Scope.OFFERS_READ, organisation_id=organisation))
        wish = {"list": "our-places", "format": "csv"}
        first = client.post(f"{API}exports/", wish, format="json", HTTP_IDEMPOTENCY_KEY="natt")
        again = client.post(f"{API}exports/", wish, format="json", HTTP_IDEMPOTENCY_KEY="natt")
        assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])
        assert (first.json()["state"], first.json()["file"]) == ("waiting", None)
        refused(client.get(f"{first['Location']}file/"), 409, "export.not_ready")
        services.run_export(first.json()["id"])
        job = client.get(first["Location"]).json()
        assert (job["state"], job["rows"]) == ("done", 1)
        file = client.get(job["file"], HTTP_ACCEPT="text/csv")
        assert file["Content-Type"] == "text/csv; charset=utf-8"
        assert "no-store" in file["Cache-Control"]
        assert "Svetsa" in file.content.decode()
        assert "Den andra firmans" not in file.content.decode()

    def test_needs_the_scope_of_the_list_too(self, owner):
        client = with_token(token_of(owner, Scope.EXPORTS_READ, Scope.OFFERS_READ))
        for name, data in (("placements", {"scope": "placements:read"}), ("colleagues", {})):
            answer = client.post(f"{API}exports/", {"list": name, "format": "csv"}, format="json")
            assert refused(answer, 403, "token.scope_missing")["data"] == data
        hidden = made(owner, "colleagues")
        assert client.get(f"{API}exports/").json()["results"] == []
        refused(client.get(f"{API}exports/{hidden.pk}/file/"), 404, "not_found")

    def test_reads_which_lists_it_may_have(self, owner):
        organisation = owner.memberships.get().organisation_id
        client = with_token(token_of(owner, Scope.EXPORTS_READ, Scope.APPLICATIONS_READ, organisation_id=organisation))
        rows = client.get(f"{API}exports/lists/").json()["results"]
        assert {row["list"] for row in rows} == {"places", "applicants"}
        (filters,) = (row["filters"] for row in rows if row["list"] == "applicants")
        assert filters == [{"name": "offer", "is_needed": True, "is_multiple": False}]
        everything = {row["list"] for row in session(owner).get(f"{API}exports/lists/").json()["results"]}
        assert everything == FOR_WHOM["owner"] | EVERYONE

    def test_knows_nothing_of_a_colleagues_exports(self, owner):
        colleague = MembershipFactory(organisation=owner.memberships.get().organisation, role="owner").user
        job = made(owner, "our-places")
        client = session(colleague)
        assert client.get(f"{API}exports/").json()["results"] == []
        refused(client.get(f"{API}exports/{job.pk}/"), 404, "not_found")
        refused(client.get(f"{API}exports/{job.pk}/file/"), 404, "not_found")
