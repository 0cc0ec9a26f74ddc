"""What providers report afterwards: signed, kept once, and unable to change what is settled."""

import base64
import hashlib
import hmac
import itertools
import json
import time
import uuid
from datetime import timedelta

import pytest
from django.test import Client

from backend.common.clock import DbNow
from backend.notifications import provider_reports, webhooks
from backend.notifications.channels.email.api import PROVIDERS
from backend.notifications.enums import DeliveryState
from backend.notifications.models import BouncedAddress, Delivery, Notification, Preference, ProviderEvent
from backend.web import provider_webhooks
from tests.notifications.conftest import hand_over, mail_of, tell

pytestmark = pytest.mark.django_db

SECRET = "postmark:a-long-secret"
SMS_SECRET = "whsec_" + base64.b64encode(b"another long secret").decode()


@pytest.fixture(autouse=True)
def reports_from_postmark(settings):
    settings.MAIL_REPORTS_FROM = "postmark"
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}


@pytest.fixture
def sent(user, smtp, make_kind) -> Delivery:
    make_kind("probe.news")
    delivery = hand_over(mail_of(tell([user], "probe.news")[0]))
    Delivery.objects.filter(pk=delivery.pk).update(provider_message_id="pm-1")
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.SENT
    return delivery


def post(body: object, secret: str | None = SECRET, path: str = "/webhooks/mail/"):
    headers = {}
    if secret is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(secret.encode()).decode()
    return Client(headers=headers).post(path, json.dumps(body), content_type="application/json")


def postmark(delivery: Delivery, what: str, **fields: object) -> dict[str, object]:
    """A report in Postmark's own words, see its documentation of the webhooks."""
    common: dict[str, object] = {
        "MessageID": "pm-1",
        "Metadata": {"key": str(delivery.idem_key)},
        "Recipient": delivery.recipient.email,
        "DeliveredAt": "2026-11-23T10:00:00Z",
    }
    kinds: dict[str, dict[str, object]] = {
        "delivered": {"RecordType": "Delivery", "Details": "250 2.0.0 Ok"},
        "bounced": {"RecordType": "Bounce", "Type": "HardBounce", "ID": 4711, "Email": delivery.recipient.email},
        "full": {"RecordType": "Bounce", "Type": "SoftBounce", "ID": 4712, "Email": delivery.recipient.email},
        "complained": {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "ID": 4713},
        "opened": {"RecordType": "Open", "ReceivedAt": "2026-11-23T10:05:00Z"},
    }
    return {**common, **kinds[what], **fields}


def state_of(delivery: Delivery) -> str:
    return Delivery.objects.values_list("state", flat=True).get(pk=delivery.pk)


@pytest.mark.parametrize(
    ("what", "state"), [("delivered", "delivered"), ("bounced", "bounced"), ("complained", "complained")]
)
def test_a_report_moves_its_delivery(sent, what, state):
    assert post(postmark(sent, what)).status_code == 200
    assert state_of(sent) == state
    assert ProviderEvent.objects.get().settled_at is not None


@pytest.mark.parametrize(("secret", "status"), [(None, 401), ("postmark:wrong", 403), ("", 403)])
def test_a_forged_report_changes_nothing(sent, secret, status):
    assert post(postmark(sent, "bounced"), secret).status_code == status
    assert state_of(sent) == "sent"
    assert not ProviderEvent.objects.exists()


def test_without_a_secret_the_address_is_closed(sent, settings):
    settings.ANYMAIL = {}
    assert post(postmark(sent, "bounced")).status_code == 404
    settings.ANYMAIL, settings.MAIL_REPORTS_FROM = {"WEBHOOK_SECRET": SECRET}, "smtp"
    assert post(postmark(sent, "bounced")).status_code == 404
    assert state_of(sent) == "sent"


def test_a_replayed_report_is_kept_once_and_does_nothing(sent):
    for _ in range(3):
        assert post(postmark(sent, "bounced")).status_code == 200
    assert ProviderEvent.objects.count() == 1
    # Sent again by an operator, then the old report once more.
    Delivery.objects.filter(pk=sent.pk).update(state="sent")
    post(postmark(sent, "bounced"))
    assert state_of(sent) == "sent"


