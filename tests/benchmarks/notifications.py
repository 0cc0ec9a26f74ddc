"""Notifications under load: a crowd is told at once, the mails go out, and the pages stay quick meanwhile.

``MAILS=100000 python -m tests.benchmarks notifications`` drains that many mails instead of the few of a short run.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from statistics import mean
from typing import Any

from tests.benchmarks.environment import ROOT, run_json
from tests.benchmarks.report import Report, Timing

SECTION = "Notifications"
MAILS = int(os.environ.get("MAILS", "5000"))
ALERTS = 7_000


def run(report: Report) -> None:
    with tempfile.TemporaryDirectory(prefix="praktiknavet-bench-", dir="/var/tmp") as directory:
        Path(directory).chmod(0o755)  # the account of the database passes through
        contender = str(ROOT / "tests" / "benchmarks" / "contender_notifications.py")
        measured = run_json(sys.executable, contender, directory, str(MAILS), str(ALERTS), timeout=3600)
    _telling(report, measured["write"])
    _mailing(report, measured["drain"])
    _pages(report, measured["drain"])


def _telling(report: Report, write: dict[str, float]) -> None:
    rows = f"an offer answers {ALERTS} alerts: rows of the notifications, committed"
    report.row(SECTION, rows, "ours", seconds=write["rows"], note="two deliveries each, best of three")
    whole = f"an offer answers {ALERTS} alerts: all its subscriber does"
    report.row(SECTION, whole, "ours", seconds=write["whole"], note="index built anew, students, alerts, reasons, rows")
    report.bar(f"rows of the notifications of {ALERTS} alerts", write["rows"], at_most=2)


def _mailing(report: Report, drain: dict[str, Any]) -> None:
    noops, rate = drain["noops"], drain["rate"]
    work = f"{drain['mails']} mails by two worker processes, each"
    note = f"{rate:.0f} mails a second, {drain['connections']} connections, {drain['doubled']} doubled"
    report.row(SECTION, work, "ours", seconds=1 / rate, note=note)
    note = f"{noops[0]:.0f} a second before, {noops[1]:.0f} after; nothing is written, rendered or sent"
    report.row(SECTION, work, "Celery, tasks that do nothing", seconds=1 / mean(noops), note=note)
    report.bar("mails a second, as share of the empty tasks a second", rate / mean(noops) * 100, at_least=50, unit="%")
    report.bar("mails doubled", drain["doubled"], at_most=0, unit="mails")
    report.note(
        SECTION,
        "Mails and empty tasks go through the same broker and the same two worker processes in one run. An empty task is one"
        " id; a task of mails has up to 50, which share a claim and a connection. Each mail is rendered, marked, handed to"
        " an SMTP server on the same machine and recorded; each costs a commit that waits for the disk, and the server, the"
        " dispatcher and PostgreSQL share the two cores.",
    )


def _pages(report: Report, drain: dict[str, Any]) -> None:
    work = "start page, search and a student's home through the web server, p95"
    alone, meanwhile = Timing(tuple(drain["alone"])), Timing(tuple(drain["meanwhile"]))
    note = f"{len(alone.runs)} pages, nothing else to do"
    report.row(SECTION, work, "alone", seconds=alone.percentile(0.95), note=note)
    note = f"{len(meanwhile.runs)} pages, ten a second, while {drain['meanwhile_mails']} mails go out"
    report.row(SECTION, work, "while mails go out", seconds=meanwhile.percentile(0.95), note=note)
    report.bar("pages while mails go out, p95", meanwhile.percentile(0.95) * 1e3, at_most=300, unit="ms")
