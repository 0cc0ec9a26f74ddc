"""Installing from the lock file: when it is skipped, and how pip's settings carry over."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from backend.ops import bootstrap

LISTING = """:env:.index-url='https://env.example/simple/'
global.cert='/etc/ssl/company.pem'
global.index-url='https://mirror.example/simple'
global.proxy='http://proxy.example:3128'
global.timeout='60'
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]")
    (tmp_path / "uv.lock").write_text("version = 1")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").write_text("")
    return tmp_path


def install(checkout: Path, level: str) -> None:
    (checkout / ".venv/installed").write_text(f"{level} {bootstrap.fingerprint(checkout)}")


@pytest.mark.parametrize(
    ("installed", "asked", "current"),
    [("all", "all", True), ("all", "run", True), ("run", "run", True), ("run", "all", False)],
)
def test_a_level_covers_the_lower_ones(checkout: Path, installed: str, asked: str, current: bool) -> None:
    install(checkout, installed)
    assert bootstrap.is_current(checkout, asked) is current


@pytest.mark.parametrize("name", ["pyproject.toml", "uv.lock"])
def test_a_changed_lock_is_installed_anew(checkout: Path, name: str) -> None:
    install(checkout, "all")
    (checkout / name).write_text("changed")
    assert not bootstrap.is_current(checkout, "run")
    assert bootstrap.installed_level(checkout) == "all", "a developer's tools are kept up to date, not dropped"


@pytest.mark.parametrize("stamp", ["", "all", "other 123", "all x y"])
def test_a_damaged_stamp_counts_as_nothing_installed(checkout: Path, stamp: str) -> None:
    (checkout / ".venv/installed").write_text(stamp)
    assert not bootstrap.is_current(checkout, "run")


def test_an_environment_without_an_interpreter_is_made_again(checkout: Path) -> None:
    install(checkout, "all")
    (checkout / ".venv/bin/python").unlink()
    assert not bootstrap.is_current(checkout, "run")


def test_pips_settings_hold_for_uv_and_the_environment_wins() -> None:
    assert bootstrap.pip_settings(LISTING, {}) == {
        "SSL_CERT_FILE": "/etc/ssl/company.pem",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "UV_DEFAULT_INDEX": "https://env.example/simple",
        "UV_HTTP_TIMEOUT": "60",
    }
    assert "SSL_CERT_FILE" not in bootstrap.pip_settings(LISTING, {"SSL_CERT_FILE": "/own.pem"})
    assert bootstrap.pip_settings("", {}) == {}


def test_where_there_is_no_pip_the_interpreter_below_is_asked_for_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in .venv, from where the benchmarks make an environment for their peers."""
    asked: list[list[str]] = []

    def answer(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, LISTING, "")

    monkeypatch.setattr(subprocess, "run", answer)
    monkeypatch.setenv("VIRTUAL_ENV", "/home/somebody/other")
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    interpreters = []
    for found in (None, object()):
        monkeypatch.setattr(bootstrap, "find_spec", lambda _name, found=found: found)
        environment = bootstrap.uv_environment()
        assert environment["UV_DEFAULT_INDEX"] == "https://env.example/simple"
        assert "VIRTUAL_ENV" not in environment
        interpreters.append(asked[-1][0])
    assert interpreters == [os.path.realpath(sys.executable), sys.executable]


def test_the_lock_is_synchronised_as_it_stands_from_the_default_index(checkout: Path) -> None:
    (command,) = bootstrap.install_commands("uv", "run", {}, checkout)
    assert command[:2] == ["uv", "sync"]
    assert {"--locked", "--no-install-project", "--no-default-groups", "--inexact"} <= set(command)
    assert "--python" not in command
    (checkout / ".venv/bin/python").unlink()
    (command,) = bootstrap.install_commands("uv", "all", {}, checkout)
    assert command[-2:] == ["--python", sys.executable]
    assert "--inexact" not in command


def test_an_index_of_the_users_own_gets_the_locked_versions_with_their_hashes(checkout: Path) -> None:
    commands = bootstrap.install_commands("uv", "run", {"UV_DEFAULT_INDEX": "https://mirror.example"}, checkout)
    assert [command[1] for command in commands] == ["export", "pip"]
    assert "--frozen" in commands[0]
    assert "--require-hashes" in commands[1]


def test_no_file_of_ours_names_an_index() -> None:
    ours = [bootstrap.ROOT / name for name in ("Makefile", ".ci/run", "Dockerfile", "pyproject.toml")]
    for path in ours:
        assert not re.search(r"index-url|extra-index|find-links", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("arguments", [["everything"], ["Run"]])
def test_an_unknown_level_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.main(arguments) == 2
    assert capsys.readouterr().err == "usage: python3 -m backend.ops.bootstrap run|all\n"
