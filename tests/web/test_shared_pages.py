"""Notifications, the way from a mail, guardians, the demo's mails, health."""

from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage

import pytest
from django.core import signing
from django.urls import reverse

from backend.applications.services import submit_application
from backend.common import events, parts
from backend.common.caught_mail import save_mail
from backend.notifications.models import Notification, Preference
from backend.notifications.unsubscribe import make_token
from backend.students.links import guardian_path
from backend.students.models import GuardianConsent
from backend.students.services import add_guardian
from tests.factories import (
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    PeriodFactory,
    StudentFactory,
    UserFactory,
)
from tests.web.desk import logged_in
from tests.web.guardian_links import open_by_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def minor():
    return StudentFactory(birth_date=date(2010, 5, 1))


class TestNotifications:
    @pytest.fixture
    def company(self):
        period = PeriodFactory()
        user = MembershipFactory(organisation=period.offer.organisation).user
        submit_application(actor=StudentFactory().user, period_id=period.pk)
        return user

    def test_opening_one_marks_it_read_and_leads_to_the_page(self, client, company):
        client.force_login(company)
        page = client.get(reverse("notifications"))
        row = Notification.objects.get(recipient=company)
        assert f"/notifications/{row.pk}/" in page.content.decode()
        response = client.get(f"/notifications/{row.pk}/", follow=True)
        row.refresh_from_db()
        assert row.read_at is not None
        assert response.redirect_chain[-1][0] == reverse("employer_application", args=[row.subject_id])
        assert response.status_code == 200

    def test_other_peoples_notifications_do_not_exist(self, client, company):
        client.force_login(StudentFactory().user)
        row = Notification.objects.get(recipient=company)
        assert client.get(f"/notifications/{row.pk}/").status_code == 404
        row.refresh_from_db()
        assert row.read_at is None

    def test_reading_all(self, client, company):
        client.force_login(company)
        client.post(reverse("notifications_read_all"))
        assert not Notification.objects.filter(recipient=company, read_at__isnull=True).exists()

    def test_the_number_of_queries_grows_only_with_what_is_shown(self, client, company, django_assert_max_num_queries):
        client.force_login(company)
        client.get(reverse("notifications"))
        with django_assert_max_num_queries(14):
            client.get(reverse("notifications"))

    def test_choices_are_kept(self, client, company):
        client.force_login(company)
        page = client.get(reverse("notification_settings")).content.decode()
        assert 'name="suggestions.email"' in page
        client.post(reverse("notification_settings"), {"suggestions.email": "never"})
        assert Preference.objects.get(user=company).slot == "never"

    def test_an_impossible_choice_is_explained_and_nothing_is_kept(self, client, company):
        client.force_login(company)
        response = client.post(reverse("notification_settings"), {"suggestions.email": "sometimes"})
        assert response.status_code == 400
        assert 'data-color="danger"' in response.content.decode()
        assert not Preference.objects.exists()


class TestUnsubscribe:
    def test_get_shows_and_post_decides(self, client):
        user = StudentFactory().user
        address = reverse("unsubscribe", args=[make_token(user.pk, "suggestions", "email")])
        assert client.get(address).status_code == 200
        assert not Preference.objects.exists()
        assert client.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
        assert Preference.objects.get(user=user).slot == "never"

    def test_a_mail_program_needs_no_token_of_ours(self):
        from django.test import Client

        user = StudentFactory().user
        address = reverse("unsubscribe", args=[make_token(user.pk, "suggestions", "email")])
        assert Client(enforce_csrf_checks=True).post(address).status_code == 200

    def test_a_forged_token_is_unknown(self, client):
        token = signing.dumps([1, "suggestions", "email"], salt="something.else")
        assert client.post(reverse("unsubscribe", args=[token])).status_code == 404


