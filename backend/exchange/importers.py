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
    """Folded code and both names of reference rows -> code.

    A name that a row shares with its successor means the newest of them ("Industritekniska programmet" is IN25, not
    IN). Names that rows share without being one line are left out.
    """
    found = list(rows)
    codes = {fold(row.pk): row.pk for row in found}
    successors = {row.pk: getattr(row, "successor_id", None) for row in found}
    names: dict[str, set[str]] = {}
    for row in found:
        for name in {row.name_sv, row.name_en} - {""}:
            names.setdefault(fold(name), set()).add(row.pk)
    newest = {name: [pk for pk in pks if successors[pk] not in pks] for name, pks in names.items()}
    return {name: pks[0] for name, pks in newest.items() if len(pks) == 1} | codes
