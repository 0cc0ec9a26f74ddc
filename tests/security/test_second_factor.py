"""A code by mail alone opens nobody's desk: who has to have a second factor, how it is set up, asked for, lost and reset."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from backend.accounts import second_factor, totp
from backend.accounts.models import AccountSession, Role, SecondFactorReset, User
from backend.accounts.scheduled_tasks import reset_second_factors
from backend.common import clock
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.models import LogEntry
from backend.notifications.about_logins import stop_token
from backend.organisations.models import Membership
from backend.organisations.services import register_organisation
from backend.web.second_factor_wall import OPEN
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OrganisationFactory,
    StudentFactory,
    UserFactory,
)
from tests.factories.rows import APP_SECRET, FINSPANG, give_second_factor
from tests.security.house import every_route, fill
from tests.security.test_login_codes import code_of
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db

HOME, APP, ASK = reverse("second_factor"), reverse("second_factor_app"), reverse("mfa_authenticate")
KEY = re.compile(r'<code class="key"[^>]*>([A-Z2-7 ]+)</code>')


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


def code_now(secret: str = APP_SECRET, steps: int = 0) -> str:
    return totp.code_of(secret, totp.step_at(clock.now()) + steps)


def bare_coordinator(**fields: Any) -> User:
    """Somebody who became a coordinator just now, as by invitation."""
    user: Any = UserFactory(**fields)
    Role.objects.create(user=user, kind="coordinator", municipality_id=FINSPANG)
    return user


def bare_office() -> User:
    user: Any = UserFactory()
    Role.objects.create(user=user, kind="network")
    return user


def owner_since(age: timedelta) -> User:
    membership = Membership.objects.create(user=UserFactory(), organisation=OrganisationFactory(), role="owner")
    Membership.objects.filter(pk=membership.pk).update(created_at=clock.now() - age)
    return membership.user


def with_mailed_code(user: User, client: Client | None = None, **more: str) -> tuple[Client, Any]:
    """Through the real door with the code of the mail; the client and the last answer."""
    client = client or Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    client.post(reverse("account_request_login_code"), {"email": user.email, **more})
    answer = client.post(reverse("account_confirm_login_code"), {"code": code_of(mail.outbox[-1]), **more})
    return client, answer


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


class TestWall:
    @pytest.mark.parametrize("make", [bare_coordinator, bare_office, lambda: owner_since(timedelta(hours=1))])
    def test_nothing_but_the_set_up_is_open(self, make):
        """Every address of the resolver, ours and the libraries', pages and API, by GET and by POST."""
        client = logged_in(make())
        passed = set()
        for route, pattern in every_route():
            where = fill(route, {"slug": "skola", "token": "none"})
            for method in ("GET", "POST"):
                answer = client.generic(method, where)
                is_led = answer.status_code == 302 and answer["Location"].startswith(HOME)
                is_refused = answer.status_code == 403 and "second_factor.required" in answer.text
                if not (is_led or is_refused):
                    passed.add(pattern.name)
            if pattern.name == "account_logout":
                client = logged_in(make())
        # A login that is being made anew, and what is closed to everyone.
        assert passed <= OPEN
        assert {"second_factor", "second_factor_app", "account_logout", "set_language", "contact"} <= passed

    @pytest.mark.parametrize("make", [bare_coordinator, bare_office])
    def test_the_page_says_why_and_leads_on(self, make):
        client = logged_in(make())
        answer = client.get(reverse("search"), {"q": "svets"})
        assert answer["Location"] == f"{HOME}?next=%2Fplatser%2F%3Fq%3Dsvets"
        page = client.get(answer["Location"]).text
        assert "A code by mail is not enough" in page
        assert APP in page

    def test_a_program_with_the_cookie_is_told_in_its_own_shape(self):
        answer = logged_in(bare_coordinator()).get("/api/v1/me/")
        assert answer.status_code == 403
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "second_factor.required"

    def test_what_was_being_sent_is_kept(self):
        client = logged_in(bare_coordinator())
        answer = client.post(reverse("profile"), {"name": "Ett långt namn som någon skulle sakna"})
        assert answer["Location"] == f"{HOME}?next={reverse('unsent').replace('/', '%2F')}"

    @pytest.mark.parametrize(
        "make", [lambda: StudentFactory().user, UserFactory, lambda: MembershipFactory().user, CoordinatorFactory]
    )
    def test_nobody_else_meets_it(self, make):
        client = logged_in(make())
        assert client.get(reverse("profile"), follow=True).request["PATH_INFO"] != HOME

    def test_a_paused_coordinator_is_an_ordinary_person(self):
        user = bare_coordinator()
        user.roles.update(paused_at=clock.now())
        assert logged_in(user).get(reverse("search")).status_code == 200

    def test_a_role_that_begins_in_the_middle_is_met_at_once(self):
        user = UserFactory()
        client = logged_in(user)
        assert client.get(reverse("search")).status_code == 200
        Role.objects.create(user=user, kind="coordinator", municipality_id=FINSPANG)
        assert client.get(reverse("search"))["Location"].startswith(HOME)


