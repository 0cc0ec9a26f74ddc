"""The peers' own virtual environment, and running a measurement in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from backend.ops.bootstrap import BootstrapError, find_uv, uv_environment

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".data" / "bench-venv"
# `matching` on PyPI has our package's import name, which is one reason for a separate environment.
PEERS = ("matching", "algmatch", "networkx", "scipy", "ortools", "highspy", "numpy")


def peer_python() -> Path:
    """The interpreter of the peers' environment; it need not exist yet."""
    return VENV / "bin" / "python"


@cache
def ensure_peers() -> Path | None:
    """Create the environment when it is missing; None when it cannot be created (no package index)."""
    if peer_versions():
        return peer_python()
    try:
        environment = uv_environment()
        uv = find_uv(environment)
        make = [uv, "venv", "--clear", "--quiet", "--python", sys.executable, str(VENV)]
        fill = [uv, "pip", "install", "--quiet", "--python", str(peer_python()), *PEERS]
        for command in (make, fill):
            subprocess.run(command, cwd=ROOT, env=environment, check=True)
    except (OSError, BootstrapError, subprocess.CalledProcessError) as error:
        print(f"the peers' environment could not be made: {error}", file=sys.stderr)
        return None
    peer_versions.cache_clear()
    return peer_python() if peer_versions() else None


@cache
def peer_versions() -> dict[str, str]:
    """Installed version of every peer; empty when the environment is absent or incomplete."""
    if not peer_python().exists():
        return {}
    script = f"import json, importlib.metadata as m; print(json.dumps({{n: m.version(n) for n in {PEERS!r}}}))"
    done = subprocess.run([str(peer_python()), "-c", script], capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def run_json(python: Path | str, module: str, *arguments: str, timeout: float = 1800) -> dict[str, Any]:
    """Run ``module`` (a path) with ``python`` in a new process and return the JSON object it prints last.

    A fresh process makes peak memory meaningful and keeps one contender's allocations from another's.
    """
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ.get("PATH", "")}
    if Path(python) == peer_python():
        # the peers must see PyPI's `matching`, not ours
        environment.pop("PYTHONPATH")
    done = subprocess.run(
        [str(python), module, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=VENV if Path(python) == peer_python() else ROOT,
        env=environment,
        timeout=timeout,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{module} {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result
