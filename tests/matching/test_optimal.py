"""Optimal assignment: prices prove it, another solver agrees, and wrong prices are found out."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from matching import Market, MarketBuilder, MarketErrors, MissingExtra, OptimalCertificate, optimal_assign, verify
from matching.assignment import Assignment
from tests.matching.markets import large_market, lists_of, markets, random_market


def certificate_of(result: Assignment) -> OptimalCertificate:
    assert isinstance(result.certificate, OptimalCertificate)
    return result.certificate


def best_by_enumeration(market: Market) -> tuple[int, int]:
    """(most placed, least sum of squared ranks at that number) over all feasible assignments."""
    lists = lists_of(market)
    best = (-1, 0)
    for picks in product(*(range(len(row) + 1) for row in lists)):
        chosen = [(row[k][0], k) for row, k in zip(lists, picks, strict=True) if k < len(row)]
        if any(row[k][1] < 0 for row, k in zip(lists, picks, strict=True) if k < len(row)):
            continue
        offers = np.full(market.students, -1)
        for student, (row, k) in enumerate(zip(lists, picks, strict=True)):
            if k < len(row):
                offers[student] = row[k][0]
        if verify(market, offers).is_feasible:
            cost = sum((k + 1) ** 2 for _, k in chosen)
            best = max(best, (len(chosen), -cost))
    return best[0], -best[1]


@pytest.mark.parametrize("caps", [False, True])
def test_no_other_assignment_places_more_or_ranks_better(caps: bool) -> None:
    for seed in range(40):
        market = random_market(seed, students=5, offers=4, ties=True, caps=caps)
        metrics = optimal_assign(market).metrics
        cost = sum(rank * rank * count for rank, count in metrics.rank_profile.items())
        assert (metrics.placed, cost) == best_by_enumeration(market), seed


@settings(max_examples=60, deadline=None)
@given(market=markets(caps=True))
def test_primal_equals_dual_and_the_prices_prove_it(market: Market) -> None:
    result = optimal_assign(market)
    certificate = certificate_of(result)
    assert certificate.objective == certificate.dual
    report = verify(market, result)
    assert report.violations == []
    assert report.is_optimal
    assert report.ok


@pytest.mark.parametrize("seats", [6, 10, 14])
def test_prices_prove_larger_markets_with_seats_short_even_and_plenty(seats: int) -> None:
    market = large_market(500, 50, 8, seats, seed=seats)
    assert verify(market, optimal_assign(market)).is_optimal


@pytest.mark.parametrize("seats", [2, 3])
def test_two_solvers_find_the_same_value(seats: int) -> None:
    highspy = pytest.importorskip("highspy")
    for seed in range(8):
        market = large_market(30, 12, 5, seats, seed=seed)
        weights = np.random.default_rng(seed).integers(-3, 20, len(market.choices)).astype(float)
        certificate = certificate_of(optimal_assign(market, objective=weights))
        assert -certificate.objective == pytest.approx(highs_value(highspy, market, weights))


def highs_value(highspy: Any, market: Market, weights: Any) -> float:
    """The same problem as a linear program."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    for weight in weights:
        solver.addVar(0.0, 1.0)
        solver.changeColCost(solver.getNumCol() - 1, -float(weight))
    for student in range(market.students):
        columns = np.array(list(market.choices_of(student)), dtype=np.int32)
        solver.addRow(-highspy.kHighsInf, 1.0, len(columns), columns, np.ones(len(columns)))
    for offer in range(market.offers):
        columns = np.flatnonzero(market.choices == offer).astype(np.int32)
        solver.addRow(-highspy.kHighsInf, float(market.capacity[offer]), len(columns), columns, np.ones(len(columns)))
    solver.run()
    return -float(solver.getInfo().objective_function_value)


