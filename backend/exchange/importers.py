"""What every kind of import has: its fields, and how one row is applied."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from backend.exchange.fields import ImportField
from backend.exchange.models import ImportJob
from backend.reference.models.mixins import fold


@dataclass(frozen=True)
class Applied:
    """outcome: created, updated or unchanged. made: model name -> id of what an undo takes away again."""

    outcome: str
    made: Mapping[str, int] = field(default_factory=dict)


class Importer(ABC):
    """Made once per pass over a file, so that it may look things up beforehand and remember earlier rows."""

    fields: ClassVar[Sequence[ImportField]]
    columns: ClassVar[Mapping[str, str]] = {}

    def __init__(self, job: ImportJob) -> None:
        self.job = job

    def problem_of_file(self) -> Any:
        """A sentence when no row can be imported at all, else None."""
        return None

    def column_of(self, field: str) -> str:
        """The import's field that a command's error field belongs to; "" for the whole row."""
        name = self.columns.get(field, field)
        return name if any(each.name == name for each in self.fields) else ""

    @abstractmethod
    def apply(self, cells: Mapping[str, str], line: int) -> Applied:
        """Imports one row inside the caller's transaction. Raises RowProblems, DomainError."""

    @classmethod
    @abstractmethod
    def known_values(cls) -> Iterable[tuple[str, str, str]]:
        """Lists for the template: kind, code, name."""


def names_to_codes(rows: Iterable[Any]) -> dict[str, str]:
    """Folded code and both names of reference rows -> code. Names that several rows share are left out."""
    codes = {fold(row.pk): row.pk for row in rows}
    names: dict[str, set[str]] = {}
    for row in rows:
        for name in {row.name_sv, row.name_en} - {""}:
            names.setdefault(fold(name), set()).add(row.pk)
    return {name: next(iter(found)) for name, found in names.items() if len(found) == 1} | codes