class TestGuardian:
    def test_the_mail_link_shows_on_get_and_decides_on_post(self, client, minor):
        guardianship = add_guardian(actor=minor.user, student_id=minor.pk, email="mamma@home.example", name="Mamma")
        address = guardian_path(guardianship.pk)
        page = client.get(address)
        assert page.status_code == 200
        assert "no-store" in page["Cache-Control"]
        assert not GuardianConsent.objects.exists()
        client.post(address, {"answer": "yes"})
        assert not GuardianConsent.objects.exists(), "the link alone answers nothing"
        open_by_code(client, address)
        client.post(address, {"answer": "yes"})
        assert GuardianConsent.objects.get().withdrawn_at is None
        client.post(address, {"answer": "no"})
        assert GuardianConsent.objects.get().withdrawn_at is not None

    def test_the_link_ends_after_thirty_days_and_when_the_child_is_grown(self, client, frozen_clock, minor):
        guardianship = GuardianshipFactory(student=minor)
        address = guardian_path(guardianship.pk)
        grown = GuardianshipFactory(student__birth_date=date(2000, 1, 1))
        assert client.get(guardian_path(grown.pk)).status_code == 404
        frozen_clock.shift(timedelta(days=31))
        refused = client.get(address)
        assert (refused.status_code, "Logga in med den e-postadress" in refused.text) == (404, True)

    def test_the_asking_mail_holds_the_link(self, minor):
        guardianship = add_guardian(actor=minor.user, student_id=minor.pk, email="pappa@home.example", name="Pappa")
        from backend.notifications import registry

        row = Notification.objects.get(recipient=guardianship.guardian)
        assert row.kind == "consent.asked"
        assert registry.get(row.kind).context(row)["link"].startswith("/vardnadshavare/lank/")

    def test_one_sees_and_withdraws_for_own_children_only(self, client, minor):
        guardianship = GuardianshipFactory(student=minor)
        own = submit_application(actor=minor.user, period_id=PeriodFactory().pk)
        other = submit_application(actor=StudentFactory().user, period_id=PeriodFactory().pk)
        client.force_login(guardianship.guardian)
        assert own.period.offer.title in client.get(reverse("guardian_home")).content.decode()
        client.post(reverse("guardian_withdraw", args=[own.pk]))
        assert client.post(reverse("guardian_withdraw", args=[other.pk])).status_code == 404
        own.refresh_from_db()
        other.refresh_from_db()
        assert (own.state, other.state) == ("withdrawn", "submitted")


class TestGo:
    def test_each_reader_is_led_to_their_own_page(self, client):
        period, student = PeriodFactory(), StudentFactory()
        application = submit_application(actor=student.user, period_id=period.pk)
        readers = {
            student.user: reverse("student_application", args=[application.pk]),
            MembershipFactory(organisation=period.offer.organisation).user: reverse(
                "employer_application", args=[application.pk]
            ),
            CoordinatorFactory(): reverse("coordinator_student", args=[student.pk]),
        }
        for user, expected in readers.items():
            client.force_login(user)
            assert client.get(reverse("go", args=["application", application.pk]))["Location"] == expected

    def test_strangers_and_unknown_subjects(self, client):
        application = submit_application(actor=StudentFactory().user, period_id=PeriodFactory().pk)
        client.force_login(StudentFactory().user)
        assert client.get(reverse("go", args=["application", application.pk])).status_code == 404
        assert client.get(reverse("go", args=["user", 1])).status_code == 404


class TestDemoMail:
    def test_the_demo_shows_what_was_caught(self, client, settings, tmp_path):
        mail = EmailMessage()
        mail["Subject"] = "Du har fått en plats"
        mail.set_content("Svara ja eller nej.")
        mail.add_alternative("<p style='color:red'>Svara</p>", subtype="html")
        mail_id = save_mail(
            tmp_path,
            sender="a@example.com",
            recipients=["elin@school.example"],
            content=mail.as_bytes(),
            received_at=datetime(2026, 11, 23, tzinfo=UTC),
        )
        settings.DEMO_MODE, settings.MAIL_DIR = True, str(tmp_path)
        assert "Du har fått en plats" in client.get(reverse("caught_mails")).content.decode()
        assert "Svara ja eller nej." in client.get(reverse("caught_mail", args=[mail_id])).content.decode()
        html = client.get(reverse("caught_mail_html", args=[mail_id]))
        assert "sandbox" in html["Content-Security-Policy"]
        assert client.get(reverse("caught_mail", args=["passwd"])).status_code == 404

    def test_outside_the_demo_there_is_nothing(self, client, settings, tmp_path):
        settings.DEMO_MODE, settings.MAIL_DIR = False, str(tmp_path)
        assert client.get(reverse("caught_mails")).status_code == 404


def test_health_tells_yes_and_no(client):
    assert client.get(reverse("health")).json() == {"database": True, "broker": True}


def test_ready_names_the_part_that_is_missing(client, monkeypatch):
    assert client.get(reverse("ready")).json() == {"database": True, "broker": True, "missing": []}
    monkeypatch.setattr(parts, "is_installed", lambda name: name != "ortools")
    response = client.get(reverse("ready"))
    assert response.status_code == 503
    assert response.json()["missing"] == ["rounds: optimal method: ortools is missing"]
    assert client.get(reverse("health")).status_code == 200


def test_an_event_without_subscribers_is_no_error():
    event = events.record("nobody.listens", StudentFactory())
    assert event.handlings.count() == 0


@pytest.mark.parametrize(("make", "adds"), [(UserFactory, True), (CoordinatorFactory, False)])
def test_alerts_of_someone_without_a_profile_are_an_empty_page(make, adds):
    page = logged_in(make()).get(reverse("alerts"))
    assert page.status_code == 200
    assert "No alerts yet" in page.text
    assert ("New alert" in page.text) == adds
