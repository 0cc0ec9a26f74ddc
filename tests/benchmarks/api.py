"""Lists and searches over the API, beside the same rows by hand-written SQL and one call of json.dumps."""

from __future__ import annotations

import sys

from tests.benchmarks.environment import ROOT, run_json
from tests.benchmarks.report import Report, Timing

SECTION = "API"
OFFERS, REQUESTS = 20_000, 400


def run(report: Report) -> None:
    contender = str(ROOT / "tests" / "benchmarks" / "contender_api.py")
    measured = run_json(sys.executable, contender, str(OFFERS), str(REQUESTS))
    for name, runs in measured.items():
        work = f"{name}, 25 of {OFFERS} places, p95"
        ours, raw = Timing(tuple(runs["ours"])), Timing(tuple(runs["raw"]))
        note = "rights, limits, checked query, tag and language included"
        report.row(SECTION, work, "ours", seconds=ours.percentile(0.95), note=f"p50 {ours.median * 1e3:.1f} ms; {note}")
        report.row(
            SECTION, work, "SQL and json.dumps", seconds=raw.percentile(0.95), note=f"p50 {raw.median * 1e3:.1f} ms"
        )
        ratio = ours.percentile(0.95) / raw.percentile(0.95)
        report.bar(f"API, {name}: times the time of SQL and json.dumps, p95", ratio, at_most=2, unit="x")
    report.note(
        SECTION,
        "Both run in one process, in turns; ours is the whole request as the web server hands it over. By hand: the same"
        " condition and order for the ids, one query for the rows and two for programmes and periods, written for this; of a"
        " search before them the statement that reads its words, the same on both sides.",
    )
