"""Notifications in a real browser: switched on with one button under the strict policy, shown once, and calm without a
script."""

import json

import pytest
from django.urls import reverse

from backend.notifications import push, vapid
from backend.notifications.models import BouncedAddress, PushSubscription
from tests.browser.conftest import axe_findings, is_wider_than_window
from tests.factories import UserFactory
from tests.notifications.http_sink import HttpSink
from tests.notifications.push_service import Browser

# Headless Chromium has no push service of its own to subscribe to: the keys of this browser come from the test.
SUBSCRIBES = """
(keys) => {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
  const made = () => ({
    endpoint: keys.endpoint,
    options: { applicationServerKey: bytes(keys.ours).buffer },
    toJSON: () => ({ endpoint: keys.endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } }),
    unsubscribe: async () => true,
  });
  PushManager.prototype.getSubscription = async () => (sessionStorage.getItem("said-yes") ? made() : null);
  PushManager.prototype.subscribe = async () => (sessionStorage.setItem("said-yes", "1"), made());
}
"""

# Looks, 20 ms apart: a browser that shares its machine with others may take long to start a service worker.
PATIENCE = 1_500


@pytest.fixture
def person(settings, tmp_path):
    settings.DATA_DIR, settings.SMS_PROVIDER = tmp_path, "file"
    settings.PUSH_SERVICES = ["http://127.0.0.1:0"]
    vapid.make_file()
    return UserFactory(name="Elin Dahlqvist")


def test_one_button_switches_it_on_and_the_page_knows_it_then(visit, live_server, person):
    page = visit("/", user=person, language="en")
    keys = Browser(HttpSink()).keys
    ours = vapid.keys()
    assert ours is not None
    given = json.dumps({"endpoint": keys.endpoint, "p256dh": keys.p256dh, "auth": keys.auth, "ours": ours.public})
    page.context.add_init_script(f"({SUBSCRIBES})({given})")
    page.context.grant_permissions(["notifications"], origin=live_server.url)
    page.goto(live_server.url + reverse("reach"))
    button = page.get_by_role("button", name="Turn on in this browser")
    button.click()
    page.get_by_text("This browser tells you.").wait_for()
    assert not button.is_visible()
    row = PushSubscription.objects.get()
    assert (row.user, row.endpoint) == (person, keys.endpoint)
    page.get_by_role("button", name="Turn off").click()
    button.wait_for()
    assert not PushSubscription.objects.exists()


def test_a_message_that_comes_twice_is_seen_once_and_leads_to_its_page(visit, live_server, person):
    page = visit(reverse("reach"), user=person)
    page.context.grant_permissions(["notifications"], origin=live_server.url)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    devtools = page.context.new_cdp_session(page)
    registrations: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(each["registrationId"] for each in event["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    for _ in range(PATIENCE):
        if registrations:
            break
        page.wait_for_timeout(20)
    # The two differ in their words only, so that the test can tell when the second one has been dealt with.
    for body in ("Det finns nytt.", "Det finns nytt, igen."):
        message = {"title": "Praktiknavet", "body": body, "path": "/till/offer/1/", "tag": "one", "lang": "sv"}
        devtools.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": live_server.url, "registrationId": registrations[-1], "data": json.dumps(message)},
        )
    # A new one with an old tag takes the old one away before it is shown: looked at until the second is there.
    shown = page.evaluate(
        """async ([last, patience]) => {
          let shown;
          for (let look = 0; look < patience; look++) {
            const all = await (await navigator.serviceWorker.ready).getNotifications();
            shown = all.map((each) => [each.body, each.data.path]);
            if (shown.some(([body]) => body === last)) break;
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          return shown;
        }""",
        ["Det finns nytt, igen.", PATIENCE],
    )
    assert shown == [["Det finns nytt, igen.", "/till/offer/1/"]]


def test_without_a_script_the_page_says_how_else(visit, live_server, person):
    push.subscribe(actor=person, keys=Browser(HttpSink()).keys, browser="Firefox, Android")
    page = visit("/", user=person)
    page.context.route("**/push.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto(live_server.url + reverse("reach"))
    assert page.locator("[data-push-state=none]").is_visible()
    assert not page.locator("[data-push-on]").is_visible()
    page.get_by_role("listitem").filter(has_text="Firefox, Android").get_by_role("button").click()
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    ("size", "scheme"), [("desktop", "dark"), ("phone", "light"), ("phone", "dark"), ("desktop", "light")]
)
def test_the_page_is_sound_with_everything_on_it(visit, person, size, scheme):
    push.subscribe(actor=person, keys=Browser(HttpSink()).keys, browser="Firefox, Android")
    BouncedAddress.objects.create(user=person, channel="email", address=person.email)
    page = visit(reverse("reach"), user=person, size=size, scheme=scheme)
    page.locator("[data-push-on]").wait_for(state="visible")
    assert axe_findings(page) == []
    assert not is_wider_than_window(page)
