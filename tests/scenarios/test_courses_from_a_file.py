"""Courses of higher vocational education from the yearly file, on a service where nobody was seeded.

Each has its municipality and somebody who decides: its coordinator, or the network office where there is none.
"""

from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from backend.accounts.models import User
from backend.applications.models import Application
from backend.applications.summaries import coordinators_with_work, office_with_work
from backend.notifications.models import Notification
from backend.offers.models import Offer
from backend.offers.queues import list_offers_to_review
from backend.offers.scheduled_tasks import close_overdue
from backend.offers.services import close_offer, close_overdue_offer
from backend.organisations.models import Membership, OrganisationClaim
from tests.factories import ApplicationFactory, MembershipFactory, StudentFactory, UserFactory
from tests.factories.rows import give_second_factor
from tests.factories.work import handle_events
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db

FILE = Path(__file__).parents[1] / "ops" / "data" / "yh_small.csv"
FALUN, GOTLAND, NORSJO = "2080", "0980", "2417"
# Of the file: reference, municipality, and what becomes of it on 23 November 2026.
COURSES = {
    "MYH 2026/101": (FALUN, "open"),
    "MYH 2026/102": (GOTLAND, "open"),
    "MYH 2026/103": (NORSJO, "open"),
    "MYH 2026/104": (None, "open"),
    "MYH 2025/105": (GOTLAND, "closed"),
    "MYH 2019/106": (FALUN, "closed"),
}


class Service:
    """As `create_user` leaves it, each with a second step: the network office, and one coordinator, in Falun."""

    def __init__(self) -> None:
        assert not Offer.objects.exists()
        assert not User.objects.exists()
        for address, *options in (
            ("kansli@natverket.example", "--role", "network"),
            ("ulla@falun.example", "--coordinator", FALUN),
        ):
            call_command("create_user", address, "--name", address.partition("@")[0], *options, stdout=StringIO())
        self.office = User.objects.get(email="kansli@natverket.example")
        self.coordinator = User.objects.get(email="ulla@falun.example")
        for user in (self.office, self.coordinator):
            give_second_factor(user)

    def take_in(self, *options: str) -> str:
        shown = StringIO()
        call_command("import_places", str(FILE), "--source", "yh", *options, stdout=shown)
        return shown.getvalue()

    def desk(self, user: User) -> Client:
        return logged_in(User.objects.get(pk=user.pk))


def course(ref: str) -> Offer:
    return Offer.objects.select_related("workplace", "organisation").get(source_ref=ref)


def queue_of(user: User) -> set[str]:
    return set(list_offers_to_review(User.objects.get(pk=user.pk)).values_list("source_ref", flat=True))


def recipients(kind: str) -> set[str]:
    handle_events()
    return set(Notification.objects.filter(kind=kind).values_list("recipient__email", flat=True))


@pytest.fixture
def service(frozen_clock: Any) -> Service:
    frozen_clock.move_to("2026-11-23 09:00:00")
    return Service()


@pytest.mark.parametrize("answers_for_it", [True, False], ids=["by the office", "by the operator"])
def test_each_course_stands_where_the_file_says_and_is_open_or_closed(service: Service, answers_for_it: bool) -> None:
    service.take_in(*(("--actor", service.office.email) if answers_for_it else ()))
    waits = "published" if answers_for_it else "submitted"
    found = {
        offer.source_ref: (offer.workplace.municipality_id, offer.state)
        for offer in Offer.objects.select_related("workplace")
    }
    assert found == {ref: (code, waits if state == "open" else "closed") for ref, (code, state) in COURSES.items()}
    # Falu kommun and Region Gotland are municipalities by the names they have themselves.
    owners = {ref: course(ref).organisation.municipality_id for ref in ("MYH 2026/101", "MYH 2026/102")}
    assert owners == {"MYH 2026/101": FALUN, "MYH 2026/102": GOTLAND}


