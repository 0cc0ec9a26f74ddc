"""What a list as a file is: columns, rows, who may have them, and what it can be narrowed to, as data."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar

from django.db.models import Model

from backend.accounts.models import User
from backend.exchange.tables import Column
from backend.tokens.enums import Scope

Row = TypeVar("Row")
Filters = Mapping[str, str]
MANY_VALUES = ","
MOST_VALUES = 20
LONGEST_VALUE = 400


@dataclass(frozen=True)
class Filter:
    """takes(user, value, organisation id or None): whether the value means something to the person.

    many: several values with commas between. is_needed: there is no list without it; it names whose rows are told.
    """

    takes: Callable[[User, str, int | None], bool]
    many: bool = False
    is_needed: bool = False

    def accepts(self, user: User, text: str, only: int | None) -> bool:
        values = text.split(MANY_VALUES) if self.many else [text]
        return len(values) <= MOST_VALUES and all(value and self.takes(user, value, only) for value in values)


@dataclass(frozen=True)
class ListExport(Generic[Row]):
    """One list.

    name: in the API. file_name: without ending. rows(person, filters, organisation id or None for all of the person's):
    what cannot be had raises NotFound or NotAllowed, as on the page; a value that means nothing narrows nothing.
    may(person): whether the list is open to them. scope: what a token needs to hold besides `exports:read`, which
    suffices where nobody's own stands in it; None = no token has it. is_organisational: an organisation's token may have
    it, with that organisation's rows. is_personal: other people stand in it, so that taking it is logged with the number
    of rows.
    """

    name: str
    file_name: str
    columns: Sequence[Column[Row]]
    rows: Callable[[User, Filters, int | None], Iterable[Row]]
    may: Callable[[User], bool]
    scope: Scope | None
    is_organisational: bool = False
    is_personal: bool = True
    filters: Mapping[str, Filter] = field(default_factory=dict)

    def missing(self, given: Filters) -> list[str]:
        """The filters it cannot be without that are not given."""
        return [name for name, each in self.filters.items() if each.is_needed and not given.get(name)]

    def refused(self, user: User, given: Filters, only: int | None) -> list[str]:
        """The names that are no filters of it, or whose values mean nothing to the person."""
        return sorted(
            name
            for name, text in given.items()
            if name not in self.filters or not self.filters[name].accepts(user, text, only)
        )

    def called(self, given: Filters) -> str:
        """The name of the file, with the ids that say whose it is."""
        return "-".join([self.file_name, *(given[name] for name, each in self.filters.items() if each.is_needed)])


def one_of(values: Iterable[str], *, many: bool = False) -> Filter:
    known = frozenset(values)
    return Filter(lambda _user, value, _only: value in known, many=many)


def code_of(model: type[Model], *, many: bool = False) -> Filter:
    """The code of a row of a reference table."""
    return Filter(lambda _user, value, _only: _exists(model, value), many=many)


def _exists(model: type[Model], value: str) -> bool:
    return "\0" not in value and model._default_manager.filter(pk=value).exists()


def words(longest: int) -> Filter:
    return Filter(lambda _user, value, _only: len(value) <= longest and "\0" not in value)


def months() -> Filter:
    """Such as 2027-01."""
    return Filter(lambda _user, value, _only: _is_month(value), many=True)


def _is_month(value: str) -> bool:
    try:
        date.fromisoformat(f"{value}-01")
    except ValueError:
        return False
    return len(value) == len("2027-01")


def row_of(find: Callable[[User, int, int | None], Any]) -> Filter:
    """The id of a row, needed. find(user, id, organisation id or None): something when the person may have its list."""
    return Filter(
        lambda user, value, only: (
            value.isascii() and value.isdigit() and len(value) < 19 and bool(find(user, int(value), only))
        ),
        is_needed=True,
    )
