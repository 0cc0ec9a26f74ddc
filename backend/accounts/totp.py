"""Codes of an authenticator app: time-based one-time passwords (RFC 6238) of six digits, a new one every 30 seconds."""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from datetime import datetime
from urllib.parse import quote, urlencode

DIGITS = 6
STEP_SECONDS = 30
# How many steps a telephone's clock may be off, in either direction.
TOLERANCE = 1
ISSUER = "Praktiknavet"


def make_secret() -> str:
    """160 bits in base 32, as apps take it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def step_at(moment: datetime) -> int:
    return int(moment.timestamp()) // STEP_SECONDS


def code_of(secret: str, step: int) -> str:
    """The six digits of a step (RFC 4226). secret: base 32. Raises ValueError for what is none."""
    try:
        key = base64.b32decode(secret.replace(" ", ""), casefold=True)
    except binascii.Error as error:
        raise ValueError("not base 32") from error
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def find_step(secret: str, code: str, moment: datetime, *, after: int = 0) -> int | None:
    """The step that the code belongs to, around the moment and later than `after`; None for a wrong or a used code."""
    typed = "".join(code.split())
    now = step_at(moment)
    for step in range(now - TOLERANCE, now + TOLERANCE + 1):
        if step > after and hmac.compare_digest(code_of(secret, step).encode(), typed.encode()):
            return step
    return None


def address_for_app(secret: str, account: str) -> str:
    """What the square holds that an app reads: otpauth://. account: what the app calls it, the login's address."""
    query = urlencode({"secret": secret, "issuer": ISSUER}, quote_via=quote)
    return f"otpauth://totp/{quote(f'{ISSUER}:{account}')}?{query}"