class TestOwners:
    def test_who_registers_finishes_the_first_place_first(self, frozen_clock):
        user = UserFactory()
        client = logged_in(user)
        frozen_clock.shift(timedelta(minutes=1))
        register_organisation(actor=user, name="Verkstan", registration_number="5560360793", municipality_code=FINSPANG)
        assert client.get(reverse("employer_offer_new")).status_code in {200, 302}
        assert not client.get(reverse("employer_home")).headers.get("Location", "").startswith(HOME)
        frozen_clock.shift(timedelta(minutes=1))
        assert logged_in(user).get(reverse("employer_home"))["Location"].startswith(HOME)

    def test_a_session_that_lasts_is_asked_after_a_day(self, frozen_clock):
        user = UserFactory()
        client = logged_in(user)
        frozen_clock.shift(timedelta(minutes=1))
        Membership.objects.create(user=user, organisation=OrganisationFactory(), role="owner")
        assert client.get(reverse("search")).status_code == 200
        Membership.objects.filter(user=user).update(created_at=clock.now() - timedelta(hours=25))
        assert client.get(reverse("search"))["Location"].startswith(HOME)


class TestSetUp:
    def test_an_app_from_login_to_desk_without_a_script(self):
        user = bare_coordinator(name="Karin Strand")
        client, answer = with_mailed_code(user, next=reverse("coordinator_matches"))
        answer = client.get(answer["Location"], follow=True)
        assert answer.request["PATH_INFO"] == HOME
        page = client.get(APP).text
        assert "<svg" in page
        assert "style=" not in page
        secret = KEY.search(page)[1].replace(" ", "")
        assert KEY.search(client.get(APP).text)[1].replace(" ", "") == secret
        wrong = client.post(APP, {"code": "123456" if code_now(secret) != "123456" else "654321"})
        assert wrong.status_code == 400
        assert not second_factor.has_second_factor(user)
        done = client.post(APP, {"code": code_now(secret)}, follow=True)
        codes = second_factor.shown_recovery_codes(user)
        assert len(codes) == 10
        assert all(code in done.content.decode() for code in codes)
        assert client.get(reverse("second_factor_codes")).text.count("\n") == 12
        assert client.post(HOME, {"action": "keep"})["Location"] == reverse("coordinator_matches")
        assert client.get(reverse("second_factor_codes"))["Location"] == HOME
        assert codes[0] not in client.get(HOME).text
        assert client.get(reverse("coordinator_home")).status_code == 200
        assert LogEntry.objects.filter(action="second_factor.enrolled", actor_id=user.pk).count() == 1

    def test_the_secret_lies_sealed(self):
        user = bare_coordinator()
        client = logged_in(user)
        secret = KEY.search(client.get(APP).text)[1].replace(" ", "")
        client.post(APP, {"code": code_now(secret)})
        with connection.cursor() as cursor:
            cursor.execute("SELECT data::text FROM mfa_authenticator")
            stored = "".join(row[0] for row in cursor.fetchall())
        assert secret not in stored

    def test_sessions_that_have_proved_less_end(self):
        user = bare_coordinator()
        elsewhere, here = logged_in(user), logged_in(user)
        secret = KEY.search(here.get(APP).text)[1].replace(" ", "")
        here.post(APP, {"code": code_now(secret)})
        assert here.get(reverse("coordinator_home")).status_code == 200
        assert elsewhere.get(reverse("coordinator_home"))["Location"].startswith(reverse("account_login"))

    def test_codes_are_forgotten_after_half_an_hour(self, frozen_clock):
        user = CoordinatorFactory()
        client = logged_in(user)
        client.post(HOME, {"action": "renew"})
        assert second_factor.shown_recovery_codes(user)
        frozen_clock.shift(timedelta(minutes=31))
        assert second_factor.shown_recovery_codes(user) == []
        assert client.get(reverse("second_factor_codes"))["Location"] == HOME

    def test_new_codes_end_the_old_ones(self):
        user = CoordinatorFactory()
        second_factor.renew_recovery_codes(actor=user)
        old = second_factor.shown_recovery_codes(user)
        second_factor.renew_recovery_codes(actor=user)
        assert second_factor.use_code(user, old[0]) is None
        assert second_factor.use_code(user, second_factor.shown_recovery_codes(user)[0]) is not None

    def test_without_the_last_one_the_wall_stands_again(self):
        user = CoordinatorFactory()
        client = logged_in(user)
        row = Authenticator.objects.get(user=user)
        client.post(HOME, {"action": f"remove-{row.pk}"})
        assert client.get(reverse("coordinator_home"))["Location"].startswith(HOME)
        assert not Authenticator.objects.filter(user=user).exists()

    def test_nobody_removes_anybody_elses(self):
        row = Authenticator.objects.get(user=CoordinatorFactory())
        assert logged_in(CoordinatorFactory()).post(HOME, {"action": f"remove-{row.pk}"}).status_code == 404
        with pytest.raises(NotFound):
            second_factor.remove_second_factor(actor=UserFactory(), authenticator_id=row.pk)

    def test_one_app_at_a_time(self):
        user = CoordinatorFactory()
        with pytest.raises(Conflict):
            second_factor.enrol_app(actor=user, secret=APP_SECRET, code=code_now(), session_key="")


