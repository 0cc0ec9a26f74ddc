"""A coordinator places a student directly, or applies for one: the same gates, logged, everybody told."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from backend.applications.models import Application
from backend.applications.placing import place_student
from backend.applications.services import submit_application
from backend.common.models import LogEntry
from backend.notifications.models import Notification
from backend.placements.models import Match, Placement
from tests.factories import (
    ApplicationFactory,
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    OfferFactory,
    PeriodFactory,
    StudentFactory,
    WorkplaceFactory,
)
from tests.factories.refusals import refused
from tests.factories.work import handle_events
from tests.web.desk import logged_in, only_period

pytestmark = pytest.mark.django_db
MINOR = date(2010, 3, 1)


@pytest.fixture
def karin() -> Any:
    return CoordinatorFactory(name="Karin Ek")


@pytest.fixture
def period() -> Any:
    return only_period(OfferFactory(period__capacity=1))


class TestPlace:
    def test_holds_the_seat_and_tells_everybody(self, karin, period):
        student: Any = StudentFactory()
        company = MembershipFactory(organisation=period.offer.organisation).user
        other = ApplicationFactory(student=student, period=only_period(OfferFactory()))
        placement = place_student(actor=karin, student_id=student.pk, period_id=period.pk)
        period.refresh_from_db()
        assert (placement.student, placement.match.source, period.taken) == (student, "coordinator", 1)
        assert placement.match.decided_by == karin
        assert LogEntry.objects.filter(action="match.approved", actor=karin).exists()
        handle_events()
        told = set(Notification.objects.filter(kind="match.approved").values_list("recipient", flat=True))
        assert {student.user.pk, company.pk} <= told
        other.refresh_from_db()
        assert other.state not in {"submitted", "offered"}

    @pytest.mark.parametrize("why", ["full", "forbidden", "consent", "overlap", "closed", "over"])
    def test_is_refused_by_the_gates_of_an_approval(self, karin, period, why, frozen_clock):
        facts = {"birth_date": MINOR} if why == "consent" else {}
        student: Any = StudentFactory(**facts)
        codes = {
            "full": "period.full",
            "forbidden": "application.age",
            "consent": "match.consent_missing",
            "overlap": "match.overlap",
            "closed": "application.closed",
        }
        if why == "full":
            period.taken = 1
            period.save()
        if why == "forbidden":
            student.birth_date, student.has_finished_compulsory_school = date(2012, 3, 1), False
            student.save()
            period.offer.hazards.set(["ASBESTOS"])
        if why == "consent":
            GuardianshipFactory(student=student)
            period.offer.form_id = "larling"
            period.offer.save()
        if why == "overlap":
            place_student(actor=karin, student_id=student.pk, period_id=only_period(OfferFactory()).pk)
        if why == "closed":
            period.offer.state = "paused"
            period.offer.save()
        before = (Match.objects.count(), Placement.objects.count())
        if why == "over":
            frozen_clock.move_to("2027-03-01T10:00:00+01:00")
            with pytest.raises(Exception, match=r"ended|over|late"):
                place_student(actor=karin, student_id=student.pk, period_id=period.pk)
        else:
            refused(codes[why], place_student, actor=karin, student_id=student.pk, period_id=period.pk)
        assert (Match.objects.count(), Placement.objects.count()) == before

    def test_only_by_the_students_own_coordinator(self, period):
        student: Any = StudentFactory()
        stranger = CoordinatorFactory(municipality="2580")
        for actor in (stranger, student.user, MembershipFactory(organisation=period.offer.organisation).user):
            refused("student.unknown", place_student, actor=actor, student_id=student.pk, period_id=period.pk)


class TestApply:
    def test_for_a_student_who_is_told(self, karin, period):
        student: Any = StudentFactory()
        company = MembershipFactory(organisation=period.offer.organisation).user
        made = submit_application(actor=karin, student_id=student.pk, period_id=period.pk, motivation="Passar bra.")
        assert (made.student, made.state) == (student, "submitted")
        assert LogEntry.objects.get(action="application.submitted").actor == karin
        handle_events()
        assert Notification.objects.get(kind="application.submitted_for_you").recipient == student.user
        assert Notification.objects.get(kind="application.submitted").recipient == company

    def test_not_by_a_stranger(self, period):
        student: Any = StudentFactory()
        refused(
            "student.unknown",
            submit_application,
            actor=CoordinatorFactory(municipality="2580"),
            student_id=student.pk,
            period_id=period.pk,
        )


@pytest.mark.parametrize("do", ["place", "apply"])
def test_the_page_does_both(karin, period, do):
    student: Any = StudentFactory()
    client, url = logged_in(karin), reverse("coordinator_student_place", args=[student.pk])
    assert period.offer.title in client.get(url).content.decode()
    assert client.post(url, {"do": do, "motivation": "Hej"}).status_code == 400
    assert client.post(url, {"do": do, "period": period.pk}).status_code == 302
    assert (Placement.objects.count(), Application.objects.count()) == ((1, 0) if do == "place" else (0, 1))


class TestOrderOfThePage:
    NEAR, FAR = {"lat": 58.70, "lon": 15.77}, {"lat": 59.60, "lon": 16.50}

    @pytest.fixture
    def lines(self, karin):
        for title, point, source in (("Långt bort", self.FAR, "pin"), ("Nära", self.NEAR, "pin")):
            PeriodFactory(offer__title=title, offer__workplace=WorkplaceFactory(**point, position_source=source))

        def read(student: Any) -> list[str]:
            page = logged_in(karin).get(reverse("coordinator_student_place", args=[student.pk]))
            return [str(label) for _pk, label in page.context["form"].fields["period"].choices]

        return read

    def test_the_nearest_first_with_kilometres(self, lines):
        found = lines(StudentFactory(lat=58.71, lon=15.78, position_source="postcode"))
        assert [line.split(",")[0] for line in found] == ["Nära", "Långt bort"]
        assert [line.rsplit(", ", 1)[1] for line in found] == ["1\xa0km", "107\xa0km"]

    def test_a_student_whose_town_is_not_known_gets_them_by_date(self, lines):
        found = lines(StudentFactory(lat=None, lon=None))
        assert len(found) == 2
        assert not any("km" in line for line in found)
