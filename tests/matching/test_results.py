"""What a result tells: reasons, figures, comparison, minimums, and faults the check finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from matching import (
    Lottery,
    Market,
    MarketBuilder,
    MarketErrors,
    MatchingError,
    StableCertificate,
    UnsupportedCombination,
    compare,
    lower_quotas,
    optimal_assign,
    solve_stable,
    verify,
)
from tests.matching.markets import large_market, markets


def small() -> MarketBuilder:
    builder = MarketBuilder()
    builder.offer("cnc", capacity=1, ranking=["anna", "bo"])
    builder.offer("lab", capacity=1)
    builder.offer("shut", capacity=0)
    builder.student("anna", choices=["cnc", "lab"], group="g")
    builder.student("bo", choices=["shut", "cnc", "lab"])
    builder.student("cia", choices=["cnc", "lab"])
    return builder


def test_every_choice_has_its_reason() -> None:
    result = solve_stable(small().build(), tie_break=Lottery(1))
    loser = str(result.unplaced[0])
    winner = "cia" if loser == "bo" else "bo"
    assert [r.kind for r in result.explain("anna")] == ["accepted", "below assignment"]
    by_offer = {r.offer: r for student in ("bo", "cia") for r in result.explain(student) if student == loser}
    assert by_offer["lab"].kind == "lottery"
    assert result.offer_of(winner) == "lab"
    reasons = {(s, r.offer): r for s in ("bo", "cia") for r in result.explain(s)}
    assert reasons["bo", "shut"].kind == "closed"
    assert reasons["bo", "cnc"].kind == "filled"
    assert reasons["bo", "cnc"].data["cut_off"] == 0
    assert reasons["bo", "cnc"].data["rank"] == 1
    assert reasons["cia", "cnc"].kind == "unacceptable"
    assert all(reason.text for reason in reasons.values())


def test_a_cap_is_named_with_its_region() -> None:
    builder = MarketBuilder()
    builder.region("county", cap=1)
    builder.region("town", parent="county")
    builder.offer("a", capacity=2, ranking=["x", "y"], region="town")
    builder.student("x", choices=["a"])
    builder.student("y", choices=["a"])
    result = solve_stable(builder.build())
    reason = result.explain("y")[0]
    assert (reason.kind, reason.data["region"], reason.data["cap"], reason.data["free"]) == (
        "regional cap",
        "county",
        1,
        1,
    )
    assert verify(result.market, np.array([0, 0])).violations[0].kind == "over regional cap"


@settings(max_examples=80, deadline=None)
@given(market=markets(reserves=True, caps=True))
def test_a_stable_result_never_explains_anything_as_blocking(market: Market) -> None:
    result = solve_stable(market)
    for student in range(market.students):
        reasons = result.explain(student)
        assert len(reasons) == len(market.choices_of(student))
        assert all(reason.kind != "blocking" and reason.text for reason in reasons)
        assert [r.offer for r in reasons if r.kind == "accepted"] == [
            offer for offer in [result.offer_of(student)] if offer is not None
        ]


def test_figures_of_a_result() -> None:
    metrics = solve_stable(small().build(), tie_break=Lottery(1)).metrics
    assert (metrics.students, metrics.placed, metrics.seats) == (3, 2, 2)
    assert metrics.share_placed == pytest.approx(2 / 3)
    assert metrics.fill == 1.0
    assert sum(metrics.rank_profile.values()) == 2
    assert metrics.justified_envy == 0
    assert metrics.by_group["g"].placed == 1
    assert metrics.by_group["g"].average_rank == 1.0


def test_reserved_seats_held_are_counted() -> None:
    builder = MarketBuilder()
    builder.offer("o", capacity=3, reserve={"g": 2})
    builder.student("x", choices=["o"], group="g")
    builder.student("y", choices=["o"])
    metrics = solve_stable(builder.build()).metrics
    assert (metrics.reserve_seats, metrics.reserve_filled) == (2, 1)


def test_stability_costs_places_and_the_comparison_shows_whose() -> None:
    market = large_market(400, 20, 4, 20, seed=4)
    stable, best = solve_stable(market), optimal_assign(market)
    assert stable.is_stable
    assert not best.is_stable
    found = compare(stable, best)
    assert found.second.placed >= found.first.placed
    assert found.second.justified_envy > found.first.justified_envy == 0
    assert len(found.better) + len(found.worse) + found.same == 400
    back = compare(best, stable)
    assert (back.better, back.worse) == (found.worse, found.better)
    with pytest.raises(MatchingError, match="different lists"):
        compare(stable, solve_stable(large_market(400, 20, 4, 20, seed=5)))


def test_the_certificate_states_what_was_computed() -> None:
    result = solve_stable(small().build(), tie_break=Lottery(1))
    certificate = result.certificate
    assert isinstance(certificate, StableCertificate)
    assert certificate.cut_offs.tolist() == [0, 0, 0]
    assert (certificate.placed, certificate.unplaced, certificate.free_seats) == (2, 1, 0)
    assert certificate.lottery == Lottery(1)
    assert certificate.digest == small().build().digest
    assert len(certificate.digest) == 64
    assert "Gale" in certificate.notion


@pytest.mark.parametrize(
    ("assignment", "kind"),
    [
        ([0, 0, -1], "over capacity"),
        ([2, -1, -1], "not listed"),
        ([9, -1, -1], "unknown offer"),
        ([-5, -1, -1], "unknown offer"),
        ([-1, -1, 0], "unacceptable"),
        ([-1, -1], "wrong length"),
        ([0.0, 1.0, -1.0], "wrong length"),
    ],
)
def test_infeasible_results_are_found_out(assignment: list[Any], kind: str) -> None:
    report = verify(small().build(), np.array(assignment))
    assert not report.is_feasible
    assert not report.ok
    assert report.is_stable is None
    assert kind in [violation.kind for violation in report.violations]


def test_a_result_of_another_market_is_found_out() -> None:
    result = solve_stable(small().build())
    changed = small()
    changed.offer("new", capacity=1)
    assert [v.kind for v in verify(changed.build(), result).violations] == ["other market"]


def test_blocking_pairs_are_named_and_counted() -> None:
    report = verify(small().build(), np.array([-1, -1, -1]), limit=2)
    assert report.is_stable is False
    assert report.blocking == 5
    assert [(pair.student, pair.offer) for pair in report.blocking_pairs] == [("anna", "cnc"), ("anna", "lab")]


def test_indifferent_students_do_not_block() -> None:
    market = Market.from_arrays([0, 2], [0, 1], [0, 0], [1, 1], choice_rank=[1, 1])
    assert verify(market, np.array([1])).is_stable
    assert verify(market, np.array([0])).is_stable


def quotas_market() -> Market:
    builder = MarketBuilder()
    builder.offer("popular", capacity=4)
    builder.offer("remote", capacity=2)
    for student in "abcd":
        builder.student(student, choices=["popular", "remote"])
    return builder.build()


def test_minimums_that_stability_meets_need_no_choice() -> None:
    report = lower_quotas(quotas_market(), [4, 0])
    assert report.met
    assert [option.way for option in report.options] == ["stable"]


def test_minimums_in_conflict_with_stability_are_shown_with_their_price() -> None:
    report = lower_quotas(quotas_market(), [1, 2])
    assert not report.met
    options = {option.way: option for option in report.options}
    assert options["stable"].unmet == {"remote": 2}
    assert options["stable"].blocking == 0
    assert options["close"].closed == ["remote"]
    assert options["caps"].unmet == {}
    assert options["caps"].seats_removed == 2
    assert options["caps"].blocking > 0
    assert options["flow"].unmet == {}
    assert all(option.placed == 4 for option in report.options)
    assert [option.way for option in lower_quotas(quotas_market(), [1, 2], flow=False).options] == [
        "stable",
        "close",
        "caps",
    ]


def test_minimums_that_make_no_sense_are_refused() -> None:
    with pytest.raises(MarketErrors, match="length"):
        lower_quotas(quotas_market(), [1])
    with pytest.raises(MarketErrors, match="below zero"):
        lower_quotas(quotas_market(), [1, -1])
    capped = Market.from_arrays([0, 1], [0], [0], [1], region=[0], region_cap=[1])
    with pytest.raises(UnsupportedCombination):
        lower_quotas(capped, [1])
