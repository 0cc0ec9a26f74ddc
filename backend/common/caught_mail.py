"""The folder of caught mails: one ``.eml`` file each, named so that names sort by time."""

from __future__ import annotations

import email.policy
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from pathlib import Path

_SENDER_HEADER = "X-Envelope-From"
_RECIPIENTS_HEADER = "X-Envelope-To"
_ID = re.compile(r"(?P<time>\d{8}T\d{6}\.\d{6})Z-[0-9a-f]{8}")
_TIME_FORMAT = "%Y%m%dT%H%M%S.%f"


@dataclass(frozen=True)
class CaughtMail:
    """One caught message.

    ``sender`` and ``recipients`` are the envelope's addresses, so a blind copy shows. ``text`` and ``html`` are the
    decoded bodies with plain newlines, empty when the message has none; ``list_mails`` reads the headers only and
    leaves both empty.
    """

    id: str
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    headers: tuple[tuple[str, str], ...]
    text: str = ""
    html: str = ""


class UnknownMailError(LookupError):
    """There is no mail with this id in the folder."""


def save_mail(directory: Path, *, sender: str, recipients: Sequence[str], content: bytes, received_at: datetime) -> str:
    """Keep the raw message ``content`` and return its id. The file appears complete or not at all."""
    directory.mkdir(parents=True, exist_ok=True)
    identity = f"{received_at.astimezone(UTC).strftime(_TIME_FORMAT)}Z-{secrets.token_hex(4)}"
    envelope = f"{_SENDER_HEADER}: {sender}\r\n{_RECIPIENTS_HEADER}: {', '.join(recipients)}\r\n"
    unfinished = directory / f".{identity}"
    unfinished.write_bytes(envelope.encode("utf-8") + content)
    unfinished.rename(directory / f"{identity}.eml")
    return identity


def list_mails(directory: Path) -> list[CaughtMail]:
    """All caught mails, newest first, without their bodies. A folder that does not exist yet is an empty one."""
    mails = []
    for path in sorted(directory.glob("*.eml"), reverse=True):
        if not _ID.fullmatch(path.stem):
            continue
        try:
            with path.open("rb") as file:
                message = BytesHeaderParser(policy=email.policy.default).parse(file)
        except FileNotFoundError:  # removed between the listing and the reading
            continue
        mails.append(_caught(path.stem, message))
    return mails


def get_mail(directory: Path, mail_id: str) -> CaughtMail:
    """One mail with its bodies. Raises UnknownMailError, also for an id that is no id at all."""
    if not _ID.fullmatch(mail_id):
        raise UnknownMailError(mail_id)
    try:
        content = (directory / f"{mail_id}.eml").read_bytes()
    except FileNotFoundError:
        raise UnknownMailError(mail_id) from None
    message = BytesParser(policy=email.policy.default).parsebytes(content)
    assert isinstance(message, EmailMessage)  # what this policy makes
    return _caught(mail_id, message, text=_body(message, "plain"), html=_body(message, "html"))


def _caught(identity: str, message: EmailMessage, *, text: str = "", html: str = "") -> CaughtMail:
    match = _ID.fullmatch(identity)
    assert match is not None
    recipients = str(message.get(_RECIPIENTS_HEADER, ""))
    return CaughtMail(
        id=identity,
        received_at=datetime.strptime(match["time"], _TIME_FORMAT).replace(tzinfo=UTC),
        sender=str(message.get(_SENDER_HEADER, "")),
        recipients=tuple(part.strip() for part in recipients.split(",") if part.strip()),
        subject=str(message.get("Subject", "")),
        headers=tuple(
            (name, str(value)) for name, value in message.items() if name not in {_SENDER_HEADER, _RECIPIENTS_HEADER}
        ),
        text=text,
        html=html,
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        text = str(part.get_content())
    except LookupError:  # a character set nobody knows
        payload = part.get_payload(decode=True)
        text = payload.decode("utf-8", errors="replace") if isinstance(payload, bytes) else ""
    return text.replace("\r\n", "\n")
