"""Run every benchmark module of this folder, write ``docs/benchmarks.md``, exit with 1 when a bar is missed.

``python -m tests.benchmarks`` runs all; ``python -m tests.benchmarks stable optimal`` runs the named modules and
prints the tables without touching the document.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import platform
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import tests.benchmarks
from tests.benchmarks.environment import ROOT, peer_versions
from tests.benchmarks.report import Report

DOCUMENT = ROOT / "docs" / "benchmarks.md"


def modules() -> list[str]:
    """Names of the modules in this folder that define ``run``, in alphabetical order."""
    names = [info.name for info in pkgutil.iter_modules(tests.benchmarks.__path__)]
    return [name for name in sorted(names) if "\ndef run(" in (Path(__file__).parent / f"{name}.py").read_text("utf-8")]


def machine() -> list[str]:
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    ours = ", ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "ortools", "highspy"))
    return [
        f"- Processor: {model}, {os.cpu_count()} logical cores, load average {load:.1f} when the run began",
        f"- Python {platform.python_version()} on {platform.system()}; {ours}",
    ]


def peers() -> str:
    """After the run: a section that needs them installs them."""
    return f"- Peers: {', '.join(f'{name} {version}' for name, version in peer_versions().items()) or 'not installed'}"


def main(arguments: Sequence[str]) -> int:
    chosen = list(arguments) or modules()
    header = machine()
    report = Report()
    for name in chosen:
        print(f"running {name} ...", file=sys.stderr, flush=True)
        importlib.import_module(f"tests.benchmarks.{name}").run(report)
    text = "\n".join(
        [
            "# Benchmarks",
            "",
            "Written by `make bench` (`python -m tests.benchmarks`). Every ratio compares runs of the same instance",
            "in the same session; absolute times depend on the machine below.",
            "",
            *header,
            peers(),
            (
                f"- Load average {os.getloadavg()[0]:.1f} when the run ended; "
                "with more than a core busy elsewhere absolute times say little"
            ),
            "",
            report.markdown(),
        ]
    )
    if arguments:
        print(text)
    else:
        DOCUMENT.write_text(text, encoding="utf-8")
        print(f"wrote {DOCUMENT.relative_to(ROOT)}", file=sys.stderr)
    for bar in report.missed:
        measured = "not measured" if bar.measured is None else f"{bar.measured:.4g} {bar.unit}"
        print(f"missed: {bar.name}: {measured}, bar {bar.limit:g} {bar.unit}", file=sys.stderr)
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
