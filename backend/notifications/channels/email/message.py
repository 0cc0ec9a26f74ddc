"""The bytes of a mail. The same delivery gives the same bytes, so that a second copy can be recognised as one."""

import re
import uuid
from collections.abc import Sequence
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import Compat32
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache

from backend.notifications.channels import Undeliverable

MAX_BYTES = 500_000
LONGEST_LINE = 78


class _PlainHeaders(Compat32):
    """Folds only what needs it. A header that is one short line of ASCII is most of the work otherwise."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if (
            isinstance(value, str)
            and len(name) + len(value) + 2 <= LONGEST_LINE
            and value.isascii()
            and value.isprintable()
        ):
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


# The policies that parse each header into an object take three times as long.
_POLICY = _PlainHeaders(linesep="\r\n")
# Quoted-printable keeps lines short and every hop from re-encoding them.
# The classes take a Charset and a Header, as their documentation says; the type stubs know strings only.
_QUOTED = Charset("utf-8")
_QUOTED.body_encoding = QP
KEY_HEADER = "X-Praktiknavet-Key"
_ADDRESS = re.compile(r"[^\s@<>\"(),:;\[\]\\]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+")


def build(
    *,
    key: uuid.UUID,
    domain: str,
    sender: str,
    recipients: Sequence[str],
    subject: str,
    text: str,
    html: str,
    language: str,
    date: datetime,
    unsubscribe_url: str = "",
) -> bytes:
    """A mail with a text and an HTML part.

    recipients: the addresses of one person. unsubscribe_url: for kinds one may opt out of (one click, RFC 8058).
    Raises Undeliverable: `address_invalid`, `subject_invalid`, `too_large`.
    """
    for recipient in recipients:
        check_address(recipient)
    if not subject or any(ord(sign) < 32 for sign in subject) or len(subject) > 200:
        raise Undeliverable("subject_invalid")
    message = MIMEMultipart("alternative", boundary=f"=_{key.hex}", policy=_POLICY)
    message["From"] = _mailbox(sender)
    message["To"] = ", ".join(recipients)
    message["Subject"] = Header(subject, None if subject.isascii() else "utf-8", header_name="Subject")  # type: ignore[assignment]
    message["Date"] = format_datetime(date)
    message["Message-ID"] = f"<{key}@{domain}>"
    for name, value in own_headers(key, unsubscribe_url).items():
        message[name] = value
    message["Content-Language"] = language
    message.attach(MIMEText(text, "plain", _QUOTED, policy=_POLICY))  # type: ignore[arg-type]
    message.attach(MIMEText(html, "html", _QUOTED, policy=_POLICY))  # type: ignore[arg-type]
    raw = message.as_bytes()
    if len(raw) > MAX_BYTES:
        raise Undeliverable("too_large")
    return raw


@lru_cache(maxsize=8)
def _mailbox(sender: str) -> str:
    """All mails have the same sender: it is taken apart once."""
    return formataddr(parseaddr(sender))


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