@pytest.mark.parametrize("order", list(itertools.permutations(["delivered", "bounced"])))
def test_a_bounce_stays_whatever_is_reported_before_or_after_it(sent, order):
    for what in order:
        assert post(postmark(sent, what)).status_code == 200
    assert state_of(sent) == "bounced"


def test_who_opened_what_is_not_even_kept(sent):
    assert post(postmark(sent, "opened")).status_code == 200
    assert not ProviderEvent.objects.exists()


def test_an_unknown_message_is_answered_with_ok(sent):
    report = postmark(sent, "bounced", MessageID="someone-elses", Metadata={})
    assert post(report).status_code == 200
    assert state_of(sent) == "sent"
    ProviderEvent.objects.update(received_at=DbNow() - timedelta(hours=2))
    assert provider_reports.settle_waiting() == 1
    assert state_of(sent) == "sent"


def test_a_report_finds_its_delivery_by_the_providers_id_alone(sent):
    post(postmark(sent, "delivered", Metadata={}))
    assert state_of(sent) == "delivered"


def test_a_report_about_mail_over_smtp_finds_it_by_our_message_id(sent, settings):
    message_id = f"<{sent.idem_key}@{settings.MAIL_DOMAIN}>"
    post(postmark(sent, "delivered", MessageID=message_id, Metadata={}))
    assert state_of(sent) == "delivered"


def test_a_report_that_overtakes_our_own_record_is_applied_later(sent):
    Delivery.objects.filter(pk=sent.pk).update(
        state="sending", lease_token=uuid.uuid4(), lease_until=DbNow(), provider_message_id=""
    )
    post(postmark(sent, "delivered"))
    assert provider_reports.settle_waiting() == 0
    Delivery.objects.filter(pk=sent.pk).update(state="sent", provider_message_id="pm-1")
    assert provider_reports.settle_waiting() == 1
    assert state_of(sent) == "delivered"
    assert provider_reports.settle_waiting() == 0


def test_a_report_about_the_first_copy_says_nothing_about_the_second(sent):
    Delivery.objects.filter(pk=sent.pk).update(provider_message_id="pm-2")
    post(postmark(sent, "bounced"))
    assert state_of(sent) == "sent"


@pytest.mark.parametrize("state", ["suppressed", "cancelled", "expired", "dead"])
def test_what_was_never_sent_stays_so(sent, state):
    Delivery.objects.filter(pk=sent.pk).update(state=state)
    post(postmark(sent, "delivered"))
    assert state_of(sent) == state
    assert ProviderEvent.objects.get().settled_at is not None


def test_a_report_settles_what_was_uncertain(sent):
    Delivery.objects.filter(pk=sent.pk).update(state="uncertain")
    post(postmark(sent, "delivered"))
    assert state_of(sent) == "delivered"


def test_after_a_hard_bounce_nothing_more_goes_there_and_the_person_is_told_on_the_site(sent, user, smtp):
    post(postmark(sent, "bounced"))
    assert BouncedAddress.objects.get().address == user.email
    told = Notification.objects.get(kind="notifications.address_bounced")
    assert told.recipient == user
    assert list(told.deliveries.values_list("channel", "state")) == [("in_app", "delivered")]
    smtp.accepted.clear()
    second = hand_over(mail_of(tell([user], "probe.news")[0]))
    assert (second.state, second.reason) == (DeliveryState.SUPPRESSED, "address_bounced")
    assert smtp.accepted == []


def test_a_new_address_is_tried_as_usual(sent, user, smtp):
    post(postmark(sent, "bounced"))
    user.email = "new@example.test"
    user.save()
    assert hand_over(mail_of(tell([user], "probe.news")[0])).state == DeliveryState.SENT
    assert provider_reports.bounced_channels(user) == set()


def test_a_late_bounce_of_the_old_address_does_not_hurt_the_new_one(sent, user):
    report = postmark(sent, "bounced")
    user.email = "new@example.test"
    user.save()
    post(report)
    assert state_of(sent) == "bounced"
    assert not BouncedAddress.objects.exists()


def test_the_person_can_say_that_the_address_works_again(sent, user, smtp):
    post(postmark(sent, "bounced"))
    assert provider_reports.trust_address_again(actor=user, user=user, channel="email") is True
    assert hand_over(mail_of(tell([user], "probe.news")[0])).state == DeliveryState.SENT


