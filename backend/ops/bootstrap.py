"""Install what the project needs into .venv, from the lock file: `python3 -m backend.ops.bootstrap run|all`.

Runs on a bare machine before anything is installed, so it uses the standard library only. ``run`` installs what the
service needs, ``all`` adds the development tools. Nothing happens when the lock file has not changed since.

Needs python3 (3.11 or newer) and pip. uv is taken from PATH, or installed into .boot when there is none. pip's own
settings (index, certificate, proxy) hold for uv as well.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from backend.ops.runner.ports import PortError, check_port_is_free, port_from

ROOT = Path(__file__).resolve().parents[2]
OLDEST_PYTHON = (3, 11)
OLDEST_UV = (0, 8)
LEVELS = ("run", "all")  # each holds the one before
_DEFAULT_INDEX = "https://pypi.org/simple"


class BootstrapError(RuntimeError):
    """The installation cannot go on; ``str(error)`` is one line for the terminal."""


def fingerprint(root: Path) -> str:
    """A text that changes when what must be installed does."""
    digest = hashlib.sha256()
    for name in ("pyproject.toml", "uv.lock"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def is_current(root: Path, level: str) -> bool:
    """Whether .venv already holds this level for the present lock file."""
    try:
        made_level, made_from = (root / ".venv/installed").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return False
    usable = (root / ".venv/bin/python").exists() and made_level in LEVELS
    return usable and LEVELS.index(made_level) >= LEVELS.index(level) and made_from == fingerprint(root)


def installed_level(root: Path) -> str | None:
    """The level that .venv was last installed for, whatever the lock file said then."""
    try:
        level = (root / ".venv/installed").read_text(encoding="ascii").split()[0]
    except (OSError, IndexError):
        return None
    return level if level in LEVELS else None


def pip_settings(listing: str, environment: Mapping[str, str]) -> dict[str, str]:
    """uv's environment variables for the settings in pip's ``config list`` output; existing ones are not overruled."""
    values: dict[str, str] = {}
    for scope in ("global", "install", ":env:"):  # pip's own order, later wins
        values.update(re.findall(rf"^{scope}\.([\w-]+)='(.*)'$", listing, flags=re.MULTILINE))
    wanted = {
        "SSL_CERT_FILE": values.get("cert", ""),
        "HTTPS_PROXY": values.get("proxy", ""),
        "UV_DEFAULT_INDEX": values.get("index-url", "").rstrip("/"),
        "UV_HTTP_TIMEOUT": values.get("default-timeout", values.get("timeout", "")),
    }
    if wanted["UV_DEFAULT_INDEX"] == _DEFAULT_INDEX:
        del wanted["UV_DEFAULT_INDEX"]
    return {name: value for name, value in wanted.items() if value and not environment.get(name)}


def install_commands(uv: str, level: str, environment: Mapping[str, str], root: Path) -> list[list[str]]:
    """The commands that bring .venv to ``level``.

    With an index of the user's own the lock file cannot be synchronised as it stands, because it names the default
    index. Its versions and hashes still hold, so they are exported and installed from there.
    """
    groups = ["--all-groups"] if level == "all" else ["--no-default-groups", "--group", "embedded"]
    python = [] if (root / ".venv/bin/python").exists() else ["--python", sys.executable]
    if not environment.get("UV_DEFAULT_INDEX") and not environment.get("UV_INDEX_URL"):
        exactness = [] if level == "all" else ["--inexact"]
        return [[uv, "sync", "--quiet", "--locked", "--no-install-project", *exactness, *groups, *python]]
    requirements = ".boot/requirements.txt"
    export = [uv, "export", "--quiet", "--frozen", "--no-emit-project", *groups, "--output-file", requirements]
    install = [uv, "pip", "install", "--quiet", "--python", ".venv", "--require-hashes", "--requirements", requirements]
    return [export, *([[uv, "venv", "--quiet", *python]] if python else []), install]


def main(arguments: list[str]) -> int:
    """Run the command line; 0 when .venv is ready, 1 after one line that says what is missing."""
    level = arguments[0] if arguments else "all"
    if level not in LEVELS:
        print(f"usage: python3 -m backend.ops.bootstrap {'|'.join(LEVELS)}", file=sys.stderr)
        return 2
    try:
        if sys.version_info[:2] < OLDEST_PYTHON:
            raise BootstrapError(f"Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or newer is needed")
        if not is_current(ROOT, level):
            if level == "run":
                check_port_is_free(port_from(os.environ))  # before a minute of installing, not after it
            with _only_one(ROOT):
                _install(level)
    except (BootstrapError, PortError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: cannot install: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _install(level: str) -> None:
    if is_current(ROOT, level):  # another process did it while we waited
        return
    if installed_level(ROOT) == "all":
        level = "all"  # never take a developer's tools away
    print("installing the locked dependencies ...", flush=True)
    environment = uv_environment()
    for command in install_commands(find_uv(environment), level, environment, ROOT):
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:
            raise BootstrapError("the dependencies could not be installed (reason above)")
    (ROOT / ".venv/installed").write_text(f"{level} {fingerprint(ROOT)}", encoding="ascii")


def uv_environment() -> dict[str, str]:
    """What uv runs with: pip's settings hold for it. In .venv there is no pip; the interpreter it was made from has one."""
    python = sys.executable if find_spec("pip") else os.path.realpath(sys.executable)
    listing = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    environment = {**os.environ, **pip_settings(listing.stdout, os.environ), "UV_PYTHON_DOWNLOADS": "never"}
    environment.pop("VIRTUAL_ENV", None)  # an activated environment of another project is not ours to fill
    return environment


def find_uv(environment: Mapping[str, str]) -> str:
    """The program, installed into .boot when there is none on PATH. Raises BootstrapError when neither is possible."""
    own = ROOT / ".boot/bin/uv"
    for candidate in (shutil.which("uv"), str(own)):
        if candidate and _uv_version(candidate) >= OLDEST_UV:
            return candidate
    if find_spec("pip") is None:
        raise BootstrapError("neither uv nor pip is there: install one (Debian: apt-get install python3-pip)")
    requirement = f"uv>={OLDEST_UV[0]}.{OLDEST_UV[1]}"
    options = ["--quiet", "--disable-pip-version-check", "--root-user-action", "ignore", "--upgrade"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(ROOT / ".boot"), requirement]
    if subprocess.run(command, cwd=ROOT, env=dict(environment), check=False).returncode != 0 or not own.exists():
        raise BootstrapError(f"uv could not be installed with pip (reason above): {' '.join(command)}")
    return str(own)


def _uv_version(program: str) -> tuple[int, ...]:
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return ()
    match = re.match(r"uv (\d+)\.(\d+)", answer.stdout)
    return tuple(int(part) for part in match.groups()) if match and answer.returncode == 0 else ()


@contextlib.contextmanager
def _only_one(root: Path) -> Iterator[None]:
    """Two installations into one folder at once would break both: the second waits for the first."""
    (root / ".boot").mkdir(exist_ok=True)
    with (root / ".boot/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
