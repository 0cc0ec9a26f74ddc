"""TCP ports on the loopback address. Standard library only (see the package)."""

from __future__ import annotations

import socket
from collections.abc import Mapping

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8000


class PortError(ValueError):
    """A port that cannot be served on; ``str(error)`` is one line for the terminal."""


def port_from(environment: Mapping[str, str]) -> int:
    """The port that PORT asks for, 8000 when it is unset or empty. Raises PortError for anything but 1-65535."""
    text = environment.get("PORT", "").strip()
    if not text:
        return DEFAULT_PORT
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) < 65536:
        raise PortError(f"PORT must be a number from 1 to 65535, not {text!r}")
    return int(text)


def check_port_is_free(port: int) -> None:
    """Raise PortError unless a server could listen on ``port`` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the web server does: connections that are only closing down do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except PermissionError:
            raise PortError(f"port {port} needs administrator rights: choose another, PORT=8123 make run") from None
        except OSError as error:
            raise PortError(
                f"port {port} cannot be used ({error.strerror}): choose another, PORT=8123 make run"
            ) from None


def free_port() -> int:
    """A port that is free at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
