"""The soft score, one formula for both directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.candidates.ragged import F64, I64, Mask
from matching.candidates.weights import Weights


@dataclass(frozen=True, eq=False, slots=True)
class Parts:
    """Weight times fit for each candidate, and their sum."""

    skills: F64
    occupation: F64
    interests: F64
    distance: F64
    period: F64
    score: F64


def weigh(
    weights: Weights,
    *,
    skills: tuple[I64, I64 | int],
    digits: I64,
    interests: tuple[I64, I64 | int],
    km: F64,
    remote: bool | Mask,
    share: F64,
) -> Parts:
    """Score candidates.

    skills, interests: (shared, named by the offer). km: NaN where unknown. remote: of the offer or the
    offers. The order of the operations is part of the contract: equal input gives equal bits.
    """
    near = weights.half_km / (weights.half_km + km)
    fit_distance = np.where(remote, 1.0, np.where(np.isnan(km), 0.0, near))
    part_skills = weights.skills * _enough(skills[0], skills[1], weights.skills_enough)
    part_occupation = weights.occupation * np.asarray(weights.occupation_fit)[digits]
    part_interests = weights.interests * _enough(interests[0], interests[1], weights.interests_enough)
    part_distance = weights.distance * fit_distance
    part_period = weights.period * share
    return Parts(
        part_skills,
        part_occupation,
        part_interests,
        part_distance,
        part_period,
        part_skills + part_occupation + part_interests + part_distance + part_period,
    )


def _enough(shared: I64, named: I64 | int, enough: int) -> F64:
    needed = np.minimum(named, enough)
    fit: F64 = np.minimum(shared, needed) / np.maximum(needed, 1)
    return fit
