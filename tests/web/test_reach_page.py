"""The page about how a person is reached, without a script and with one."""

import json

import pytest
from django.test import Client

from backend.common.models import LogEntry
from backend.notifications import push, vapid
from backend.notifications.models import BouncedAddress, Notification, PushSubscription
from tests.factories import UserFactory
from tests.notifications.http_sink import HttpSink
from tests.notifications.push_service import Browser
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db

PAGE = "/notifications/reach/"


@pytest.fixture
def person():
    return UserFactory(name="Åsa Öberg")


@pytest.fixture
def client(person) -> Client:
    return logged_in(person)


@pytest.fixture
def set_up(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.PUSH_SERVICES = ["http://127.0.0.1:0"]
    settings.SMS_PROVIDER = "file"
    vapid.make_file()


@pytest.fixture
def browser(set_up) -> Browser:
    return Browser(HttpSink())


def subscription(browser: Browser, **changes: object) -> dict[str, object]:
    keys = browser.keys
    return {"endpoint": keys.endpoint, "keys": {"p256dh": keys.p256dh, "auth": keys.auth}, **changes}


def post_json(client: Client, body: object):
    return client.post(PAGE + "browsers/", json.dumps(body), content_type="application/json")


def test_what_is_not_set_up_is_not_offered(client, settings, tmp_path):
    settings.DATA_DIR, settings.SMS_PROVIDER = tmp_path, ""
    page = client.get(PAGE).content.decode()
    assert "data-push-key" not in page
    assert "push.js" not in page
    assert "Text messages" not in page


def test_a_number_is_saved_as_networks_want_it(client, person, set_up):
    assert client.post(PAGE, {"phone": "070-123 45 67", "wants_sms": "on"}).status_code == 302
    person.refresh_from_db()
    assert (person.phone, person.wants_sms) == ("+46701234567", True)
    assert "Text message" in client.get("/notifications/settings/").content.decode()
    assert "070" not in str(LogEntry.objects.get(action="person.phone_changed").data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"phone": "abc"}, "Write a mobile number"),
        ({"phone": "08-123 45 67"}, "not a mobile number"),
        ({"phone": "", "wants_sms": "on"}, "Write the number"),
    ],
)
def test_a_wrong_number_is_explained_and_kept_for_mending(client, person, set_up, data, message):
    response = client.post(PAGE, data)
    assert response.status_code == 400
    assert message in response.content.decode()
    assert data["phone"] in response.content.decode()
    person.refresh_from_db()
    assert (person.phone, person.wants_sms) == ("", False)


def test_a_browser_is_added_shown_and_turned_off(client, person, browser):
    assert post_json(client, subscription(browser)).status_code == 201
    row = PushSubscription.objects.get()
    page = client.get(PAGE).content.decode()
    assert row.fingerprint in page
    assert row.endpoint not in page
    assert client.post(f"{PAGE}browsers/{row.pk}/").status_code == 302
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    "body",
    [None, [], "x", {}, {"endpoint": 5, "keys": {"p256dh": 1, "auth": 2}}, {"endpoint": "https://evil.example/x"}],
)
def test_what_is_no_subscription_is_refused_with_words(client, browser, body):
    response = post_json(client, body)
    assert response.status_code == 400
    assert response.json()["message"]
    assert not PushSubscription.objects.exists()


def test_a_subscription_elsewhere_is_refused(client, browser):
    assert post_json(client, subscription(browser, endpoint="http://169.254.169.254/")).status_code == 400


def test_another_persons_browser_is_not_there(client, browser):
    other = push.subscribe(actor=UserFactory(), keys=browser.keys)
    assert client.post(f"{PAGE}browsers/{other.pk}/").status_code == 404
    assert PushSubscription.objects.exists()


def test_subscribing_needs_the_token_of_the_page(person, browser):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert post_json(strict, subscription(browser)).status_code == 403


def test_a_returned_address_is_said_and_can_be_tried_again(client, person):
    BouncedAddress.objects.create(user=person, channel="email", address=person.email)
    assert "Mails to you come back" in client.get(PAGE).content.decode()
    client.post(PAGE + "address/", {"channel": "email"})
    assert not BouncedAddress.objects.exists()
    assert "Mails to you come back" not in client.get(PAGE).content.decode()


def test_the_notice_about_it_leads_here(client, person):
    assert client.get(f"/till/user/{person.pk}/")["Location"] == PAGE
    assert client.get(f"/till/user/{UserFactory().pk}/").status_code == 404


def test_a_trial_message_goes_out_once(client, person):
    for _ in range(2):
        assert client.post(PAGE + "trial/").status_code == 302
    assert Notification.objects.filter(recipient=person, kind="notifications.trial").count() == 1


def test_the_worker_is_at_the_root_and_may_run(client):
    response = Client().get("/sw.js")
    assert response["Content-Type"].startswith("text/javascript")
    assert response["Cache-Control"] == "no-cache"
    assert b"showNotification" in response.content
    assert "worker-src 'self'" in client.get(PAGE)["Content-Security-Policy"]


def test_the_page_asks_the_database_as_often_with_many_browsers(client, person, browser):
    def queries() -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            client.get(PAGE)
        return len(captured)

    push.subscribe(actor=person, keys=browser.keys)
    few = queries()
    for number in range(5):
        push.subscribe(actor=person, keys=Browser(HttpSink(), path=f"/{number}").keys)
    assert queries() == few
