"""Candidates both ways: students for an offer, offers for a student, alerts for an offer."""

from matching.candidates.columns import AlertColumns, AlertRow, OfferColumns, OfferRow, StudentColumns, StudentRow
from matching.candidates.errors import CandidateError, UnknownIdError
from matching.candidates.index import CandidateIndex
from matching.candidates.ragged import Intervals, Periods, Prefixes, Tokens
from matching.candidates.reasons import Reason
from matching.candidates.results import AlertHit, AlertHits, Suggestion, Suggestions
from matching.candidates.weights import Weights

__all__ = [
    "AlertColumns",
    "AlertHit",
    "AlertHits",
    "AlertRow",
    "CandidateError",
    "CandidateIndex",
    "Intervals",
    "OfferColumns",
    "OfferRow",
    "Periods",
    "Prefixes",
    "Reason",
    "StudentColumns",
    "StudentRow",
    "Suggestion",
    "Suggestions",
    "Tokens",
    "UnknownIdError",
    "Weights",
]
