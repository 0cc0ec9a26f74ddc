"""Proofs by enumeration: every small market is solved and compared with all of its stable matchings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from matching import Lottery, Market, solve_stable, verify
from tests.matching.brute import Matching, is_stable_by_choice, rank_of, stable_by_choice, stable_matchings
from tests.matching.markets import MARKETS, lists_of, markets, random_market, with_list

CHUNKS = 10


def outcome(market: Market, seed: int = 0) -> Matching:
    return tuple(int(offer) for offer in solve_stable(market, tie_break=Lottery(seed)).assignment)


def assert_best_for_everyone(market: Market, got: Matching, stable: set[Matching]) -> None:
    assert got in stable
    for other in stable:
        for student in range(market.students):
            assert rank_of(market, student, got[student]) <= rank_of(market, student, other[student])


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_result_is_the_best_stable_matching_for_every_student(chunk: int) -> None:
    for seed in range(chunk, MARKETS, CHUNKS):
        market = random_market(seed)
        stable = stable_matchings(market)
        got = outcome(market)
        assert_best_for_everyone(market, got, stable)
        # rural hospitals (Roth 1986): the same students are placed, the same seats filled, in all of them
        for other in stable:
            assert [o >= 0 for o in got] == [o >= 0 for o in other]
            assert sorted(got) == sorted(other)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_ties_give_a_stable_matching_and_cycles_one_that_no_stable_matching_improves(chunk: int) -> None:
    for seed in range(chunk, MARKETS, CHUNKS):
        market = random_market(seed, ties=True)
        stable = stable_matchings(market)
        assert outcome(market, seed) in stable
        improved = solve_stable(market, tie_break=Lottery(seed), improve_ties=True)
        got = tuple(int(o) for o in improved.assignment)
        assert got in stable
        mine = [rank_of(market, s, got[s]) for s in range(market.students)]
        for other in stable:
            theirs = [rank_of(market, s, other[s]) for s in range(market.students)]
            assert theirs == mine or any(a > b for a, b in zip(theirs, mine, strict=True))


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize(("reserves", "caps"), [(True, False), (False, True), (True, True)])
def test_reserves_and_caps_give_the_best_stable_matching_for_every_student(
    chunk: int, reserves: bool, caps: bool
) -> None:
    for seed in range(chunk, max(CHUNKS, MARKETS // 2), CHUNKS):
        market = random_market(seed, students=5, reserves=reserves, caps=caps, ties=seed % 2 == 1)
        lots = Lottery(seed).positions(market.students).tolist()
        assert_best_for_everyone(market, outcome(market, seed), stable_by_choice(market, lots))


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_check_agrees_with_the_definitions_on_every_matching(chunk: int) -> None:
    """Not only results of the solver: all ways to place the students, most of them bad."""
    for seed in range(chunk, max(CHUNKS, MARKETS // 5), CHUNKS):
        market = random_market(seed, students=4, offers=3)
        stable = stable_matchings(market)
        assert {m for m in all_matchings(market) if verify(market, np.array(m)).is_stable} == stable
        for extra in ({"reserves": True}, {"caps": True}, {"reserves": True, "caps": True}):
            market = random_market(seed, students=4, offers=3, **extra)
            for matching in all_matchings(market):
                report = verify(market, np.array(matching))
                if report.is_feasible:
                    assert report.is_stable == is_stable_by_choice(market, matching), (seed, extra, matching)


def all_matchings(market: Market) -> list[Matching]:
    found: list[Matching] = [()]
    for row in lists_of(market):
        found = [(*m, offer) for m in found for offer in [*(o for o, r in row if r >= 0), -1]]
    return found


@pytest.mark.parametrize("extra", [{}, {"reserves": True}, {"caps": True}, {"reserves": True, "caps": True}])
def test_no_student_gains_by_any_other_list(extra: dict[str, bool]) -> None:
    for seed in range(max(6, MARKETS // 25)):
        market = random_market(seed, students=4, offers=3, **extra)
        truth = outcome(market)
        for student, row in enumerate(lists_of(market)):
            honest = rank_of(market, student, truth[student])
            for lie in sublists(row):
                got = outcome(with_list(market, student, lie))[student]
                assert rank_of(market, student, got) >= honest, (seed, student, lie)


def sublists(row: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    from itertools import permutations

    return [list(lie) for size in range(len(row) + 1) for lie in permutations(row, size)]


@settings(max_examples=60, deadline=None)
@given(market=markets(ties=False))
def test_one_more_seat_never_hurts_a_student(market: Market) -> None:
    before = outcome(market)
    for offer in range(market.offers):
        capacity = market.capacity.copy()
        capacity[offer] += 1
        wider = Market.from_arrays(market.student_ptr, market.choices, market.priority, capacity)
        after = outcome(wider)
        for student in range(market.students):
            assert rank_of(market, student, after[student]) <= rank_of(market, student, before[student])


@settings(max_examples=60, deadline=None)
@given(market=markets(ties=False))
def test_names_and_order_of_students_and_offers_do_not_matter(market: Market) -> None:
    lists = lists_of(market)
    order = list(reversed(range(market.students)))
    rename = list(reversed(range(market.offers)))
    turned = Market.from_arrays(
        np.cumsum([0, *(len(lists[s]) for s in order)]),
        [rename[o] for s in order for o, _ in lists[s]],
        [r for s in order for _, r in lists[s]],
        market.capacity[::-1],
    )
    got, plain = outcome(turned), outcome(market)
    assert [rename[o] if o >= 0 else -1 for o in got] == [plain[s] for s in order]


@settings(max_examples=100, deadline=None)
@given(market=markets(reserves=True, caps=True))
def test_results_with_ties_reserves_and_caps_pass_the_check(market: Market) -> None:
    result = solve_stable(market, tie_break=Lottery(3))
    report = verify(market, result)
    assert report.violations == []
    assert report.blocking_pairs == []
    assert result.is_stable
