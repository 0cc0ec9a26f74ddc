"""A real SMTP server on loopback that logs every mail it accepts and misbehaves on demand."""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

logging.getLogger("mail.log").setLevel(logging.WARNING)


@dataclass
class SmtpSink:
    """replies: phase (`connect`, `ehlo`, `mail`, `rcpt`, `data`, `dot`) -> a reply line, "drop" or "silence".

    `drop after dot` and `silence` at `dot` accept the mail first: it counts, but the answer never comes.
    """

    port: int = 0
    replies: dict[str, str] = field(default_factory=dict)
    accepted: list[bytes] = field(default_factory=list)
    delay: float = 0.0
    # Seconds between accepting a mail and saying so: the window in which a killed worker cannot know.
    answer_delay: float = 0.0
    # The one recipient who is refused, and how many messages a connection may bring before it is ended.
    refused: str = ""
    most_a_connection: int = 0
    connections: int = 0

    @property
    def messages(self) -> list[Message]:
        return [message_from_bytes(raw, policy=cast(Any, default)) for raw in self.accepted]

    @property
    def keys(self) -> Counter[str]:
        return Counter(str(message["X-Praktiknavet-Key"]) for message in self.messages)


class _Handler:
    def __init__(self, sink: SmtpSink) -> None:
        self.sink = sink

    async def _answer(self, server: SMTP, phase: str, normal: str) -> str:
        reply = self.sink.replies.get(phase)
        if reply is None:
            return normal
        if reply == "drop":
            server.transport.abort()
            return "421 gone"
        if reply == "silence":
            await asyncio.sleep(30)
        return reply

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        answer = await self._answer(server, "ehlo", "")
        return [answer] if answer else responses

    async def handle_HELO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str
    ) -> str:
        session.host_name = hostname
        return await self._answer(server, "ehlo", "250 here")

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        session.messages = getattr(session, "messages", 0) + 1
        if self.sink.most_a_connection and session.messages > self.sink.most_a_connection:
            server.transport.close()
            return "421 4.7.0 too many messages"
        envelope.mail_from = address
        return await self._answer(server, "mail", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == self.sink.refused:
            return "550 5.1.1 unknown"
        answer = await self._answer(server, "rcpt", "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.sink.delay:
            await asyncio.sleep(self.sink.delay)
        reply = self.sink.replies.get("dot")
        if reply is None or reply in {"drop", "silence"}:
            self.sink.accepted.append(cast(bytes, envelope.original_content))
            await asyncio.sleep(self.sink.answer_delay)
        return await self._answer(server, "dot", "250 2.0.0 queued")


class _Server(SMTP):
    sink: SmtpSink

    def connection_made(self, transport: Any) -> None:
        self.sink.connections += 1
        reply = self.sink.replies.get("connect")
        if reply == "drop":
            transport.abort()
        elif reply == "silence":
            return
        elif reply:
            transport.write(reply.encode() + b"\r\n")
            transport.close()
        else:
            super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.sink.replies.get("connect") is None:
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if self.sink.replies.get("connect") is None:
            super().data_received(data)

    def eof_received(self) -> bool:
        return False

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        reply = self.sink.replies.get("data")
        if reply is None:
            await super().smtp_DATA(arg)
        elif reply == "drop":
            self.transport.abort()
        elif reply == "silence":
            await asyncio.sleep(30)
        else:
            await self.push(reply)


@contextmanager
def running_sink(port: int = 0) -> Iterator[SmtpSink]:
    sink = SmtpSink()
    loop = asyncio.new_event_loop()

    def factory() -> SMTP:
        server = _Server(_Handler(sink), hostname="sink.test", loop=loop, enable_SMTPUTF8=False)
        server.sink = sink
        return server

    listening = loop.run_until_complete(loop.create_server(factory, "127.0.0.1", port))
    sink.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield sink
    finally:

        async def close() -> None:
            listening.close()
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(close(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
