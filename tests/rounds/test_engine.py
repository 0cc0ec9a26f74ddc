"""Rows of a round become a decision that is verified, repeatable and explained."""

import random

import pytest

from backend.rounds.engine import Method, Seats, Wishes, allocate
from matching import MarketErrors


def test_priorities_decide_and_the_rest_is_explained():
    outcome = allocate(
        [Wishes(1, [10, 11]), Wishes(2, [10]), Wishes(3, [10])],
        [Seats(10, 1, priorities={2: 1, 1: 2}), Seats(11, 1)],
        method=Method.STABLE,
        seed=7,
    )
    assert outcome.seat_of == {1: 11, 2: 10, 3: None}
    assert outcome.is_verified
    assert outcome.rank_profile == {1: 1, 2: 1}
    assert [why.period_id for why in outcome.explain(1)] == [10, 11]


def test_optimal_places_most():
    wishes = [Wishes(1, [10, 11]), Wishes(2, [10])]
    outcome = allocate(wishes, [Seats(10, 1), Seats(11, 1)], method=Method.OPTIMAL, seed=0)
    assert outcome.seat_of == {1: 11, 2: 10}
    assert outcome.is_verified


@pytest.mark.parametrize("method", Method)
def test_the_order_of_rows_changes_nothing(method):
    shuffler = random.Random(3)
    wishes = [Wishes(pk, shuffler.sample(range(20), 5)) for pk in range(60)]
    seats = [Seats(pk, 2) for pk in range(20)]
    first = allocate(wishes, seats, method=method, seed=5)
    shuffler.shuffle(wishes)
    shuffler.shuffle(seats)
    again = allocate(wishes, seats, method=method, seed=5)
    assert again.seat_of == first.seat_of
    assert again.digest == first.digest


def test_another_seed_is_another_lottery():
    wishes = [Wishes(pk, [1]) for pk in range(50)]
    winners = {
        next(
            pk for pk, seat in allocate(wishes, [Seats(1, 1)], method=Method.STABLE, seed=seed).seat_of.items() if seat
        )
        for seed in range(8)
    }
    assert len(winners) > 1


def test_regional_caps_and_reserves_hold():
    outcome = allocate(
        [Wishes(1, [10, 11], "girls"), Wishes(2, [10, 11]), Wishes(3, [11, 10])],
        [Seats(10, 2, region="0562", reserve={"girls": 1}), Seats(11, 2, region="0562")],
        method=Method.STABLE,
        seed=1,
        region_caps={"0562": 2},
    )
    assert sum(seat is not None for seat in outcome.seat_of.values()) == 2
    assert outcome.seat_of[1] is not None
    assert outcome.is_verified


def test_all_problems_are_named_at_once():
    with pytest.raises(MarketErrors) as caught:
        allocate([Wishes(1, [99]), Wishes(2, [10, 10])], [Seats(10, -1)], method=Method.STABLE, seed=0)
    assert len(caught.value.problems) >= 3
