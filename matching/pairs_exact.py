"""Stable matching with pairs as an integer program that minimises the number of blocking pairs.

Source: the stability constraints of Baïou and Balinski 2000 (*Discrete Applied Mathematics* 101, 1-12) in the form used
for couples by Biró, Manlove and McBride 2014 (*Experimental Algorithms*, LNCS 8504, 15-27).

1. A 0/1 variable for each choice of a single student and each joint choice of a pair; one choice each; seats kept.
2. For each choice of a single: the student has it or better, or all seats are held by students ranked at least as high,
   or the choice is counted as blocking.
3. For each joint choice: the pair has it or better, or one of its offers is full of students ranked at least as high
   (not counting the pair's own members), or it is counted as blocking.
4. The minimum is 0 exactly when a stable matching exists, so a proven minimum above 0 proves that none does.

Needs HiGHS (``highspy``). The search is exponential in the worst case; it is bounded by nodes and not by time,
so that the same input gives the same answer on every machine. A stable result of the heuristic is returned as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from matching.assignment import Assignment, StableCertificate
from matching.errors import MissingExtra, SolverFailed
from matching.lottery import Lottery
from matching.market import Market
from matching.pairs import pair_assignment, solve_heuristic


class _Program:
    """Rows and columns of a 0/1 program; every row says "at least"."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self.lower: list[float] = []
        self.starts = [0]
        self.index: list[int] = []
        self.value: list[float] = []

    def column(self, cost: float = 0.0) -> int:
        self.costs.append(cost)
        return len(self.costs) - 1

    def at_least(self, terms: list[tuple[int, float]], bound: float) -> None:
        merged: dict[int, float] = {}
        for column, value in terms:
            merged[column] = merged.get(column, 0.0) + value
        self.index += merged.keys()
        self.value += merged.values()
        self.starts.append(len(self.index))
        self.lower.append(bound)

    def solve(self, max_nodes: int) -> tuple[list[float], float]:
        try:
            import highspy
        except ImportError as error:
            raise MissingExtra("highspy") from error
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = len(self.costs), len(self.lower)
        program.col_cost_ = np.array(self.costs)
        program.col_lower_, program.col_upper_ = np.zeros(len(self.costs)), np.ones(len(self.costs))
        program.row_lower_ = np.array(self.lower)
        program.row_upper_ = np.full(len(self.lower), highspy.kHighsInf)
        program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        program.a_matrix_.start_ = np.array(self.starts, dtype=np.int32)
        program.a_matrix_.index_ = np.array(self.index, dtype=np.int32)
        program.a_matrix_.value_ = np.array(self.value)
        program.integrality_ = [highspy.HighsVarType.kInteger] * len(self.costs)
        make: Any = highspy.Highs
        solver = make()
        for option, value in (
            ("output_flag", False), ("mip_rel_gap", 0.0), ("mip_abs_gap", 0.5), ("mip_max_nodes", max_nodes),
        ):  # fmt: skip
            solver.setOptionValue(option, value)
        solver.passModel(program)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise SolverFailed(
                f"no proof within {max_nodes} nodes: {solver.modelStatusToString(solver.getModelStatus())}"
            )
        return list(solver.getSolution().col_value), float(solver.getInfo().objective_function_value)


def solve_exact(market: Market, lottery: Lottery, *, max_nodes: int) -> Assignment:
    """A stable matching, or the proof that none exists with a matching of fewest blocking pairs."""
    attempt = solve_heuristic(market, lottery)
    certificate = attempt.certificate
    assert isinstance(certificate, StableCertificate)
    if certificate.blocking == 0:
        return attempt
    return fewest_blocking(market, lottery, max_nodes=max_nodes)


def fewest_blocking(market: Market, lottery: Lottery, *, max_nodes: int) -> Assignment:
    """The integer program alone; its certificate says whether the minimum is above 0."""
    assert market.pairs is not None
    program = _Program()
    model = _Model(market, program)
    model.build()
    values, objective = program.solve(max_nodes)
    edge = np.full(market.students, -1, dtype=np.int64)
    entry = np.full(len(market.pairs), -1, dtype=np.int64)
    for student, position, column in model.single_columns:
        if values[column] > 0.5:
            edge[student] = position
    for pair, position, column in model.pair_columns:
        if values[column] > 0.5:
            entry[pair] = position
    return pair_assignment(
        market,
        lottery,
        edge,
        entry,
        0,
        0,
        exact=True,
        none_exists=objective > 0.5,
    )


