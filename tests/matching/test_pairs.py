"""Pairs of students who apply together."""

from __future__ import annotations

import sys
from itertools import product

import numpy as np
import pytest

from matching import Lottery, Market, MarketBuilder, MissingExtra, UnsupportedCombination, solve_stable, verify
from matching.assignment import Assignment, StableCertificate
from matching.pairs_exact import fewest_blocking
from matching.verification import Report


def certificate_of(result: Assignment) -> StableCertificate:
    assert isinstance(result.certificate, StableCertificate)
    return result.certificate


def no_stable_matching() -> Market:
    """Klaus and Klijn 2005, *Journal of Economic Theory* 121: three students, two hospitals, nothing is stable."""
    builder = MarketBuilder()
    builder.offer("h1", capacity=1, ranking=["s1", "s3"])
    builder.offer("h2", capacity=1, ranking=["s3", "s2"])
    builder.student("s3", choices=["h1", "h2"])
    builder.pair("s1", "s2", choices=[("h1", "h2")])
    return builder.build()


def random_pairs(seed: int) -> Market:
    draw = np.random.default_rng(seed)
    offers = [f"o{i}" for i in range(3)]
    builder = MarketBuilder()
    people = [f"s{i}" for i in range(int(draw.integers(0, 3)))]
    couples = [(f"a{i}", f"b{i}") for i in range(int(draw.integers(1, 3)))]
    everyone = [*people, *(name for couple in couples for name in couple)]
    for offer in offers:
        builder.offer(offer, capacity=int(draw.integers(0, 3)), ranking=[str(s) for s in draw.permutation(everyone)])
    for person in people:
        builder.student(person, choices=[str(o) for o in draw.permutation(offers)[: draw.integers(0, 4)]])
    options = [(a, b) for a in [*offers, None] for b in [*offers, None] if (a, b) != (None, None)]
    for first, second in couples:
        picks = draw.permutation(len(options))[: draw.integers(1, 5)]
        builder.pair(first, second, choices=[options[i] for i in picks])
    return builder.build()


def every_report(market: Market) -> list[Report]:
    assert market.pairs is not None
    reports = []
    singles = [[*(int(market.choices[e]) for e in market.choices_of(s)), -1] for s in range(market.students)]
    joint = [[None, *range(int(market.pairs.ptr[k]), int(market.pairs.ptr[k + 1]))] for k in range(len(market.pairs))]
    for picks, entries in product(product(*singles), product(*joint)):
        assignment = np.array(picks, dtype=np.int32)
        for pair, entry in enumerate(entries):
            if entry is not None:
                assignment[market.pairs.members[pair]] = market.pairs.offers[entry]
        report = verify(market, assignment)
        if report.is_feasible:
            reports.append(report)
    return reports


def test_it_is_proven_that_no_stable_matching_exists() -> None:
    market = no_stable_matching()
    assert min(report.blocking for report in every_report(market)) == 1
    heuristic = solve_stable(market)
    assert not heuristic.is_stable
    assert not certificate_of(heuristic).proves_none_exists
    exact = solve_stable(market, pairs="exact")
    assert not exact.is_stable
    assert certificate_of(exact).proves_none_exists
    assert certificate_of(exact).blocking == 1


def test_exact_finds_the_fewest_blocking_pairs_of_all_matchings() -> None:
    unstable = 0
    for seed in range(60):
        market = random_pairs(seed)
        fewest = min(report.blocking for report in every_report(market))
        exact = solve_stable(market, pairs="exact", tie_break=Lottery(seed))
        assert verify(market, exact).is_feasible
        assert verify(market, exact).blocking == fewest, seed
        assert certificate_of(exact).proves_none_exists == (fewest > 0)
        assert certificate_of(solve_stable(market, tie_break=Lottery(seed))).blocking >= fewest
        unstable += fewest > 0
    assert unstable > 0


def test_the_program_alone_counts_blocking_pairs_like_the_check() -> None:
    for seed in range(60):
        market = random_pairs(seed)
        fewest = min(report.blocking for report in every_report(market))
        alone = certificate_of(fewest_blocking(market, Lottery(seed), max_nodes=10_000))
        assert (alone.blocking, alone.proves_none_exists) == (fewest, fewest > 0), seed


def test_the_heuristic_nearly_always_finds_a_stable_matching_that_exists() -> None:
    found = sum(solve_stable(market).is_stable for market in map(random_pairs, range(100)))
    exist = sum(any(r.is_stable for r in every_report(market)) for market in map(random_pairs, range(100)))
    assert found >= exist - 5


def test_both_members_get_the_same_offer_only_when_it_has_two_seats_for_them() -> None:
    builder = MarketBuilder()
    builder.offer("lab", capacity=2, ranking=["x", "dina", "emil"])
    builder.offer("cnc", capacity=1)
    builder.pair("dina", "emil", choices=[("lab", "lab"), ("cnc", "lab"), ("cnc", None)])
    builder.student("x", choices=["lab"])
    result = solve_stable(builder.build())
    assert (result.offer_of("dina"), result.offer_of("emil"), result.offer_of("x")) == ("cnc", "lab", "lab")
    assert result.is_stable
    assert [reason.kind for reason in result.explain("dina")] == ["pair", "accepted", "below assignment"]


def test_a_split_pair_is_not_feasible() -> None:
    market = no_stable_matching()
    alone = np.full(market.students, -1)
    alone[market.student_index("s1")] = 0
    assert [v.kind for v in verify(market, alone).violations] == ["pair split"]


def test_pairs_next_to_many_singles_end_and_repeat_exactly() -> None:
    draw = np.random.default_rng(5)
    builder = MarketBuilder()
    for offer in range(40):
        builder.offer(f"o{offer}", capacity=5)
    for student in range(150):
        builder.student(f"s{student}", choices=[f"o{o}" for o in draw.permutation(40)[:6]])
    for pair in range(20):
        picks = draw.integers(0, 40, (6, 2))
        builder.pair(f"a{pair}", f"b{pair}", choices=list(dict.fromkeys((f"o{x}", f"o{y}") for x, y in picks)))
    market = builder.build()
    first, second = (solve_stable(market, tie_break=Lottery(9)) for _ in range(2))
    assert first.is_stable
    assert first.assignment.tobytes() == second.assignment.tobytes()


def test_what_has_no_definition_with_pairs_is_refused() -> None:
    with pytest.raises(UnsupportedCombination, match="improve_ties"):
        solve_stable(no_stable_matching(), improve_ties=True)
    builder = MarketBuilder()
    builder.offer("o", capacity=1, reserve={"g": 1})
    builder.pair("a", "b", choices=[("o", None)])
    with pytest.raises(UnsupportedCombination, match="reserves"):
        solve_stable(builder.build())


def test_a_missing_solver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "highspy", None)
    with pytest.raises(MissingExtra, match="pip install highspy"):
        solve_stable(no_stable_matching(), pairs="exact")
