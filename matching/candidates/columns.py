"""What goes into the index: one block of columns each for students, offers and alerts.

The backend fills them from PostgreSQL; the row classes serve small changes, where convenience beats speed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matching.candidates import geo
from matching.candidates.errors import CandidateError
from matching.candidates.ragged import (
    F64,
    I64,
    Intervals,
    Mask,
    Periods,
    Prefixes,
    Ragged,
    Tokens,
    as_int64,
    check_occupations,
)

U64 = NDArray[np.uint64]

AGE_CLASSES = 4
MAX_FORM = 63
# The token of a student whose programme nobody has stated.
UNKNOWN_PROGRAMME = -2


def as_bits(values: ArrayLike, name: str) -> U64:
    """One-dimensional uint64 bit sets. Signed input keeps its bits, since PostgreSQL's bigint has no unsigned form."""
    array = np.asarray(values)
    if array.size == 0:
        return np.zeros(0, np.uint64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise CandidateError(f"{name}: expected whole numbers in one dimension")
    if array.dtype.kind == "u":
        return np.ascontiguousarray(array, dtype=np.uint64)
    return np.ascontiguousarray(array, dtype=np.int64).view(np.uint64)


def as_float(values: ArrayLike, name: str) -> F64:
    """One-dimensional float64."""
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iuf"):
        raise CandidateError(f"{name}: expected numbers in one dimension")
    return np.ascontiguousarray(array, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Columns:
    """Base of the three blocks: `id` int64[n], unique in any order; every other column has n rows."""

    id: I64

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            name = f"{type(self).__name__}.{field.name}"
            if not isinstance(value, Ragged):
                value = _convert(str(field.type), value, name)
                object.__setattr__(self, field.name, value)
            if len(value) != len(self.id):
                raise CandidateError(f"{name}: {len(value)} rows, id has {len(self.id)}")
        if len(np.unique(self.id)) != len(self.id):
            raise CandidateError(f"{type(self).__name__}.id: ids must be unique")
        self._check()

    def _check(self) -> None:
        """Checks of one kind of block."""

    def __len__(self) -> int:
        return len(self.id)

    def take(self, rows: I64) -> Self:
        """The given rows, in the given order."""
        cut: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            cut[field.name] = value.take(rows) if isinstance(value, Ragged) else value[rows]
        return type(self)(**cut)

    @classmethod
    def concat(cls, blocks: Sequence[Self]) -> Self:
        """All rows of all blocks, one after the other."""
        joined: dict[str, Any] = {}
        for field in fields(cls):
            values = [getattr(block, field.name) for block in blocks]
            joined[field.name] = (
                type(values[0]).concat(values) if isinstance(values[0], Ragged) else np.concatenate(values)
            )
        return cls(**joined)

    def _check_ages(self, ages: I64) -> None:
        if bool(((ages < 0) | (ages >= 1 << AGE_CLASSES)).any()):
            raise CandidateError(f"{type(self).__name__}.age_classes: a bit set of {AGE_CLASSES} age classes")

    def _check_programmes(self, programmes: Tokens) -> None:
        if bool((programmes.values < 0).any()):
            raise CandidateError(f"{type(self).__name__}.programmes: tokens are 0 or more")

    def _check_limit(self, limit: F64, name: str) -> None:
        if bool((np.isnan(limit) | (limit < 0)).any()):
            raise CandidateError(f"{type(self).__name__}.{name}: needs 0 or more, infinity for no limit")


def _convert(kind: str, value: ArrayLike, name: str) -> I64 | U64 | F64 | Mask:
    if kind == "I64":
        return as_int64(value, name)
    if kind == "U64":
        return as_bits(value, name)
    if kind == "F64":
        return as_float(value, name)
    array = np.asarray(value)
    if array.ndim != 1 or (array.size and array.dtype.kind != "b"):
        raise CandidateError(f"{name}: expected booleans in one dimension")
    return array.astype(np.bool_)


@dataclass(frozen=True, slots=True)
class StudentRow:
    """One student; the fields are those of `StudentColumns`."""

    id: int
    forms: int
    age_classes: int
    programme: int = -1
    lat: float = math.nan
    lon: float = math.nan
    max_km: float = math.inf
    availability: Sequence[tuple[int, int]] = ()
    occupations: Sequence[int] = ()
    skills: Sequence[int] = ()
    interests: Sequence[int] = ()
    languages: int = 0


@dataclass(frozen=True, eq=False)
class StudentColumns(Columns):
    """Students who may be suggested. Leave out anyone who may not be seen (protected identity, placed, paused).

    forms: uint64 bit set of accepted placement forms (bit number = form code 0-63).
    age_classes: bit set of the age classes the student is in on some day that counts (bit 0 under 13, 1 older child,
    2 ungdom, 3 adult); one bit where the class stays the same. Whether a single period suits is the caller's to ask.
    programme: a token, -1 for none, -2 for one that is not known and rules out nothing.
    lat, lon: degrees, NaN where unknown. max_km: infinity for no limit.
    availability: day intervals, both ends included; no interval = has not said, taken as always available.
    occupations: wished SSYK level 4 codes. skills, interests: tokens. languages: uint64 bit set.
    """

    forms: U64
    age_classes: I64
    programme: I64
    lat: F64
    lon: F64
    max_km: F64
    availability: Intervals
    occupations: Tokens
    skills: Tokens
    interests: Tokens
    languages: U64

    def _check(self) -> None:
        self._check_ages(self.age_classes)
        self._check_limit(self.max_km, "max_km")
        geo.check_degrees(type(self).__name__, self.lat, self.lon)
        check_occupations("StudentColumns.occupations", self.occupations.values)
        if bool((self.programme < UNKNOWN_PROGRAMME).any()):
            raise CandidateError("StudentColumns.programme: tokens are 0 or more, -1 for none, -2 for not known")

    @classmethod
    def from_rows(cls, rows: Iterable[StudentRow]) -> StudentColumns:
        """From single rows."""
        kept = list(rows)
        return cls(
            id=_ints(row.id for row in kept),
            forms=_bits(row.forms for row in kept),
            age_classes=_ints(row.age_classes for row in kept),
            programme=_ints(row.programme for row in kept),
            lat=_floats(row.lat for row in kept),
            lon=_floats(row.lon for row in kept),
            max_km=_floats(row.max_km for row in kept),
            availability=Intervals.from_lists(row.availability for row in kept),
            occupations=Tokens.from_lists(row.occupations for row in kept),
            skills=Tokens.from_lists(row.skills for row in kept),
            interests=Tokens.from_lists(row.interests for row in kept),
            languages=_bits(row.languages for row in kept),
        )


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One offer; the fields are those of `OfferColumns`, `periods` as (first day, last day, free seats)."""

    id: int
    form: int
    periods: Sequence[tuple[int, int, int]]
    age_classes: int = (1 << AGE_CLASSES) - 1
    programmes: Sequence[int] = ()
    lat: float = math.nan
    lon: float = math.nan
    occupation: int = -1
    skills: Sequence[int] = ()
    interests: Sequence[int] = ()
    languages: int = 0
    remote: bool = False


@dataclass(frozen=True, eq=False)
class OfferColumns(Columns):
    """Published offers.

    form: code 0-63 of the placement form. age_classes: bit set of the age classes that the hazards allow in this form
    (bit number = age class). programmes: tokens accepted, empty = all. lat, lon: degrees, NaN where unknown.
    occupation: SSYK level 4 code, -1 for none. skills: tokens that the place uses or teaches. interests: tokens that
    it speaks to. periods: first day, last day (included), free seats. languages: uint64 bit set of those required.
    remote: distance does not matter.
    """

    form: I64
    age_classes: I64
    programmes: Tokens
    lat: F64
    lon: F64
    occupation: I64
    skills: Tokens
    interests: Tokens
    periods: Periods
    languages: U64
    remote: Mask

    def _check(self) -> None:
        geo.check_degrees(type(self).__name__, self.lat, self.lon)
        self._check_programmes(self.programmes)
        check_occupations("OfferColumns.occupation", np.maximum(self.occupation, 0))
        if bool((self.occupation < -1).any()):
            raise CandidateError("OfferColumns.occupation: -1 means none")
        if bool(((self.form < 0) | (self.form > MAX_FORM)).any()):
            raise CandidateError(f"OfferColumns.form: codes run from 0 to {MAX_FORM}")
        self._check_ages(self.age_classes)

    @classmethod
    def from_rows(cls, rows: Iterable[OfferRow]) -> OfferColumns:
        """From single rows."""
        kept = list(rows)
        return cls(
            id=_ints(row.id for row in kept),
            form=_ints(row.form for row in kept),
            age_classes=_ints(row.age_classes for row in kept),
            programmes=Tokens.from_lists(row.programmes for row in kept),
            lat=_floats(row.lat for row in kept),
            lon=_floats(row.lon for row in kept),
            occupation=_ints(row.occupation for row in kept),
            skills=Tokens.from_lists(row.skills for row in kept),
            interests=Tokens.from_lists(row.interests for row in kept),
            periods=Periods.from_lists(row.periods for row in kept),
            languages=_bits(row.languages for row in kept),
            remote=np.array([row.remote for row in kept], dtype=np.bool_),
        )


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert; the fields are those of `AlertColumns`, `occupations` as (code, digits)."""

    id: int
    owner: int
    forms: int = 0
    age_classes: int = (1 << AGE_CLASSES) - 1
    programmes: Sequence[int] = ()
    occupations: Sequence[tuple[int, int]] = ()
    lat: float = math.nan
    lon: float = math.nan
    radius_km: float = math.inf


@dataclass(frozen=True, eq=False)
class AlertColumns(Columns):
    """Saved searches. A criterion left open (0, empty, infinity) matches everything.

    owner: any key of the backend, handed back in the result. forms: uint64 bit set, 0 = every form.
    age_classes: of the owner where the owner is a student, so that nobody is told of a place forbidden at that age; all of
    them otherwise. programmes: tokens; an offer open to all programmes matches each of them. occupations: SSYK prefixes.
    lat, lon, radius_km: a circle; radius infinity = anywhere, and a finite radius needs a centre.
    """

    owner: I64
    forms: U64
    age_classes: I64
    programmes: Tokens
    occupations: Prefixes
    lat: F64
    lon: F64
    radius_km: F64

    def _check(self) -> None:
        self._check_ages(self.age_classes)
        self._check_limit(self.radius_km, "radius_km")
        geo.check_degrees(type(self).__name__, self.lat, self.lon)
        self._check_programmes(self.programmes)
        if bool((np.isfinite(self.radius_km) & (np.isnan(self.lat) | np.isnan(self.lon))).any()):
            raise CandidateError("AlertColumns: a radius needs a centre")

    @classmethod
    def from_rows(cls, rows: Iterable[AlertRow]) -> AlertColumns:
        """From single rows."""
        kept = list(rows)
        return cls(
            id=_ints(row.id for row in kept),
            owner=_ints(row.owner for row in kept),
            forms=_bits(row.forms for row in kept),
            age_classes=_ints(row.age_classes for row in kept),
            programmes=Tokens.from_lists(row.programmes for row in kept),
            occupations=Prefixes.from_lists(row.occupations for row in kept),
            lat=_floats(row.lat for row in kept),
            lon=_floats(row.lon for row in kept),
            radius_km=_floats(row.radius_km for row in kept),
        )


def _ints(values: Iterable[int]) -> I64:
    return np.fromiter(values, dtype=np.int64)


def _bits(values: Iterable[int]) -> U64:
    return np.fromiter(values, dtype=np.uint64)


def _floats(values: Iterable[float]) -> F64:
    return np.fromiter(values, dtype=np.float64)
