"""Random markets, as hypothesis strategies and as a cheap seeded generator for the large counts."""

from __future__ import annotations

import os
from random import Random
from typing import Any

import numpy as np
from hypothesis import strategies as st

from matching import Market

# 10,000 in the long setting (`MATCHING_MARKETS=10000`); the default keeps the suite short
MARKETS = int(os.environ.get("MATCHING_MARKETS", "250"))


def random_market(
    seed: int,
    *,
    students: int = 7,
    offers: int = 4,
    longest: int = 3,
    ties: bool = False,
    reserves: bool = False,
    caps: bool = False,
) -> Market:
    """A small market with zero capacities, empty lists, unacceptable students and offers nobody lists."""
    draw = Random(seed)
    n, p = draw.randint(1, students), draw.randint(1, offers)
    ptr, choices, priority = [0], [], []
    order = [draw.sample(range(n), n) for _ in range(p)]
    for student in range(n):
        listed = draw.sample(range(p), draw.randint(0, min(p, longest)))
        choices += listed
        for offer in listed:
            rank = draw.randint(0, 2) if ties else order[offer].index(student)
            priority.append(-1 if draw.random() < 0.1 else rank)
        ptr.append(len(choices))
    extra: dict[str, Any] = {}
    capacity = [draw.choice([0, 1, 1, 1, 2, 2, 3]) for _ in range(p)]
    if reserves:
        extra["student_group"] = [draw.randint(-1, 1) for _ in range(n)]
        table = []
        for seats in capacity:
            first = draw.randint(0, seats)
            table.append([first, draw.randint(0, seats - first)])
        extra["reserve"] = table
    if caps:
        regions = draw.randint(1, 4)
        extra["region"] = [draw.randint(-1, regions - 1) for _ in range(p)]
        extra["region_parent"] = [draw.randint(-1, region - 1) for region in range(regions)]
        extra["region_cap"] = [draw.choice([-1, 0, 1, 1, 2, 2, 3]) for _ in range(regions)]
        if draw.random() < 0.5:
            extra["target"] = [draw.randint(0, 2) for _ in range(p)]
    return Market.from_arrays(ptr, choices, priority, capacity, **extra)


def large_market(students: int, offers: int, length: int, seats: int, *, seed: int, ranks: int | None = None) -> Market:
    """``students`` lists of ``length`` distinct offers drawn evenly; priorities below ``ranks`` (default: few ties)."""
    draw = np.random.default_rng(seed)
    choices = np.argsort(draw.random((students, offers)), axis=1)[:, :length].astype(np.int32)
    priority = draw.integers(0, ranks or 4 * students, students * length).astype(np.int32)
    ptr = np.arange(0, students * length + 1, length, dtype=np.int64)
    return Market.from_arrays(ptr, choices.ravel(), priority, np.full(offers, seats, dtype=np.int32))


@st.composite
def markets(draw: st.DrawFn, *, ties: bool = True, reserves: bool = False, caps: bool = False) -> Market:
    """Markets of up to 8 students and 5 offers; shrinks towards few students and short lists."""
    n = draw(st.integers(0, 8))
    p = draw(st.integers(1, 5))
    lists = draw(st.lists(st.lists(st.integers(0, p - 1), unique=True, max_size=p), min_size=n, max_size=n))
    ptr = np.cumsum([0, *map(len, lists)])
    choices = [offer for listed in lists for offer in listed]
    if ties:
        priority = draw(st.lists(st.integers(-1, 3), min_size=len(choices), max_size=len(choices)))
    else:
        orders = [draw(st.permutations(range(n))) for _ in range(p)]
        priority = [orders[offer][student] for student, listed in enumerate(lists) for offer in listed]
    capacity = draw(st.lists(st.integers(0, 3), min_size=p, max_size=p))
    extra: dict[str, Any] = {}
    if reserves:
        extra["student_group"] = draw(st.lists(st.integers(-1, 1), min_size=n, max_size=n))
        extra["reserve"] = [[draw(st.integers(0, seats)), 0] for seats in capacity]
    if caps:
        regions = draw(st.integers(1, 3))
        extra["region"] = draw(st.lists(st.integers(-1, regions - 1), min_size=p, max_size=p))
        extra["region_parent"] = [draw(st.integers(-1, region - 1)) for region in range(regions)]
        extra["region_cap"] = draw(st.lists(st.integers(-1, 4), min_size=regions, max_size=regions))
    return Market.from_arrays(ptr, choices, priority, capacity, **extra)


def lists_of(market: Market) -> list[list[tuple[int, int]]]:
    """(offer, priority) of every choice of every student."""
    return [
        [(int(market.choices[edge]), int(market.priority[edge])) for edge in market.choices_of(student)]
        for student in range(market.students)
    ]


def with_list(market: Market, student: int, listed: list[tuple[int, int]]) -> Market:
    """The same market in which one student hands in another list; priorities follow the offer."""
    lists = lists_of(market)
    lists[student] = listed
    return Market.from_arrays(
        np.cumsum([0, *map(len, lists)]),
        [offer for row in lists for offer, _ in row],
        [rank for row in lists for _, rank in row],
        market.capacity,
        region=market.region,
        region_parent=market.region_parent,
        region_cap=market.region_cap,
        target=market.target,
        reserve=market.reserve,
        student_group=market.student_group,
    )
