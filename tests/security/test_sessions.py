"""How long a login lasts, where one is logged in, and what a browser shows to the next person who uses it."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail, signing
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from backend.accounts import sessions
from backend.accounts.models import AccountSession
from backend.accounts.scheduled_tasks import clear_sessions
from backend.common import clock
from backend.common.models import LogEntry
from backend.notifications.models import PushSubscription
from backend.web.device import SALT
from tests.factories import CoordinatorFactory, MembershipFactory, StudentFactory, UserFactory, WorkplaceFactory
from tests.security.test_login_codes import asked, code_of
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db

PAGE = reverse("sessions")
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


def is_in(client: Client) -> bool:
    """Whether the next page still knows who it is."""
    return not client.get(reverse("profile")).headers.get("Location", "").startswith(reverse("account_login"))


def by_code(email: str, **more: str) -> Client:
    client, code = asked(email)
    client.post(reverse("account_confirm_login_code"), {"code": code, **more})
    return client


class TestLength:
    def test_staff_rest_an_hour(self, frozen_clock):
        client = logged_in(CoordinatorFactory())
        for _page in range(3):
            frozen_clock.shift(timedelta(minutes=50))
            assert is_in(client)
        frozen_clock.shift(timedelta(minutes=61))
        assert not is_in(client)

    def test_staff_work_a_day(self, frozen_clock):
        client = logged_in(CoordinatorFactory())
        for _page in range(14):
            frozen_clock.shift(timedelta(minutes=50))
            assert is_in(client)
        frozen_clock.shift(timedelta(minutes=25))
        assert not is_in(client)

    def test_a_role_that_begins_later_shortens_the_login(self, frozen_clock):
        user = UserFactory()
        client = logged_in(user)
        user.roles.create(kind="network")
        frozen_clock.shift(timedelta(hours=2))
        assert not is_in(client)

    @pytest.mark.parametrize(("choice", "days"), [({"remember": "on"}, 29), ({}, 0)])
    def test_others_choose(self, frozen_clock, choice, days):
        client = by_code(StudentFactory().user.email, **choice)
        assert is_in(client)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        assert bool(cookie["max-age"]) == bool(choice)
        frozen_clock.shift(timedelta(days=days, hours=11))
        assert is_in(client)
        frozen_clock.shift(timedelta(days=30))
        assert not is_in(client)

    def test_sessions_that_have_run_out_are_deleted_daily(self, frozen_clock):
        logged_in(UserFactory())
        frozen_clock.shift(timedelta(days=2))
        logged_in(UserFactory())
        assert clear_sessions() == 1
        assert AccountSession.objects.count() == 1


class TestList:
    def test_each_device_with_when_and_roughly_where(self, frozen_clock):
        user = StudentFactory().user
        here = Client(headers={"user-agent": FIREFOX, "accept-language": "en"}, REMOTE_ADDR="192.0.2.77")
        here.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        asked(user.email, here)
        here.post(reverse("account_confirm_login_code"), {"code": code_of(mail.outbox[-1])})
        page = here.get(PAGE).text
        assert "Firefox, Windows" in page
        assert "192.0.2.0" in page
        assert "192.0.2.77" not in page
        assert "This device" in page

    @pytest.mark.parametrize(
        ("agent", "name"),
        [(FIREFOX, "Firefox, Windows"), (IPHONE, "Safari, iPhone"), ("curl/8", ""), ("", "")],
    )
    def test_devices_are_called_as_their_owners_call_them(self, agent, name):
        assert sessions.device_named(agent) == name

    @pytest.mark.parametrize(
        ("address", "name"), [("192.0.2.77", "192.0.2.0"), ("2001:db8:1:2::3", "2001:db8:1::"), ("", ""), ("x", "")]
    )
    def test_networks_are_rough(self, address, name):
        assert sessions.network_named(address) == name

    def test_all_others_end_and_this_one_stays(self):
        user = StudentFactory().user
        here, there, somebody_else = logged_in(user), logged_in(user), logged_in(UserFactory())
        here.post(PAGE)
        assert is_in(here)
        assert not is_in(there)
        assert is_in(somebody_else)
        assert LogEntry.objects.get(action="session.others_ended").data == {"sessions": 1}


def test_codes_in_the_database_cannot_be_read():
    _client, code = asked(StudentFactory().user.email)
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_data FROM accounts_accountsession")
        stored = [row[0] for row in cursor.fetchall()]
    assert stored
    assert not any(code in each or "login" in each for each in stored)
    # Signed alone it would open with the key of signatures.
    with pytest.raises(signing.BadSignature):
        signing.loads(stored[0], salt="django.contrib.sessions.SessionStore")


def subscription_in(client: Client, user) -> PushSubscription:
    """What the page's script leaves behind: the row, and its number in the browser's cookie."""
    row = PushSubscription.objects.create(user=user, endpoint="https://push.example/1", created_at=clock.now())
    client.cookies[settings.DEVICE_COOKIE_NAME] = signing.dumps({"account": user.pk, "push": row.pk}, salt=SALT)
    return row


class TestNextPerson:
    def test_notifications_stop_at_logout(self):
        user = StudentFactory().user
        client = logged_in(user)
        subscription_in(client, user)
        client.get(reverse("profile"))
        assert PushSubscription.objects.exists()
        client.post(reverse("account_logout"))
        assert not PushSubscription.objects.exists()

    def test_and_when_somebody_else_logs_in_there(self):
        user = StudentFactory().user
        client = logged_in(user)
        subscription_in(client, user)
        client.cookies.pop(settings.SESSION_COOKIE_NAME)
        assert PushSubscription.objects.exists()
        client.force_login(user)
        client.get(reverse("profile"))
        assert PushSubscription.objects.exists(), "the same person again"
        client.force_login(UserFactory())
        client.get(reverse("profile"))
        assert not PushSubscription.objects.exists()

    def test_a_forged_cookie_ends_nothing(self):
        user = StudentFactory().user
        PushSubscription.objects.create(user=user, endpoint="https://push.example/1", created_at=clock.now())
        client = logged_in(UserFactory())
        client.cookies[settings.DEVICE_COOKIE_NAME] = "{}"
        client.post(reverse("account_logout"))
        assert PushSubscription.objects.exists()

    def test_what_one_was_sending_is_not_shown_to_the_next(self, frozen_clock):
        first, second = CoordinatorFactory(), CoordinatorFactory()
        client = logged_in(first)
        client.get(reverse("profile"))
        frozen_clock.shift(timedelta(hours=2))
        client.post(reverse("profile"), {"name": "Ett långt namn som någon skulle sakna"})
        client.force_login(second)
        assert client.get(reverse("unsent")).status_code == 302

    def test_and_is_shown_to_the_one_who_sent_it(self, frozen_clock):
        first = CoordinatorFactory()
        client = logged_in(first)
        client.get(reverse("profile"))
        frozen_clock.shift(timedelta(hours=2))
        client.post(reverse("profile"), {"name": "Ett långt namn som någon skulle sakna"})
        client.force_login(first)
        assert "Ett långt namn" in client.get(reverse("unsent")).text

    def test_a_draft_is_its_writers(self, frozen_clock):
        workplace = WorkplaceFactory()
        first, second = (MembershipFactory(organisation=workplace.organisation).user for _ in range(2))
        client, new = logged_in(first), reverse("employer_offer_new")
        client.get(new)
        client.cookies.pop(settings.SESSION_COOKIE_NAME)
        client.post(new, {"title": "Svetsa i rostfritt"})
        client.force_login(second)
        assert "Svetsa i rostfritt" not in client.get(new).text
