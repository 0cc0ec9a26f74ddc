"""A round as the service runs it: read from PostgreSQL, frozen, solved, verified, explained and stored."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.benchmarks.environment import ROOT
from tests.benchmarks.report import Report

SECTION = "Rounds"
STUDENTS, PLACES, WISHES = 100_000, 10_000, 10


def run(report: Report) -> None:
    """Adds the row and its two bars."""
    command = [sys.executable, "-m", "tests.benchmarks.contender_rounds", str(STUDENTS), str(PLACES), str(WISHES)]
    measured = json.loads(subprocess.check_output(command, cwd=ROOT, text=True).splitlines()[-1])
    if not measured["verified"]:
        report.blocked("a whole round, 100k x 10", "the run was not verified", at_most=10)
        return
    report.row(
        SECTION,
        "100k students x 10 wishes, 10k places, database rows to stored proposal",
        "ours",
        seconds=measured["seconds"],
        peak_mb=measured["peak_mb"],
        note=f"{measured['placed']} placed, verified, a reason for each wish",
    )
    report.bar("a whole round, 100k x 10, from rows to rows", measured["seconds"], at_most=10, unit="s")
    report.bar("memory of a whole round, 100k x 10", measured["peak_mb"], at_most=1_500, unit="MB")
    report.note(
        SECTION,
        "PostgreSQL runs on the same machine. The memory is the peak of the Python process that does the run, as a worker's.",
    )
