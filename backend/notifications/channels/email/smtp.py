"""One SMTP conversation that knows how far it came.

What a failure means depends on one question: had the dot that ends the message left us? Before that the server has no
message and a retry is safe; after that an unanswered message may have been accepted.
"""

import contextlib
import contextvars
import enum
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from backend.notifications.channels import Result
from backend.notifications.enums import Outcome

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# Replies about our login or our right to use the server, whatever command they answer.
_ABOUT_US = {530, 534, 535, 538}


class Phase(enum.StrEnum):
    CONNECT = "connect"
    TLS = "tls"
    LOGIN = "login"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"
    ACCEPTED = "accepted"


@dataclass(frozen=True)
class SmtpServer:
    host: str
    port: int
    username: str = ""
    password: str = ""
    use_tls: bool = False
    use_ssl: bool = False
    local_hostname: str = "localhost"


class Refused(Exception):
    """The server answered with a code of the 400s or 500s."""

    def __init__(self, code: int, text: bytes) -> None:
        super().__init__(str(code))
        self.code = code
        match = _ENHANCED.search(text.decode("ascii", "replace")[:40])
        self.enhanced = match.group() if match else ""


class Line:
    """A connection kept open between messages to the same server. Only one that just took a message is kept."""

    def __init__(self) -> None:
        self._kept: tuple[SmtpServer, smtplib.SMTP] | None = None

    def take(self, server: SmtpServer) -> smtplib.SMTP | None:
        """The open connection to that server, which is the caller's from now on; None when there is none."""
        kept, self._kept = self._kept, None
        if kept and kept[0] != server:
            _say_goodbye(kept[1])
            return None
        return kept[1] if kept else None

    def keep(self, server: SmtpServer, smtp: smtplib.SMTP) -> None:
        self._kept = server, smtp

    def close(self) -> None:
        kept, self._kept = self._kept, None
        if kept:
            _say_goodbye(kept[1])


_line: contextvars.ContextVar[Line | None] = contextvars.ContextVar("line", default=None)


@contextlib.contextmanager
def several_messages() -> Iterator[None]:
    """Conversations inside the block use one connection after each other, as long as the server takes the messages."""
    line = Line()
    token = _line.set(line)
    try:
        yield
    finally:
        _line.reset(token)
        line.close()


