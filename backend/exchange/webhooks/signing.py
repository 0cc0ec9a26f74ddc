"""Signatures as https://www.standardwebhooks.com describes them, version v1 (HMAC-SHA256).

A secret is never stored: it is derived from the endpoint's random seed and the service's own key, so that a copy of the
database alone signs nothing.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from django.conf import settings

PREFIX = "whsec_"
PURPOSE = b"praktiknavet.webhook.v1:"


def secret_of(seed: "bytes | memoryview[int]") -> str:
    """ "whsec_" and 32 bytes in base64: what the receiver keeps."""
    key = hmac.new(settings.SECRET_KEY.encode(), PURPOSE + bytes(seed), hashlib.sha256).digest()
    return PREFIX + base64.b64encode(key).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`. timestamp: seconds since 1970."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b".".join([message_id.encode(), str(timestamp).encode(), body])
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers_for(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers; one signature for each secret, separated by spaces."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(secret, message_id, timestamp, body) for secret in secrets),
    }
