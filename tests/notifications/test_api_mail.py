"""Every way a provider's HTTP API can answer, over a real connection, and what becomes of the delivery."""

import json
from datetime import timedelta

import pytest
from django.core import checks

from backend.common.clock import DbNow
from backend.notifications.channels.email import channel as email_channel
from backend.notifications.enums import DeliveryState, Outcome
from backend.notifications.models import ChannelCircuit, DeliveryAttempt
from tests.notifications.conftest import hand_over, mail_of, tell
from tests.notifications.http_sink import running_http_sink

pytestmark = pytest.mark.django_db

POSTMARK_ACCEPTS = {"ErrorCode": 0, "Message": "OK", "MessageID": "pm-77", "To": "you@example.test"}
RESEND_ACCEPTS = b'{"id": "msg-1"}'


@pytest.fixture
def api(settings):
    with running_http_sink() as sink:
        sink.body = json.dumps(POSTMARK_ACCEPTS).encode()
        settings.MAIL_PROVIDER = "postmark"
        settings.ANYMAIL = {
            "POSTMARK_SERVER_TOKEN": "token",
            "POSTMARK_API_URL": sink.url,
            "RESEND_API_KEY": "key",
            "RESEND_API_URL": sink.url,
        }
        yield sink


@pytest.fixture
def resend(api, settings):
    settings.MAIL_PROVIDER = "resend"
    api.body = RESEND_ACCEPTS
    return api


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(email_channel, "CALL_TIMEOUT", 0.6)


def test_a_mail_is_accepted_with_its_key_and_the_providers_id(api, user, make_kind):
    make_kind("probe.news")
    delivery = hand_over(mail_of(tell([user], "probe.news")[0]))
    assert (delivery.state, delivery.provider_answer) == (DeliveryState.SENT, "200 accepted")
    assert delivery.provider_message_id == "pm-77"
    (request,) = api.requests
    sent = json.loads(request.body)
    key = str(delivery.idem_key)
    assert sent["To"] == user.email
    assert sent["TextBody"].startswith("Hello Åsa Öberg")
    assert sent["HtmlBody"]
    headers = {header["Name"]: header["Value"] for header in sent["Headers"]}
    assert headers["X-Praktiknavet-Key"] == key
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert sent["Metadata"] == {"key": key}
    assert request.headers["idempotency-key"] == key
    assert (sent["TrackOpens"], sent["TrackLinks"]) == (False, "None")


@pytest.mark.parametrize("code", [429, 503, 408])
def test_a_busy_provider_is_asked_again_later_with_the_same_bytes(api, user, code):
    accepting, api.status, api.body = api.body, code, b"{}"
    delivery = hand_over(mail_of(tell([user])[0]))
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 1)
    assert delivery.attempt_rows.get().outcome == Outcome.RETRY
    api.status, api.body = 200, accepting
    assert hand_over(delivery).state == DeliveryState.SENT
    assert api.requests[0].body == api.requests[1].body
    assert api.requests[0].headers["idempotency-key"] == api.requests[1].headers["idempotency-key"]


@pytest.mark.parametrize("code", [400, 404, 413, 422])
def test_a_refused_message_ends_it(api, user, code):
    api.status, api.body = code, f'{{"ErrorCode": 406, "Message": "{user.email} is inactive"}}'.encode()
    delivery = hand_over(mail_of(tell([user])[0]))
    assert (delivery.state, delivery.reason) == (DeliveryState.DEAD, "refused")
    assert delivery.provider_answer == f"{code} at api"
    assert not ChannelCircuit.objects.filter(open_until__isnull=False).exists()


@pytest.mark.parametrize("code", [401, 402, 403])
def test_a_refused_key_or_a_used_up_quota_opens_the_circuit_and_burns_no_attempt(api, user, code):
    api.status = code
    delivery = hand_over(mail_of(tell([user])[0]))
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 0)
    assert ChannelCircuit.objects.filter(channel="email", open_until__gt=DbNow()).exists()


@pytest.mark.parametrize("code", [500, 502, 504])
def test_an_error_behind_the_door_is_uncertain(api, user, code):
    api.status, api.body = code, b"<html>"
    delivery = hand_over(mail_of(tell([user])[0]))
    assert (delivery.state, delivery.reason) == (DeliveryState.UNCERTAIN, "answer_lost")


@pytest.mark.parametrize("fault", ["drop", "silence"])
def test_a_lost_answer_is_uncertain_and_not_repeated_where_the_provider_knows_no_keys(api, user, impatient, fault):
    api.fault = fault
    delivery = hand_over(mail_of(tell([user])[0]))
    assert delivery.state == DeliveryState.UNCERTAIN
    assert len(api.requests) == 1


def test_an_answer_that_is_not_the_providers_is_uncertain(api, user):
    api.body = b"<html>a proxy's page</html>"
    assert hand_over(mail_of(tell([user])[0])).state == DeliveryState.UNCERTAIN


def test_nobody_listening_is_tried_again(api, user, settings, closed_port):
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": f"http://127.0.0.1:{closed_port}"}
    delivery = hand_over(mail_of(tell([user])[0]))
    assert (delivery.state, delivery.ambiguous_attempts) == (DeliveryState.PENDING, 0)
    assert delivery.provider_answer == "connection at connect"


@pytest.mark.parametrize("fault", ["drop", "silence"])
def test_a_lost_answer_is_asked_for_again_with_the_same_key_where_the_provider_knows_keys(
    resend, user, impatient, fault
):
    resend.fault = fault
    delivery = hand_over(mail_of(tell([user])[0]))
    assert (delivery.state, delivery.ambiguous_attempts) == (DeliveryState.PENDING, 1)
    resend.fault = ""
    assert hand_over(delivery).state == DeliveryState.SENT
    assert delivery.provider_message_id == "msg-1"
    assert len({request.headers["idempotency-key"] for request in resend.requests}) == 1
    assert len({request.body for request in resend.requests}) == 1


def test_after_the_providers_memory_nothing_is_repeated(resend, user):
    delivery = mail_of(tell([user])[0])
    resend.status = 500
    hand_over(delivery)
    DeliveryAttempt.objects.update(at=DbNow() - timedelta(hours=24))
    assert hand_over(delivery).state == DeliveryState.UNCERTAIN
    assert len(resend.requests) == 2


def test_a_provider_that_never_answers_is_not_asked_for_ever(resend, user):
    delivery = mail_of(tell([user])[0])
    resend.status = 500
    for _ in range(20):
        if hand_over(delivery).state != DeliveryState.PENDING:
            break
    assert delivery.state == DeliveryState.UNCERTAIN
    assert len(resend.requests) == 6


def test_answers_never_repeat_the_address(api, user):
    api.status, api.body = 422, json.dumps({"Message": f"Unknown: {user.email}"}).encode()
    delivery = hand_over(mail_of(tell([user])[0]))
    stored = delivery.provider_answer + delivery.reason + delivery.attempt_rows.get().answer
    assert user.email.split("@")[0] not in stored


def test_a_missing_key_is_said_at_the_start_and_burns_nothing(api, user, settings):
    settings.ANYMAIL = {}
    delivery = hand_over(mail_of(tell([user])[0]))
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 0)
    assert "notifications.E002" in {message.id for message in checks.run_checks()}
    settings.MAIL_PROVIDER = "pigeon"
    assert "notifications.E001" in {message.id for message in checks.run_checks()}
