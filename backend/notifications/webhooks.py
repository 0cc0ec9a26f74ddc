"""From a provider's own words to a Report: mails through django-anymail, text messages through Standard Webhooks.

The addresses are served by backend/web/provider_webhooks.py.
"""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views import View

from backend.notifications.enums import ChannelName
from backend.notifications.provider_reports import (
    BOUNCED,
    COMPLAINED,
    DELIVERED,
    GAVE_UP,
    NO_SUCH_ADDRESS,
    Report,
    receive,
)

# --- mail ------------------------------------------------------------------------------------------------------------

# Who opened or clicked what is none of our business: those reports are dropped here, unread.
_MAIL_KINDS = {
    EventType.DELIVERED: DELIVERED,
    EventType.BOUNCED: BOUNCED,
    EventType.REJECTED: BOUNCED,
    EventType.FAILED: BOUNCED,
    EventType.COMPLAINED: COMPLAINED,
}
_NO_SUCH_ADDRESS = {RejectReason.INVALID, RejectReason.BOUNCED}


def mail_view(provider: str) -> Any | None:
    """anymail's view that reads and verifies the provider's reports; None for a provider it does not know."""
    from anymail.urls import urlpatterns

    by_name = {pattern.name: pattern.callback for pattern in urlpatterns}
    return by_name.get(f"{provider}_tracking_webhook") or by_name.get(f"{provider}_webhook")


def on_tracking(sender: type[View], event: AnymailTrackingEvent, esp_name: str, **_: Any) -> None:
    """Receiver of anymail's signal: one call an event."""
    kind = _MAIL_KINDS.get(event.event_type)
    if kind is None:
        return
    message_id = str(event.message_id or "")
    receive(
        Report(
            provider=esp_name.lower()[:20],
            channel=ChannelName.EMAIL,
            event_id=_event_id(event, message_id),
            kind=kind,
            reason=_mail_reason(event, kind),
            key=_key_of(event, message_id),
            message_id="" if _own_key(message_id) else message_id,
            address=str(event.recipient or ""),
        )
    )


def _event_id(event: AnymailTrackingEvent, message_id: str) -> str:
    if event.event_id:
        return str(event.event_id)
    # A provider without ids of its own: the same message, moment and recipient is the same report.
    return f"{message_id}:{event.timestamp}:{event.recipient}"


def _mail_reason(event: AnymailTrackingEvent, kind: str) -> str:
    if kind != BOUNCED:
        return COMPLAINED if kind == COMPLAINED else ""
    is_final = event.event_type != EventType.FAILED and event.reject_reason in _NO_SUCH_ADDRESS and not _is_soft(event)
    return NO_SUCH_ADDRESS if is_final else GAVE_UP


def _is_soft(event: AnymailTrackingEvent) -> bool:
    """A full mailbox is not a wrong address. anymail calls both bounced, the provider's own words differ."""
    raw = event.esp_event if isinstance(event.esp_event, Mapping) else {}
    data = raw.get("data")
    bounce = data.get("bounce") if isinstance(data, Mapping) else None
    words = (raw.get("Type"), raw.get("bounce_type"), bounce.get("type") if isinstance(bounce, Mapping) else None)
    named_soft = any(str(word).lower() in {"softbounce", "soft", "transient", "temporary"} for word in words if word)
    return named_soft or str(event.mta_response or "").lstrip().startswith("4")


def _key_of(event: AnymailTrackingEvent, message_id: str) -> uuid.UUID | None:
    """Our key as the provider gives it back, or out of a Message-ID of ours."""
    metadata = event.metadata if isinstance(event.metadata, Mapping) else {}
    return _uuid(str(metadata.get("key", ""))) or _own_key(message_id)


def _own_key(message_id: str) -> uuid.UUID | None:
    local, _at, domain = message_id.strip("<>").partition("@")
    return _uuid(local) if domain == settings.MAIL_DOMAIN else None


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


# --- text messages: https://www.standardwebhooks.com ----------------------------------------------------------------------

TOLERANCE_SECONDS = 300
_SMS_KINDS = {"sms.delivered": DELIVERED, "sms.failed": BOUNCED}


class Refused(Exception):
    """Not signed by whom it should be, or not now. `status`: 401 without a signature, 403 with a wrong one."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def verify_signature(secret: str, headers: Mapping[str, str], body: bytes) -> str:
    """The id of a report signed with `secret` ("whsec_" and base64) in the last five minutes. Raises Refused."""
    identity, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if not (identity and stamp and signatures):
        raise Refused(401)
    if not stamp.isascii() or not stamp.isdigit() or abs(time.time() - int(stamp)) > TOLERANCE_SECONDS:
        raise Refused(403)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    # Several signatures, so that a secret can be changed without a gap.
    if not any(hmac.compare_digest(expected.encode(), each.encode()) for each in signatures.split()):
        raise Refused(403)
    return identity


def receive_sms_report(request: HttpRequest) -> HttpResponse:
    """{"type": "sms.delivered" | "sms.failed", "data": {"id": theirs, "key": ours, "final": bool}}; other types are ignored.

    `final` says that the number does not exist. Raises Refused, and ValueError for a body that is not this.
    """
    identity = verify_signature(settings.SMS_WEBHOOK_SECRET, request.headers, request.body)
    body = json.loads(request.body)
    if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
        raise ValueError("not a report")
    kind, data = _SMS_KINDS.get(str(body.get("type"))), body["data"]
    if kind is not None:
        receive(
            Report(
                provider="sms",
                channel=ChannelName.SMS,
                event_id=identity,
                kind=kind,
                reason="" if kind == DELIVERED else NO_SUCH_ADDRESS if data.get("final") is True else GAVE_UP,
                key=_uuid(str(data.get("key", ""))),
                message_id=str(data.get("id", "")),
            )
        )
    return HttpResponse(status=204)
