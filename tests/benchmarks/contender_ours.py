"""Runs our package on one stored instance in a process of its own and prints one JSON object.

``python contender_ours.py WORK INSTANCE REPEATS`` with WORK one of arrays, strings, optimal, import.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def peak_mb() -> float:
    """Peak resident memory of this program alone: what ``getrusage`` gives starts at the size of the parent process."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def best_of(repeats: int, work: Callable[[], dict[str, float]]) -> dict[str, float]:
    """The run with the smallest total."""
    runs = []
    for _ in range(repeats):
        gc.collect()
        started = time.perf_counter()
        parts = work()
        parts["seconds"] = time.perf_counter() - started
        runs.append(parts)
    return min(runs, key=lambda parts: parts["seconds"])


def stable_from_arrays(data: Any, repeats: int) -> dict[str, Any]:
    from matching import Market, solve_stable, verify

    result: dict[str, Any] = {}

    def work() -> dict[str, float]:
        started = time.perf_counter()
        market = Market.from_arrays(data["ptr"], data["choices"], data["priority"], data["capacity"])
        built = time.perf_counter()
        assignment = solve_stable(market)
        solved = time.perf_counter()
        report = verify(market, assignment)
        checked = time.perf_counter()
        assert report.ok
        result.update(placed=report.placed, digest=zlib.crc32(assignment.assignment.tobytes()))
        return {"build": built - started, "solve": solved - built, "verify": checked - solved}

    return {**best_of(repeats, work), **result}


def stable_from_strings(data: Any, repeats: int) -> dict[str, Any]:
    from matching import MarketBuilder, solve_stable, verify

    students, offers, rankings = named(data)
    capacity = data["capacity"].tolist()
    result: dict[str, Any] = {}

    def work() -> dict[str, float]:
        started = time.perf_counter()
        builder = MarketBuilder()
        for offer, ranking, seats in zip(offers, rankings, capacity, strict=True):
            builder.offer(offer, capacity=seats, ranking=ranking)
        for student, choices in students:
            builder.student(student, choices=choices)
        market = builder.build()
        built = time.perf_counter()
        assignment = solve_stable(market)
        solved = time.perf_counter()
        report = verify(market, assignment)
        checked = time.perf_counter()
        assert report.ok
        result.update(placed=report.placed, digest=zlib.crc32(assignment.assignment.tobytes()))
        return {"build": built - started, "solve": solved - built, "verify": checked - solved}

    return {**best_of(repeats, work), **result}


def named(data: Any) -> tuple[list[tuple[str, list[str]]], list[str], list[list[str]]]:
    """(student, choices), offer names, and each offer's ranking of everyone who lists it, best first."""
    ptr, choices, priority = data["ptr"], data["choices"], data["priority"]
    offers = [f"offer-{index}" for index in range(len(data["capacity"]))]
    names = [f"student-{index}" for index in range(len(ptr) - 1)]
    listed = choices.tolist()
    bounds = ptr.tolist()
    students = [(name, [offers[o] for o in listed[bounds[i] : bounds[i + 1]]]) for i, name in enumerate(names)]
    owner = np.repeat(np.arange(len(names)), np.diff(ptr))
    order = np.lexsort((priority, choices))
    rankings: list[list[str]] = [[] for _ in offers]
    for offer, student in zip(choices[order].tolist(), owner[order].tolist(), strict=True):
        rankings[offer].append(names[student])
    return students, offers, rankings


def optimal(data: Any, repeats: int) -> dict[str, Any]:
    from matching import Market, OptimalCertificate, optimal_assign

    result: dict[str, Any] = {}

    def work() -> dict[str, float]:
        market = Market.from_arrays(data["ptr"], data["choices"], data["priority"], data["capacity"])
        assignment = optimal_assign(market)
        certificate = assignment.certificate
        assert isinstance(certificate, OptimalCertificate)
        assert certificate.objective == certificate.dual
        result.update(placed=certificate.placed, objective=certificate.objective)
        return {}

    return {**best_of(repeats, work), **result}


def cold_import(_: Any, __: int) -> dict[str, Any]:
    started = time.perf_counter()
    import matching

    for name in ("Market", "MarketBuilder", "Lottery", "solve_stable", "verify", "compare", "MarketErrors"):
        getattr(matching, name)
    return {"seconds": time.perf_counter() - started}


if __name__ == "__main__":
    kinds = {"arrays": stable_from_arrays, "strings": stable_from_strings, "optimal": optimal, "import": cold_import}
    instance = dict(np.load(sys.argv[2])) if len(sys.argv) > 2 else {}
    answer = kinds[sys.argv[1]](instance, int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    print(json.dumps({**answer, "peak_mb": peak_mb()}))
