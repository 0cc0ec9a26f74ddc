"""What can never be sent ends at once with a reason in words, and keeps nobody behind it waiting."""

import pytest
from django.utils import translation

from backend.notifications import sending
from backend.notifications.channels.email import message
from backend.notifications.enums import DeliveryState
from backend.notifications.models import ChannelCircuit, Delivery
from backend.notifications.selectors import list_undelivered, reason_label
from tests.notifications.conftest import mail_of, make_user, tell

pytestmark = pytest.mark.django_db


def broken_context(notification):
    raise ZeroDivisionError


BAD = {
    "address_invalid": {},
    "too_large": {},
    "template_failed:LookupError": {"body": "{{ nothing_of_that_name }}"},
    "template_failed:TemplateSyntaxError": {"body": "{% if %}"},
    "template_failed:ZeroDivisionError": {"context": broken_context},
    "subject_invalid": {"title": lambda notification: "x" * 300},
    "check_failed:ZeroDivisionError": {"still_relevant": broken_context},
}


def batch(reason: str, make_kind, smtp) -> list[Delivery]:
    """A good mail, a bad one, a good one, handed to one worker as one batch."""
    make_kind("probe.good")
    make_kind("probe.bad", **BAD[reason])
    good, bad = make_user(), make_user()
    if reason == "address_invalid":
        type(bad).objects.filter(pk=bad.pk).update(email="nobody at all")
    rows = [
        mail_of(tell([person], f"probe.{name}")[0]) for person, name in ((good, "good"), (bad, "bad"), (good, "good"))
    ]
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).advance("delivery.queued")
    sending.deliver(*[row.pk for row in rows])
    for row in rows:
        row.refresh_from_db()
    return rows


@pytest.mark.parametrize("reason", BAD)
def test_it_ends_with_a_reason_and_its_neighbours_arrive(reason, make_kind, smtp, monkeypatch):
    if reason == "too_large":
        build = message.build

        def with_a_limit(**fields):
            monkeypatch.setattr(message, "MAX_BYTES", 10 if bad_address() in fields["recipients"] else 500_000)
            return build(**fields)

        def bad_address() -> str:
            return Delivery.objects.get(notification__kind="probe.bad", channel="email").recipient.email

        monkeypatch.setattr(message, "build", with_a_limit)
    first, bad, last = batch(reason, make_kind, smtp)
    assert (first.state, last.state) == (DeliveryState.SENT, DeliveryState.SENT)
    assert (bad.state, bad.reason) == (DeliveryState.DEAD, reason)
    assert len(smtp.accepted) == 2
    # It is nobody's fault but its own: the provider is not blamed, and a person is asked to look.
    assert not ChannelCircuit.objects.filter(failures__gt=0).exists()
    assert bad in list_undelivered()


@pytest.mark.parametrize("reason", BAD)
def test_the_reason_is_said_in_words_not_in_codes(reason):
    with translation.override("en"):
        words = str(reason_label(reason))
    assert words != reason
    assert "_" not in words
    assert words[0].isupper()


def test_every_reason_a_channel_gives_has_words():
    given = {
        "address_bounced",
        "bounced",
        "provider_gave_up",
        "complained",
        "unreachable",
        "not_set_up",
        "phone_invalid",
    }
    assert [reason for reason in given if str(reason_label(reason)) == reason] == []
