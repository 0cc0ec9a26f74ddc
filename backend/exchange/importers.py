"""What every kind of import has: its fields, and how one row is applied."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, ClassVar

from django.conf import settings
from django.utils import translation

from backend.common.errors import DomainError
from backend.exchange.fields import ImportField
from backend.exchange.models import ImportJob
from backend.reference.languages import LANGUAGES
from backend.reference.models.mixins import fold


@dataclass(frozen=True)
class Applied:
    """outcome: created, updated or unchanged. made: model name -> id of what an undo takes away again; an importer may add
    to it until the end of the pass.
    """

    outcome: str
    made: dict[str, int] = field(default_factory=dict)


class Turn(Enum):
    """When a row is applied: with others by `apply_collected`; at once; or at once after those that wait."""

    WITH_OTHERS = auto()
    AT_ONCE = auto()
    AFTER_OTHERS = auto()


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

    def collect(self, cells: Mapping[str, str], line: int) -> Turn:
        """When the row is applied: several at once cost less. Raises RowProblems."""
        return Turn.AFTER_OTHERS

    def apply_collected(self) -> dict[int, Applied | DomainError]:
        """Imports the rows that wait inside the caller's transaction. line -> what became of it."""
        return {}

    @abstractmethod
    def apply(self, cells: Mapping[str, str], line: int) -> Applied:
        """Imports one row inside the caller's transaction. Raises RowProblems, DomainError."""

    def finish(self, *, is_complete: bool) -> dict[str, Any]:
        """After the last row, when one at least is right. is_complete: none is faulty, so that what the file does not name is
        missing in it. Returns what the job's options keep of it, plain values.
        """
        return {}

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


FORM_ALIASES = {
    "apl": ("arbetsplatsförlagt lärande", "apl-plats", "apl-platser"),
    "feriejobb": ("feriepraktik", "ferieplats", "ferieplatser", "sommarjobb", "feriearbete", "holiday work"),
    "larling": ("lärling", "lärlingsplats", "lärlingsplatser", "gymnasielärling", "apprentice", "apprenticeship"),
    "larlingsvux": ("vuxenlärling", "lärlingsvux"),
    "prao": ("prao-plats", "praoplats", "praktisk arbetslivsorientering", "pryo"),
    "lia": ("lärande i arbete", "lia-plats"),
    "praktik": ("praktikplats", "praktikplatser", "internships"),
    "exjobb": ("exjobb", "examensjobb", "uppsats", "thesis"),
}


def language_codes() -> dict[str, str]:
    """Codes, and the languages' names in every language of the service -> code."""
    names = {code: code for code in LANGUAGES}
    for active, _name in settings.LANGUAGES:
        with translation.override(active):
            names |= {fold(str(label)): code for code, label in LANGUAGES.items()}
    return names


def form_codes(rows: Iterable[Any]) -> dict[str, str]:
    """What people call the kinds of place -> code; beside the names of the reference table."""
    found = list(rows)
    present = {row.pk for row in found}
    aliases = {fold(alias): code for code, names in FORM_ALIASES.items() if code in present for alias in names}
    return aliases | names_to_codes(found)


PROGRAMME_ENDINGS = ("sprogrammet", "programmet", "sutbildningen", "utbildningen", " programme")
# A study path is the programme's code and the orientation's, with a variant at times: INPRO, BA25BYG, NANAT0S.
ORIENTATION = re.compile(r"^[A-ZÅÄÖ]{2,4}[0-9A-Z]{0,3}$")


class ProgrammeCodes(dict[str, str]):
    """Codes, names, names without "programmet", and study path codes -> code of the programme."""

    def __init__(self, rows: Iterable[Any]) -> None:
        found = list(rows)
        super().__init__()
        exact = names_to_codes(found)
        for name, code in exact.items():
            for ending in PROGRAMME_ENDINGS:
                if name.endswith(ending) and len(name) > len(ending):
                    self.setdefault(name.removesuffix(ending).strip(), code)
        self.update(exact)
        self.codes = sorted((row.pk for row in found), key=len, reverse=True)

    def of_study_path(self, text: str) -> str | None:
        """The programme of a study path, which is written in capitals ("Ingen" is not one of IN)."""
        return next(
            (each for each in self.codes if text.startswith(each) and ORIENTATION.match(text.removeprefix(each))), None
        )
