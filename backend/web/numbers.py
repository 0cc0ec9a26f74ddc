"""Numbers and moments that arrive in forms which are read by hand: ids in buttons, lists and hidden fields."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from django.utils.dateparse import parse_datetime

LONGEST = 18
"""Digits. What is longer is no id: PostgreSQL's largest has 19."""


def number_in(text: str) -> int | None:
    """The whole number; None for everything else that somebody can send: signs, "²", other alphabets' digits, 5,000
    nines."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST else None


def numbers_in(texts: Iterable[str]) -> list[int]:
    """Those that are numbers, in their order; what is none is left out."""
    return [number for text in texts if (number := number_in(text)) is not None]


def moment_in(text: str) -> datetime | None:
    """The moment that `isoformat` wrote; None for everything else."""
    with suppress(ValueError):
        return parse_datetime(text)
    return None
