"""Errors of the package, and the typed problems that a market can have.

A market is checked as a whole: :class:`MarketErrors` carries every problem found, each with the place it was found
at, so that whoever sends a file of 5,000 lines corrects it once and not 40 times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Place = Literal["student", "offer", "region", "pair", "array"]
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Location:
    """Where a problem is: a student, an offer, a region, a pair or an array, and the position inside it if any.

    ``key`` is the identifier given by the caller, or the index where the market was given as arrays.
    """

    place: Place
    key: str | int
    position: int | None = None

    def __str__(self) -> str:
        where = f"{self.place} {self.key!r}"
        return where if self.position is None else f"{where}, position {self.position}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Base of everything that can be wrong with a market."""

    location: Location

    @property
    def message(self) -> str:
        return "is not valid"

    def __str__(self) -> str:
        return f"{self.location}: {self.message}"


@dataclass(frozen=True, slots=True)
class UnknownId(Problem):
    """A name or an index that nothing in the market has."""

    what: Place
    value: str | int

    @property
    def message(self) -> str:
        return f"there is no {self.what} {self.value!r}"


@dataclass(frozen=True, slots=True)
class DuplicateId(Problem):
    """The same identifier was declared twice on the same side of the market."""

    @property
    def message(self) -> str:
        return "is declared twice"


@dataclass(frozen=True, slots=True)
class DuplicateChoice(Problem):
    """A list names the same offer (or a ranking the same student) twice."""

    value: str | int

    @property
    def message(self) -> str:
        return f"{self.value!r} is listed twice"


@dataclass(frozen=True, slots=True)
class NegativeCapacity(Problem):
    """A number of seats, a cap, a reserve or a target below zero."""

    name: str
    value: int

    @property
    def message(self) -> str:
        return f"{self.name} is {self.value}, which is below zero"


@dataclass(frozen=True, slots=True)
class RegionOutsideTree(Problem):
    """A region whose parents do not lead to a root: a parent that is missing, or a circle."""

    parent: str | int
    circular: bool

    @property
    def message(self) -> str:
        return f"its parents go in a circle through {self.parent!r}" if self.circular else f"no parent {self.parent!r}"


@dataclass(frozen=True, slots=True)
class ReserveTooLarge(Problem):
    """Reserved seats that together exceed the capacity of the offer."""

    reserved: int
    capacity: int

    @property
    def message(self) -> str:
        return f"reserves {self.reserved} of {self.capacity} seats"


@dataclass(frozen=True, slots=True)
class LengthMismatch(Problem):
    """Arrays or lists that belong together but differ in length."""

    expected: int
    found: int

    @property
    def message(self) -> str:
        return f"has length {self.found}, expected {self.expected}"


@dataclass(frozen=True, slots=True)
class DtypeOverflow(Problem):
    """Values that the integer type of the array, or of the solver, cannot hold."""

    dtype: str
    value: int | float

    @property
    def message(self) -> str:
        return f"{self.value} does not fit in {self.dtype}"


@dataclass(frozen=True, slots=True)
class InvalidValue(Problem):
    """A value of the wrong kind, such as a text where a list is expected."""

    reason: str

    @property
    def message(self) -> str:
        return self.reason


class MatchingError(Exception):
    """Base of every error the package raises on purpose."""


class MarketErrors(MatchingError):
    """Everything that is wrong with a market, in the order it was found (``problems``)."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: list[Problem] = list(problems)
        shown = "\n".join(f"- {problem}" for problem in self.problems[:_SHOWN])
        left = len(self.problems) - _SHOWN
        more = f"\n- and {left} more" if left > 0 else ""
        super().__init__(f"{len(self.problems)} problem(s) in the market:\n{shown}{more}")


class UnsupportedCombination(MatchingError):
    """Two features that have no joint definition here were asked for together."""


class MissingExtra(MatchingError, ImportError):
    """A solver is not installed; ``package`` names what to install."""

    def __init__(self, package: str) -> None:
        self.package = package
        super().__init__(f"this needs {package}: install it with `pip install {package}`")


class SolverFailed(MatchingError):
    """An external solver stopped without an answer that can be used."""
