"""Environments as `make run` and the Dockerfile install them, made anew from the lock file beside the developers' own."""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.ops import bootstrap
from backend.ops.runner.ports import free_port
from tests.ops.processes import ROOT, clean_environment

_REACHES = """
import os, sys, urllib.request
urllib.request.urlopen(os.environ.get("UV_DEFAULT_INDEX") or "https://pypi.org/simple/", timeout=20).close()
"""


def run_level(folder: Path) -> Path:
    """A copy of the checkout in which the first line of `make run` has been carried out. Returns its interpreter."""
    for name in ("backend", "matching", "frontend_templates"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, folder)
    # As a user would, with the interpreter of the machine: the one in .venv has no pip to ask for its settings.
    command = [os.path.realpath(sys.executable), "-m", "backend.ops.bootstrap", "run"]
    environment = clean_environment() | {"PORT": str(free_port()), "PATH": _path_with_uv()}
    _install([command], folder, environment)
    return folder / ".venv/bin/python"


def dockerfile_level(folder: Path) -> Path:
    """What the Dockerfile's own line installs. Returns the interpreter."""
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, folder)
    (folder / ".boot").mkdir()
    environment = bootstrap.uv_environment() | {"PATH": _path_with_uv()}
    environment.pop("PYTHONPATH", None)
    line = install_line()
    commands = [[line[0], *line[1:], "--python", sys.executable]]
    if environment.get("UV_DEFAULT_INDEX"):
        # The lock file names the default index; with another one its versions and hashes are installed from there.
        groups = [word for word in line[2:] if word not in {"--locked", "--frozen", "--no-install-project"}]
        made = ".boot/requirements.txt"
        commands = [
            [line[0], "export", "--quiet", "--frozen", "--no-emit-project", *groups, "--output-file", made],
            [line[0], "venv", "--quiet", "--python", sys.executable],
            [line[0], "pip", "install", "--quiet", "--python", ".venv", "--require-hashes", "--requirements", made],
        ]
    _install(commands, folder, environment)
    return folder / ".venv/bin/python"


def install_line() -> list[str]:
    """The words of the line in the Dockerfile that installs the dependencies."""
    found = re.findall(r"^RUN (uv sync .*)$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    assert len(found) == 1, "the Dockerfile installs with one line"
    return shlex.split(found[0])


def _path_with_uv() -> str:
    return f"{ROOT / '.boot/bin'}:{os.environ['PATH']}"


def _install(commands: list[list[str]], folder: Path, environment: dict[str, str]) -> None:
    for command in commands:
        result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if result.returncode:
            reach = [sys.executable, "-c", _REACHES]
            if subprocess.run(reach, env=bootstrap.uv_environment(), capture_output=True, check=False).returncode:
                pytest.skip("no package registry can be reached, so nothing can be installed anew")
            pytest.fail(f"{shlex.join(command)}\n{result.stdout}{result.stderr}")


def made_once(shared: Path, name: str, make: Callable[[Path], Path]) -> Path:
    """The interpreter of the environment `name`, made by the first of several test processes that asks."""
    folder = shared / f"installed-{name}"
    with (shared / f"installed-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            (folder / "made").write_text("")
    return folder / ".venv/bin/python"


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """One folder for all processes of a test session."""
    base = factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
