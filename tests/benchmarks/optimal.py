"""Optimal assignment with certificate beside the bare solver, and other ways to solve the same problem."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.environment import ensure_peers, run_json
from tests.benchmarks.instances import PLENTY, SHORT, stored
from tests.benchmarks.report import Report
from tests.benchmarks.stable import HERE, ours

SECTION = "Optimal assignment"
# smaller instances: these do not finish the large ones in reasonable time or memory
SMALL = ("networkx", "scipy", "highs")


def run(report: Report) -> None:
    report.note(SECTION, "Ours includes checking the arrays, the prices and the equality of primal and dual value.")
    peer = ensure_peers()
    for label, seats in (("plenty", PLENTY), ("short", SHORT)):
        bar = f"optimal 100k x 10 with certificate, seats {label}: times the time of raw OR-Tools"
        if peer is None:
            report.blocked(bar, "the peers' environment could not be made", at_most=1.3, unit="x")
            continue
        instance = str(stored(100_000, 10_000, 10, seats))
        script = str(HERE / "contender_peers.py")
        # one after the other twice, so that a passing load on the machine does not fall on one of them alone
        pairs = [(ours("optimal", instance, 2), run_json(peer, script, "ortools", instance, "2")) for _ in range(2)]
        mine = min((a for a, _ in pairs), key=_seconds)
        raw = min((b for _, b in pairs), key=_seconds)
        if mine["objective"] != raw["objective"]:
            raise RuntimeError("ours and raw OR-Tools disagree on the optimum")
        work = f"100k x 10, seats {label}"
        report.row(SECTION, work, "ours, certified", seconds=mine["seconds"], peak_mb=mine["peak_mb"])
        report.row(SECTION, work, "OR-Tools raw", seconds=raw["seconds"], peak_mb=raw["peak_mb"])
        report.bar(bar, mine["seconds"] / raw["seconds"], at_most=1.3, unit="x")
    _small(report)


def _seconds(found: dict[str, Any]) -> float:
    return float(found["seconds"])


def _small(report: Report) -> None:
    peer = ensure_peers()
    instance = str(stored(1_000, 100, 10, SHORT))
    mine = ours("optimal", instance, 5)
    work = "1k x 10, seats short"
    report.row(SECTION, work, "ours, certified", seconds=mine["seconds"], peak_mb=mine["peak_mb"])
    for name in (*SMALL, "ortools") if peer is not None else ():
        assert peer is not None
        theirs = run_json(peer, str(HERE / "contender_peers.py"), name, instance, "1")
        if theirs["objective"] != mine["objective"]:
            raise RuntimeError(f"{name} and ours disagree on the optimum")
        report.row(SECTION, work, name, seconds=theirs["seconds"], peak_mb=theirs["peak_mb"])
