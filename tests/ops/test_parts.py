"""What the interface offers is installed: by `make run`, and by the Dockerfile."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from backend.common.parts import LOADED_LATE
from tests.ops.installed import dockerfile_level, install_line, made_once, run_level, shared_folder
from tests.ops.processes import ROOT, clean_environment

pytestmark = [pytest.mark.real_clock]

OWN = {"backend", "matching", "tests"}
# Developers' commands: `make messages` needs what reads templates.
FOR_DEVELOPERS = {"backend/ops/catalogue.py"}


def imports(*, late_only: bool = False) -> set[tuple[str, str | None]]:
    """(module, name) of every import of other people's code in backend/ and matching/, also of those inside functions."""
    found: set[tuple[str, str | None]] = set()
    for path in [*(ROOT / "backend").rglob("*.py"), *(ROOT / "matching").rglob("*.py")]:
        if path.relative_to(ROOT).as_posix() in FOR_DEVELOPERS:
            continue
        tree = ast.parse(path.read_text())
        typing_only = {
            id(node)
            for block in ast.walk(tree)
            if isinstance(block, ast.If) and ast.unparse(block.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
            for node in ast.walk(block)
        }
        early = {id(node) for node in tree.body}
        for node in ast.walk(tree):
            if id(node) in typing_only or (late_only and id(node) in early):
                continue
            if isinstance(node, ast.Import):
                found |= {(alias.name, None) for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found |= {(node.module, alias.name) for alias in node.names}
    return {(module, name) for module, name in found if top(module) not in OWN | set(sys.stdlib_module_names)}


def top(module: str) -> str:
    return module.partition(".")[0]


def of_group(name: str) -> set[str]:
    """The importable names of the packages that a dependency group names."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    wanted = {requirement.split("=")[0].split(">")[0].lower() for requirement in groups[name]}
    return {
        module for module, packages in packages_distributions().items() if wanted & {each.lower() for each in packages}
    }


def faults_in(python: Path, wanted: set[tuple[str, str | None]]) -> list[str]:
    result = subprocess.run(
        [str(python), "-m", "tests.ops.probe_parts", json.dumps(sorted(wanted, key=str))], cwd=ROOT, check=False,
        env=clean_environment() | {"DJANGO_SETTINGS_MODULE": "backend.config.settings.dev"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    # What a library says while it is loaded stands above.
    faults: list[str] = json.loads(result.stdout.splitlines()[-1])
    return faults


@pytest.mark.slow
def test_make_run_installs_all_that_the_code_imports(tmp_path_factory: pytest.TempPathFactory) -> None:
    python = made_once(shared_folder(tmp_path_factory), "run", run_level)
    assert faults_in(python, imports()) == []
    absent = subprocess.run([str(python), "-c", "import pytest"], capture_output=True, check=False)
    assert absent.returncode, "the developers' tools are not in it, or it would prove nothing"


@pytest.mark.slow
def test_the_dockerfile_installs_all_that_the_service_imports(tmp_path_factory: pytest.TempPathFactory) -> None:
    python = made_once(shared_folder(tmp_path_factory), "docker", dockerfile_level)
    embedded = of_group("embedded")
    assert faults_in(python, {(module, name) for module, name in imports() if top(module) not in embedded}) == []


def test_the_dockerfile_installs_from_the_lock_file() -> None:
    assert install_line()[:2] == ["uv", "sync"]
    assert "--locked" in install_line()


def test_health_knows_every_library_that_is_loaded_late() -> None:
    """What is imported with the code cannot be missing unnoticed: nothing would start."""
    tops = {top(module) for module, _name in imports(late_only=True)}
    at_start = {top(module) for module, _name in imports() - imports(late_only=True)}
    assert tops - at_start - of_group("embedded") - {"django", "celery"} == set(LOADED_LATE)
