"""Text messages: few, short, only on a yes, and never twice by themselves."""

import json

import pytest
from django.db import IntegrityError, transaction

from backend.accounts.phones import parse_phone, set_phone
from backend.common.errors import Invalid, NotAllowed
from backend.notifications import services
from backend.notifications.channels.sms import channel as sms_channel
from backend.notifications.channels.sms.segments import count_segments
from backend.notifications.enums import DeliveryState
from backend.notifications.models import ChannelCircuit, Delivery
from tests.notifications.conftest import hand_over, make_user, tell
from tests.notifications.http_sink import running_http_sink

pytestmark = pytest.mark.django_db


@pytest.fixture
def outbox(settings, tmp_path):
    settings.DATA_DIR, settings.SMS_PROVIDER = tmp_path, "file"
    path = tmp_path / "sms" / "messages.jsonl"
    return lambda: [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def gateway(settings):
    with running_http_sink() as sink:
        sink.body = b'{"id": "gw-5"}'
        settings.SMS_PROVIDER, settings.SMS_GATEWAY_URL, settings.SMS_GATEWAY_TOKEN = "http", sink.url + "/sms", "t0ken"
        yield sink


@pytest.fixture
def reachable(user):
    return set_phone(actor=user, user=user, phone="070-123 45 67", wants_sms=True)


@pytest.fixture
def decision(make_kind):
    return make_kind("probe.decision", resend_when_uncertain=True)


def text_of(user) -> Delivery:
    return tell([user], "probe.decision")[0].deliveries.get(channel="sms")


def channels_of(user, kind: str) -> set[str]:
    return set(tell([user], kind)[0].deliveries.values_list("channel", flat=True))


def test_a_decision_arrives_with_a_sentence_and_a_link_and_no_names(outbox, reachable, decision, settings):
    delivery = hand_over(text_of(reachable))
    assert delivery.state == DeliveryState.SENT
    (message,) = outbox()
    assert message["to"] == "+46701234567"
    assert message["key"] == str(delivery.idem_key)
    assert message["text"].startswith("Praktiknavet: ")
    assert message["text"].endswith(f" {settings.SITE_URL}/things/1/")
    for personal in (*reachable.name.split(), "A thing"):
        assert personal not in message["text"]


def test_only_decisions_are_texted_and_only_to_who_said_yes(outbox, user, decision, make_kind):
    make_kind("probe.news")
    assert "sms" not in channels_of(user, "probe.decision")
    set_phone(actor=user, user=user, phone="0701234567", wants_sms=False)
    assert "sms" not in channels_of(user, "probe.decision")
    set_phone(actor=user, user=user, phone="0701234567", wants_sms=True)
    assert "sms" in channels_of(user, "probe.decision")
    assert "sms" not in channels_of(user, "probe.news")


def test_without_a_provider_nobody_is_texted(reachable, decision, settings):
    settings.SMS_PROVIDER = ""
    assert "sms" not in channels_of(reachable, "probe.decision")


def test_a_number_taken_back_before_the_call_is_not_texted(outbox, reachable, decision):
    delivery = text_of(reachable)
    set_phone(actor=reachable, user=reachable, phone="", wants_sms=False)
    hand_over(delivery)
    assert (delivery.state, delivery.reason) == (DeliveryState.SUPPRESSED, "unreachable")
    assert outbox() == []


def test_who_said_never_is_not_texted(outbox, reachable, decision):
    services.set_preferences(actor=reachable, user=reachable, choices={("applications", "sms"): "never"})
    assert text_of(reachable).state == DeliveryState.SUPPRESSED


def test_more_than_three_parts_are_not_sent_and_the_reason_is_there(outbox, reachable, make_kind):
    make_kind("probe.decision", resend_when_uncertain=True, brief=lambda notification: "å" * 500)
    delivery = hand_over(text_of(reachable))
    assert (delivery.state, delivery.reason) == (DeliveryState.DEAD, "too_large")
    assert outbox() == []


@pytest.mark.parametrize("fault", ["drop", "silence"])
def test_a_lost_answer_is_uncertain_and_never_repeated_even_for_a_decision(
    gateway, reachable, decision, fault, monkeypatch
):
    monkeypatch.setattr(sms_channel, "CALL_TIMEOUT", 0.5)
    gateway.fault = fault
    delivery = hand_over(text_of(reachable))
    assert (delivery.state, delivery.reason) == (DeliveryState.UNCERTAIN, "answer_lost")
    assert len(gateway.requests) == 1


def test_a_gateway_gets_the_key_and_gives_its_id(gateway, reachable, decision):
    delivery = hand_over(text_of(reachable))
    assert (delivery.state, delivery.provider_message_id) == (DeliveryState.SENT, "gw-5")
    (request,) = gateway.requests
    assert request.headers["authorization"] == "Bearer t0ken"
    assert request.headers["idempotency-key"] == str(delivery.idem_key)


@pytest.mark.parametrize(
    ("code", "state", "attempts"),
    [
        (429, "pending", 1),
        (503, "pending", 1),
        (401, "pending", 0),
        (400, "dead", 1),
        (422, "dead", 1),
        (500, "uncertain", 1),
    ],
)
def test_what_a_gateway_answers(gateway, reachable, decision, code, state, attempts):
    gateway.status = code
    delivery = hand_over(text_of(reachable))
    assert (delivery.state, delivery.attempts) == (state, attempts)
    assert ChannelCircuit.objects.filter(open_until__isnull=False).exists() == (code == 401)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("åäöÅÄÖé" * 22, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("ę" * 70, 1),
        ("ę" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_parts_are_counted_as_networks_count_them(text, parts):
    assert count_segments(text) == parts


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("070-123 45 67", "+46701234567"),
        ("+46 (0)70 123 45 67", "+46701234567"),
        ("0046701234567", "+46701234567"),
        ("+358 40 1234567", "+358401234567"),
        ("  ", ""),
    ],
)
def test_a_number_is_read_as_people_write_it(written, number):
    assert parse_phone(written) == number


@pytest.mark.parametrize(
    "written", ["abc", "12", "+46", "08-123 45 67", "+4670123", "+0701234567", "٠٧٠١٢٣٤٥٦٧", "1" * 40]
)
def test_what_is_no_mobile_number_is_refused(written):
    with pytest.raises(Invalid) as refusal:
        parse_phone(written)
    assert refusal.value.field == "phone"


def test_nobody_changes_another_persons_number(user):
    with pytest.raises(NotAllowed):
        set_phone(actor=make_user(), user=user, phone="0701234567", wants_sms=True)


def test_the_database_takes_no_other_form_of_a_number(user):
    user.phone = "070-123"
    with pytest.raises(IntegrityError, match="user_phone_is_e164"), transaction.atomic():
        user.save()
    user.phone, user.wants_sms = "", True
    with pytest.raises(IntegrityError, match="sms_needs_a_phone"), transaction.atomic():
        user.save()