class TestThatWaitsForReview:
    def test_is_in_exactly_one_queue_and_told_in_the_morning(self, service: Service) -> None:
        service.take_in()
        assert queue_of(service.coordinator) == {"MYH 2026/101"}
        assert queue_of(service.office) == {"MYH 2026/102", "MYH 2026/103", "MYH 2026/104"}
        assert coordinators_with_work() == {service.coordinator.pk}
        assert office_with_work() == {service.office.pk}
        home = service.desk(service.office).get(reverse("network_home")).text
        assert "3 places lack a coordinator" in home

    @pytest.mark.parametrize("ref", ["MYH 2026/102", "MYH 2026/103", "MYH 2026/104"])
    def test_the_office_publishes_it_by_page_and_anybody_finds_it(self, service: Service, ref: str) -> None:
        service.take_in()
        desk, offer = service.desk(service.office), course(ref)
        page = reverse("coordinator_offer", args=[offer.pk])
        assert offer.title in desk.get(reverse("coordinator_offers")).text
        assert desk.get(page).status_code == 200
        assert service.desk(service.coordinator).get(page).status_code == 404
        assert desk.post(page, {"decision": "approve"}).status_code == 302
        assert course(ref).state == "published"
        link = reverse("offer", args=[offer.pk])
        assert link in Client().get(reverse("search"), {"q": offer.title}).text

    def test_begins_while_it_waits_and_leaves_the_queue(self, service: Service, frozen_clock: Any) -> None:
        service.take_in()
        frozen_clock.move_to("2027-08-31 12:00:00")
        assert close_overdue() == 4
        assert (queue_of(service.office), queue_of(service.coordinator)) == (set(), set())
        assert {offer.close_reason for offer in Offer.objects.filter(source_ref__startswith="MYH 2026")} == {"deadline"}

    def test_stays_in_it_where_somebody_can_give_new_dates(self, service: Service, frozen_clock: Any) -> None:
        service.take_in()
        MembershipFactory(organisation=course("MYH 2026/103").organisation)
        gone = MembershipFactory(organisation=course("MYH 2026/104").organisation).user
        User.objects.filter(pk=gone.pk).update(is_active=False)
        frozen_clock.move_to("2027-08-31 12:00:00")
        close_overdue()
        assert queue_of(service.office) == {"MYH 2026/103"}
        assert not close_overdue_offer(offer_id=course("MYH 2026/103").pk)

    def test_is_closed_when_the_file_says_that_it_has_begun(self, service: Service, tmp_path: Path) -> None:
        service.take_in()
        (old := tmp_path / "old.csv").write_text(FILE.read_text("utf-8").replace("2026,MYH", "2025,MYH"), "utf-8")
        call_command("import_places", str(old), "--source", "yh", stdout=StringIO())
        assert set(Offer.objects.values_list("state", flat=True)) == {"closed"}
        assert queue_of(service.office) == set()


class TestThatComesBack:
    """The calendar had closed it, and a later file gives it a new year."""

    def come_back(self, tmp_path: Path, *options: str) -> str:
        (new := tmp_path / "new.csv").write_text(FILE.read_text("utf-8").replace("2026,MYH", "2027,MYH"), "utf-8")
        shown = StringIO()
        call_command("import_places", str(new), "--source", "yh", "--rows", *options, stdout=shown)
        return shown.getvalue()

    def test_is_reviewed_again_and_published(self, service: Service, frozen_clock: Any, tmp_path: Path) -> None:
        service.take_in()
        frozen_clock.move_to("2027-08-31 12:00:00")
        close_overdue()
        assert course("MYH 2026/101").state == "closed"
        self.come_back(tmp_path)
        offer = course("MYH 2026/101")
        assert (offer.state, offer.close_reason, offer.closed_at) == ("submitted", "", None)
        assert offer.periods.get().start > date(2028, 8, 1)
        assert queue_of(service.coordinator) == {"MYH 2026/101"}
        desk = service.desk(service.coordinator)
        assert desk.post(reverse("coordinator_offer", args=[offer.pk]), {"decision": "approve"}).status_code == 302
        assert course("MYH 2026/101").state == "published"
        assert course("MYH 2026/101").is_open

    def test_the_office_that_imports_publishes_it_as_a_new_one(
        self, service: Service, frozen_clock: Any, tmp_path: Path
    ) -> None:
        service.take_in()
        frozen_clock.move_to("2027-08-31 12:00:00")
        close_overdue()
        self.come_back(tmp_path, "--actor", service.office.email)
        assert course("MYH 2026/101").state == "published"

    def test_not_one_that_somebody_has_closed_and_the_report_says_so(
        self, service: Service, frozen_clock: Any, tmp_path: Path
    ) -> None:
        service.take_in()
        close_offer(actor=service.coordinator, offer_id=course("MYH 2026/101").pk)
        frozen_clock.move_to("2027-08-31 12:00:00")
        close_overdue()
        assert "stays closed: somebody has closed it" in self.come_back(tmp_path)
        assert course("MYH 2026/101").state == "closed"

    def test_nor_one_that_somebody_had_applied_for(self, service: Service, frozen_clock: Any, tmp_path: Path) -> None:
        service.take_in("--actor", service.office.email)
        period = course("MYH 2026/101").periods.get()
        ApplicationFactory(period=period)
        frozen_clock.move_to("2027-08-31 12:00:00")
        close_overdue()
        said = self.come_back(tmp_path)
        assert "skipped: 1 stays closed with its former dates: somebody has applied for them" in " ".join(said.split())
        assert course("MYH 2026/101").state == "closed"
        assert course("MYH 2026/101").periods.get().start == period.start


