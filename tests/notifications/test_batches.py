"""Several deliveries in one task: one connection, and nobody pays for a neighbour."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.notifications import sending
from backend.notifications.channels.email.channel import EmailChannel
from backend.notifications.enums import DeliveryState
from backend.notifications.models import ChannelCircuit, Delivery, Preference
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


def test_another_delivery_costs_its_mark_and_its_record(smtp):
    few, many = queued(2), queued(12)
    with CaptureQueriesContext(
        connection,
    ) as small:
        sending.deliver(*few)
    with CaptureQueriesContext(connection) as large:
        sending.deliver(*many)
    # Mark; savepoint, answer, attempt, release.
    assert (len(large) - len(small)) / 10 == 5
