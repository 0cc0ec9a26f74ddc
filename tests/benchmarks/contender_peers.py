"""Runs one peer on one stored instance inside the peers' environment and prints one JSON object.

``python contender_peers.py PEER INSTANCE REPEATS``. Timing covers what a user of that package has to do from string
names (stable) or arrays (optimal) to the result; making the names is not timed, neither here nor for us.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import threading
import time
import zlib
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


def names(data: Any) -> tuple[dict[Any, list[Any]], dict[Any, list[Any]]]:
    listed, bounds = data["choices"].tolist(), data["ptr"].tolist()
    people = range(1, len(bounds))
    owner = np.repeat(np.arange(len(bounds) - 1), np.diff(data["ptr"]))
    order = np.lexsort((data["priority"], data["choices"]))
    rankings: dict[Any, list[Any]] = {offer + 1: [] for offer in range(len(data["capacity"]))}
    for offer, student in zip(data["choices"][order].tolist(), owner[order].tolist(), strict=True):
        rankings[offer + 1].append(student + 1)
    return {s: [o + 1 for o in listed[bounds[s - 1] : bounds[s]]] for s in people}, rankings


def digest(assignment: Any) -> int:
    return zlib.crc32(np.asarray(assignment, dtype=np.int32).tobytes())


def peer_matching(data: Any) -> dict[str, Any]:
    import warnings

    # PyPI's package of this name, which the peers' environment has in place of ours
    games: Any = importlib.import_module("matching.games")

    warnings.simplefilter("ignore")
    choices, rankings = names(data)
    residents = {f"student-{s}": [f"offer-{o}" for o in row] for s, row in choices.items()}
    hospitals = {f"offer-{o}": [f"student-{s}" for s in row] for o, row in rankings.items()}
    capacities = {f"offer-{o}": int(seats) for o, seats in enumerate(data["capacity"].tolist(), 1)}
    started = time.perf_counter()
    game = games.HospitalResident.create_from_dictionaries(residents, hospitals, capacities)
    result = game.solve(optimal="resident")
    seconds = time.perf_counter() - started
    assignment = np.full(len(residents), -1)
    for hospital, members in result.items():
        for member in members:
            assignment[int(str(member.name).split("-")[1]) - 1] = int(str(hospital.name).split("-")[1]) - 1
    return {"seconds": seconds, "placed": int((assignment >= 0).sum()), "digest": digest(assignment)}


def peer_algmatch(data: Any) -> dict[str, Any]:
    algmatch: Any = importlib.import_module("algmatch")
    choices, rankings = names(data)
    capacity = data["capacity"].tolist()
    dictionary = {
        "residents": choices,
        "hospitals": {o: {"capacity": capacity[o - 1], "preferences": row} for o, row in rankings.items()},
    }
    started = time.perf_counter()
    result = algmatch.HospitalResidentsProblem(dictionary=dictionary, optimised_side="residents").get_stable_matching()
    seconds = time.perf_counter() - started
    assignment = np.full(len(choices), -1)
    for student, offer in result["resident_sided"].items():
        digits = "".join(c for c in str(offer) if c.isdigit())
        assignment[int("".join(c for c in str(student) if c.isdigit())) - 1] = int(digits) - 1 if digits else -1
    return {"seconds": seconds, "placed": int((assignment >= 0).sum()), "digest": digest(assignment)}


def unplaced_cost(data: Any) -> int:
    students, offers = len(data["ptr"]) - 1, len(data["capacity"])
    worst = int(np.diff(data["ptr"]).max())
    return min(students, offers) * (worst * worst - 1) + worst * worst + 1


def squared_ranks(data: Any) -> Any:
    ptr = data["ptr"]
    ranks = np.arange(len(data["choices"])) - np.repeat(ptr[:-1], np.diff(ptr)) + 1
    return (ranks * ranks).astype(np.int64)


def peer_ortools(data: Any) -> dict[str, Any]:
    """SimpleMinCostFlow with bulk arcs, as its documentation shows, and no certificate."""
    from ortools.graph.python import min_cost_flow

    started = time.perf_counter()
    n, p = len(data["ptr"]) - 1, len(data["capacity"])
    students = np.repeat(np.arange(n), np.diff(data["ptr"]))
    sink, penalty = n + p, unplaced_cost(data)
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        np.concatenate((students, np.arange(n), np.arange(n, n + p))),
        np.concatenate((data["choices"] + n, np.full(n + p, sink))),
        np.concatenate((np.ones(len(students) + n, dtype=np.int64), data["capacity"])),
        np.concatenate((squared_ranks(data), np.full(n, penalty), np.zeros(p, dtype=np.int64))),
    )
    flow.set_nodes_supplies(np.arange(sink + 1), np.concatenate((np.ones(n, dtype=np.int64), np.zeros(p), [-n])))
    assert flow.solve() == flow.OPTIMAL
    used = flow.flows(arcs[: len(students)]) > 0
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "placed": int(used.sum()), "objective": int(flow.optimal_cost())}


def peer_networkx(data: Any) -> dict[str, Any]:
    import networkx as nx  # type: ignore[import-untyped,unused-ignore]

    started = time.perf_counter()
    n = len(data["ptr"]) - 1
    graph = nx.DiGraph()
    graph.add_node("sink", demand=n)
    costs, bounds = squared_ranks(data).tolist(), data["ptr"].tolist()
    for student in range(n):
        graph.add_node(student, demand=-1)
        graph.add_edge(student, "sink", weight=unplaced_cost(data))
        for edge in range(bounds[student], bounds[student + 1]):
            graph.add_edge(student, ("o", int(data["choices"][edge])), capacity=1, weight=costs[edge])
    for offer, seats in enumerate(data["capacity"].tolist()):
        graph.add_edge(("o", offer), "sink", capacity=seats, weight=0)
    cost, flow = nx.network_simplex(graph)
    placed = sum(1 for student in range(n) if not flow[student]["sink"])
    return {"seconds": time.perf_counter() - started, "placed": placed, "objective": int(cost)}


def peer_scipy(data: Any) -> dict[str, Any]:
    """``linear_sum_assignment`` on a dense matrix with a column for each seat and one "unplaced" for each student."""
    from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped,unused-ignore]

    started = time.perf_counter()
    n, penalty = len(data["ptr"]) - 1, unplaced_cost(data)
    dense = np.full((n, len(data["capacity"])), 10.0 * penalty)
    dense[np.repeat(np.arange(n), np.diff(data["ptr"])), data["choices"]] = squared_ranks(data)
    matrix = np.hstack((np.repeat(dense, data["capacity"], axis=1), np.full((n, n), float(penalty))))
    rows, columns = linear_sum_assignment(matrix)
    chosen = matrix[rows, columns]
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "placed": int((chosen < penalty).sum()), "objective": int(chosen.sum())}


def peer_highs(data: Any) -> dict[str, Any]:
    import highspy

    started = time.perf_counter()
    n, p, edges = len(data["ptr"]) - 1, len(data["capacity"]), len(data["choices"])
    students = np.repeat(np.arange(n), np.diff(data["ptr"]))
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = edges + n, n + p
    program.col_cost_ = np.concatenate((squared_ranks(data), np.full(n, unplaced_cost(data)))).astype(float)
    program.col_lower_, program.col_upper_ = np.zeros(edges + n), np.ones(edges + n)
    program.row_lower_ = np.concatenate((np.ones(n), np.full(p, -highspy.kHighsInf)))
    program.row_upper_ = np.concatenate((np.ones(n), data["capacity"].astype(float)))
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.start_ = np.concatenate((np.arange(0, 2 * edges, 2), 2 * edges + np.arange(n + 1))).astype(
        np.int32
    )
    pairs = np.stack((students, data["choices"] + n), axis=1).ravel()
    program.a_matrix_.index_ = np.concatenate((pairs, np.arange(n))).astype(np.int32)
    program.a_matrix_.value_ = np.ones(2 * edges + n)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(program)
    solver.run()
    values = np.array(solver.getSolution().col_value)
    seconds = time.perf_counter() - started
    objective = round(solver.getInfo().objective_function_value)
    return {"seconds": seconds, "placed": int((values[:edges] > 0.5).sum()), "objective": objective}


if __name__ == "__main__":
    contender = globals()[f"peer_{sys.argv[1]}"]
    instance = dict(np.load(sys.argv[2]))
    runs: list[dict[str, Any]] = []
    # PyPI `matching` copies its players recursively, deeper than Python allows by default
    sys.setrecursionlimit(10_000_000)
    threading.stack_size(1 << 30)
    worker = threading.Thread(target=lambda: runs.extend(contender(instance) for _ in range(int(sys.argv[3]))))
    worker.start()
    worker.join()
    answer = min(runs, key=lambda run: run["seconds"])
    print(json.dumps({**answer, "peak_mb": peak_mb()}))
