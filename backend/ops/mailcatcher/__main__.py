"""The mail server process: SMTP on a loopback port, every message into a folder."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from backend.common.caught_mail import save_mail

_LOOPBACK = "127.0.0.1"
_LARGEST_MESSAGE = 32 * 1024 * 1024


class CatchingHandler:
    """Keeps what an SMTP client sends. The method name is aiosmtpd's."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Save the message; a full disk is a temporary failure, so the sender keeps it and tries again."""
        content = envelope.content or b""
        try:
            save_mail(
                self._directory,
                sender=envelope.mail_from or "",
                recipients=envelope.rcpt_tos,
                content=content if isinstance(content, bytes) else content.encode("utf-8"),
                received_at=datetime.now(UTC),
            )
        except OSError as error:
            return f"452 cannot keep the message: {error.strerror}"
        return "250 kept"


async def serve(port: int, directory: Path) -> None:
    """Serve until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    handler = CatchingHandler(directory)
    server = await loop.create_server(
        lambda: SMTP(
            handler, hostname="mailcatcher", data_size_limit=_LARGEST_MESSAGE, enable_SMTPUTF8=True, loop=loop
        ),
        host=_LOOPBACK,
        port=port,
    )
    async with server:
        await stop.wait()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 when asked to stop, 1 with one line when it cannot serve."""
    parser = argparse.ArgumentParser(prog="python -m backend.ops.mailcatcher", description=__doc__)
    parser.add_argument("--port", type=int, default=1025)
    parser.add_argument("--directory", type=Path, default=Path(os.environ.get("MAIL_DIR", ".data/mail")))
    options = parser.parse_args(arguments)
    # aiosmtpd writes every conversation at INFO, addresses included; what arrived can be read in the folder.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    try:
        options.directory.mkdir(parents=True, exist_ok=True)
        asyncio.run(serve(options.port, options.directory))
    except OSError as error:
        print(f"error: the mail catcher cannot serve on port {options.port}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
