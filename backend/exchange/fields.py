"""What the columns of an import mean: fields with the names people give them, and how their texts become values."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backend.accounts.phones import parse_number
from backend.common import clock
from backend.common.errors import Invalid
from backend.common.text import clean_text
from backend.exchange import dates
from backend.exchange.error_cells import is_error
from backend.exchange.reading import LONGEST_HEADING
from backend.reference.models.mixins import fold
from backend.students.services import OLDEST, YOUNGEST

# Which years two digits may mean in the dates of a period.
PAST_DAYS, FUTURE_DAYS = 2 * 366, 10 * 366
FIRST_SCHOOL_YEAR, LAST_SCHOOL_YEAR = 2000, 2100
TERM = re.compile(r"^(ht|höst(?:terminen)?|vt|vår(?:terminen)?|autumn|spring)[\s.:-]*(\d{4}|\d{2})$", re.IGNORECASE)
SCHOOL_YEARS = re.compile(
    r"^(?:läsår(?:et)?|school year)?\s*(\d{4}|\d{2}(?=\s*[-–/]))(?:\s*[-–/]\s*(\d{4}|\d{2}))?$", re.IGNORECASE
)
Guess = Callable[[str], str | None]
YES = {"ja", "j", "yes", "y", "x", "1", "sant", "true"}
NO = {"nej", "n", "no", "0", "falskt", "false", ""}


@dataclass(frozen=True)
class ImportField:
    """One thing a row can say.

    label, help: for people. aliases: headings it is recognised by beside its label in every language, in any case.
    example: for the template. instead: fields whose columns together make this one's unnecessary.
    """

    name: str
    label: "str | Promise"
    example: str
    aliases: Sequence[str] = ()
    required: bool = False
    help: "str | Promise" = ""
    instead: Sequence[str] = ()


@dataclass
class RowProblems(Exception):
    """What is wrong with a row: pairs of field name ("" = the whole row) and sentence. question: see ImportRow."""

    found: list[tuple[str, Any]] = field(default_factory=list)
    question: dict[str, Any] = field(default_factory=dict)


class BadMapping(Invalid):
    """Columns are missing or taken twice. It names the first field like any refusal; `problems` are all of them."""

    def __init__(self, problems: Sequence[tuple[str, Any]]) -> None:
        name, message = problems[0]
        super().__init__("import.bad_mapping", message, field=name, data={"fields": len(problems)})
        self.problems = list(problems)


def normal(heading: str) -> str:
    return re.sub(r"[^a-z0-9]", "", fold(heading))


def names_of(each: ImportField) -> set[str]:
    """The headings it is recognised by: the page's language is not the file's."""
    labels = set()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            labels.add(str(each.label))
    return {normal(name) for name in (each.name, *labels, *each.aliases)}


def recogniser(fields: Sequence[ImportField]) -> Callable[[Sequence[str]], int]:
    """How many of a row's cells are headings of the fields; see reading.read_sheet."""
    known = set().union(*(names_of(each) for each in fields))
    return lambda cells: sum(1 for name in {normal(cell[:LONGEST_HEADING]) for cell in cells} if name in known)


def guess_mapping(headings: Sequence[str], fields: Sequence[ImportField]) -> dict[str, int]:
    """Which column each field is likely to stand in. A column is given to one field only, exact names first."""
    names = [normal(heading) for heading in headings]
    mapping: dict[str, int] = {}
    for each in fields:
        wanted = names_of(each)
        found = next((n for n, name in enumerate(names) if name in wanted and n not in mapping.values()), None)
        if found is not None:
            mapping[each.name] = found
    return mapping


def check_mapping(mapping: Mapping[str, int], headings: Sequence[str], fields: Sequence[ImportField]) -> None:
    """Raises BadMapping for required fields without a column, columns used twice, and such that do not exist."""
    problems: list[tuple[str, Any]] = []
    used: dict[int, str] = {}
    for each in fields:
        column = mapping.get(each.name)
        if column is None:
            if each.required and not (each.instead and all(name in mapping for name in each.instead)):
                problems.append((each.name, _("Choose the column that says this.")))
        elif not 0 <= column < len(headings):
            problems.append((each.name, _("There is no such column.")))
        elif column in used:
            problems.append((each.name, _("The same column is chosen twice.")))
        else:
            used[column] = each.name
    if problems:
        raise BadMapping(problems)


def turned_round(name: str) -> str:
    """The first name first: "Lind, Maja" is Maja Lind."""
    family, comma, given = name.partition(",")
    if comma and family.strip() and given.strip() and "," not in given:
        return f"{given.strip()} {family.strip()}"
    return name


def _full_year(digits: str) -> int:
    return int(digits) if len(digits) > 2 else 2000 + int(digits)


