"""Which operating-system account the embedded servers run as, and what that account can reach.

PostgreSQL refuses to run as root. As root the servers therefore run as ``nobody``, which can neither read a
checkout below /root nor write files it does not own.
"""

from __future__ import annotations

import os
import pwd
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import EmbeddedServerError

SOCKET_PREFIX = "pn-"
# A Unix socket address holds 104 bytes on the strictest system we run on; the longest name put in a directory is
# PostgreSQL's ".s.PGSQL.5432.lock".
_LONGEST_SOCKET_DIRECTORY = 104 - len("/.s.PGSQL.5432.lock") - 1


@dataclass(frozen=True)
class ServerAccount:
    """The account for server processes; ``switches`` when it differs from the account that starts them."""

    uid: int
    gid: int
    switches: bool

    @classmethod
    def for_current_user(cls) -> ServerAccount:
        """``nobody`` when started as root, otherwise the starting user itself."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), switches=False)
        try:
            entry = pwd.getpwnam("nobody")
        except KeyError:
            raise EmbeddedServerError(
                "PostgreSQL does not run as root and there is no account 'nobody': run as an ordinary user"
            ) from None
        return cls(entry.pw_uid, entry.pw_gid, switches=True)

    def popen_arguments(self) -> dict[str, Any]:
        """Keyword arguments for subprocess that start a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switches else {}

    def make_private_directory(self, path: Path) -> None:
        """Create ``path`` if needed, owned by this account and closed to all others (mode 0700)."""
        path.mkdir(parents=True, exist_ok=True)
        if self.switches:
            os.chown(path, self.uid, self.gid)
        path.chmod(0o700)

    def give(self, tree: Path) -> None:
        """Make this account the owner of a directory and everything in it."""
        if not self.switches:
            return
        for folder, _, names in os.walk(tree):
            os.chown(folder, self.uid, self.gid)
            for name in names:
                os.chown(Path(folder, name), self.uid, self.gid, follow_symlinks=False)

    def can_reach(self, path: Path) -> bool:
        """Whether this account may pass through every existing folder above ``path``."""
        return not self.switches or all(
            folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents if folder.exists()
        )


def make_open_directory(path: Path) -> None:
    """Create ``path`` and what is missing above it, so that any account may pass through, whatever the umask says."""
    for folder in reversed([path, *path.parents]):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)


def make_socket_directory(account: ServerAccount) -> Path:
    """A new private directory with a path short enough for Unix sockets; the caller removes it."""
    bases = [Path(name) for name in (tempfile.gettempdir(), "/tmp", "/var/tmp")]  # noqa: S108 (mkdtemp makes a private one)
    for base in bases:
        if not base.is_dir() or not account.can_reach(base / "x"):
            continue
        try:
            made = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir=base))
        except OSError:
            continue
        if len(os.fsencode(made)) <= _LONGEST_SOCKET_DIRECTORY:
            account.make_private_directory(made)
            return made
        made.rmdir()
    raise EmbeddedServerError(
        "no directory for the server sockets: none of TMPDIR, /tmp and /var/tmp is writable, open to the server "
        f"account and at most {_LONGEST_SOCKET_DIRECTORY - 12} characters long"
    )
