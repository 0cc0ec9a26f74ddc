"""A made-up country for the candidate benchmark: seeded, crowded where people live, skewed as real choices are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.candidates import AlertColumns, Intervals, OfferColumns, Periods, Prefixes, StudentColumns, Tokens

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

PRAO, APL, LARLING, LIA, FERIEJOBB, PRAKTIK, EXJOBB = range(7)
PROGRAMMES, SKILLS, INTERESTS, TOWNS, SCHOOLS = 30, 2000, 60, 290, 600
YEAR = 740_000
# Pupils, upper-secondary students, students of higher vocational education, adults.
GROUPS = 4
GROUP_SHARE = (0.35, 0.35, 0.1, 0.2)
GROUP_FORMS = (
    (1 << PRAO) | (1 << FERIEJOBB),
    (1 << APL) | (1 << FERIEJOBB) | (1 << LARLING),
    (1 << LIA) | (1 << EXJOBB),
    (1 << PRAKTIK),
)
GROUP_AGES = (1 << 1, 1 << 2, 1 << 3, 1 << 3)


@dataclass(frozen=True)
class World:
    """All blocks of the index."""

    students: StudentColumns
    offers: OfferColumns
    alerts: AlertColumns


class Dice:
    """Seeded draws that the three blocks share."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        south = self.rng.beta(1.3, 3.0, TOWNS)
        self.lat = 55.4 + 13.0 * south
        self.lon = 12.0 + 5.5 * south + self.rng.uniform(0, 4.5, TOWNS)
        self.town_share = skewed(TOWNS, 0.9)
        codes = np.unique(self.rng.integers(1110, 9700, 430))[:400]
        self.codes: I64 = self.rng.permutation(codes).astype(np.int64)

    def positions(self, count: int) -> tuple[F64, F64]:
        town = self.rng.choice(TOWNS, count, p=self.town_share)
        lat = self.lat[town] + self.rng.normal(0, 0.07, count)
        return lat, self.lon[town] + self.rng.normal(0, 0.14, count)

    def tokens(self, count: int, kinds: int, least: int, most: int, skew: float) -> Tokens:
        counts = self.rng.integers(least, most + 1, count)
        return Tokens(ptr_of(counts), self.rng.choice(kinds, int(counts.sum()), p=skewed(kinds, skew)))

    def occupations(self, count: int, least: int, most: int) -> Tokens:
        drawn = self.tokens(count, len(self.codes), least, most, 0.7)
        return Tokens(drawn.ptr, self.codes[drawn.values])


def skewed(kinds: int, power: float) -> F64:
    """Shares that fall with the rank to the given power."""
    share: F64 = np.arange(1, kinds + 1, dtype=np.float64) ** -power
    share /= share.sum()
    return share


def ptr_of(counts: I64) -> I64:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def world(students: int, offers: int, alerts: int, seed: int = 7) -> World:
    """Build the three blocks of the given sizes."""
    dice = Dice(seed)
    made = _students(dice, students)
    return World(made, _offers(dice, offers), _alerts(dice, alerts, made))


def _students(dice: Dice, count: int) -> StudentColumns:
    rng = dice.rng
    group = rng.choice(GROUPS, count, p=GROUP_SHARE)
    lat, lon = dice.positions(count)
    programme = np.where(
        (group == 1) | (group == 2), rng.choice(PROGRAMMES, count, p=skewed(PROGRAMMES, 0.6)), -1
    ).astype(np.int64)
    limits = np.array([10.0, 20.0, 30.0, 50.0, 100.0, np.inf])
    own = rng.random(count) < 0.1
    availability = _availability(rng, rng.integers(0, SCHOOLS, count), own)
    return StudentColumns(
        id=rng.permutation(count).astype(np.int64) * 3 + 11,
        forms=np.array(GROUP_FORMS, np.uint64)[group],
        age_classes=np.array(GROUP_AGES, np.int64)[group],
        programme=programme,
        lat=lat,
        lon=lon,
        max_km=rng.choice(limits, count, p=[0.15, 0.25, 0.25, 0.2, 0.05, 0.1]),
        availability=availability,
        occupations=dice.occupations(count, 0, 3),
        skills=dice.tokens(count, SKILLS, 0, 8, 0.8),
        interests=dice.tokens(count, INTERESTS, 0, 4, 0.5),
        languages=(
            1 * (rng.random(count) < 0.95) | 2 * (rng.random(count) < 0.7) | 4 * (rng.random(count) < 0.1)
        ).astype(np.uint64),
    )