class RowReader:
    """Takes values out of one row and collects everything that is wrong with it, so that one look shows all."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self.cells = {name: clean_text(text) for name, text in cells.items()}
        self.problems, self.broken = RowProblems(), set[str]()
        for name, text in self.cells.items():
            if is_error(text.strip()):
                self.wrong(
                    name,
                    _("The spreadsheet shows the error %(text)s here. Write the value, or leave the cell empty.")
                    % {"text": text.strip()},
                )
                self.broken.add(name)
        # Nothing else is said about such a cell, and it is not taken as an answer.
        self.cells |= dict.fromkeys(self.broken, "")

    def wrong(self, name: str, message: Any) -> None:
        if name not in self.broken:
            self.problems.found.append((name, message))

    def stop_if_wrong(self) -> None:
        if self.problems.found:
            raise self.problems

    def text(self, name: str, *, required: bool = False) -> str:
        value = self.cells.get(name, "").strip()
        if required and not value:
            self.wrong(name, _("This cell is empty."))
        return value

    def person_name(self, name: str, first: str, last: str) -> str:
        """First name, then last name: of two columns, or of one that says them in either order ("Lind, Maja")."""
        parts = [self.text(first), self.text(last)]
        if all(parts) or (any(parts) and not self.text(name)):
            return " ".join(filter(None, parts))
        return turned_round(self.text(name, required=True))

    def words(self, name: str) -> list[str]:
        return [word.strip() for word in re.split(r"[,;|]", self.text(name)) if word.strip()]

    def email(self, name: str, *, required: bool = True) -> str:
        value = self.text(name, required=required).lower()
        try:
            if value:
                validate_email(value)
        except ValidationError:
            self.wrong(name, _("This is not an e-mail address."))
        return value

    def phone(self, name: str) -> str:
        """E.164, "" for an empty cell."""
        try:
            return parse_number(self.text(name))
        except Invalid as error:
            self.wrong(name, error.message)
            return ""

    def number(self, name: str, *, default: int, lowest: int, highest: int) -> int:
        value = self.text(name).replace(" ", "")
        if not value:
            return default
        if not (value.isascii() and value.isdigit()) or not lowest <= int(value[:9]) <= highest or len(value) > 9:
            self.wrong(
                name,
                _("Enter a whole number between %(lowest)d and %(highest)d.") % {"lowest": lowest, "highest": highest},
            )
            return default
        return int(value)

    def yes(self, name: str, *, default: bool = False) -> bool:
        value = fold(self.text(name))
        if name not in self.cells or (not value and default):
            return default
        if value in YES or value in NO:
            return value in YES
        self.wrong(name, _("Write yes or no."))
        return default

    def day(self, name: str, *, required: bool = False, last_of_week: bool = False) -> date | None:
        """A day as people write it, or a week with its year: its Monday, or its Friday with last_of_week (see dates)."""
        value = self.text(name, required=required)
        if not value:
            return None
        today = clock.today()
        window = dates.Window(today - timedelta(days=PAST_DAYS), today + timedelta(days=FUTURE_DAYS))
        try:
            return dates.parse_period_day(value, window, last_of_week=last_of_week)
        except dates.DateProblemError as problem:
            self.wrong(name, problem.message)
            return None

    def birth_date(self, name: str) -> date | None:
        """A day long enough ago for someone at school or older. A personal identity number is refused."""
        value = self.text(name, required=True)
        if not value:
            return None
        if dates.PERSONAL_NUMBER.search(value):
            self.wrong(name, _("Leave out the last four digits: only the date of birth is needed, as 2010-05-01."))
            return None
        if dates.is_week(value):
            self.wrong(name, _("This is a week. Write the day of birth, as 2010-05-01."))
            return None
        today = clock.today()
        window = dates.Window(date(today.year - OLDEST, 1, 1), date(today.year - YOUNGEST, 12, 31))
        try:
            return dates.parse_day(value, window)
        except dates.DateProblemError as problem:
            self.wrong(name, problem.message)
            return None

    def school_year(self, name: str, *, default: int) -> int:
        """The year it starts in: of 2026, 2026/2027, 26/27, HT26 or VT27."""
        value = self.text(name)
        if not value:
            return default
        if (term := TERM.match(value)) is not None:
            year = _full_year(term[2])
            return year if term[1].lower().startswith(("h", "a")) else year - 1
        if (years := SCHOOL_YEARS.match(value)) is not None:
            first = _full_year(years[1])
            if FIRST_SCHOOL_YEAR <= first <= LAST_SCHOOL_YEAR and (
                years[2] is None or _full_year(years[2]) == first + 1
            ):
                return first
        self.wrong(name, _("Write the school year as 2026/27, or as a term such as HT26."))
        return default

    def one_of(self, name: str, known: Mapping[str, str], *, required: bool = False, guess: Guess | None = None) -> str:
        """The code that the text means. known: folded name or code -> code. A code that lost its zeros is recognised.

        guess: says the code of a text that is none of them, or None.
        """
        value = self.text(name, required=required)
        return self._code(name, value, known, guess) or "" if value else ""

    def many_of(self, name: str, known: Mapping[str, str], *, guess: Guess | None = None) -> list[str]:
        # A name may hold a comma itself: "Gymnasieingenjör, fjärde tekniskt år".
        whole = self.text(name)
        words = [whole] if fold(whole) in known else self.words(name)
        codes = [self._code(name, word, known, guess) for word in words]
        return list(dict.fromkeys(code for code in codes if code))

    def _code(self, name: str, value: str, known: Mapping[str, str], guess: Guess | None) -> str | None:
        code = known.get(fold(value))
        if code is None and value.isdigit():
            code = next((known[padded] for padded in (value.zfill(n) for n in (2, 3, 4)) if padded in known), None)
        if code is None and guess is not None:
            code = guess(value)
        if code is None:
            self.wrong(name, _("“%(value)s” is not known. Look at the list in the template.") % {"value": value[:40]})
        return code
