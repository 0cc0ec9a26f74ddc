"""Several deliveries in one task: one connection, and nobody pays for a neighbour."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from backend.notifications import sending, turns
from backend.notifications.channels.email.channel import EmailChannel
from backend.notifications.enums import DeliveryState
from backend.notifications.models import ChannelCircuit, Delivery, DeliveryAttempt, Preference
from tests.notifications.conftest import make_user, tell

pytestmark = pytest.mark.django_db


def queued(number: int, kind: str = "notifications.trial") -> list[int]:
    notifications = tell([make_user() for _ in range(number)], kind)
    mails = Delivery.objects.filter(notification__in=notifications, channel="email").order_by("pk")
    mails.advance("delivery.queued")
    return list(mails.values_list("pk", flat=True))


def states() -> list[str]:
    return list(Delivery.objects.filter(channel="email").order_by("pk").values_list("state", flat=True))


def test_a_batch_goes_over_one_connection(smtp):
    sending.deliver(*queued(5))
    assert states() == [DeliveryState.SENT] * 5
    assert (len(smtp.accepted), smtp.connections) == (5, 1)


def test_every_id_is_sent_once_however_often_it_is_named(smtp):
    ids = queued(3)
    sending.deliver(*ids, ids[0], ids[0])
    sending.deliver(*ids)
    assert sorted(smtp.keys.values()) == [1, 1, 1]


def test_a_refused_neighbour_costs_only_itself(smtp):
    ids = queued(3)
    unlucky = Delivery.objects.get(pk=ids[1]).recipient
    smtp.refused = unlucky.email
    sending.deliver(*ids)
    assert states() == [DeliveryState.SENT, DeliveryState.DEAD, DeliveryState.SENT]


def test_a_server_that_takes_few_messages_a_connection_gets_them_over_several(smtp):
    smtp.most_a_connection = 2
    sending.deliver(*queued(5))
    assert states() == [DeliveryState.SENT] * 5
    assert sorted(smtp.keys.values()) == [1] * 5
    assert smtp.connections == 3
    assert not ChannelCircuit.objects.filter(failures__gt=0).exists()


def test_a_provider_that_is_slow_keeps_no_delivery_from_another_worker(smtp, monkeypatch):
    monkeypatch.setattr(sending, "CALLS_BEGIN_FOR", 0.1)
    smtp.delay = 0.3
    sending.deliver(*queued(3))
    assert states() == [DeliveryState.SENT, DeliveryState.PENDING, DeliveryState.PENDING]
    assert list(Delivery.objects.filter(state="pending").values_list("attempts", flat=True)) == [0, 0]


def test_a_mistake_in_our_own_code_costs_only_its_delivery(smtp, monkeypatch):
    ids = queued(3)
    prepare = EmailChannel.prepare

    def mistaken(self, delivery):
        if delivery.pk == ids[0]:
            raise RuntimeError
        return prepare(self, delivery)

    monkeypatch.setattr(EmailChannel, "prepare", mistaken)
    sending.deliver(*ids)
    assert states() == [DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.SENT]


def test_each_persons_choice_is_asked(smtp, make_kind):
    kind = make_kind(urgency="digestible", expires_after=timedelta(days=7))
    ids = queued(3, kind.name)
    Preference.objects.create(
        user=Delivery.objects.get(pk=ids[1]).recipient, category=kind.category, channel="email", slot="never"
    )
    sending.deliver(*ids)
    assert states() == [DeliveryState.SENT, DeliveryState.SUPPRESSED, DeliveryState.SENT]


def test_another_delivery_costs_one_commit(smtp):
    few, many = queued(2), queued(12)
    with CaptureQueriesContext(connection) as small:
        sending.deliver(*few)
    with CaptureQueriesContext(connection) as large:
        sending.deliver(*many)
    assert len(large) - len(small) == 10
    assert DeliveryAttempt.objects.filter(outcome="sent", number=1).count() == 14
    assert not Delivery.objects.filter(channel="email", called_at=None).exists()


@pytest.fixture
def meanwhile(monkeypatch):
    """Does something while the first message is with the provider."""
    deeds: list[Callable[[], object]] = []
    send = EmailChannel.send

    def sent(self, prepared):
        if deeds:
            deeds.pop()()
        return send(self, prepared)

    monkeypatch.setattr(EmailChannel, "send", sent)
    return deeds.append


def test_the_next_is_marked_only_when_it_is_called(smtp, meanwhile):
    ids = queued(3)
    seen: list[int] = []
    meanwhile(lambda: seen.extend(Delivery.objects.filter(pk__in=ids, called_at=None).values_list("pk", flat=True)))
    sending.deliver(*ids)
    assert sorted(seen) == ids[1:]


def test_whoever_lost_the_next_lease_still_records_the_answer(smtp, meanwhile):
    ids = queued(3)
    meanwhile(lambda: Delivery.objects.filter(pk=ids[1]).update(lease_token=uuid.uuid4()))
    sending.deliver(*ids)
    assert states() == [DeliveryState.SENT, DeliveryState.SENDING, DeliveryState.SENT]
    assert len(smtp.accepted) == 2


def test_an_answer_that_came_after_the_lease_still_counts(smtp, meanwhile):
    ids = queued(2)
    meanwhile(lambda: Delivery.objects.filter(pk=ids[0]).update(state=DeliveryState.UNCERTAIN))
    sending.deliver(*ids)
    assert states() == [DeliveryState.SENT] * 2
    assert DeliveryAttempt.objects.count() == 2


def test_behind_a_slow_provider_it_is_checked_again(smtp, meanwhile, make_kind, monkeypatch):
    monkeypatch.setattr(sending, "CHECK_HOLDS", 0.0)
    withdrawn: list[bool] = []
    kind = make_kind(still_relevant=lambda notification: "withdrawn" if withdrawn else "")
    ids = queued(2, kind.name)
    meanwhile(lambda: withdrawn.append(True))
    sending.deliver(*ids)
    assert states() == [DeliveryState.SENT, DeliveryState.CANCELLED]


@pytest.mark.parametrize("is_written", [False, True], ids=["nothing of it was written", "all of it was written"])
def test_a_database_that_goes_away_between_two_calls_costs_no_answer(smtp, monkeypatch, is_written):
    ids = queued(3)
    away = [True]

    def turn(*arguments):
        if not away:
            return turns.turn(*arguments)
        away.pop()
        if is_written:
            turns.turn(*arguments)
        raise OperationalError

    monkeypatch.setattr(sending, "turn", turn)
    monkeypatch.setattr(sending.connection, "close", lambda: None)
    sending.deliver(*ids)
    # The second was not called, which the worker knows: it is due again, whatever became of its mark.
    assert states() == [DeliveryState.SENT, DeliveryState.PENDING, DeliveryState.SENT]
    second = Delivery.objects.get(pk=ids[1])
    assert (second.called_at, second.attempts, second.ambiguous_attempts) == (None, 0, 0)
    assert [attempt.delivery_id for attempt in DeliveryAttempt.objects.order_by("delivery")] == [ids[0], ids[2]]
