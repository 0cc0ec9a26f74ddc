"""E-mail: over SMTP to the server in the EMAIL_ settings, or over the API of the provider that MAIL_PROVIDER names."""

import contextlib
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr

from allauth.account.models import EmailAddress
from django.conf import settings

from backend.accounts.models import User
from backend.notifications import registry, rendering, unsubscribe
from backend.notifications.channels import CALL_TIMEOUT, Result, Undeliverable
from backend.notifications.channels.email import api, message
from backend.notifications.channels.email.smtp import Conversation, SmtpServer
from backend.notifications.enums import ChannelName
from backend.notifications.models import Delivery


@dataclass(frozen=True)
class PreparedMail:
    recipients: tuple[str, ...]
    raw: bytes
    template_version: str
    mail: api.ApiMail


class EmailChannel:
    name: str = ChannelName.EMAIL
    is_immediate = False
    repeats_decisions = True

    @property
    def key_window(self) -> timedelta:
        """SMTP servers accept the same Message-ID twice; some APIs know a key."""
        return api.KEY_WINDOWS.get(settings.MAIL_PROVIDER, timedelta(0))

    def prepare(self, delivery: Delivery) -> PreparedMail:
        """Renders and builds the mail. Raises Undeliverable with the reason."""
        recipient = delivery.recipient
        message.check_address(recipient.email)
        kind = registry.get(delivery.notification.kind)
        also = _other_addresses(recipient) if kind.to_every_address else ()
        recipients = (recipient.email, *also)
        one_click = unsubscribe.url_for(recipient.pk, kind.category, self.name) if kind.opt_out else ""
        rendered = rendering.render_mail(delivery.notification, kind, recipient, unsubscribe_url=one_click)
        raw = message.build(
            key=delivery.idem_key,
            domain=settings.MAIL_DOMAIN,
            sender=settings.DEFAULT_FROM_EMAIL,
            recipients=recipients,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            language=recipient.language,
            date=delivery.notification.created_at,
            unsubscribe_url=one_click,
        )
        mail = api.ApiMail(
            key=str(delivery.idem_key),
            sender=settings.DEFAULT_FROM_EMAIL,
            recipients=recipients,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            headers=message.own_headers(delivery.idem_key, one_click),
        )
        return PreparedMail(recipients, raw, rendered.version, mail)

    def send(self, prepared: PreparedMail) -> Result:
        if settings.MAIL_PROVIDER != "smtp":
            return api.send(settings.MAIL_PROVIDER, prepared.mail, CALL_TIMEOUT)
        sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
        return Conversation(server(), CALL_TIMEOUT).deliver(sender, prepared.recipients, prepared.raw)


def _other_addresses(person: User) -> tuple[str, ...]:
    """Confirmed ones besides the account's own, without those that no server would take."""
    rows = EmailAddress.objects.filter(user=person, verified=True).exclude(email__iexact=person.email).order_by("pk")
    found = []
    for address in rows.values_list("email", flat=True):
        with contextlib.suppress(Undeliverable):
            message.check_address(address)
            found.append(address)
    return tuple(found)


def server() -> SmtpServer:
    return SmtpServer(
        host=settings.EMAIL_HOST,
        port=settings.EMAIL_PORT,
        username=settings.EMAIL_HOST_USER or "",
        password=settings.EMAIL_HOST_PASSWORD or "",
        use_tls=settings.EMAIL_USE_TLS,
        use_ssl=settings.EMAIL_USE_SSL,
        local_hostname=settings.MAIL_DOMAIN,
    )
