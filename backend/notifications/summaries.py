"""What waits for a person, gathered by role: the employer's unanswered applicants, the coordinator's queues.

An app registers its part; the digest of the morning asks each part who has something waiting, and what it is when the
mail is made. So a summary never says more than is true at that moment, and nobody gets an empty one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.functional import Promise

if TYPE_CHECKING:
    from backend.accounts.models import User

MOST_LINES = 10


@dataclass(frozen=True)
class Line:
    """One thing that waits. link: a path of this site. note: since when, or how many."""

    title: str
    link: str
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with its lines, most urgent first; more: how many are left out."""

    title: str
    lines: list[Line]
    more: int = 0


@dataclass(frozen=True)
class Summary:
    """One role's part of the morning.

    people(): ids of the users for whom something waits now; a constant number of queries.
    sections(user): what it is, in the language active when it is called; empty when all has been done meanwhile.
    concerns(user): whether the role is the user's at all: who may choose how often the summary comes.
    """

    name: str
    people: Callable[[], set[int]]
    sections: Callable[["User"], list[Section]]
    concerns: Callable[["User"], bool]


_summaries: dict[str, Summary] = {}


def register(summary: Summary) -> Summary:
    _summaries[summary.name] = summary
    return summary


def registered() -> list[Summary]:
    return [_summaries[name] for name in sorted(_summaries)]


def has_summary(user: "User") -> bool:
    return any(summary.concerns(user) for summary in registered())


def people_with_something() -> set[int]:
    """Everybody for whom something waits, of any role."""
    found: set[int] = set()
    for summary in registered():
        found |= summary.people()
    return found


def sections_for(user: "User") -> list[Section]:
    """All parts that concern the user and are not empty."""
    return [
        section
        for summary in registered()
        if summary.concerns(user)
        for section in summary.sections(user)
        if section.lines
    ]


def section(title: "str | Promise", lines: list[Line], total: int) -> Section:
    """A section with at most MOST_LINES lines of `total`."""
    shown = lines[:MOST_LINES]
    return Section(str(title), shown, max(0, total - len(shown)))
