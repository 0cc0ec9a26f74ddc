"""Text messages, for decisions, to people who gave their number for it."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from backend.accounts.phones import is_e164
from backend.notifications import links, registry, rendering
from backend.notifications.channels import CALL_TIMEOUT, Result, Undeliverable, Unreachable
from backend.notifications.channels.sms.providers import PROVIDERS, TextMessage
from backend.notifications.channels.sms.segments import count_segments
from backend.notifications.enums import ChannelName
from backend.notifications.models import Delivery

MOST_SEGMENTS = 3


@dataclass(frozen=True)
class PreparedText:
    message: TextMessage
    template_version: str = ""


class SmsChannel:
    name: str = ChannelName.SMS
    is_immediate = False
    # A phone rings twice for a second copy: whether it is worth that, a person decides.
    repeats_decisions = False
    key_window = timedelta(0)

    def prepare(self, delivery: Delivery) -> PreparedText:
        """The sentence and the link. Raises Undeliverable: `phone_invalid`, `too_large`, `template_failed`; Unreachable when
        the person has taken the number back or the channel is switched off."""
        person = delivery.recipient
        if settings.SMS_PROVIDER not in PROVIDERS:
            raise Unreachable("not_set_up")
        if not person.wants_sms or not person.phone:
            raise Unreachable("unreachable")
        if not is_e164(person.phone):
            raise Undeliverable("phone_invalid")
        brief = rendering.render_brief(delivery.notification, registry.get(delivery.notification.kind), person)
        text = f"Praktiknavet: {brief.text} {links.absolute(brief.path)}"
        if count_segments(text) > MOST_SEGMENTS:
            raise Undeliverable("too_large")
        return PreparedText(TextMessage(str(delivery.idem_key), settings.SMS_SENDER, person.phone, text))

    def send(self, prepared: PreparedText) -> Result:
        return PROVIDERS[settings.SMS_PROVIDER](prepared.message, CALL_TIMEOUT)