class TestLogin:
    def test_after_the_mail_the_app_is_asked_for(self):
        user = CoordinatorFactory()
        client, answer = with_mailed_code(user, next=reverse("coordinator_matches"))
        assert answer["Location"] == ASK
        assert not is_in(client)
        assert client.get(reverse("coordinator_home"))["Location"].startswith(reverse("account_login"))
        assert client.post(ASK, {"code": "000000"}).status_code == 400
        assert not is_in(client)
        assert client.post(ASK, {"code": code_now()})["Location"] == reverse("coordinator_matches")
        assert is_in(client)

    def test_a_code_of_the_app_works_once(self):
        user = CoordinatorFactory()
        client, _answer = with_mailed_code(user)
        client.post(ASK, {"code": code_now()})
        other, _answer = with_mailed_code(user)
        cache.clear()
        assert other.post(ASK, {"code": code_now()}).status_code == 400
        assert not is_in(other)

    @pytest.mark.parametrize(("steps", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
    def test_a_telephones_clock_may_be_half_a_minute_off(self, steps, is_taken):
        assert (second_factor.use_code(CoordinatorFactory(), code_now(steps=steps)) is not None) is is_taken

    def test_a_recovery_code_works_once_and_is_told(self):
        user = CoordinatorFactory()
        second_factor.renew_recovery_codes(actor=user)
        code = second_factor.shown_recovery_codes(user)[3]
        client, _answer = with_mailed_code(user)
        client.post(ASK, {"code": code})
        assert is_in(client)
        assert LogEntry.objects.filter(action="second_factor.code_used", subject_id=user.pk).exists()
        other, _answer = with_mailed_code(user)
        assert other.post(ASK, {"code": code}).status_code == 400

    def test_five_wrong_ones_are_enough(self):
        user = CoordinatorFactory()
        client, _answer = with_mailed_code(user)
        for _try in range(5):
            client.post(ASK, {"code": "000000"})
        assert client.post(ASK, {"code": code_now()}).status_code == 400
        assert not is_in(client)

    def test_the_page_is_for_those_on_the_way_in(self):
        assert Client().get(ASK)["Location"] == reverse("account_login")
        assert Client().post(ASK, {"code": code_now()})["Location"] == reverse("account_login")

    def test_whoever_has_one_unasked_is_asked_too(self):
        user = StudentFactory().user
        give_second_factor(user)
        _client, answer = with_mailed_code(user)
        assert answer["Location"] == ASK


class TestReset:
    def test_it_waits_a_day_and_ends_every_session(self, frozen_clock):
        user, office = CoordinatorFactory(), NetworkOfficerFactory()
        client = logged_in(user)
        data = {"email": user.email, "reason": "Ringde på växelns nummer."}
        logged_in(office).post(reverse("network_second_factor"), data)
        row = SecondFactorReset.objects.get()
        assert row.due_at == clock.now() + timedelta(hours=24)
        frozen_clock.shift(timedelta(hours=23, minutes=59))
        assert reset_second_factors() == 0
        frozen_clock.shift(timedelta(minutes=1))
        assert reset_second_factors() == 1
        assert reset_second_factors() == 0
        assert not Authenticator.objects.filter(user=user).exists()
        assert not AccountSession.objects.filter(user=user).exists()
        assert client.get(reverse("coordinator_home"))["Location"].startswith(reverse("account_login"))
        done = LogEntry.objects.filter(action__startswith="second_factor.reset").values_list("action", "actor_id")
        assert list(done.order_by("pk")) == [
            ("second_factor.reset_asked", office.pk),
            ("second_factor.reset_done", office.pk),
        ]

    def test_the_link_of_the_mail_stops_it_and_opening_it_does_not(self, frozen_clock):
        user, office = CoordinatorFactory(), NetworkOfficerFactory()
        row = second_factor.ask_reset(actor=office, user=user, reason="Ringde.")
        where = reverse("second_factor_stop", args=[stop_token(row.pk)])
        visitor = Client()
        assert visitor.get(where).status_code == 200
        row.refresh_from_db()
        assert row.ended_at is None
        visitor.post(where)
        row.refresh_from_db()
        assert row.outcome == "stopped"
        frozen_clock.shift(timedelta(days=2))
        assert reset_second_factors() == 0
        assert second_factor.has_second_factor(user)
        assert visitor.post(where).status_code == 302

    @pytest.mark.parametrize("token", ["none", "abc:def:ghi"])
    def test_a_damaged_link_leads_nowhere(self, token):
        assert Client().get(reverse("second_factor_stop", args=[token])).status_code == 404

    def test_only_a_colleague_at_the_office_may(self):
        office, user = NetworkOfficerFactory(), CoordinatorFactory()
        with pytest.raises(Invalid):
            second_factor.ask_reset(actor=office, user=office, reason="Jag själv.")
        with pytest.raises(NotAllowed):
            second_factor.ask_reset(actor=user, user=office, reason="Nej.")
        assert second_factor.ask_reset(actor=NetworkOfficerFactory(), user=office, reason="Ringde.").user == office

    def test_what_is_asked_wrongly_is_said(self):
        office, user = NetworkOfficerFactory(), CoordinatorFactory()
        client = logged_in(office)
        for data in (
            {"email": "ingen@example.com", "reason": "Ringde."},
            {"email": user.email, "reason": ""},
            {"email": StudentFactory().user.email, "reason": "Ringde."},
        ):
            assert client.post(reverse("network_second_factor"), data).status_code == 400
        assert not SecondFactorReset.objects.exists()
        second_factor.ask_reset(actor=office, user=user, reason="Ringde.")
        with pytest.raises(Conflict):
            second_factor.ask_reset(actor=office, user=user, reason="Ringde igen.")

    def test_nobody_elses_reset_can_be_stopped(self):
        row = second_factor.ask_reset(actor=NetworkOfficerFactory(), user=CoordinatorFactory(), reason="Ringde.")
        with pytest.raises(NotFound):
            second_factor.stop_reset(actor=UserFactory(), reset_id=row.pk)