class Conversation:
    """Sends one message within `timeout` seconds in all, over a connection of its own or one kept open."""

    def __init__(self, server: SmtpServer, timeout: float) -> None:
        self.server = server
        self.phase = Phase.CONNECT
        self._line = _line.get()
        self._deadline = time.monotonic() + timeout
        self._smtp: smtplib.SMTP | None = None

    def deliver(self, sender: str, recipients: Sequence[str], message: bytes) -> Result:
        """The whole conversation. Never raises; says what came of it."""
        try:
            answer = self._talk(sender, recipients, message)
        except Refused as refusal:
            return self._refused(refusal)
        except Exception as error:
            return self._broken(error)
        finally:
            self._close()
        return Result(Outcome.SENT, answer)

    def _talk(self, sender: str, recipients: Sequence[str], message: bytes) -> str:
        smtp = self._begin(sender)
        self.phase = Phase.RCPT
        first, *others = recipients
        self._ask(smtp, f"RCPT TO:<{first}>")
        for other in others:
            # A further address of the same person that is refused keeps the mail from nobody.
            with contextlib.suppress(Refused):
                self._ask(smtp, f"RCPT TO:<{other}>")
        self.phase = Phase.DATA
        self._ask(smtp, "DATA", expected=354)
        self.phase = Phase.BODY
        self._tick(smtp)
        smtp.send(_dot_stuffed(message))
        # From here on silence no longer means "not sent".
        self.phase = Phase.DOT
        self._tick(smtp)
        smtp.send(b".\r\n")
        code, text = self._reply(smtp)
        if code >= 400:
            raise Refused(code, text)
        if code // 100 != 2:
            raise smtplib.SMTPServerDisconnected("unexpected reply")
        self.phase = Phase.ACCEPTED
        match = _ENHANCED.search(text.decode("ascii", "replace")[:40])
        return " ".join(filter(None, [str(code), match.group() if match else ""]))

    def _begin(self, sender: str) -> smtplib.SMTP:
        """A connection on which the server has taken MAIL FROM."""
        kept = self._line.take(self.server) if self._line else None
        if kept:
            self._smtp, self.phase = kept, Phase.MAIL
            try:
                self._ask(kept, f"MAIL FROM:<{sender}>")
                return kept
            except (OSError, smtplib.SMTPException, Refused):
                # The server may end a connection that rests, or take only so many messages over one. It has heard of no
                # message yet, and what it has against this one it will say again.
                kept.close()
        self.phase = Phase.CONNECT
        smtp = self._connect()
        self._greet(smtp)
        if self.server.use_tls:
            self.phase = Phase.TLS
            self._tick(smtp)
            smtp.starttls(context=ssl.create_default_context())
            self._greet(smtp)
        if self.server.username:
            self.phase = Phase.LOGIN
            self._tick(smtp)
            try:
                smtp.login(self.server.username, self.server.password)
            except smtplib.SMTPResponseException as refusal:
                raise _refusal(refusal) from None
        self.phase = Phase.MAIL
        self._ask(smtp, f"MAIL FROM:<{sender}>")
        return smtp

    def _connect(self) -> smtplib.SMTP:
        options: dict[str, Any] = {"timeout": self._left(), "local_hostname": self.server.local_hostname}
        try:
            if self.server.use_ssl:
                self.phase = Phase.TLS
                smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                    self.server.host, self.server.port, context=ssl.create_default_context(), **options
                )
            else:
                smtp = smtplib.SMTP(self.server.host, self.server.port, **options)
        except smtplib.SMTPResponseException as refusal:
            raise _refusal(refusal) from None
        self._smtp = smtp
        if smtp.sock is not None:
            # The dot is sent apart from the body: without this it waits 40 ms for the peer's delayed acknowledgement.
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return smtp

    def _greet(self, smtp: smtplib.SMTP) -> None:
        self._tick(smtp)
        code, text = smtp.ehlo()
        if code >= 400:
            self._tick(smtp)
            code, text = smtp.helo()
        if code // 100 != 2:
            raise Refused(code, text)

    def _ask(self, smtp: smtplib.SMTP, command: str, expected: int = 250) -> None:
        self._tick(smtp)
        smtp.putcmd(command)
        code, text = self._reply(smtp)
        if code >= 400:
            raise Refused(code, text)
        if code // 100 != expected // 100:
            raise smtplib.SMTPServerDisconnected("unexpected reply")

    def _reply(self, smtp: smtplib.SMTP) -> tuple[int, bytes]:
        self._tick(smtp)
        return smtp.getreply()

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call took too long")
        return left

    def _tick(self, smtp: smtplib.SMTP) -> None:
        """One deadline for the conversation: a timeout per step would add up to more than the lease."""
        left = self._left()
        if smtp.sock is not None:
            smtp.sock.settimeout(left)

    def _close(self) -> None:
        smtp = self._smtp
        if smtp is None:
            return
        if self.phase != Phase.ACCEPTED:
            smtp.close()
        elif self._line:
            self._line.keep(self.server, smtp)
        else:
            _say_goodbye(smtp)

    def _refused(self, refusal: Refused) -> Result:
        answer = " ".join(filter(None, [str(refusal.code), refusal.enhanced, f"at {self.phase}"]))
        before_message = self.phase in {Phase.CONNECT, Phase.TLS, Phase.LOGIN}
        if refusal.code in _ABOUT_US or (before_message and refusal.code >= 500):
            return Result(Outcome.CONFIGURATION, answer)
        if refusal.code >= 500:
            return Result(Outcome.PERMANENT, answer)
        return Result(Outcome.RETRY, answer, provider_down=before_message or refusal.code == 421)

    def _broken(self, error: Exception) -> Result:
        answer = f"{_name(error)} at {self.phase}"
        if self.phase == Phase.DOT:
            return Result(Outcome.AMBIGUOUS, answer)
        return Result(Outcome.RETRY, answer, provider_down=True)


def _say_goodbye(smtp: smtplib.SMTP) -> None:
    """How it goes changes nothing: what was accepted is accepted."""
    try:
        if smtp.sock is not None:
            smtp.sock.settimeout(2)
            smtp.putcmd("QUIT")
    except (OSError, smtplib.SMTPException):
        pass
    finally:
        smtp.close()


def _refusal(refusal: smtplib.SMTPResponseException) -> Refused:
    text = refusal.smtp_error
    return Refused(refusal.smtp_code, text if isinstance(text, bytes) else str(text).encode())


def _name(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, socket.gaierror):
        return "dns"
    return type(error).__name__


def _dot_stuffed(message: bytes) -> bytes:
    """Lines that begin with a dot get a second one, every line ends with CR LF (RFC 5321, 4.5.2)."""
    lines = re.sub(rb"(?:\r\n|\n|\r(?!\n))", b"\r\n", message)
    stuffed = re.sub(rb"(?m)^\.", b"..", lines)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"
