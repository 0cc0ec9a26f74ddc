"""Stable matching beside the packages on PyPI that solve the same problem, and the import."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.environment import ensure_peers, run_json
from tests.benchmarks.instances import PLENTY, SHORT, stored
from tests.benchmarks.report import Report

HERE = Path(__file__).parent
SECTION = "Stable matching"


def ours(work: str, *arguments: object) -> dict[str, Any]:
    return run_json(sys.executable, str(HERE / "contender_ours.py"), work, *map(str, arguments))


def run(report: Report) -> None:
    report.note(
        SECTION,
        "Ours: build, solve and verify together, the fastest of several runs. Every contender places the same students.",
    )
    _beside_peers(report)
    for students, offers, limit in ((100_000, 10_000, 0.25), (1_000_000, 50_000, 3.0)):
        _from_arrays(report, students, offers, limit)
    for label, seats in (("plenty", PLENTY), ("short", SHORT)):
        found = ours("strings", stored(100_000, 10_000, 10, seats), 15)
        report.row(
            SECTION, f"100k x 10, names, seats {label}", "ours", seconds=found["seconds"], peak_mb=found["peak_mb"]
        )
        report.bar(f"100k x 10 from names, seats {label}", found["seconds"], at_most=1.0)
    imports = statistics.median(ours("import")["seconds"] for _ in range(7))
    report.row(SECTION, "cold import beyond NumPy", "ours", seconds=imports)
    report.bar("cold import of `matching` beyond NumPy", imports, at_most=0.25)


def _beside_peers(report: Report) -> None:
    peer = ensure_peers()
    for label, seats in (("plenty", PLENTY), ("short", SHORT)):
        instance = stored(10_000, 1_000, 10, seats)
        work = f"10k x 10, names, seats {label}"
        mine = ours("strings", instance, 15)
        report.row(SECTION, work, "ours", seconds=mine["seconds"], peak_mb=mine["peak_mb"])
        for name in ("matching", "algmatch"):
            bar = f"10k x 10 from names, seats {label}: times faster than PyPI `{name}`"
            if peer is None:
                report.blocked(bar, "the peers' environment could not be made", at_least=200, unit="x")
                continue
            theirs = run_json(peer, str(HERE / "contender_peers.py"), name, str(instance), "1")
            if theirs["digest"] != mine["digest"]:
                raise RuntimeError(f"{name} and ours disagree on {instance.name}")
            report.row(SECTION, work, f"PyPI {name}", seconds=theirs["seconds"], peak_mb=theirs["peak_mb"])
            report.bar(bar, theirs["seconds"] / mine["seconds"], at_least=200, unit="x")


def _from_arrays(report: Report, students: int, offers: int, limit: float) -> None:
    size = f"{students // 1000}k x 10"
    for label, seats in (("plenty", PLENTY), ("short", SHORT)):
        # a passing load on the machine hits short runs hardest, so those are repeated more
        found = ours("arrays", stored(students, offers, 10, seats), 25 if students <= 100_000 else 5)
        note = f"build {found['build']:.3f} s, solve {found['solve']:.3f} s, verify {found['verify']:.3f} s"
        work = f"{size}, arrays, seats {label}"
        report.row(SECTION, work, "ours", seconds=found["seconds"], peak_mb=found["peak_mb"], note=note)
        report.bar(f"{size} from arrays with verification, seats {label}", found["seconds"], at_most=limit)
        share = 100 * found["verify"] / found["solve"]
        report.bar(f"{size}, seats {label}: verification as share of the solve", share, at_most=25, unit="%")
        if students >= 1_000_000:
            report.bar(f"{size}, seats {label}: peak memory", found["peak_mb"], at_most=400, unit="MB")