def _availability(rng: np.random.Generator, school: I64, own: NDArray[np.bool_]) -> Intervals:
    """Three windows a school; one student in ten has windows of their own."""
    starts = np.sort(rng.integers(0, 46, (SCHOOLS, 3)), axis=1) * 7
    lengths = rng.integers(2, 9, (SCHOOLS, 3)) * 7
    start, length = starts[school], lengths[school]
    start[own] = rng.integers(0, 330, (int(own.sum()), 3))
    length[own] = rng.integers(7, 60, (int(own.sum()), 3))
    first = YEAR + start
    return Intervals(np.arange(len(school) + 1, dtype=np.int64) * 3, first.ravel(), (first + length - 1).ravel())


def _offers(dice: Dice, count: int) -> OfferColumns:
    rng = dice.rng
    form = rng.choice(7, count, p=[0.2, 0.25, 0.1, 0.1, 0.2, 0.1, 0.05])
    lat, lon = dice.positions(count)
    named = np.where(np.isin(form, [APL, LARLING, LIA]), rng.integers(1, 4, count), 0)
    programmes = Tokens(ptr_of(named), rng.choice(PROGRAMMES, int(named.sum()), p=skewed(PROGRAMMES, 0.6)))
    periods = rng.integers(1, 4, count)
    total = int(periods.sum())
    start = YEAR + rng.integers(0, 48, total) * 7
    occupation = dice.codes[rng.choice(len(dice.codes), count, p=skewed(len(dice.codes), 0.7))]
    return OfferColumns(
        id=rng.permutation(count).astype(np.int64) + 1,
        form=form.astype(np.int64),
        age_classes=rng.choice([15, 14, 12, 8], count, p=[0.5, 0.25, 0.15, 0.1]),
        programmes=programmes,
        lat=lat,
        lon=lon,
        occupation=np.where(rng.random(count) < 0.95, occupation, -1),
        skills=dice.tokens(count, SKILLS, 1, 6, 0.8),
        interests=dice.tokens(count, INTERESTS, 1, 3, 0.5),
        periods=Periods(ptr_of(periods), start, start + rng.integers(1, 10, total) * 7 - 1, rng.integers(0, 5, total)),
        languages=(1 * (rng.random(count) < 0.8) | 2 * (rng.random(count) < 0.1)).astype(np.uint64),
        remote=rng.random(count) < 0.03,
    )


def _alerts(dice: Dice, count: int, students: StudentColumns) -> AlertColumns:
    rng = dice.rng
    owner = rng.integers(0, len(students), count)
    limited = rng.random(count) < 0.75
    radius = np.where(limited, rng.choice([5.0, 10.0, 20.0, 30.0, 50.0], count), np.inf)
    named = np.where(rng.random(count) < 0.4, rng.integers(1, 3, count), 0)
    wished = np.where(rng.random(count) < 0.6, rng.integers(1, 3, count), 0)
    total = int(wished.sum())
    code = dice.codes[rng.choice(len(dice.codes), total, p=skewed(len(dice.codes), 0.7))]
    return AlertColumns(
        id=rng.permutation(count).astype(np.int64) + 5,
        owner=students.id[owner],
        forms=np.where(rng.random(count) < 0.6, students.forms[owner], 0).astype(np.uint64),
        age_classes=students.age_classes[owner],
        programmes=Tokens(ptr_of(named), rng.choice(PROGRAMMES, int(named.sum()), p=skewed(PROGRAMMES, 0.6))),
        occupations=Prefixes(ptr_of(wished), code, rng.choice([2, 3, 4], total)),
        lat=students.lat[owner],
        lon=students.lon[owner],
        radius_km=radius,
    )
