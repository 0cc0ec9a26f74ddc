"""Describing a market: every problem at once, each with its place, and what counts as normal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from matching import Lottery, Market, MarketBuilder, MarketErrors, solve_stable, verify
from matching import errors as e
from matching.lottery import splitmix64

GOOD: dict[str, Any] = {
    "student_ptr": [0, 2, 3],
    "choices": [0, 1, 0],
    "priority": [0, 0, 1],
    "capacity": [1, 1],
}


def problems_of(**changes: Any) -> list[e.Problem]:
    with pytest.raises(MarketErrors) as caught:
        Market.from_arrays(**{**GOOD, **changes})
    assert all(problem.location is not None and str(problem) for problem in caught.value.problems)
    return caught.value.problems


def test_arrays_of_the_right_type_are_not_copied() -> None:
    choices = np.array([0, 1, 0], dtype=np.int32)
    market = Market.from_arrays(**{**GOOD, "choices": choices})
    assert np.shares_memory(market.choices, choices)
    assert choices.flags.writeable
    assert not market.choices.flags.writeable


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"choices": [0, 7, 0]}, [e.UnknownId(e.Location("student", 0, 1), "offer", 7)]),
        ({"choices": [0, -1, 0]}, [e.UnknownId(e.Location("student", 0, 1), "offer", -1)]),
        ({"choices": [1, 1, 0]}, [e.DuplicateChoice(e.Location("student", 0, 1), 1)]),
        ({"capacity": [1, -2]}, [e.NegativeCapacity(e.Location("offer", 1), "capacity", -2)]),
        ({"priority": [0, 0]}, [e.LengthMismatch(e.Location("array", "priority"), 3, 2)]),
        ({"priority": [0, -2, 0]}, [e.InvalidValue(e.Location("student", 0, 1), "priority -2 is below -1")]),
        ({"student_ptr": [0, 2, 9]}, [e.LengthMismatch(e.Location("array", "choices"), 9, 3)]),
        ({"priority": [0, 0, 2**40]}, [e.DtypeOverflow(e.Location("array", "priority"), "int32", 2**40)]),
        ({"priority": [0, 0, 2**80]}, [e.DtypeOverflow(e.Location("array", "priority"), "int32", 2**80)]),
        ({"priority": [0.5, 0, 1]}, [e.InvalidValue(e.Location("array", "priority"), "holds float64, expected integers")]),
        ({"region": [0, 3], "region_cap": [1]}, [e.UnknownId(e.Location("offer", 1), "region", 3)]),
        (
            {"region": [0, 0], "region_parent": [5]},
            [e.RegionOutsideTree(e.Location("region", 0), 5, circular=False)],
        ),
        (
            {"region": [0, 0], "region_parent": [1, 0]},
            [
                e.RegionOutsideTree(e.Location("region", 0), 0, circular=True),
                e.RegionOutsideTree(e.Location("region", 1), 1, circular=True),
            ],
        ),
        (
            {"reserve": [2, 0], "reserve_group": [0, 0], "student_group": [0, 0]},
            [e.ReserveTooLarge(e.Location("offer", 0), 2, 1)],
        ),
        ({"choice_rank": [2, 1, 1]}, [e.InvalidValue(e.Location("student", 0, 1), "choice rank is lower than the one before")]),
        ({"forbidden": [[9, 0]]}, [e.UnknownId(e.Location("array", "forbidden", 0), "student", 9)]),
        ({"forbidden": [True]}, [e.LengthMismatch(e.Location("array", "forbidden"), 3, 1)]),
    ],
)  # fmt: skip
def test_each_problem_has_a_type_and_a_place(changes: dict[str, Any], expected: list[e.Problem]) -> None:
    assert problems_of(**changes) == expected


def test_all_problems_are_reported_together() -> None:
    found = problems_of(choices=[0, 9, 0], capacity=[-1, 1], priority=[0, 0, -7])
    assert {type(problem) for problem in found} == {e.UnknownId, e.NegativeCapacity, e.InvalidValue}


def test_repeated_choices_are_found_in_long_lists_too() -> None:
    choices = [*range(40), 17]
    found = problems_of(student_ptr=[0, 41], choices=choices, priority=[0] * 41, capacity=[1] * 40)
    assert found == [e.DuplicateChoice(e.Location("student", 0, 40), 17)]


def test_the_builder_collects_every_problem_with_names() -> None:
    builder = MarketBuilder()
    builder.region("north", parent="nowhere")
    builder.offer("a", capacity=-1, region="south")
    builder.offer("a", capacity=1)
    builder.offer("b", capacity=1, ranking=["anna", "anna", "ghost"], reserve={"g": 2})
    builder.offer("c", capacity=1, ranking=["anna"], scores={"anna": 1.0})
    builder.offer("d", capacity=1, scores={"anna": float("nan")})
    builder.student("anna", choices=["a", "x", "a"])
    builder.student("anna", choices=[])
    builder.student("text", choices="abc")
    builder.pair("anna", "bo", choices=[("a", "zz"), (None, None)])
    builder.forbid("nobody", "a")
    with pytest.raises(MarketErrors, match="problem") as caught:
        builder.build()
    found = {(type(p).__name__, str(p.location)) for p in caught.value.problems}
    assert found == {
        ("RegionOutsideTree", "region 'north'"),
        ("NegativeCapacity", "offer 'a'"),
        ("UnknownId", "offer 'a'"),
        ("DuplicateId", "offer 'a'"),
        ("DuplicateChoice", "offer 'b', position 1"),
        ("UnknownId", "offer 'b', position 2"),
        ("ReserveTooLarge", "offer 'b'"),
        ("InvalidValue", "offer 'c'"),
        ("InvalidValue", "offer 'd'"),
        ("UnknownId", "student 'anna', position 1"),
        ("DuplicateChoice", "student 'anna', position 2"),
        ("DuplicateId", "student 'anna'"),
        ("InvalidValue", "student 'text'"),
        ("InvalidValue", "pair 'anna+bo'"),
        ("UnknownId", "pair 'anna+bo', position 0"),
        ("InvalidValue", "pair 'anna+bo', position 1"),
        ("UnknownId", "array 'forbidden', position 0"),
    }


def test_an_unknown_name_is_not_mistaken_for_somebody_else() -> None:
    builder = MarketBuilder()
    for offer in ("a", "b"):
        builder.offer(offer, capacity=1, ranking=["ghost", "anna"])
    builder.student("anna", choices=["a", "b"])
    with pytest.raises(MarketErrors) as caught:
        builder.build()
    assert caught.value.problems == [e.UnknownId(e.Location("offer", o, 0), "student", "ghost") for o in ("a", "b")]


def test_normal_input_needs_no_apology() -> None:
    builder = MarketBuilder()
    builder.offer("1", capacity=0)
    builder.offer("2", capacity=3, ranking=["1", "2"])
    builder.offer("3", capacity=10**9)
    builder.student("1", choices=["1", "2"])
    builder.student("2")
    builder.student("3", choices=["2"])
    result = solve_stable(builder.build())
    assert (result.offer_of("1"), result.unplaced) == ("2", ["2", "3"])
    assert result.vacancies == {"2": 2, "3": 10**9}
    empty = solve_stable(MarketBuilder().build())
    assert empty.assignment.tolist() == []
    assert empty.is_stable


@pytest.mark.parametrize("unknown", ["ghost", 5])
def test_asking_for_an_unknown_student_is_an_error(unknown: str | int) -> None:
    with pytest.raises(KeyError):
        solve_stable(Market.from_arrays(**GOOD)).offer_of(unknown)


def test_scores_and_inner_lists_mean_the_same_ties() -> None:
    def market(**how: Any) -> Market:
        builder = MarketBuilder()
        builder.offer("o", capacity=1, **how)
        for name in ("anna", "bo", "cia", "dan"):
            builder.student(name, choices=["o"])
        return builder.build()

    by_rank = market(ranking=["anna", ["bo", "cia"]])
    by_score = market(scores={"cia": 5, "anna": 9.5, "bo": 5})
    assert by_rank.priority.tolist() == by_score.priority.tolist() == [0, 1, 1, -1]
    assert market().priority.tolist() == [0, 0, 0, 0]


def test_names_and_arrays_describe_the_same_market() -> None:
    builder = MarketBuilder()
    builder.offer("a", capacity=1, ranking=["x", "y"])
    builder.offer("b", capacity=1)
    builder.student("x", choices=["a", "b"])
    builder.student("y", choices=["a"])
    assert builder.build().digest == Market.from_arrays(**GOOD).digest


def test_a_forbidden_pair_is_never_made_and_is_said_to_be_forbidden() -> None:
    builder = MarketBuilder()
    builder.offer("a", capacity=1)
    builder.student("x", choices=["a"])
    builder.forbid("x", "a")
    result = solve_stable(builder.build())
    assert result.unplaced == ["x"]
    assert [reason.kind for reason in result.explain("x")] == ["forbidden"]
    assert [v.kind for v in verify(result.market, np.array([0])).violations] == ["forbidden"]
    arrays = Market.from_arrays(**{**GOOD, "forbidden": [[0, 0]]})
    assert solve_stable(arrays).assignment.tolist() == [1, 0]


def test_the_same_seed_gives_the_same_bytes_and_the_draw_is_a_permutation() -> None:
    draw = Lottery(7)
    assert sorted(draw.positions(1000).tolist()) == list(range(1000))
    assert draw.order(5)[draw.positions(5)].tolist() == list(range(5))
    # a recorded draw has to be the same for years: the first numbers published for SplitMix64 from seed 0
    assert splitmix64(0, 3).tolist() == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert Lottery(7).positions(100).tolist() != Lottery(8).positions(100).tolist()


def test_priorities_too_wide_to_pack_are_ranked_first() -> None:
    n, p = 2000, 700
    draw = np.random.default_rng(0)
    choices = np.argsort(draw.random((n, p)), axis=1)[:, :4].astype(np.int32).ravel()
    priority = draw.integers(0, 50, n * 4)
    ptr = np.arange(0, 4 * n + 1, 4)
    narrow = Market.from_arrays(ptr, choices, priority, [2] * p)
    # 11 bits of students, 10 of offers and 31 of priority fit; a market of millions would not: force the other path
    from matching import core

    keys = core.Keys.of(narrow, Lottery(1))
    dense = core._dense_priority(narrow)
    wide = core.Keys(dense, keys.positions, keys.order, keys.lot_bits, keys.offer_shift)
    assert (
        core.DeferredAcceptance(narrow, wide).run().edge.tolist()
        == core.DeferredAcceptance(narrow, keys).run().edge.tolist()
    )


@pytest.mark.parametrize("tail", [0, 10**9])
def test_rounds_and_heaps_give_the_same_result(tail: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from matching import core
    from tests.matching.markets import large_market

    market = large_market(3000, 60, 10, 45, seed=2)
    expected = solve_stable(market).assignment
    monkeypatch.setattr(core, "TAIL", tail)
    assert np.array_equal(solve_stable(market).assignment, expected)
    assert verify(market, expected).is_stable
