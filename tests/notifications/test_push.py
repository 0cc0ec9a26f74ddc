"""Web push against a push service that really decrypts, with every answer it can give."""

import json
import stat
from datetime import timedelta

import pytest
from django.core.management import call_command

from backend.accounts.models import User
from backend.common.errors import Conflict, Invalid, NotFound
from backend.common.models import LogEntry
from backend.notifications import push, registry, services, vapid
from backend.notifications.channels.push import channel as push_channel
from backend.notifications.enums import Category, DeliveryState, Outcome
from backend.notifications.models import ChannelCircuit, Delivery, Notification, PushSubscription
from backend.notifications.push import BrowserKeys, browser_name
from backend.notifications.rendering import ANY_NEWS, BRIEFS
from backend.notifications.selectors import get_preferences
from tests.notifications.conftest import hand_over, make_user, tell
from tests.notifications.http_sink import running_http_sink
from tests.notifications.push_service import Browser, signature_holds

pytestmark = pytest.mark.django_db


@pytest.fixture
def service(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    vapid.make_file()
    with running_http_sink() as sink:
        sink.status = 201
        settings.PUSH_SERVICES = [sink.url]
        yield sink


@pytest.fixture
def browser(service, user) -> Browser:
    browser = Browser(service)
    push.subscribe(actor=user, keys=browser.keys, browser="Firefox, Android")
    return browser


@pytest.fixture
def news(make_kind):
    return make_kind("probe.news")


def push_of(notification: Notification) -> Delivery:
    return notification.deliveries.get(channel="push")


def told(user: User) -> Delivery:
    return push_of(tell([user], "probe.news")[0])


@pytest.mark.real_clock
def test_what_arrives_is_short_names_nobody_and_leads_to_the_page(browser, user, news):
    delivery = hand_over(told(user))
    assert (delivery.state, delivery.provider_answer) == (DeliveryState.SENT, "201 at push service")
    (message,) = browser.messages
    assert message == {
        "title": "Praktiknavet",
        "body": str(BRIEFS["applications"]),
        "path": "/things/1/",
        "tag": str(delivery.idem_key),
        "lang": "sv",
    }
    for personal in (*user.name.split(), user.email, "A thing"):
        assert personal not in json.dumps(message, ensure_ascii=False)
    (request,) = browser.requests
    assert signature_holds(request)
    assert 3 * 24 * 3600 - 60 <= int(request.headers["ttl"]) <= 3 * 24 * 3600
    assert request.headers["topic"] == delivery.idem_key.hex
    assert request.headers["content-encoding"] == "aes128gcm"
    # The push service in between learns nothing of it.
    assert b"things" not in request.body


def test_every_category_has_its_sentence():
    used = {kind.category for kind in registry.kinds() if push_channel.ChannelName.IN_APP in kind.channels}
    assert used <= BRIEFS.keys() | {Category.DIGESTS}
    assert len({str(text) for text in BRIEFS.values()} | {str(ANY_NEWS)}) == len(BRIEFS) + 1


def test_nobody_without_a_browser_gets_a_row(user, news, service):
    assert not tell([user], "probe.news")[0].deliveries.filter(channel="push").exists()


def test_without_keys_nothing_is_pushed_and_nobody_can_switch_it_on(user, news, settings, tmp_path, service):
    keys = Browser(service).keys
    push.subscribe(actor=user, keys=keys)
    settings.DATA_DIR = tmp_path / "elsewhere"
    assert not tell([user], "probe.news")[0].deliveries.filter(channel="push").exists()
    with pytest.raises(Conflict, match=r"push\.not_set_up"):
        push.subscribe(actor=user, keys=keys)


def test_who_said_never_is_not_pushed_to(browser, user, news):
    assert "push" in {channel for row in get_preferences(user) for channel in row.cells}
    services.set_preferences(actor=user, user=user, choices={("applications", "push"): "never"})
    assert told(user).state == DeliveryState.SUPPRESSED


def test_the_table_of_choices_has_no_such_column_before_it_is_switched_on(user, service):
    assert "push" not in {channel for row in get_preferences(user) for channel in row.cells}


@pytest.mark.parametrize("code", [404, 410])
def test_a_browser_that_is_gone_is_forgotten_and_no_fault(browser, user, news, service, code):
    service.status = code
    delivery = hand_over(told(user))
    assert (delivery.state, delivery.reason) == (DeliveryState.SUPPRESSED, "unreachable")
    assert not PushSubscription.objects.exists()
    assert not tell([user], "probe.news")[0].deliveries.filter(channel="push").exists()


def test_one_of_two_browsers_is_gone(browser, user, news, service):
    second = Browser(service, path="/push/two")
    push.subscribe(actor=user, keys=second.keys)
    service.by_path["/push/one"] = 410
    assert hand_over(told(user)).state == DeliveryState.SENT
    assert len(second.messages) == 1
    assert [row.endpoint for row in PushSubscription.objects.all()] == [second.keys.endpoint]


def test_the_last_browser_goes_between_the_write_and_the_call(browser, user, news):
    delivery = told(user)
    push.unsubscribe(actor=user, subscription_id=PushSubscription.objects.get().pk)
    hand_over(delivery)
    assert (delivery.state, delivery.reason) == (DeliveryState.SUPPRESSED, "unreachable")
    assert browser.requests == []


@pytest.mark.parametrize("fault", ["drop", "silence"])
def test_a_lost_answer_is_asked_for_again_under_the_same_name(browser, user, news, service, fault, monkeypatch):
    monkeypatch.setattr(push_channel, "CALL_TIMEOUT", 0.4)
    service.fault = fault
    delivery = hand_over(told(user))
    assert (delivery.state, delivery.ambiguous_attempts) == (DeliveryState.PENDING, 1)
    assert delivery.attempt_rows.get().outcome == Outcome.AMBIGUOUS
    service.fault = ""
    assert hand_over(delivery).state == DeliveryState.SENT
    assert len({message["tag"] for message in browser.messages}) == 1
    assert len({request.headers["topic"] for request in browser.requests}) == 1


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_busy_push_service_is_asked_again_later(browser, user, news, service, code):
    service.status = code
    delivery = hand_over(told(user))
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 1)
    service.status = 201
    assert hand_over(delivery).state == DeliveryState.SENT


