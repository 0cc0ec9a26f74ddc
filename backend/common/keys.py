"""Keys of their own for each purpose, out of the service's secret, so that what signs one thing opens nothing else.

A new secret signs from its first moment; what the former ones signed (SECRET_KEY_FALLBACKS) is still recognised.
"""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def key_for(purpose: str) -> bytes:
    """The present key, 32 bytes. purpose: a constant such as "log.seal"."""
    return _derive(settings.SECRET_KEY, purpose)


def keys_for(purpose: str) -> list[bytes]:
    """The present key and those of former secrets, the newest first."""
    return [_derive(secret, purpose) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def sealer(purpose: str) -> MultiFernet:
    """Seals with the present key so that nobody without it can read, and opens what former keys have sealed too."""
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys_for(purpose)])


def _derive(secret: str | bytes, purpose: str) -> bytes:
    return hmac.new(
        secret if isinstance(secret, bytes) else secret.encode(), f"praktiknavet:{purpose}".encode(), hashlib.sha256
    ).digest()
