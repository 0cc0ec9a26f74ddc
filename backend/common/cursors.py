"""Pages of a list by cursor: the next page starts after the last row, so nothing is skipped while rows come and go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from django.core import signing
from django.db.models import Model, Q, QuerySet

M = TypeVar("M", bound=Model)
SALT = "cursor"


@dataclass(frozen=True)
class Page:
    """rows: of this page. next_cursor: "" on the last page."""

    rows: list[Any]
    next_cursor: str


def page_of(queryset: "QuerySet[M]", keys: Sequence[str], cursor: str, *, size: int = 25) -> Page:
    """One page of the queryset ordered by `keys` ("-key" descends). The last key must be unique, no key may be null.

    A cursor that is not ours, or was made for another order, starts from the beginning.
    """
    ordered = queryset.order_by(*keys)
    values = _read(cursor, keys)
    if values is not None:
        ordered = ordered.filter(_after(keys, values))
    rows: list[Any] = list(ordered[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return Page(rows, _write(rows[-1], keys) if more else "")


def is_cursor(cursor: str, keys: Sequence[str]) -> bool:
    """Whether the cursor is ours and was made for this order, for those who answer a wrong one with an error."""
    return _read(cursor, keys) is not None


def _after(keys: Sequence[str], values: Sequence[Any]) -> Q:
    found, equal = Q(), Q()
    for key, value in zip(keys, values, strict=True):
        name = key.lstrip("-")
        found |= equal & Q(**{f"{name}__{'lt' if key.startswith('-') else 'gt'}": value})
        equal &= Q(**{name: value})
    return found


def _write(row: Any, keys: Sequence[str]) -> str:
    values = []
    for key in keys:
        value = row
        for part in key.lstrip("-").split("__"):
            value = getattr(value, part)
        values.append(value.isoformat() if isinstance(value, date | datetime) else value)
    return signing.dumps([list(keys), values], salt=SALT)


def _read(cursor: str, keys: Sequence[str]) -> list[Any] | None:
    if not cursor:
        return None
    try:
        known, values = signing.loads(cursor, salt=SALT)
    except (signing.BadSignature, ValueError):
        return None
    return list(values) if known == list(keys) else None
