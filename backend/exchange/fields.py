"""What the columns of an import mean: fields with the names people give them, and how their texts become values."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backend.common.errors import Invalid
from backend.reference.models.mixins import fold

FRIDAY = 4
YES = {"ja", "j", "yes", "y", "x", "1", "sant", "true"}
NO = {"nej", "n", "no", "0", "falskt", "false", ""}
WEEK = re.compile(r"^(\d{4})\s?-?\s?[wv]\.?\s?(\d{1,2})$", re.IGNORECASE)
# A date of birth that goes on with four more digits is a personal identity number.
PERSONAL_NUMBER = re.compile(r"^(19|20)?\d{6}[-+ ]?\d{4}$")


@dataclass(frozen=True)
class ImportField:
    """One thing a row can say.

    label, help: for people. aliases: headings it is recognised by beside its label, in any case. example: for the template.
    """

    name: str
    label: "str | Promise"
    example: str
    aliases: Sequence[str] = ()
    required: bool = False
    help: "str | Promise" = ""


@dataclass
class RowProblems(Exception):
    """What is wrong with a row: pairs of field name ("" = the whole row) and sentence."""

    found: list[tuple[str, Any]] = field(default_factory=list)


class BadMapping(Invalid):
    """Columns are missing or taken twice. It names the first field like any refusal; `problems` are all of them."""

    def __init__(self, problems: Sequence[tuple[str, Any]]) -> None:
        name, message = problems[0]
        super().__init__("import.bad_mapping", message, field=name, data={"fields": len(problems)})
        self.problems = list(problems)


def normal(heading: str) -> str:
    return re.sub(r"[^a-z0-9]", "", fold(heading))


def guess_mapping(headings: Sequence[str], fields: Sequence[ImportField]) -> dict[str, int]:
    """Which column each field is likely to stand in. A column is given to one field only, exact names first."""
    names = [normal(heading) for heading in headings]
    mapping: dict[str, int] = {}
    for each in fields:
        wanted = {normal(alias) for alias in (each.name, str(each.label), *each.aliases)}
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
            if each.required:
                problems.append((each.name, _("Choose the column that says this.")))
        elif not 0 <= column < len(headings):
            problems.append((each.name, _("There is no such column.")))
        elif column in used:
            problems.append((each.name, _("The same column is chosen twice.")))
        else:
            used[column] = each.name
    if problems:
        raise BadMapping(problems)


class RowReader:
    """Takes values out of one row and collects everything that is wrong with it, so that one look shows all."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self.cells = cells
        self.problems = RowProblems()

    def wrong(self, name: str, message: Any) -> None:
        self.problems.found.append((name, message))

    def stop_if_wrong(self) -> None:
        if self.problems.found:
            raise self.problems

    def text(self, name: str, *, required: bool = False) -> str:
        value = self.cells.get(name, "").strip()
        if required and not value:
            self.wrong(name, _("This cell is empty."))
        return value

    def words(self, name: str) -> list[str]:
        return [word.strip() for word in re.split(r"[,;|]", self.text(name)) if word.strip()]

    def email(self, name: str) -> str:
        value = self.text(name, required=True).lower()
        try:
            if value:
                validate_email(value)
        except ValidationError:
            self.wrong(name, _("This is not an e-mail address."))
        return value

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
        """2027-01-25, 20270125, or a week as 2027-W04 or 2027 v. 4: its Monday, or its Friday with last_of_week."""
        value = self.text(name, required=required)
        if not value:
            return None
        try:
            if week := WEEK.match(value):
                monday = date.fromisocalendar(int(week[1]), int(week[2]), 1)
                return monday + timedelta(days=FRIDAY) if last_of_week else monday
            return date.fromisoformat(value[:10] if value[10:11] in {" ", "T"} else value)
        except ValueError:
            self.wrong(name, _("Write the date as 2027-01-25, or the week as 2027-W04."))
            return None

    def birth_date(self, name: str) -> date | None:
        if PERSONAL_NUMBER.match(self.text(name)):
            self.wrong(name, _("Leave out the last four digits: only the date of birth is needed, as 2010-05-01."))
            return None
        return self.day(name, required=True)

    def one_of(self, name: str, known: Mapping[str, str], *, required: bool = False) -> str:
        """The code that the text means. known: folded name or code -> code. A code that lost its zeros is recognised."""
        value = self.text(name, required=required)
        if not value:
            return ""
        code = known.get(fold(value))
        if code is None and value.isdigit():
            code = next((known[padded] for padded in (value.zfill(n) for n in (2, 3, 4)) if padded in known), None)
        if code is None:
            self.wrong(name, _("“%(value)s” is not known. Look at the list in the template.") % {"value": value[:40]})
            return ""
        return code

    def many_of(self, name: str, known: Mapping[str, str]) -> list[str]:
        codes = []
        for word in self.words(name):
            code = known.get(fold(word))
            if code is None:
                self.wrong(
                    name, _("“%(value)s” is not known. Look at the list in the template.") % {"value": word[:40]}
                )
            else:
                codes.append(code)
        return codes