def test_a_changed_assignment_or_price_is_found_out() -> None:
    market = large_market(60, 6, 4, 9, seed=1)
    result = optimal_assign(market)
    certificate = certificate_of(result)
    assert certificate.prices.max() > 0

    def judged(**changes: Any) -> bool | None:
        changed = replace(result, certificate=replace(certificate, **changes), _cache={})
        return verify(market, changed).is_optimal

    assert judged() is True
    assert judged(prices=certificate.prices + 1) is False
    assert judged(prices=-certificate.prices) is False
    assert judged(prices=np.zeros_like(certificate.prices)) is False
    assert judged(objective=certificate.objective - 1) is False
    assert judged(dual=certificate.dual - 1) is False
    assert judged(costs=certificate.costs + 1) is False
    assert judged(unplaced_cost=1) is False
    swapped = result.edge.copy()
    first = int(np.flatnonzero(swapped >= 0)[0])
    swapped[first] = -1
    assignment = result.assignment.copy()
    assignment[first] = -1
    worse = replace(result, edge=swapped, assignment=assignment, _cache={})
    assert verify(market, worse).is_optimal is False


def test_ratings_of_the_moodle_allocation_test() -> None:
    """learnweb/moodle-mod_ratingallocate, solver test: two groups of two, largest total rating 15."""
    ratings = {
        ("1", "1"): 5, ("1", "2"): 3, ("2", "1"): 5, ("2", "2"): 2, ("3", "1"): 2, ("3", "2"): 0,
        ("4", "1"): 4, ("4", "2"): 4, ("5", "1"): 3,
    }  # fmt: skip
    builder = MarketBuilder()
    for offer in "12":
        builder.offer(offer, capacity=2)
    for student in "12345":
        builder.student(student, choices=[o for s, o in ratings if s == student])
    result = optimal_assign(builder.build(), objective=ratings)
    assert certificate_of(result).objective == -15
    assert verify(result.market, result).is_optimal


def test_fractions_are_rounded_within_the_stated_bound() -> None:
    market = large_market(20, 5, 3, 4, seed=3)
    weights = np.random.default_rng(4).random(len(market.choices))
    certificate = certificate_of(optimal_assign(market, objective=weights))
    assert 0 < certificate.gap_bound < 1e-6
    assert certificate_of(optimal_assign(market, objective=weights.round(3) * 0 + 0.5)).gap_bound == 0


def test_nobody_is_placed_at_a_loss() -> None:
    market = Market.from_arrays([0, 1, 2], [0, 0], [0, 0], [2])
    assert optimal_assign(market, objective=[3.0, -1.0]).assignment.tolist() == [0, -1]


def test_a_price_below_zero_proves_nothing() -> None:
    """It would "prove" that a student is better placed at a loss: cost 1 and price -1 look like 0."""
    market = Market.from_arrays([0, 1], [0], [0], [1])
    honest = optimal_assign(market, objective=[-1.0])
    assert honest.assignment.tolist() == [-1]
    forged = replace(certificate_of(honest), prices=np.array([-1]), objective=1, dual=1)
    lie = replace(honest, assignment=np.array([0], dtype=np.int32), edge=np.array([0]), certificate=forged, _cache={})
    assert verify(market, lie).is_optimal is False


def test_a_region_without_a_cap_has_no_price() -> None:
    market = Market.from_arrays([0, 2], [0, 1], [0, 0], [0, 1], region=[0, 0], region_cap=[-1])
    assert verify(market, optimal_assign(market)).is_optimal


@pytest.mark.parametrize("weights", [[1.0], [1.0, float("nan")], [1.0, 1e30]])
def test_weights_that_cannot_be_used_are_refused(weights: list[float]) -> None:
    market = Market.from_arrays([0, 1, 2], [0, 0], [0, 0], [2])
    with pytest.raises(MarketErrors, match="objective"):
        optimal_assign(market, objective=weights)


def test_a_missing_solver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ortools.graph.python", None)
    with pytest.raises(MissingExtra, match="pip install ortools"):
        optimal_assign(Market.from_arrays([0, 1], [0], [0], [1]))


def test_an_unwanted_choice_is_explained_by_its_price() -> None:
    builder = MarketBuilder()
    builder.offer("a", capacity=1)
    builder.offer("b", capacity=1)
    builder.student("x", choices=["a", "b"])
    builder.student("y", choices=["a"])
    result = optimal_assign(builder.build())
    assert [reason.kind for reason in result.explain("x")] == ["total cost", "accepted"]
    assert "more expensive" in result.explain("x")[0].text