@pytest.mark.parametrize("code", [401, 403])
def test_a_refused_signature_opens_the_circuit_and_keeps_the_browser(browser, user, news, service, code):
    service.status = code
    delivery = hand_over(told(user))
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 0)
    assert ChannelCircuit.objects.filter(channel="push", open_until__isnull=False).exists()
    assert PushSubscription.objects.exists()


def test_a_push_service_can_not_send_us_elsewhere(browser, user, news, service):
    service.status, service.headers = 307, {"Location": service.url + "/inside"}
    delivery = hand_over(told(user))
    assert delivery.state == DeliveryState.DEAD
    assert [request.path for request in service.requests] == ["/push/one"]


def test_a_browser_that_said_yes_to_other_keys_is_left_alone(browser, user, news, settings, tmp_path):
    settings.DATA_DIR = tmp_path / "new"
    vapid.make_file()
    delivery = hand_over(told(user))
    assert (delivery.state, delivery.reason) == (DeliveryState.SUPPRESSED, "unreachable")
    assert browser.requests == []


def test_too_long_a_text_is_said_and_keeps_nobody_waiting(browser, user, make_kind):
    make_kind("probe.news", brief=lambda notification: "x" * 4000)
    make_kind("probe.short")
    long, short = told(user), push_of(tell([user], "probe.short")[0])
    assert (hand_over(long).state, long.reason) == (DeliveryState.DEAD, "too_large")
    assert hand_over(short).state == DeliveryState.SENT


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evil.example/?https://fcm.googleapis.com",
        "https://fcm.googleapis.com@evil.example/x",
        "https://fcm.googleapis.com:8443/x",
        "http://fcm.googleapis.com/x",
        "https://push.apple.com/x",
        "https://evilpush.apple.com.example/x",
        "file:///etc/passwd",
        "https://[::1",
        "",
    ],
)
def test_only_known_push_services_are_ever_called(user, service, settings, endpoint):
    settings.PUSH_SERVICES = ["https://fcm.googleapis.com", "https://*.push.apple.com"]
    good = Browser(service).keys
    with pytest.raises(Invalid, match=r"push\.unknown_service"):
        push.subscribe(actor=user, keys=BrowserKeys(endpoint, good.p256dh, good.auth))
    assert not PushSubscription.objects.exists()


