"""Errors raised by the candidate index."""


class CandidateError(ValueError):
    """Columns, weights or a change that the candidate index cannot accept; the message names the column."""


class UnknownIdError(KeyError):
    """The student or offer asked for is not in the index."""
