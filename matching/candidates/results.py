"""What the index hands back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from matching.candidates.ragged import F64, I64, Mask, Ragged, Tokens


def best(score: F64, ids: I64, k: int, rows: I64 | None = None) -> I64:
    """Places of the `k` best scores: highest first, equal ones by ascending id.

    The id of place `p` is `ids[p]`, or `ids[rows[p]]` where `rows` is given: ids are looked up only where they matter.
    """
    count = len(score)
    if k == 0:
        return np.zeros(0, np.int64)

    def ids_of(places: I64) -> I64:
        return ids[places if rows is None else rows[places]]

    if count > k:
        edge = np.partition(score, count - k)[count - k]
        sure, tied = np.flatnonzero(score > edge), np.flatnonzero(score == edge)
        missing = k - len(sure)
        if len(tied) > missing:
            tied = tied[np.argpartition(ids_of(tied), missing - 1)[:missing]]
        picked = np.concatenate([sure, tied])
    else:
        picked = np.arange(count)
    return picked[np.lexsort((ids_of(picked), -score[picked]))].astype(np.int64)


@dataclass(frozen=True, eq=False)
class _Result:
    ids: I64
    scores: F64

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: I64) -> Self:
        """The given rows, in the given order."""
        cut: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            cut[field.name] = value.take(rows) if isinstance(value, Ragged) else value[rows]
        return type(self)(**cut)

    @classmethod
    def merged(cls, blocks: Sequence[Self], k: int) -> Self:
        """The `k` best rows of several results."""
        if len(blocks) == 1:
            return blocks[0]
        joined: dict[str, Any] = {}
        for field in fields(cls):
            values = [getattr(block, field.name) for block in blocks]
            joined[field.name] = (
                type(values[0]).concat(values) if isinstance(values[0], Ragged) else np.concatenate(values)
            )
        whole = cls(**joined)
        return whole.take(best(whole.scores, whole.ids, k))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One row of `Suggestions` in plain Python values; `km` is None for a remote offer or an unknown position."""

    id: int
    score: float
    parts: dict[str, float]
    km: float | None
    shared_digits: int
    skills: tuple[int, ...]
    interests: tuple[int, ...]
    period: int
    period_start: int
    period_end: int
    period_share: float


@dataclass(frozen=True, eq=False)
class Suggestions(_Result):
    """Ranked candidates: score descending, then id ascending. All columns have one row per candidate.

    skills, occupation, interests, distance, period: float64, weight times fit; their sum in this order is the score.
    km: great-circle kilometres, NaN for a remote offer or an unknown position. shared_digits: SSYK digits (0-4) shared
    with the closest wish. matched_skills, matched_interests: tokens that both sides name, ascending. period_index: place
    of the best period in the offer's list as given; period_start, period_end its days; period_share the share of its
    days on which the student is available.
    """

    skills: F64
    occupation: F64
    interests: F64
    distance: F64
    period: F64
    km: F64
    shared_digits: I64
    matched_skills: Tokens
    matched_interests: Tokens
    period_index: I64
    period_start: I64
    period_end: I64
    period_share: F64

    @property
    def parts(self) -> dict[str, F64]:
        """The parts of the score by name, in the order in which they are added."""
        return {
            "skills": self.skills,
            "occupation": self.occupation,
            "interests": self.interests,
            "distance": self.distance,
            "period": self.period,
        }

    def __iter__(self) -> Iterator[Suggestion]:
        parts = self.parts
        for row in range(len(self)):
            skills = self.matched_skills.values[self.matched_skills.ptr[row] : self.matched_skills.ptr[row + 1]]
            interests = self.matched_interests.values[
                self.matched_interests.ptr[row] : self.matched_interests.ptr[row + 1]
            ]
            km = float(self.km[row])
            yield Suggestion(
                id=int(self.ids[row]),
                score=float(self.scores[row]),
                parts={name: float(column[row]) for name, column in parts.items()},
                km=None if np.isnan(km) else km,
                shared_digits=int(self.shared_digits[row]),
                skills=tuple(skills.tolist()),
                interests=tuple(interests.tolist()),
                period=int(self.period_index[row]),
                period_start=int(self.period_start[row]),
                period_end=int(self.period_end[row]),
                period_share=float(self.period_share[row]),
            )


@dataclass(frozen=True, slots=True)
class AlertHit:
    """One row of `AlertHits` in plain Python values."""

    id: int
    owner: int
    score: float
    criteria: tuple[str, ...]
    km: float | None


@dataclass(frozen=True, eq=False)
class AlertHits(_Result):
    """Alerts that an offer answers: those with most criteria first, then id ascending.

    scores: number of criteria that the alert states (all of them are met). form, programme, occupation, distance: bool,
    whether the alert states that criterion. owners: int64. km: kilometres from the centre, NaN where none is measured.
    """

    owners: I64
    form: Mask
    programme: Mask
    occupation: Mask
    distance: Mask
    km: F64

    @property
    def parts(self) -> dict[str, Mask]:
        """The stated criteria by name; each counts 1 in the score."""
        return {
            "form": self.form,
            "programme": self.programme,
            "occupation": self.occupation,
            "distance": self.distance,
        }

    def __iter__(self) -> Iterator[AlertHit]:
        parts = self.parts
        for row in range(len(self)):
            km = float(self.km[row])
            yield AlertHit(
                id=int(self.ids[row]),
                owner=int(self.owners[row]),
                score=float(self.scores[row]),
                criteria=tuple(name for name, column in parts.items() if column[row]),
                km=None if np.isnan(km) else km,
            )
