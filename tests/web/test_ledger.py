"""Who was told what about a case: whom its reader meets there, and what may be sent again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.accounts.models import User
from backend.accounts.services import give_grant
from backend.common import clock, events
from backend.common.errors import Conflict, NotFound
from backend.common.models import LogEntry
from backend.notifications import quiet
from backend.notifications.models import BouncedAddress, Delivery, Notification
from backend.notifications.services import notify, resend_delivery
from backend.offers.models import Offer
from backend.students.models import Student
from tests.factories import (
    ApplicationFactory,
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    StudentFactory,
    UserFactory,
)
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def karin() -> User:
    user: Any = CoordinatorFactory(name="Karin Ek")
    return user


@pytest.fixture
def desk(karin: User) -> Client:
    return logged_in(karin)


def tell(subject: Any, people: Any, kind: str) -> list[Notification]:
    with transaction.atomic():
        return notify(event=events.record("probe.happened", subject), recipients=people, kind=kind, subject=subject)


def student(name: str, **fields: Any) -> Student:
    found: Any = StudentFactory(user=UserFactory(name=name), **fields)
    return found


def page(client: Client, subject: Any) -> Any:
    return client.get(reverse("coordinator_ledger", args=[subject._meta.model_name, subject.pk]))


class TestWhoIsMet:
    def test_a_place_names_own_students_alone(self, desk: Client) -> None:
        offer: Any = OfferFactory()
        elsewhere = [student(f"Annan {number}", municipality_id="2580").user for number in range(3)]
        hidden = student("Hemliga Hanna", is_protected=True, alias="Student KXBR").user
        homeless = student("Utan Kommun", municipality_id=None).user
        owner = MembershipFactory(user=UserFactory(name="Sara Nyqvist"), organisation=offer.organisation).user
        tell(offer, [student("Maja Lind").user, *elsewhere, hidden, homeless], "match.suggested")
        tell(offer, [owner], "offer.published")

        answer = page(desk, offer)

        assert [row["who"] for row in answer.context["rows"]] == ["Sara Nyqvist", "Maja Lind"]
        assert not any(word in answer.text for word in ("Annan", "Hanna", "Student KXBR", "Utan Kommun"))
        assert answer.context["others"] == "under 5"

    def test_few_others_read_as_none_and_a_protected_one_is_not_counted(self, desk: Client) -> None:
        offer: Any = OfferFactory()
        maja = student("Maja Lind").user
        tell(offer, [maja], "match.suggested")
        assert page(desk, offer).context["others"] == "under 5"
        elsewhere = [StudentFactory(municipality_id="2580").user for _ in range(5)]
        hidden = [StudentFactory(municipality_id="2580", is_protected=True, alias=f"S {n}").user for n in range(3)]

        tell(offer, [*elsewhere, *hidden], "match.suggested")

        assert page(desk, offer).context["others"] == "5"

    def test_a_student_who_also_works_there_is_no_way_round(self, desk: Client) -> None:
        offer: Any = OfferFactory()
        both = student("Dubbla Doris", municipality_id="2580").user
        MembershipFactory(user=both, organisation=offer.organisation)
        tell(offer, [both], "match.suggested")

        assert "Doris" not in page(desk, offer).text

    def test_somebody_without_any_part_is_not_named(self, desk: Client) -> None:
        offer: Any = OfferFactory()
        tell(offer, [UserFactory(name="Ingen Alls")], "offer.published")

        assert "Ingen Alls" not in page(desk, offer).text

    def test_a_case_names_its_student_and_guardian(self, desk: Client) -> None:
        guardianship: Any = GuardianshipFactory(student__user__name="Maja Lind", guardian__name="Petra Lind")
        application: Any = ApplicationFactory(student=guardianship.student)
        tell(application, [guardianship.student.user, guardianship.guardian], "application.lapsed")

        assert {row["who"] for row in page(desk, application).context["rows"]} == {"Maja Lind", "Petra Lind"}

    def test_a_guardian_with_a_protected_identity_of_their_own_is_not_met(self, desk: Client) -> None:
        guardianship: Any = GuardianshipFactory(guardian__name="Dold Förälder")
        StudentFactory(user=guardianship.guardian, is_protected=True, alias="Student KXBR")
        application: Any = ApplicationFactory(student=guardianship.student)
        offer: Any = OfferFactory()
        for subject, kind in ((application, "application.lapsed"), (offer, "match.suggested")):
            tell(subject, [guardianship.guardian], kind)
            assert "Dold" not in page(desk, subject).text

    @pytest.mark.parametrize(
        "make",
        [
            lambda: ApplicationFactory(student__municipality_id="2580"),
            lambda: OfferFactory(workplace__municipality_id="2580"),
            lambda: OfferFactory(state="draft", published_at=None),
        ],
    )
    def test_another_municipalitys_case_is_unknown(self, desk: Client, make: Callable[[], Any]) -> None:
        assert page(desk, make()).status_code == 404

    def test_a_protected_case_opens_with_a_grant_and_is_noted(self, karin: User, desk: Client) -> None:
        hidden = student("Hemliga Hanna", is_protected=True, alias="Student KXBR")
        application: Any = ApplicationFactory(student=hidden)
        tell(application, [hidden.user], "application.lapsed")
        assert page(desk, application).status_code == 404

        until = clock.today() + timedelta(days=90)
        give_grant(
            actor=NetworkOfficerFactory(), user=karin, municipality_code="0562", valid_until=until, reason="Rektor."
        )
        answer = page(desk, application)

        assert [row["who"] for row in answer.context["rows"]] == ["Student KXBR"]
        assert "Hanna" not in answer.text
        assert LogEntry.objects.get(action="protected.viewed").actor == karin


def ended(subject: Any, person: User, kind: str, state: str = "dead", reason: str = "refused") -> Delivery:
    (notification,) = tell(subject, [person], kind)
    Delivery.objects.filter(notification=notification, channel="email").update(
        state=state, reason=reason, done_at=clock.now()
    )
    return notification.deliveries.get(channel="email")


class TestSendingAgain:
    def resend(self, client: Client, subject: Any, delivery: Delivery, reason: str = "Ny adress.") -> Any:
        args = [subject._meta.model_name, subject.pk, delivery.pk]
        return client.post(reverse("coordinator_resend", args=args), {"reason": reason})

    def test_what_did_not_arrive_is_due_again_once(self, karin: User, desk: Client) -> None:
        application: Any = ApplicationFactory()
        delivery = ended(application, application.student.user, "application.lapsed")
        assert "Send it again?" in page(desk, application).text

        self.resend(desk, application, delivery, reason=" ")
        assert Delivery.objects.get(pk=delivery.pk).state == "dead"
        assert self.resend(desk, application, delivery).status_code == 302
        again = self.resend(desk, application, delivery)
        assert again.status_code == 409
        assert "It is on its way or has already arrived." in again.text

        assert Delivery.objects.get(pk=delivery.pk).state == "pending"
        entry = LogEntry.objects.get(action="delivery.resent")
        assert (entry.actor, entry.reason, entry.data) == (karin, "Ny adress.", {"from": "dead"})
        assert "Send it again?" not in page(desk, application).text

    @pytest.mark.parametrize(
        ("state", "reason", "may"),
        [
            ("uncertain", "answer_lost", True),
            ("suppressed", "not_set_up", True),
            ("suppressed", "opted_out", False),
            ("suppressed", "in_digest", False),
            ("cancelled", "already_answered", False),
            ("sent", "", False),
            ("complained", "complained", False),
        ],
    )
    def test_only_what_ended_badly(self, karin: User, state: str, reason: str, may: bool) -> None:
        application: Any = ApplicationFactory()
        delivery = ended(application, application.student.user, "application.lapsed", state, reason)
        if may:
            assert resend_delivery(actor=karin, delivery_id=delivery.pk, reason="Igen.").state == "pending"
        else:
            with pytest.raises(Conflict):
                resend_delivery(actor=karin, delivery_id=delivery.pk, reason="Igen.")

    def test_not_to_an_address_that_comes_back(self, karin: User, desk: Client) -> None:
        application: Any = ApplicationFactory()
        person = application.student.user
        delivery = ended(application, person, "application.lapsed", "suppressed", "address_bounced")
        BouncedAddress.objects.create(user=person, channel="email", address=person.email)

        self.resend(desk, application, delivery)

        assert Delivery.objects.get(pk=delivery.pk).state == "suppressed"
        assert "another address first" in page(desk, application).text

    def test_a_stranger_elsewhere_and_a_hidden_recipient_are_unknown(self, karin: User, desk: Client) -> None:
        offer: Any = OfferFactory()
        other = ended(offer, StudentFactory(municipality_id="2580").user, "match.suggested")
        hidden = ended(offer, StudentFactory(is_protected=True, alias="S 1").user, "match.suggested")
        own = ended(offer, StudentFactory().user, "match.suggested")
        for delivery in (other, hidden):
            assert self.resend(desk, offer, delivery).status_code == 404
            with pytest.raises(NotFound):
                resend_delivery(actor=karin, delivery_id=delivery.pk, reason="Igen.")
        for user in (CoordinatorFactory(municipality="2580"), StudentFactory().user, UserFactory()):
            with pytest.raises(NotFound):
                resend_delivery(actor=user, delivery_id=own.pk, reason="Igen.")
        assert not LogEntry.objects.filter(action="delivery.resent").exists()

    def test_it_keeps_the_quiet_hours(self, karin: User) -> None:
        minor: Any = StudentFactory(birth_date=date(2011, 3, 1))
        delivery = ended(ApplicationFactory(student=minor), minor.user, "application.lapsed")
        again = resend_delivery(actor=karin, delivery_id=delivery.pk, reason="Igen.")
        assert quiet.allowed_at(quiet.window_of(minor.user_id), again.due_at, can_wait=False) == again.due_at


@pytest.mark.django_db(transaction=True)
def test_of_two_who_press_at_once_one_wins() -> None:
    application: Any = ApplicationFactory()
    delivery = ended(application, application.student.user, "application.lapsed")
    people: list[Any] = [CoordinatorFactory() for _ in range(4)]

    def press(person: User) -> bool:
        try:
            resend_delivery(actor=person, delivery_id=delivery.pk, reason="Igen.")
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(press, people)) == [False, False, False, True]
    assert LogEntry.objects.filter(action="delivery.resent").count() == 1


def test_what_came_of_it_and_why_not_stand_beside_each_message(desk: Client) -> None:
    application: Any = ApplicationFactory()
    owner: Any = MembershipFactory(organisation=application.period.offer.organisation)
    tell(application, [owner.user], "application.submitted")
    ended(application, application.student.user, "application.waitlisted", "suppressed", "opted_out")
    LogEntry.objects.create(
        action="application.declined",
        subject_type="application",
        subject_id=application.pk,
        actor=owner.user,
        at=clock.now(),
    )
    answer = page(desk, application)
    asked = next(row for row in answer.context["rows"] if row["who"] == owner.user.name)
    assert asked["acted"].startswith("today")
    assert "The person does not want these" in answer.text


def test_a_long_ledger_takes_as_many_queries_as_a_short_one(desk: Client) -> None:
    offer: Offer = OfferFactory()  # type: ignore[assignment]
    url = reverse("coordinator_ledger", args=["offer", offer.pk])
    tell(offer, [StudentFactory().user], "match.suggested")
    desk.get(url)
    with CaptureQueriesContext(connection) as few:
        desk.get(url)
    tell(offer, [StudentFactory().user for _ in range(30)], "match.suggested")
    with CaptureQueriesContext(connection) as many:
        assert "after=" in desk.get(url).text
    assert len(few) == len(many)
