"""Candidates both ways at full size, beside PostgreSQL on the same students."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import numpy as np

from matching.candidates import CandidateIndex
from tests.benchmarks.candidate_postgres import WAYS, StudentTable
from tests.benchmarks.candidate_world import World, world
from tests.benchmarks.report import Report, Timing

SECTION = "Candidates"
STUDENTS, OFFERS, ALERTS = 1_000_000, 100_000, 1_000_000
ASKED, ASKED_OF_POSTGRES = 300, 30


def run(report: Report) -> None:
    """Measure building, both directions, alerts, a small change, and the same question in PostgreSQL."""
    made = world(STUDENTS, OFFERS, ALERTS)
    index = _build(report, made)
    rng = np.random.default_rng(3)
    offers = rng.choice(made.offers.id, ASKED, replace=False).tolist()
    students = rng.choice(made.students.id, ASKED, replace=False).tolist()
    to_students = _each(report, "offer -> 1M students, top 200", lambda key: index.students_for(key, 200), offers)
    to_offers = _each(report, "student -> 100k offers, top 50", lambda key: index.offers_for(key, 50), students)
    to_alerts = _each(report, "1M alerts against one offer", index.alerts_for, offers)
    report.bar("offer -> 1M students, top 200, p95", to_students.percentile(0.95) * 1e3, at_most=10, unit="ms")
    report.bar("student -> 100k offers, top 50, p95", to_offers.percentile(0.95) * 1e3, at_most=10, unit="ms")
    report.bar("1M alerts against one offer, p95", to_alerts.percentile(0.95) * 1e3, at_most=20, unit="ms")
    hits = np.array([len(index.alerts_for(key)) for key in offers])
    report.note(SECTION, f"Alerts found per offer: median {int(np.median(hits))}, most {int(hits.max())}.")
    _change(report, index, made)
    _postgres(report, index, made, offers[:ASKED_OF_POSTGRES])


def _build(report: Report, made: World) -> CandidateIndex:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    index = CandidateIndex.build(students=made.students, offers=made.offers, alerts=made.alerts)
    seconds = time.perf_counter() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    held = index.nbytes / 1e6
    note = f"index holds {held:.0f} MB; the column for memory is what the process grew by at most"
    work = "build: 1M students, 100k offers, 1M alerts"
    report.row(SECTION, work, "ours", seconds=seconds, peak_mb=grown, note=note)
    report.bar(work, seconds, at_most=15)
    return index


def _each(report: Report, work: str, ask: Callable[[int], object], keys: list[int]) -> Timing:
    """Ask once for every key, after a few unmeasured questions."""
    for key in keys[:5]:
        ask(key)
    runs = []
    for key in keys:
        started = time.perf_counter()
        ask(key)
        runs.append(time.perf_counter() - started)
    timing = Timing(tuple(runs))
    note = f"p95 {timing.percentile(0.95) * 1e3:.2f} ms, slowest {max(runs) * 1e3:.1f} ms, {len(runs)} questions"
    report.row(SECTION, f"{work}, p50", "ours", seconds=timing.median, note=note)
    return timing


def _change(report: Report, index: CandidateIndex, made: World) -> None:
    rows = np.arange(100, dtype=np.int64)
    changed = made.students.take(rows)
    started = time.perf_counter()
    index.with_changes(upsert_students=changed, remove_offers=made.offers.id[:100].tolist())
    note = "100 students replaced, 100 offers removed"
    report.row(SECTION, "with_changes", "ours", seconds=time.perf_counter() - started, note=note)


def _postgres(report: Report, index: CandidateIndex, made: World, keys: list[int]) -> None:
    ours: list[float] = []
    theirs: dict[str, list[float]] = {way: [] for way in WAYS}
    row_of = {int(key): row for row, key in enumerate(made.offers.id.tolist())}
    with StudentTable(made.students) as table:
        for key in keys:
            view = index._offer(key)
            if not (view.periods.seats > 0).any():
                continue
            lat, lon = float(made.offers.lat[row_of[key]]), float(made.offers.lon[row_of[key]])
            # Both sides get a second try, since each cools the other's caches.
            tries = []
            for _ in range(2):
                started = time.perf_counter()
                found = index.students_for(key, 200)
                tries.append(time.perf_counter() - started)
            ours.append(min(tries))
            for way, seconds in theirs.items():
                asked = [table.ask(view, lat, lon, index.weights, 200, way) for _ in range(2)]
                seconds.append(min(taken for taken, _ in asked))
                scores = np.array([score for _, score in asked[0][1]])
                if len(scores) != len(found) or not np.allclose(scores, found.scores, atol=1e-4):
                    raise AssertionError(f"offer {key}: PostgreSQL ({way}) and the index disagree")
    work = f"offer -> 1M students, top 200, {len(ours)} offers, p50"
    report.row(SECTION, work, "ours", seconds=float(np.median(ours)))
    for way, seconds in theirs.items():
        note = f"p95 {np.percentile(seconds, 95) * 1e3:.0f} ms"
        report.row(SECTION, work, f"PostgreSQL, {way}", seconds=float(np.median(seconds)), note=note)
    best = np.min(np.array(list(theirs.values())), axis=0)
    ratio = min(float(best.sum() / np.sum(ours)), float(np.median(best / np.array(ours))))
    report.bar("offer -> 1M students: times faster than the best PostgreSQL query", ratio, at_least=20, unit="x")
    report.note(
        SECTION,
        "PostgreSQL is taken at its best for every single offer, over the ways listed; both return the same scores. "
        "The ratio is the smaller of the ratio of total times and the median of the ratios per offer.",
    )