def test_a_known_push_service_is_taken(user, service, settings):
    settings.PUSH_SERVICES = ["https://fcm.googleapis.com", "https://*.push.apple.com"]
    good = Browser(service).keys
    for endpoint in ("https://fcm.googleapis.com/fcm/send/abc", "https://web.push.apple.com/abc"):
        push.subscribe(actor=user, keys=BrowserKeys(endpoint, good.p256dh, good.auth))
    assert PushSubscription.objects.count() == 2


@pytest.mark.parametrize(("p256dh", "auth"), [("", ""), ("abc", "abc"), ("A" * 87, None), (None, "AAAA"), ("é", None)])
def test_keys_that_are_none_are_refused(user, service, p256dh, auth):
    good = Browser(service).keys
    keys = BrowserKeys(good.endpoint, good.p256dh if p256dh is None else p256dh, good.auth if auth is None else auth)
    with pytest.raises(Invalid, match=r"push\.bad_keys"):
        push.subscribe(actor=user, keys=keys)


def test_a_browser_belongs_to_whoever_is_logged_in_there_now(browser, user, news):
    other = make_user()
    push.subscribe(actor=other, keys=browser.keys)
    assert [row.user for row in PushSubscription.objects.all()] == [other]


def test_beyond_ten_browsers_the_oldest_is_forgotten(service, user, frozen_clock):
    for number in range(12):
        frozen_clock.shift(timedelta(minutes=1))
        push.subscribe(actor=user, keys=Browser(service, path=f"/push/{number}").keys)
    kept = [row.endpoint.rsplit("/", 1)[1] for row in PushSubscription.objects.all()]
    assert kept == [str(number) for number in range(2, 12)]


def test_another_persons_browser_can_not_be_switched_off(browser, user):
    with pytest.raises(NotFound):
        push.unsubscribe(actor=make_user(), subscription_id=PushSubscription.objects.get().pk)
    assert PushSubscription.objects.exists()


def test_the_log_says_that_it_was_switched_on_and_not_how_it_is_reached(browser, user):
    entry = LogEntry.objects.get(action="push.switched_on")
    assert "127.0.0.1" not in str(entry.data)


def test_keys_are_made_once_and_for_the_owner_only(settings, tmp_path, capsys):
    settings.DATA_DIR = tmp_path / "data"
    call_command("vapid_keys")
    first = vapid.keys()
    assert stat.S_IMODE(vapid.file().stat().st_mode) == 0o600
    call_command("vapid_keys")
    assert vapid.keys() == first
    assert "already there" in capsys.readouterr().out


def test_keys_can_come_from_the_environment(settings, tmp_path, capsys):
    settings.DATA_DIR = tmp_path
    call_command("vapid_keys", "--print")
    settings.VAPID_PRIVATE_KEY = capsys.readouterr().out.strip().removeprefix("VAPID_PRIVATE_KEY=")
    keys = vapid.keys()
    assert keys is not None
    assert len(push.decode(keys.public)) == 65
    settings.VAPID_PRIVATE_KEY = "nonsense ü"
    with pytest.raises(ValueError, match="VAPID"):
        vapid.keys()


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox, Android"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge, Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("curl/8", ""),
    ],
)
def test_a_browser_is_named_as_people_name_it(agent, name):
    assert browser_name(agent) == name
