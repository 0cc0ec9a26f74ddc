"""Matching of students to offers: stable and optimal, certified and explained. See README.md in this folder.

Names are imported on first use, so that importing the package costs little more than NumPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matching.assignment import Assignment, OptimalCertificate, StableCertificate
    from matching.builder import MarketBuilder
    from matching.candidates import CandidateIndex
    from matching.errors import MarketErrors, MatchingError, MissingExtra, Problem, SolverFailed, UnsupportedCombination
    from matching.explain import Reason
    from matching.lottery import Lottery
    from matching.market import Market
    from matching.metrics import Comparison, Metrics, compare
    from matching.optimal import optimal_assign
    from matching.quotas import lower_quotas
    from matching.stable import solve_stable
    from matching.verification import BlockingPair, Report, Violation, verify

_HOME = {
    "Assignment": "assignment",
    "BlockingPair": "verification",
    "CandidateIndex": "candidates",
    "Comparison": "metrics",
    "Lottery": "lottery",
    "Market": "market",
    "MarketBuilder": "builder",
    "MarketErrors": "errors",
    "MatchingError": "errors",
    "Metrics": "metrics",
    "MissingExtra": "errors",
    "OptimalCertificate": "assignment",
    "Problem": "errors",
    "Reason": "explain",
    "Report": "verification",
    "SolverFailed": "errors",
    "StableCertificate": "assignment",
    "UnsupportedCombination": "errors",
    "Violation": "verification",
    "compare": "metrics",
    "lower_quotas": "quotas",
    "optimal_assign": "optimal",
    "solve_stable": "stable",
    "verify": "verification",
}

__all__ = [
    "Assignment",
    "BlockingPair",
    "CandidateIndex",
    "Comparison",
    "Lottery",
    "Market",
    "MarketBuilder",
    "MarketErrors",
    "MatchingError",
    "Metrics",
    "MissingExtra",
    "OptimalCertificate",
    "Problem",
    "Reason",
    "Report",
    "SolverFailed",
    "StableCertificate",
    "UnsupportedCombination",
    "Violation",
    "compare",
    "lower_quotas",
    "optimal_assign",
    "solve_stable",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'matching' has no attribute {name!r}")
    value = getattr(import_module(f"matching.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
