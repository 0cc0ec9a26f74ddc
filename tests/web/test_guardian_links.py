"""The link of a guardian's mail: forwarded, prefetched, replayed, cut short, too old, of somebody removed."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from backend.common import clock
from backend.placements.models import Match
from backend.students.guardians import remove_guardian
from backend.students.links import guardian_path
from backend.students.models import GuardianConsent, Guardianship
from backend.students.services import add_guardian
from tests.factories import (
    CoordinatorFactory,
    GuardianshipFactory,
    OfferFactory,
    StudentFactory,
    UserFactory,
)
from tests.web.guardian_links import code_in_mail, open_by_code

pytestmark = pytest.mark.django_db

NAME, SCHOOL, MOTHER = "Elin Dahlqvist", "Bergska gymnasiet", "mamma@home.example"


@pytest.fixture
def guardianship():
    student = StudentFactory(user__name=NAME, school=SCHOOL, birth_date=date(2010, 3, 1))
    return add_guardian(actor=student.user, student_id=student.pk, email=MOTHER, name="Mamma")


@pytest.fixture
def address(guardianship):
    return guardian_path(guardianship.pk)


class TestGuardianLink:
    def test_it_shows_the_least(self, client, address):
        page = client.get(address).text
        for word in (NAME, "Elin", SCHOOL, MOTHER, "Mamma"):
            assert word not in page
        assert "m•••@home.example" in page

    def test_looking_at_it_sends_nothing_and_answers_nothing(self, client, address):
        for method in (client.get, client.head):
            method(address)
            method(address + "?answer=yes&action=send")
        assert mail.outbox == []
        assert not GuardianConsent.objects.exists()
        assert Guardianship.objects.get().accepted_at is None

    def test_the_code_goes_to_the_address_of_the_mail_and_names_nobody(self, client, address):
        client.post(address, {"action": "send"})
        [sent] = mail.outbox
        assert sent.to == [MOTHER]
        assert NAME not in sent.subject + str(sent.body)
        assert "Elin" not in sent.subject + str(sent.body)

    @pytest.mark.parametrize("answer", ["yes", "no", "accept", "remove"])
    def test_a_forwarded_link_answers_nothing(self, client, guardianship, address, answer):
        assert client.post(address, {"answer": answer}).status_code == 302
        guardianship.refresh_from_db()
        assert guardianship.accepted_at is None
        assert not GuardianConsent.objects.exists()
        assert "Ditt svar är inte sparat" in client.get(address).text

    def test_a_code_opens_it_for_that_visitor_alone(self, client, address):
        open_by_code(client, address)
        assert NAME in client.get(address).text
        assert NAME not in Client().get(address).text

    def test_a_code_works_once(self, client, address):
        client.post(address, {"action": "send"})
        code = code_in_mail()
        client.post(address, {"code": code})
        stranger = Client()
        assert stranger.post(address, {"code": code}).status_code == 400
        assert NAME not in stranger.get(address).text

    def test_five_wrong_codes_end_it(self, client, address):
        client.post(address, {"action": "send"})
        right = code_in_mail()
        wrong = f"{(int(right) + 1) % 10**6:06}"
        for _try in range(5):
            answer = client.post(address, {"code": wrong})
            assert (answer.status_code, NAME in answer.text) == (400, False)
        assert client.post(address, {"code": right}).status_code == 400
        assert NAME not in client.get(address).text

    def test_somebody_elses_tries_do_not_count(self, client, address):
        client.post(address, {"action": "send"})
        right = code_in_mail()
        stranger = Client()
        for _try in range(20):
            stranger.post(address, {"code": "000000"})
        assert client.post(address, {"code": right}).status_code == 302

    def test_a_code_is_good_for_ten_minutes_and_what_it_opened_for_an_hour(self, client, address, frozen_clock):
        client.post(address, {"action": "send"})
        code = code_in_mail()
        frozen_clock.shift(timedelta(minutes=11))
        assert client.post(address, {"code": code}).status_code == 400
        open_by_code(client, address)
        frozen_clock.shift(timedelta(minutes=61))
        assert NAME not in client.get(address).text
        client.post(address, {"answer": "yes"})
        assert not GuardianConsent.objects.exists()

    def test_a_code_of_one_child_opens_no_other(self, client, guardianship, address):
        sister = StudentFactory(user__name="Maja Lind", birth_date=date(2010, 3, 1))
        other = add_guardian(actor=sister.user, student_id=sister.pk, email="pappa@home.example", name="Pappa")
        open_by_code(client, address)
        assert "Maja" not in client.get(guardian_path(other.pk)).text
        client.post(guardian_path(other.pk), {"answer": "yes"})
        assert not GuardianConsent.objects.exists()

    def test_four_codes_a_minute_are_too_many(self, client, address):
        for _code in range(4):
            client.post(address, {"action": "send"})
        assert len(mail.outbox) == 3

    @pytest.mark.parametrize("damage", [lambda token: token[:-3], lambda token: token[1:], lambda token: "0000"])
    def test_a_link_cut_short_says_what_to_do(self, client, address, damage):
        token = address.rstrip("/").rsplit("/", 1)[1]
        answer = client.get(reverse("guardian_link", args=[damage(token)]))
        assert (answer.status_code, "Logga in med den e-postadress" in answer.text) == (404, True)

    def test_links_die_with_the_guardian_also_where_they_are_open(self, client, guardianship, address):
        open_by_code(client, address)
        remove_guardian(actor=CoordinatorFactory(), guardianship_id=guardianship.pk)
        assert client.get(address).status_code == 404
        assert client.post(address, {"answer": "yes"}).status_code == 404
        assert client.post(address, {"action": "send"}).status_code == 404
        assert len(mail.outbox) == 1

    def test_whoever_is_logged_in_as_the_guardian_needs_no_code(self, client, guardianship, address):
        client.force_login(guardianship.guardian)
        assert client.get(address)["Location"] == reverse("guardian_home")

    def test_before_accepting_nothing_but_the_name(self, client, guardianship, address):
        open_by_code(client, address)
        page = client.get(address).text
        assert (NAME in page, SCHOOL in page) == (True, False)
        client.post(address, {"answer": "accept"})
        assert SCHOOL in client.get(address).text
        assert not GuardianConsent.objects.exists()

    def test_somebody_who_is_not_the_guardian_takes_themselves_off(self, client, guardianship, address):
        open_by_code(client, address)
        assert client.post(address, {"answer": "remove"})["Location"] == reverse("home")
        assert not Guardianship.objects.exists()
        assert client.get(address).status_code == 404


class TestPages:
    def test_the_student_sees_the_name_that_was_written(self, client):
        student = StudentFactory(birth_date=date(2010, 3, 1))
        known = UserFactory(name="Namn Från Kontot")
        client.force_login(student.user)
        client.post(reverse("student_guardians"), {"name": "Mamma", "email": known.email})
        page = client.get(reverse("student_guardians")).text
        assert ("Mamma" in page, "Namn Från Kontot" in page) == (True, False)

    def test_the_student_removes_one_who_is_not_confirmed(self, client, guardianship):
        client.force_login(guardianship.student.user)
        client.post(reverse("student_guardian_remove", args=[guardianship.pk]))
        assert not Guardianship.objects.exists()

    def test_the_student_does_not_remove_one_whom_the_school_has_named(self, client):
        row = GuardianshipFactory()
        client.force_login(row.student.user)
        remove = reverse("student_guardian_remove", args=[row.pk])
        assert remove not in client.get(reverse("student_guardians")).text
        assert client.post(remove).status_code == 403
        assert Guardianship.objects.filter(pk=row.pk).exists()

    def test_the_coordinator_names_confirms_and_removes(self, client, guardianship):
        student = guardianship.student
        client.force_login(CoordinatorFactory())
        page = reverse("coordinator_student", args=[student.pk])
        assert "Inte bekräftad" in client.get(page).text
        client.post(reverse("coordinator_guardian_confirm", args=[guardianship.pk]))
        assert "Inte bekräftad" not in client.get(page).text
        add = reverse("coordinator_guardian_add", args=[student.pk])
        refused = client.post(add, {"name": "Pappa", "email": "pappa"})
        assert (refused.status_code, 'value="pappa"' in refused.text) == (400, True)
        client.post(add, {"name": "Pappa", "email": "pappa@home.example"})
        assert student.guardianships.get(named_as="Pappa").is_confirmed
        client.post(reverse("coordinator_guardian_remove", args=[guardianship.pk]))
        assert [each.named_as for each in student.guardianships.all()] == ["Pappa"]


class TestBesideTheMatch:
    @pytest.fixture
    def match(self, guardianship):
        offer = OfferFactory(form_id="praktik", risk_assessed_on=date(2026, 10, 1))
        period = offer.periods.get()
        return Match.objects.create(
            student=guardianship.student,
            period=period,
            deciding_municipality_id="0562",
            start=period.start,
            end=period.end,
            proposed_at=clock.now(),
        )

    def test_address_moment_and_method_stand_there_and_one_click_confirms(self, client, guardianship, match):
        open_by_code(client, guardian_path(guardianship.pk))
        client.post(guardian_path(guardianship.pk), {"answer": "yes"})
        client.force_login(CoordinatorFactory())
        page = client.get(reverse("coordinator_match", args=[match.pk])).text
        for word in (MOTHER, "via länken i mejlet", "Angiven av eleven", "ingen har bekräftat vem det är"):
            assert word in page
        approve = reverse("coordinator_match_approve", args=[match.pk])
        client.post(approve)
        match.refresh_from_db()
        assert match.state == "proposed"
        client.post(reverse("coordinator_match_guardian", args=[match.pk, guardianship.pk]))
        client.post(approve)
        match.refresh_from_db()
        assert match.state == "approved"

    def test_whoever_does_not_decide_sees_no_address_and_confirms_nobody(self, client, guardianship, match):
        client.force_login(CoordinatorFactory(municipality="0882"))
        confirm = reverse("coordinator_match_guardian", args=[match.pk, guardianship.pk])
        assert client.post(confirm).status_code == 404
        stranger = GuardianshipFactory()
        client.force_login(CoordinatorFactory())
        other = reverse("coordinator_match_guardian", args=[match.pk, stranger.pk])
        assert client.post(other).status_code == 404
        guardianship.refresh_from_db()
        assert not guardianship.is_confirmed
