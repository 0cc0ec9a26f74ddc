"""Keys of their own for each purpose, out of the service's secret, so that what signs one thing opens nothing else.

A new secret signs from its first moment; what the former ones signed (SECRET_KEY_FALLBACKS) is still recognised.
"""

import hashlib
import hmac

from django.conf import settings


def key_for(purpose: str) -> bytes:
    """The present key, 32 bytes. purpose: a constant such as "log.seal"."""
    return _derive(settings.SECRET_KEY, purpose)


def keys_for(purpose: str) -> list[bytes]:
    """The present key and those of former secrets, the newest first."""
    return [_derive(secret, purpose) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def _derive(secret: str | bytes, purpose: str) -> bytes:
    return hmac.new(
        secret if isinstance(secret, bytes) else secret.encode(), f"praktiknavet:{purpose}".encode(), hashlib.sha256
    ).digest()