class _Model:
    def __init__(self, market: Market, program: _Program) -> None:
        self.market, self.program = market, program
        self.single_columns: list[tuple[int, int, int]] = []
        self.pair_columns: list[tuple[int, int, int]] = []
        # at each offer: (priority, student, column) of everything that would put the student there
        self.at: list[list[tuple[int, int, int]]] = [[] for _ in range(market.offers)]

    def build(self) -> None:
        market, program = self.market, self.program
        assert market.pairs is not None
        for student in range(market.students):
            mine = []
            for edge in market.choices_of(student):
                if market.priority[edge] >= 0 and market.capacity[market.choices[edge]] > 0:
                    column = program.column()
                    self.single_columns.append((student, edge, column))
                    self.at[int(market.choices[edge])].append((int(market.priority[edge]), student, column))
                    mine.append((column, -1.0))
            if mine:
                program.at_least(mine, -1.0)
        for pair in range(len(market.pairs)):
            self._add_pair(pair)
        for offer, there in enumerate(self.at):
            if there:
                program.at_least([(column, -1.0) for _, _, column in there], -float(market.capacity[offer]))
        self._single_rows()
        self._pair_rows()

    def _add_pair(self, pair: int) -> None:
        market, program = self.market, self.program
        assert market.pairs is not None
        mine = []
        for entry in range(int(market.pairs.ptr[pair]), int(market.pairs.ptr[pair + 1])):
            offers, priorities = market.pairs.offers[entry], market.pairs.priority[entry]
            if bool(((offers >= 0) & (priorities < 0)).any()):
                continue
            column = program.column()
            self.pair_columns.append((pair, entry, column))
            for member, offer, priority in zip(
                market.pairs.members[pair].tolist(), offers.tolist(), priorities.tolist(), strict=True
            ):
                if offer >= 0:
                    self.at[offer].append((priority, member, column))
            mine.append((column, -1.0))
        if mine:
            program.at_least(mine, -1.0)

    def _ahead(self, offer: int, priority: int, members: tuple[int, ...]) -> list[tuple[int, float]]:
        return [
            (column, 1.0) for rank, student, column in self.at[offer] if rank <= priority and student not in members
        ]

    def _single_rows(self) -> None:
        market = self.market
        ranks = market.ranks()
        mine: dict[int, list[tuple[int, int]]] = {}
        for student, edge, column in self.single_columns:
            mine.setdefault(student, []).append((edge, column))
        for student, edge, _ in self.single_columns:
            offer = int(market.choices[edge])
            seats = float(market.capacity[offer])
            terms = [(column, seats) for other, column in mine[student] if ranks[other] <= ranks[edge]]
            terms += self._ahead(offer, int(market.priority[edge]), (student,))
            terms.append((self.program.column(1.0), seats))
            self.program.at_least(terms, seats)

    def _pair_rows(self) -> None:
        market, program = self.market, self.program
        assert market.pairs is not None
        for pair, entry, _ in self.pair_columns:
            members = tuple(market.pairs.members[pair].tolist())
            terms = [
                (column, 1.0) for other, position, column in self.pair_columns if other == pair and position <= entry
            ]
            needs: dict[int, list[int]] = {}
            for offer, priority in zip(
                market.pairs.offers[entry].tolist(), market.pairs.priority[entry].tolist(), strict=True
            ):
                if offer >= 0:
                    needs.setdefault(offer, []).append(priority)
            if any(int(market.capacity[offer]) < len(priorities) for offer, priorities in needs.items()):
                continue
            for offer, priorities in needs.items():
                # one more than this many ahead leaves no room for all who ask
                full = float(int(market.capacity[offer]) - len(priorities) + 1)
                refuses = program.column()
                program.at_least([*self._ahead(offer, max(priorities), members), (refuses, -full)], 0.0)
                terms.append((refuses, 1.0))
            terms.append((program.column(1.0), 1.0))
            program.at_least(terms, 1.0)
