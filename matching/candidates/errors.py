"""Errors raised by the candidate index."""

from matching.errors import MatchingError


class CandidateError(MatchingError, ValueError):
    """Columns, weights or a change that the candidate index cannot accept; the message names the column."""


class UnknownIdError(MatchingError, KeyError):
    """The student or offer asked for is not in the index."""
