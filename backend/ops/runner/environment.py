"""The environment variables of the running service: made for its processes, noted for other commands."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from backend.ops.runner.ports import LOOPBACK

_NOTE = "service.env"
# What another command needs to talk to the running service. SECRET_KEY is among them: sessions are signed with it.
_NOTED = ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "MAIL_DIR", "DATA_DIR", "PORT", "SECRET_KEY")


def default_data_directory(environment: Mapping[str, str], root: Path) -> Path:
    """Where the service keeps its data: DATA_DIR, relative to the current directory, or ``.data`` in the checkout."""
    given = environment.get("DATA_DIR", "")
    return Path(given).resolve() if given else root / ".data"


def service_environment(
    base: Mapping[str, str], *, data: Path, port: int, mail_port: int, urls: Mapping[str, str]
) -> dict[str, str]:
    """The environment for every process of the service.

    ``urls`` are the embedded servers' addresses. What the user has set for settings module, mail and secret key stays.
    """
    defaults = {
        "DJANGO_SETTINGS_MODULE": "backend.config.settings.dev",
        "SMTP_URL": f"smtp://{LOOPBACK}:{mail_port}",
        "MAIL_DIR": str(data / "mail"),
        "PYTHONUNBUFFERED": "1",
    }
    result = {**defaults, **base, **urls, "DATA_DIR": str(data), "PORT": str(port)}
    if not result.get("SECRET_KEY"):
        result["SECRET_KEY"] = secret_key(data)
    return result


def secret_key(data: Path) -> str:
    """The installation's own secret, made at the first start and kept readable to its owner only."""
    path = data / "secret_key"
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(50))
    key = path.read_text(encoding="ascii").strip()
    if not key:  # the disk was full when it was made
        path.unlink()
        return secret_key(data)
    return key


def note_service(data: Path, environment: Mapping[str, str]) -> None:
    """Leave the addresses of the running service where ``join_running_service`` finds them."""
    lines = [f"{name}={environment[name]}\n" for name in _NOTED if name in environment]
    path = data / _NOTE
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.writelines(lines)


def forget_service(data: Path) -> None:
    """The service has stopped: its addresses mean nothing any more."""
    (data / _NOTE).unlink(missing_ok=True)


def join_running_service(environment: MutableMapping[str, str], root: Path) -> bool:
    """Let a command in another terminal use the servers of a running `make run`.

    Adds the noted addresses that ``environment`` lacks. Does nothing, and returns False, when DATABASE_URL is set or no
    service has left a note in the data directory.
    """
    if environment.get("DATABASE_URL"):
        return False
    try:
        lines = (default_data_directory(environment, root) / _NOTE).read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    for line in lines:
        name, _, value = line.partition("=")
        environment.setdefault(name, value)
    return True
