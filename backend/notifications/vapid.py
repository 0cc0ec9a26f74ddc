"""The pair of keys by which browsers' push services know that a message comes from us (VAPID, RFC 8292).

Made once by `manage vapid_keys`. Whoever loses them loses every browser that said yes: keep them with the other secrets.
"""

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.core.signals import setting_changed
from py_vapid import Vapid02
from py_vapid.utils import b64urlencode

FILE = "vapid.pem"
_RAW = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Keys:
    """public: what a browser is given when it subscribes, unpadded base64url of the 65 bytes of the point."""

    signer: Vapid02
    public: str


def file() -> Path:
    return Path(settings.DATA_DIR) / FILE


def keys() -> Keys | None:
    """From VAPID_PRIVATE_KEY, else from DATA_DIR/vapid.pem; None where neither is there: push is not offered then.

    ValueError for a key that cannot be read, at the first use rather than as silence.
    """
    if settings.VAPID_PRIVATE_KEY:
        return _from_text(settings.VAPID_PRIVATE_KEY)
    try:
        return _from_text(file().read_text(encoding="ascii"))
    except FileNotFoundError:
        return None


@lru_cache(maxsize=2)
def _from_text(text: str) -> Keys:
    try:
        if "-----BEGIN" in text:
            signer = Vapid02(serialization.load_pem_private_key(text.encode(), password=None))
        elif _RAW.fullmatch(text.strip()):
            signer = Vapid02.from_raw(text.strip().encode())
        else:
            raise ValueError("neither a PEM file nor 32 bytes in base64url")
        point = signer.public_key.public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
    except Exception as error:
        raise ValueError("the VAPID key cannot be read: make one with manage vapid_keys") from error
    return Keys(signer, b64urlencode(point))


def _forget(*, setting: str, **_: object) -> None:
    if setting in {"VAPID_PRIVATE_KEY", "DATA_DIR"}:
        _from_text.cache_clear()


setting_changed.connect(_forget)


def make_file() -> bool:
    """Writes a new key to DATA_DIR/vapid.pem, readable by its owner only. False when there is one already."""
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "wb") as stream:
        stream.write(pem)
    return True
