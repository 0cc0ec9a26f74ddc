"""The bytes of a mail. The same delivery gives the same bytes, so that a second copy can be recognised as one."""

import re
import uuid
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from backend.notifications.channels import Undeliverable

MAX_BYTES = 500_000
KEY_HEADER = "X-Praktiknavet-Key"
_ADDRESS = re.compile(r"[^\s@<>\"(),:;\[\]\\]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+")


def build(
    *,
    key: uuid.UUID,
    domain: str,
    sender: str,
    recipient: str,
    subject: str,
    text: str,
    html: str,
    language: str,
    date: datetime,
    unsubscribe_url: str = "",
) -> bytes:
    """A mail with a text and an HTML part.

    unsubscribe_url: for kinds one may opt out of (one click, RFC 8058).
    Raises Undeliverable: `address_invalid`, `subject_invalid`, `too_large`.
    """
    check_address(recipient)
    if not subject or any(ord(sign) < 32 for sign in subject) or len(subject) > 200:
        raise Undeliverable("subject_invalid")
    message = EmailMessage(policy=SMTP)
    display_name, address = parseaddr(sender)
    message["From"] = Address(display_name=display_name, addr_spec=address)
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = subject
    message["Date"] = format_datetime(date)
    message["Message-ID"] = f"<{key}@{domain}>"
    for name, value in own_headers(key, unsubscribe_url).items():
        message[name] = value
    # Quoted-printable keeps lines short and every hop from re-encoding them.
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    # Last: making the parts drops earlier Content- headers.
    message["Content-Language"] = language
    message.set_boundary(f"=_{key.hex}")
    raw = message.as_bytes()
    if len(raw) > MAX_BYTES:
        raise Undeliverable("too_large")
    return raw


def own_headers(key: uuid.UUID, unsubscribe_url: str = "") -> dict[str, str]:
    """What every mail of ours carries, whichever way it goes."""
    headers = {"Auto-Submitted": "auto-generated", KEY_HEADER: str(key)}
    if unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def check_address(address: str) -> None:
    """Raises Undeliverable `address_invalid` for what no server would take, or what would break a command line."""
    if not address.isascii() or len(address) > 254 or not _ADDRESS.fullmatch(address) or ".." in address:
        raise Undeliverable("address_invalid")
