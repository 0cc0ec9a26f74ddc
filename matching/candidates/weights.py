"""Weights of the soft scores: data, so that a municipality can tune them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from matching.candidates.errors import CandidateError


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each fit counts. Every fit lies in 0..1 and the score is the sum of weight times fit.

    skills: shared skills, full at `skills_enough` of them (or all of the offer's, where it names fewer).
    occupation: closest wished occupation; `occupation_fit[d]` is the fit at `d` shared leading SSYK digits (0-4).
    interests: shared interests, full at `interests_enough`.
    distance: `half_km / (half_km + km)`; 1 for a remote offer, 0 where a position is unknown.
    period: share of the days of the best free period on which the student is available.
    min_period_share: below this share a period does not fit at all (a hard rule, in 0..1, above 0).
    """

    skills: float = 0.30
    occupation: float = 0.25
    interests: float = 0.15
    distance: float = 0.20
    period: float = 0.10
    skills_enough: int = 3
    interests_enough: int = 2
    occupation_fit: tuple[float, float, float, float, float] = (0.0, 0.1, 0.4, 0.7, 1.0)
    half_km: float = 20.0
    min_period_share: float = 0.5

    def __post_init__(self) -> None:
        for name in ("skills", "occupation", "interests", "distance", "period"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise CandidateError(f"weights.{name} must be a finite number, 0 or more")
        if self.skills_enough < 1 or self.interests_enough < 1:
            raise CandidateError("weights.skills_enough and interests_enough must be at least 1")
        if len(self.occupation_fit) != 5 or not all(0 <= fit <= 1 for fit in self.occupation_fit):
            raise CandidateError("weights.occupation_fit needs five numbers in 0..1")
        if not (math.isfinite(self.half_km) and self.half_km > 0):
            raise CandidateError("weights.half_km must be above 0")
        if not 0 < self.min_period_share <= 1:
            raise CandidateError("weights.min_period_share must be above 0 and at most 1")
