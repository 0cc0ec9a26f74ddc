"""Web push: a short sentence and a link to every browser in which the person said yes (RFC 8030, 8291 and 8292).

The payload is encrypted for the browser; the push service in between sees its size and when it came. A second copy of a
message replaces the first on the screen (same tag) and at the push service (same topic), so an unanswered call is repeated.
"""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db import DatabaseError

from backend.common import clock
from backend.notifications import registry, rendering, vapid
from backend.notifications.channels import CALL_TIMEOUT, Result, Undeliverable, Unreachable
from backend.notifications.enums import ChannelName, Outcome
from backend.notifications.models import Delivery, PushSubscription

logger = logging.getLogger(__name__)

# Push services take 4,096 bytes with the encryption around it (RFC 8291, 4).
MOST_BYTES = 3_000
SHORTEST_TTL, LONGEST_TTL = 60, 28 * 24 * 3600
CONNECT_TIMEOUT = 5.0
SIGNATURE_FOR = 12 * 3600
GONE = {404, 410}


@dataclass(frozen=True)
class PreparedPush:
    """headers: those every browser of the person gets. browsers: rows of PushSubscription."""

    payload: bytes
    headers: Mapping[str, str]
    browsers: tuple[PushSubscription, ...]
    template_version: str = ""


class PushChannel:
    name: str = ChannelName.PUSH
    is_immediate = False
    repeats_decisions = True
    key_window = timedelta(seconds=LONGEST_TTL)

    def prepare(self, delivery: Delivery) -> PreparedPush:
        """Raises Unreachable when no browser is left or push is not set up; Undeliverable `too_large`, `template_failed`."""
        keys = vapid.keys()
        if keys is None:
            raise Unreachable("not_set_up")
        browsers = tuple(PushSubscription.objects.filter(user=delivery.recipient_id, signed_by=keys.public))
        if not browsers:
            raise Unreachable("unreachable")
        kind = registry.get(delivery.notification.kind)
        brief = rendering.render_brief(delivery.notification, kind, delivery.recipient)
        payload = {
            "title": "Praktiknavet",
            "body": brief.text,
            "path": brief.path,
            "tag": str(delivery.idem_key),
            "lang": delivery.recipient.language,
        }
        raw = json.dumps(payload, ensure_ascii=False).encode()
        if len(raw) > MOST_BYTES:
            raise Undeliverable("too_large")
        left = int((delivery.expires_at - clock.now()).total_seconds())
        headers = {
            "TTL": str(min(max(left, SHORTEST_TTL), LONGEST_TTL)),
            "Topic": delivery.idem_key.hex,
            "Urgency": "high" if kind.priority == registry.DECISION_PRIORITY else "normal",
        }
        return PreparedPush(raw, headers, browsers)

    def send(self, prepared: PreparedPush) -> Result:
        """One call a browser, CALL_TIMEOUT in all. One browser that took it is enough: the person has heard."""
        deadline = time.monotonic() + CALL_TIMEOUT
        results = []
        with httpx.Client() as client:
            for browser in prepared.browsers:
                result = _push(client, browser, prepared, deadline)
                if result.unreachable:
                    _forget(browser)
                results.append(result)
        return _worth(results)


# What several browsers came to, the first that any of them came to.
_ORDER = (Outcome.SENT, Outcome.AMBIGUOUS, Outcome.RETRY, Outcome.CONFIGURATION)


def _worth(results: list[Result]) -> Result:
    for outcome in _ORDER:
        for result in results:
            if result.outcome == outcome:
                return result
    refused = [result for result in results if not result.unreachable]
    return refused[0] if refused else Result(Outcome.PERMANENT, "no browser is left", unreachable=True)


def _push(client: httpx.Client, browser: PushSubscription, prepared: PreparedPush, deadline: float) -> Result:
    left = deadline - time.monotonic()
    if left <= 0:
        return Result(Outcome.RETRY, "no time left")
    try:
        body = _encrypt(browser, prepared.payload)
        headers = {**prepared.headers, "Content-Encoding": "aes128gcm", **_signature(browser.endpoint)}
    except Exception as error:
        return Result(Outcome.PERMANENT, f"{type(error).__name__} before the call", unreachable=True)
    try:
        response = client.post(
            browser.endpoint,
            content=body,
            headers=headers,
            timeout=httpx.Timeout(left, connect=min(CONNECT_TIMEOUT, left)),
        )
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        return Result(Outcome.RETRY, f"{type(error).__name__} at connect", provider_down=True)
    except Exception as error:
        return Result(Outcome.AMBIGUOUS, f"{type(error).__name__} at answer")
    return _answered(response.status_code)


def _answered(code: int) -> Result:
    answer = f"{code} at push service"
    if 200 <= code < 300:
        return Result(Outcome.SENT, answer)
    if code in GONE:
        return Result(Outcome.PERMANENT, answer, unreachable=True)
    if code in {401, 403}:
        return Result(Outcome.CONFIGURATION, answer)
    if code in {408, 425, 429}:
        return Result(Outcome.RETRY, answer)
    if code >= 500:
        return Result(Outcome.RETRY, answer, provider_down=True)
    return Result(Outcome.PERMANENT, answer)


def _encrypt(browser: PushSubscription, payload: bytes) -> bytes:
    # Here, because it brings an asynchronous HTTP client along that the web process never needs.
    from pywebpush import WebPusher

    info = {"endpoint": browser.endpoint, "keys": {"p256dh": browser.p256dh, "auth": browser.auth}}
    body: bytes = WebPusher(info).encode(payload, "aes128gcm")["body"]
    return body


def _signature(endpoint: str) -> dict[str, str]:
    keys = vapid.keys()
    assert keys is not None, "prepare has seen to it"
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(clock.now().timestamp()) + SIGNATURE_FOR,
        "sub": f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}",
    }
    signed: dict[str, str] = keys.signer.sign(claims)
    return signed


def _forget(browser: PushSubscription) -> None:
    try:
        PushSubscription.objects.filter(pk=browser.pk).delete()
    except DatabaseError as error:
        # It will be gone the next time too.
        logger.warning("browser %s not forgotten (%s)", browser.pk, type(error).__name__)