def test_a_full_mailbox_is_not_a_wrong_address(sent):
    post(postmark(sent, "full"))
    sent.refresh_from_db()
    assert (sent.state, sent.reason) == ("bounced", "provider_gave_up")
    assert not BouncedAddress.objects.exists()


def test_a_complaint_stops_the_category_by_mail(sent, user):
    post(postmark(sent, "complained"))
    assert Preference.objects.get(user=user, category="applications", channel="email").slot == "never"


def test_too_large_a_body_is_not_read(sent, monkeypatch):
    monkeypatch.setattr(provider_webhooks, "LARGEST_BODY", 100)
    assert post(postmark(sent, "bounced")).status_code == 413
    assert state_of(sent) == "sent"


@pytest.mark.parametrize("body", [[], "text", 7, None, {"RecordType": 5, "Metadata": []}, {"RecordType": "Inbound"}])
def test_what_is_no_report_is_refused_without_a_traceback(sent, body):
    assert post(body).status_code in {200, 400}
    assert state_of(sent) == "sent"


def test_old_reports_are_forgotten(sent):
    post(postmark(sent, "delivered"))
    assert provider_reports.forget_old() == 0
    ProviderEvent.objects.update(received_at=DbNow() - timedelta(days=31))
    assert provider_reports.forget_old() == 1


def test_every_provider_of_mail_can_report():
    assert [provider for provider in sorted(PROVIDERS - {"scaleway"}) if webhooks.mail_view(provider) is None] == []


# --- text messages: Standard Webhooks -----------------------------------------------------------------------------------


def sign(body: bytes, identity: str = "msg_1", at: float | None = None, secret: str = SMS_SECRET) -> dict[str, str]:
    stamp = str(int(time.time() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": identity,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1,AAAA v1," + base64.b64encode(digest).decode(),
    }


@pytest.fixture
def texted(sent, settings) -> Delivery:
    settings.SMS_WEBHOOK_SECRET = SMS_SECRET
    Delivery.objects.filter(pk=sent.pk).update(channel="sms")
    sent.refresh_from_db()
    return sent


def report_sms(delivery: Delivery, kind: str = "sms.delivered", headers=None, **data: object):
    body = json.dumps({"type": kind, "data": {"key": str(delivery.idem_key), **data}}).encode()
    headers = sign(body) if headers is None else headers(body)
    return Client(headers=headers).post("/webhooks/sms/", body, content_type="application/json")


def test_a_signed_report_about_a_text_message_moves_it(texted):
    assert report_sms(texted).status_code == 204
    assert state_of(texted) == "delivered"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (lambda body: {}, 401),
        (lambda body: sign(b"other body"), 403),
        (lambda body: sign(body, secret="whsec_" + base64.b64encode(b"guessed").decode()), 403),
        (lambda body: sign(body, at=time.time() - 400), 403),
        (lambda body: sign(body, at=time.time() + 400), 403),
        (lambda body: {**sign(body), "webhook-id": "msg_2"}, 403),
        (lambda body: {**sign(body), "webhook-timestamp": "soon"}, 403),
    ],
)
def test_an_unsigned_or_stale_report_changes_nothing(texted, headers, status):
    assert report_sms(texted, headers=headers).status_code == status
    assert state_of(texted) == "sent"
    assert not ProviderEvent.objects.exists()


def test_the_signature_is_the_one_of_the_specification():
    """The example of the Standard Webhooks specification, so that every library of it can sign for us."""
    body = b'{"test": 2432232314}'
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    import time_machine

    with time_machine.travel(1614265330, tick=False):
        assert webhooks.verify_signature(secret, headers, body) == headers["webhook-id"]


def test_a_number_that_does_not_exist_is_not_texted_again(texted, user):
    type(user).objects.filter(pk=user.pk).update(phone="+46701234567", wants_sms=True)
    report_sms(texted, "sms.failed", final=True)
    assert state_of(texted) == "bounced"
    assert BouncedAddress.objects.get().address == "+46701234567"


def test_without_a_secret_text_messages_are_not_reported(texted, settings):
    settings.SMS_WEBHOOK_SECRET = ""
    assert report_sms(texted).status_code == 404
