"""Every way an SMTP server can answer, over a real connection, and what becomes of the delivery."""

from datetime import timedelta

import pytest

from backend.common.clock import DbNow
from backend.notifications import sending
from backend.notifications.channels.email import channel as email_channel
from backend.notifications.enums import DeliveryState, Outcome
from backend.notifications.models import ChannelCircuit, Delivery
from tests.notifications.conftest import hand_over, mail_of, make_user, tell

pytestmark = pytest.mark.django_db


def test_a_mail_arrives_once_in_two_forms_with_a_fixed_identity(smtp, user, settings):
    delivery = hand_over(mail_of(tell([user])[0]))
    assert delivery.state == DeliveryState.SENT
    assert delivery.provider_answer == "250 2.0.0"
    assert delivery.template_version
    (message,) = smtp.messages
    assert message["Message-ID"] == f"<{delivery.idem_key}@{settings.MAIL_DOMAIN}>"
    assert message["X-Praktiknavet-Key"] == str(delivery.idem_key)
    assert message["To"] == user.email
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    attempt = delivery.attempt_rows.get()
    assert (attempt.number, attempt.outcome) == (1, Outcome.SENT)


def test_a_doubled_id_from_the_broker_sends_nothing(smtp, user):
    delivery = hand_over(mail_of(tell([user])[0]))
    sending.deliver(delivery.pk)
    assert len(smtp.accepted) == 1


def test_a_repeated_mail_has_the_same_bytes(smtp, user):
    smtp.replies["dot"] = "451 4.3.0 later"
    delivery = hand_over(mail_of(tell([user])[0]))
    first = email_channel.EmailChannel().prepare(delivery).raw
    smtp.replies.clear()
    hand_over(delivery)
    assert smtp.accepted == [email_channel.EmailChannel().prepare(delivery).raw]
    assert first == smtp.accepted[0]


@pytest.mark.parametrize("phase", ["connect", "ehlo", "mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize("code", [421, 451])
def test_a_temporary_refusal_is_tried_again(smtp, user, phase, code):
    smtp.replies[phase] = f"{code} 4.0.0 <{user.email}> later"
    delivery = hand_over(mail_of(tell([user])[0]))
    assert delivery.state == DeliveryState.PENDING
    assert delivery.attempts == 1
    assert not Delivery.objects.filter(pk=delivery.pk, due_at__lte=DbNow()).exists()
    assert smtp.accepted == []
    smtp.replies.clear()
    assert hand_over(delivery).state == DeliveryState.SENT
    assert len(smtp.accepted) == 1


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize("code", [550, 552, 554])
def test_a_lasting_refusal_of_the_message_ends_it(smtp, user, phase, code):
    smtp.replies[phase] = f"{code} 5.1.1 <{user.email}> no"
    delivery = hand_over(mail_of(tell([user])[0]))
    assert (delivery.state, delivery.reason) == (DeliveryState.DEAD, "refused")
    assert delivery.provider_answer == f"{code} 5.1.1 at {phase}"
    assert ChannelCircuit.objects.filter(open_until__isnull=False).count() == 0


@pytest.mark.parametrize(("phase", "code"), [("connect", 554), ("ehlo", 550), ("mail", 530), ("rcpt", 530)])
def test_a_refusal_of_us_opens_the_circuit_and_burns_no_attempt(smtp, user, phase, code):
    smtp.replies[phase] = f"{code} 5.7.0 not you"
    delivery = hand_over(mail_of(tell([user])[0]))
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 0)
    assert ChannelCircuit.objects.filter(channel="email", open_until__gt=DbNow()).exists()


@pytest.mark.parametrize("fault", ["drop", "silence"])
@pytest.mark.parametrize("phase", ["connect", "ehlo", "mail", "rcpt", "data"])
def test_a_connection_lost_before_the_last_dot_is_tried_again(smtp, user, phase, fault, monkeypatch):
    monkeypatch.setattr(email_channel, "CALL_TIMEOUT", 0.4)
    smtp.replies[phase] = fault
    delivery = hand_over(mail_of(tell([user])[0]))
    assert (delivery.state, delivery.ambiguous_attempts) == (DeliveryState.PENDING, 0)
    assert smtp.accepted == []


@pytest.mark.parametrize("fault", ["drop", "silence"])
def test_an_answer_lost_after_the_last_dot_is_uncertain_and_not_repeated(smtp, user, fault, monkeypatch):
    monkeypatch.setattr(email_channel, "CALL_TIMEOUT", 0.4)
    smtp.replies["dot"] = fault
    delivery = hand_over(mail_of(tell([user])[0]))
    assert (delivery.state, delivery.reason) == (DeliveryState.UNCERTAIN, "answer_lost")
    assert delivery.attempt_rows.get().outcome == Outcome.AMBIGUOUS
    assert len(smtp.accepted) == 1


def test_a_decision_with_a_lost_answer_is_sent_once_more_with_the_same_identity(smtp, user, make_kind):
    make_kind("probe.decision", resend_when_uncertain=True)
    smtp.replies["dot"] = "drop"
    delivery = hand_over(mail_of(tell([user], "probe.decision")[0]))
    assert (delivery.state, delivery.ambiguous_attempts) == (DeliveryState.PENDING, 1)
    assert hand_over(delivery).state == DeliveryState.UNCERTAIN
    assert [message["Message-ID"] for message in smtp.messages] == [smtp.messages[0]["Message-ID"]] * 2


def test_nobody_listening_is_tried_again_and_opens_the_circuit_in_the_end(user, settings, closed_port):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", closed_port
    notifications = tell([user, *(make_user() for _ in range(5))])
    states = [hand_over(mail_of(notification)).state for notification in notifications]
    assert set(states) == {DeliveryState.PENDING}
    # The sixth found the circuit open: not called, no attempt burnt.
    assert sorted(mail_of(notification).attempts for notification in notifications) == [0, 1, 1, 1, 1, 1]


def test_after_the_time_out_one_probe_closes_the_circuit(smtp, user):
    ChannelCircuit.objects.create(channel="email", failures=7, open_until=DbNow() - timedelta(seconds=1))
    assert hand_over(mail_of(tell([user])[0])).state == DeliveryState.SENT
    circuit = ChannelCircuit.objects.get()
    assert (circuit.failures, circuit.open_until) == (0, None)


def test_answers_never_repeat_the_address(smtp, user):
    smtp.replies["rcpt"] = f"550 {user.email} is unknown"
    delivery = hand_over(mail_of(tell([user])[0]))
    stored = delivery.provider_answer + delivery.reason + delivery.attempt_rows.get().answer
    assert user.email.split("@")[0] not in stored


def test_the_whole_conversation_has_one_deadline(smtp, user, monkeypatch):
    """Steps that are each in time must not add up to more than the call may take."""
    monkeypatch.setattr(email_channel, "CALL_TIMEOUT", 0.3)
    smtp.delay = 1.0
    delivery = hand_over(mail_of(tell([user])[0]))
    assert delivery.state == DeliveryState.UNCERTAIN
