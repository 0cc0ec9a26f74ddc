"""Small, crowded worlds: few values, so that ties, exact limits and shared cells are common."""

from __future__ import annotations

import math
from typing import TypeVar

from hypothesis import strategies as st

from matching.candidates import AlertRow, OfferRow, StudentRow, Weights

Row = TypeVar("Row", StudentRow, OfferRow, AlertRow)

IDS = st.one_of(st.integers(-3, 12), st.sampled_from([2**62, -(2**62)]))
BITS = st.one_of(st.integers(0, 7), st.just(2**64 - 1), st.just(2**63))
TOKENS = st.lists(st.sampled_from([1, 2, 3, 5, 8, 2**40]), max_size=4)
PROGRAMMES = st.lists(st.integers(0, 3), max_size=3)
CODES = st.sampled_from([110, 1101, 7223, 7221, 7213, 7111, 5120])
# On one spot, a few kilometres apart, in the next cell, across the country, and on the edges of the globe.
POSITIONS = st.sampled_from(
    [
        (math.nan, math.nan),
        (58.70, 15.77),
        (58.74, 15.80),
        (58.74, 15.76),
        (58.76, 15.80),
        (65.58, 22.15),
        (90.0, 180.0),
        (-33.9, -180.0),
        (58.70, math.nan),
    ]
)
LIMITS = st.sampled_from([math.inf, 0.0, 3.0, 5.0, 30.0, 900.0])


@st.composite
def intervals(draw: st.DrawFn, size: int = 3) -> list[tuple[int, int]]:
    starts = draw(st.lists(st.integers(-3, 20), max_size=size))
    return [(start, start + draw(st.integers(0, 9))) for start in starts]


@st.composite
def students(draw: st.DrawFn) -> StudentRow:
    lat, lon = draw(POSITIONS)
    return StudentRow(
        id=draw(IDS),
        forms=draw(BITS),
        age_classes=draw(st.sampled_from([1, 2, 4, 8, 0b110, 0b1100, 0b1110])),
        programme=draw(st.integers(-2, 3)),
        lat=lat,
        lon=lon,
        max_km=draw(LIMITS),
        availability=draw(intervals()),
        occupations=draw(st.lists(CODES, max_size=3)),
        skills=draw(TOKENS),
        interests=draw(TOKENS),
        languages=draw(BITS),
    )


@st.composite
def offers(draw: st.DrawFn) -> OfferRow:
    lat, lon = draw(POSITIONS)
    return OfferRow(
        id=draw(IDS),
        form=draw(st.sampled_from([0, 0, 0, 1, 63])),
        periods=[(start, end, draw(st.integers(-1, 2))) for start, end in draw(intervals(4))],
        age_classes=draw(st.sampled_from([15, 15, 12, 8, 0])),
        programmes=draw(PROGRAMMES),
        lat=lat,
        lon=lon,
        occupation=draw(st.one_of(st.just(-1), CODES)),
        skills=draw(TOKENS),
        interests=draw(TOKENS),
        languages=draw(st.sampled_from([0, 0, 1, 2**63])),
        remote=draw(st.sampled_from([False, False, False, True])),
    )


@st.composite
def alerts(draw: st.DrawFn) -> AlertRow:
    lat, lon = draw(POSITIONS)
    known = not (math.isnan(lat) or math.isnan(lon))
    return AlertRow(
        id=draw(IDS),
        owner=draw(IDS),
        forms=draw(st.sampled_from([0, 1, 3, 2**63])),
        age_classes=draw(st.sampled_from([15, 1, 2, 4, 8, 0b1100])),
        programmes=draw(PROGRAMMES),
        occupations=draw(st.lists(st.tuples(CODES, st.integers(1, 4)), max_size=3)),
        lat=lat,
        lon=lon,
        radius_km=draw(LIMITS) if known else math.inf,
    )


WEIGHTS = st.sampled_from(
    [
        Weights(),
        Weights(min_period_share=1.0, half_km=1.0),
        Weights(min_period_share=1e-9, skills=0.0, distance=0.0, period=0.0),
        Weights(skills_enough=1, interests_enough=4, occupation_fit=(0.3, 0.3, 0.3, 0.3, 0.3)),
    ]
)


def distinct(rows: st.SearchStrategy[Row]) -> st.SearchStrategy[list[Row]]:
    """A list of rows with unique ids."""
    return st.lists(rows, max_size=9, unique_by=lambda row: row.id)
