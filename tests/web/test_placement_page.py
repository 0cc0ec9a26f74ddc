"""The page of a placement, for those it is about; and what homes and lists say once it has ended early."""

from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from backend.applications.models import Application
from backend.notifications.models import Notification
from backend.notifications.selectors import list_notifications_for
from backend.placements import services
from backend.placements.models import Placement
from tests.factories import MembershipFactory, StudentFactory
from tests.factories.refusals import refused
from tests.web.placed import Placed, placed_by_application, placed_by_round

pytestmark = pytest.mark.django_db


def as_user(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture(params=["application", "round"])
def placed(request: Any, frozen_clock: Any) -> Placed:
    return placed_by_application() if request.param == "application" else placed_by_round(frozen_clock)


def page_of(placed: Placed) -> str:
    return reverse("placement", args=[placed.placement.pk])


class TestThePage:
    def test_it_says_where_when_whom_to_meet_and_what_comes_next(self, frozen_clock):
        placed = placed_by_application()
        for user in (placed.student.user, placed.guardian, placed.member):
            answer = as_user(user).get(page_of(placed))
            for text in (
                "Bruksgatan 1",
                "572 31 Oskarshamn",
                "Ulf Berg",
                "2027",
                "25\N{NO-BREAK SPACE}jan.",
                placed.coordinator.email,
            ):
                assertContains(answer, text)
            assertContains(answer, "openstreetmap.org")
            assertContains(answer, reverse("calendar"))
        assertContains(as_user(placed.student.user).get(page_of(placed)), "Du börjar måndag 25 januari. ")
        assertContains(as_user(placed.member).get(page_of(placed)), placed.student.user.email)

    def test_the_supervisor_can_be_called_and_written_to(self, frozen_clock):
        placed = placed_by_application()
        Placement.objects.filter(pk=placed.placement.pk).update(
            supervisor_phone="+4612285000", supervisor_email="ulf@firma.example"
        )
        answer = as_user(placed.student.user).get(page_of(placed))
        assertContains(answer, 'href="tel:+4612285000"')
        assertContains(answer, 'href="mailto:ulf@firma.example"')

    def test_it_opens_for_those_it_is_about_and_for_nobody_else(self, placed):
        for user in (placed.student.user, placed.guardian, placed.member):
            assert as_user(user).get(page_of(placed)).status_code == 200
        answer = as_user(placed.coordinator).get(page_of(placed))
        assert answer["Location"] == reverse("coordinator_placement", args=[placed.placement.pk])
        strangers = [StudentFactory().user, MembershipFactory().user] + [placed.neighbour] * bool(placed.neighbour)
        for user in strangers:
            assert as_user(user).get(page_of(placed)).status_code == 404

    def test_a_guardian_of_somebody_grown_up_does_not_see_it(self, frozen_clock):
        placed = placed_by_application()
        frozen_clock.shift(timedelta(days=400))
        assert as_user(placed.guardian).get(page_of(placed)).status_code == 404
        assert as_user(placed.student.user).get(page_of(placed)).status_code == 200

    def test_the_workplace_sees_the_alias_of_a_protected_student_and_nothing_else(self, frozen_clock):
        placed = placed_by_application()
        type(placed.student).objects.filter(pk=placed.student.pk).update(is_protected=True, alias="Student KXBR")
        answer = as_user(placed.member).get(page_of(placed))
        assertContains(answer, "Student KXBR")
        for text in ("Elin", "Dahlqvist", placed.student.user.email, "IN2A", "Bruket", placed.guardian.email):
            assertNotContains(answer, text)


class TestTheFirstDay:
    def test_the_workplace_writes_and_the_student_and_guardian_read(self, placed):
        url = reverse("placement_first_day", args=[placed.placement.pk])
        answer = as_user(placed.member).post(url, {"first_day": "Kl. 07 i porten", "bring": "Matlåda"})
        assert answer["Location"] == page_of(placed)
        for user in (placed.student.user, placed.guardian):
            assertContains(as_user(user).get(page_of(placed)), "Kl. 07 i porten")
        told = Notification.objects.filter(kind="placement.first_day_set").values_list("recipient", flat=True)
        assert set(told) == {placed.student.user.pk, placed.guardian.pk}

    def test_the_same_words_again_tell_nobody(self, placed):
        for _time in range(2):
            services.set_first_day(actor=placed.member, placement_id=placed.placement.pk, first_day="Kl. 07", bring="")
        assert Notification.objects.filter(kind="placement.first_day_set").count() == 2

    def test_too_much_is_said_at_the_field_and_nothing_is_lost(self, placed):
        url = reverse("placement_first_day", args=[placed.placement.pk])
        answer = as_user(placed.member).post(url, {"first_day": "x" * 201, "bring": "Matlåda"})
        assertContains(answer, "Matlåda", status_code=400)
        assert "first_day" in answer.context["preparing"].form.errors
        assert not Placement.objects.get(pk=placed.placement.pk).bring

    def test_nobody_else_writes_and_not_after_the_end(self, placed):
        words = {"placement_id": placed.placement.pk, "first_day": "Kl. 07", "bring": ""}
        refused("placement.not_allowed", services.set_first_day, actor=placed.student.user, **words)
        for stranger in (placed.guardian, MembershipFactory().user):
            refused("placement.unknown", services.set_first_day, actor=stranger, **words)
        placed.end()
        refused("placement.over", services.set_first_day, actor=placed.member, **words)


class TestTheSupervisor:
    NEW: ClassVar[dict[str, str]] = {"name": "Siv Berg", "email": "siv@bruket.example", "phone": "070-123 45 67"}

    @pytest.mark.parametrize("who", ["member", "coordinator"])
    def test_is_replaced_on_the_page_and_everybody_reads_who_it_is(self, placed, who):
        url, actor = reverse("placement_new_supervisor", args=[placed.placement.pk]), getattr(placed, who)
        page = as_user(actor).get(page_of(placed), follow=True)
        assertContains(page, f'action="{url}"')
        assert as_user(actor).post(url, self.NEW).status_code == 302
        for user in (placed.student.user, placed.guardian, placed.member):
            assertContains(as_user(user).get(page_of(placed)), "Siv Berg")
        told = Notification.objects.filter(kind="placement.supervisor_replaced").values_list("recipient", flat=True)
        assert {placed.student.user.pk, placed.guardian.pk} <= set(told)

    def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(self, placed):
        url = reverse("placement_new_supervisor", args=[placed.placement.pk])
        answer = as_user(placed.member).post(url, self.NEW | {"phone": "hej"})
        assertContains(answer, "Siv Berg", status_code=400)
        assert "phone" in answer.context["replacing"].form.errors

    def test_the_student_has_no_such_form(self, placed):
        url = reverse("placement_new_supervisor", args=[placed.placement.pk])
        assertNotContains(as_user(placed.student.user).get(page_of(placed)), url)
        assert as_user(placed.student.user).post(url, self.NEW).status_code in {403, 404}
        placed.end()
        assertNotContains(as_user(placed.member).get(page_of(placed)), url)


class TestWhereLinksLead:
    """The links of mails and notifications, by kind and reader."""

    @pytest.mark.parametrize("has_ended", [False, True])
    def test_everybody_reaches_the_placement(self, placed, has_ended):
        if has_ended:
            placed.end()
        kinds = ["match.approved", "placement.cancelled"] if has_ended else ["match.approved"]
        own = {
            placed.student.user.pk: page_of(placed),
            placed.guardian.pk: page_of(placed),
            placed.member.pk: page_of(placed),
        }
        if placed.neighbour:
            own[placed.neighbour.pk] = reverse("coordinator_match", args=[placed.placement.match_id])
        for kind in kinds:
            rows = Notification.objects.filter(kind=kind).select_related("recipient")
            assert {row.recipient_id for row in rows} == set(own)
            for row in rows:
                client = as_user(row.recipient)
                answer = client.get(reverse("go", args=[row.subject_type, row.subject_id]))
                assert answer["Location"] == own[row.recipient_id], (kind, row.recipient.name)
                assert client.get(answer["Location"]).status_code == 200

    def test_who_was_never_told_learns_nothing(self, placed):
        stranger = as_user(StudentFactory().user)
        for kind, pk in (("match", placed.placement.match_id), ("placement", placed.placement.pk)):
            assert stranger.get(reverse("go", args=[kind, pk])).status_code == 404

    def test_a_guardian_of_somebody_grown_up_is_led_home(self, frozen_clock):
        placed = placed_by_application()
        frozen_clock.shift(timedelta(days=400))
        client = as_user(placed.guardian)
        answer = client.get(reverse("go", args=["match", placed.placement.match_id]), follow=True)
        assert answer.status_code == 200
        assertContains(answer, "inte längre öppet för dig")


HAS_A_PLACE = ("Du har fått en plats", "Har fått platsen", "Placeringen är godkänd", "Platsen är din")


class TestOnceItHasEndedEarly:
    """Nobody reads that there is a place, anywhere."""

    @pytest.mark.parametrize("state", ["Inställd", "Avbruten"])
    def test_it_is_said_on_every_page_of_everybody(self, placed, frozen_clock, state):
        if state == "Avbruten":
            frozen_clock.shift(timedelta(days=70))
            services.advance_placement(placement_id=placed.placement.pk)
        placed.end()
        application = Application.objects.filter(student=placed.student).first()
        pages = {
            placed.student.user: [reverse("student_home"), page_of(placed), reverse("notifications")],
            placed.guardian: [reverse("guardian_home"), page_of(placed), reverse("notifications")],
            placed.member: [reverse("employer_placements"), page_of(placed), reverse("notifications")],
        }
        if application is not None:
            pages[placed.student.user] += [
                reverse("student_applications"),
                reverse("student_application", args=[application.pk]),
            ]
            pages[placed.member] += [
                reverse("employer_application", args=[application.pk]),
                reverse("employer_applicants", args=[application.period.offer_id]),
            ]
        else:
            result = placed.placement.match.result
            pages[placed.student.user] += [reverse("student_round", args=[result.participant.round_id])]
        for user, urls in pages.items():
            for url in urls:
                answer = as_user(user).get(url)
                assert answer.status_code == 200
                assertContains(answer, state, msg_prefix=url)
                for text in HAS_A_PLACE:
                    assertNotContains(answer, text, msg_prefix=url)

    def test_the_notification_of_the_approval_says_what_is_true_now(self, placed):
        def titles() -> list[str]:
            return [str(row.kind_title) for row in list_notifications_for(placed.student.user).rows]

        assert any(title.startswith("Placeringen är godkänd") for title in titles())
        placed.end()
        assert not any(title.startswith("Placeringen är godkänd") for title in titles())
        assert any(title.startswith("Inställd:") for title in titles())


class TestHomes:
    def test_a_placement_comes_first_however_it_came(self, placed):
        answer = as_user(placed.student.user).get(reverse("student_home"))
        assertContains(answer, page_of(placed))
        assertContains(answer, "Du har fått en plats")
        assertNotContains(answer, "Du har inte sökt något än")
        assertContains(as_user(placed.guardian).get(reverse("guardian_home")), page_of(placed))
        assertContains(as_user(placed.member).get(reverse("employer_home")), page_of(placed))