class TestThatIsOpen:
    def apply(self, ref: str) -> Application:
        student = StudentFactory(birth_date=date(2000, 3, 1), municipality_id="0562", forms=["yh"])
        offer = course(ref)
        sent = {"period": offer.periods.get().pk, "motivation": "Jag vill lära mig yrket."}
        response = logged_in(student.user).post(reverse("apply", args=[offer.pk]), sent)
        assert response.status_code == 302, response.text
        return Application.objects.get(student=student)

    @pytest.mark.parametrize(
        ("ref", "holder"),
        [
            ("MYH 2026/101", "coordinator"),
            *((ref, "office") for ref in ("MYH 2026/102", "MYH 2026/103", "MYH 2026/104")),
        ],
    )
    def test_whoever_applies_is_heard_and_answered(self, service: Service, ref: str, holder: str) -> None:
        service.take_in("--actor", service.office.email)
        application = self.apply(ref)
        answers = getattr(service, holder)
        assert recipients("application.nobody_answers") == {answers.email}
        other = service.coordinator if holder == "office" else service.office
        answer = reverse("unclaimed_offer", args=[application.pk])
        assert service.desk(other).post(answer).status_code == 404
        assert application.student.user.name in service.desk(answers).get(reverse("coordinator_unclaimed")).text
        assert service.desk(answers).post(answer).status_code == 302
        application.refresh_from_db()
        assert application.state == "offered"

    def test_somebody_from_there_asks_and_the_office_hands_it_over(self, service: Service) -> None:
        service.take_in("--actor", service.office.email)
        offer, rektor = course("MYH 2026/102"), UserFactory(email="rektor@gotland.example")
        claim = reverse("organisation_claim", args=[offer.organisation_id])
        asking = logged_in(rektor)
        assert claim in asking.get(reverse("offer", args=[offer.pk])).text
        assert asking.post(claim, {"role": "rektor", "email": rektor.email}).status_code == 302
        assert recipients("claim.made") == {service.office.email}
        decide = reverse("claim_decide", args=[OrganisationClaim.objects.get().pk])
        assert service.desk(service.office).post(decide, {"answer": "yes"}).status_code == 302
        assert Membership.objects.get(organisation=offer.organisation_id).user_id == rektor.pk

    @pytest.mark.parametrize("ref", ["MYH 2025/105", "MYH 2019/106"])
    def test_not_one_that_has_begun_or_ended(self, service: Service, ref: str) -> None:
        service.take_in("--actor", service.office.email)
        offer, student = course(ref), StudentFactory(birth_date=date(2000, 3, 1), forms=["yh"])
        sent = {"period": offer.periods.get().pk, "motivation": "Jag vill lära mig yrket."}
        logged_in(student.user).post(reverse("apply", args=[offer.pk]), sent)
        assert not Application.objects.exists()
        link = reverse("offer", args=[offer.pk])
        assert link not in Client().get(reverse("search"), {"q": offer.title}).text
