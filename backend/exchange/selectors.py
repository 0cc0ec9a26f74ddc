"""Questions about imports."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.accounts.models import User
from backend.exchange.enums import RowOutcome
from backend.exchange.kinds import IMPORTERS
from backend.exchange.models import ImportJob, ImportRow
from backend.exchange.policies import imports_visible_to
from backend.students.policies import groups_visible_to, may_list


def list_imports_of(user: User, *, kind: str = "") -> "QuerySet[ImportJob]":
    """The imports the user may see, newest first."""
    found = imports_visible_to(user).select_related("organisation", "municipality", "actor").order_by("-pk")
    return found.filter(kind=kind) if kind else found


def get_import(user: User, job_id: int) -> ImportJob | None:
    return list_imports_of(user).select_related("work").filter(pk=job_id).first()


def left_out(job: ImportJob) -> list[str]:
    """Sentences about what else the file holds that is not imported, so that nobody takes a part for the whole."""
    facts, found = job.options, []
    if facts.get("has_lines_above"):
        found.append(
            _("Line %(line)d is read as the headings. What stands above it is not imported.")
            % {"line": facts["heading_line"]}
        )
    if lines := facts.get("repeated"):
        found.append(
            ngettext(
                "Line %(lines)s repeats the headings and is not imported.",
                "Lines %(lines)s repeat the headings and are not imported.",
                len(lines),
            )
            % {"lines": ", ".join(map(str, lines))}
        )
    if others := facts.get("other_sheets"):
        found.append(
            _("Only the sheet “%(sheet)s” is read. Not read: %(others)s.")
            % {"sheet": facts["sheet"], "others": ", ".join(others)}
        )
    if hidden := facts.get("hidden_sheets"):
        found.append(_("Hidden sheets are not read: %(sheets)s.") % {"sheets": ", ".join(hidden)})
    unused = [heading for n, heading in enumerate(job.headings) if heading and n not in job.mapping.values()]
    if unused and job.mapping:
        found.append(_("Columns that are not read: %(columns)s.") % {"columns": ", ".join(unused)})
    return found


@dataclass(frozen=True)
class ShownProblem:
    """column: the heading in the file, or the field's name. message: what is wrong."""

    column: str
    value: str
    message: str


@dataclass(frozen=True)
class ShownRow:
    line: int
    outcome: str
    cells: Sequence[str]
    problems: Sequence[ShownProblem]


def list_rows(job: ImportJob, *, only_faulty: bool = False) -> "QuerySet[ImportRow]":
    found = job.rows.order_by("line")
    return found.filter(outcome=RowOutcome.FAULTY) if only_faulty else found


def shown_row(job: ImportJob, row: ImportRow) -> ShownRow:
    """A row with its problems by the name of their column."""
    labels = {each.name: str(each.label) for each in IMPORTERS[job.kind].fields}
    problems = []
    for field, message in row.problems:
        column = job.mapping.get(field)
        known = isinstance(column, int) and 0 <= column < len(row.cells)
        heading = job.headings[column] if known and column is not None else labels.get(field, _("The whole row"))
        problems.append(ShownProblem(heading, row.cells[column] if known and column is not None else "", message))
    return ShownRow(row.line, row.get_outcome_display(), row.cells, problems)


def repeated_problems(job: ImportJob) -> list[tuple[ShownProblem, int]]:
    """Problems that stand on several rows alike, with the number of rows, the most common first; at most five.

    One wrong name in a school's system is hundreds of rows here, and one correction there.
    """
    counted = Counter(
        problem for row in list_rows(job, only_faulty=True) for problem in set(shown_row(job, row).problems)
    )
    return [(problem, number) for problem, number in counted.most_common(5) if number > 1]


def rejected_table(job: ImportJob) -> tuple[list[str], list[list[Any]]]:
    """Headings and rows of the file for correction: the rejected rows as they came, with line and reason at the end."""
    rows = []
    for row in list_rows(job, only_faulty=True).filter(line__gt=0):
        shown = shown_row(job, row)
        reason = "; ".join(f"{each.column}: {each.message}" for each in shown.problems)
        rows.append([*row.cells, row.line, reason])
    return [*job.headings, _("Line"), _("Reason")], rows


@dataclass(frozen=True)
class Question:
    """Whether a row is about a student who is there already. known: what is known of that one, for the coordinator."""

    line: int
    text: str
    known: str


def questions_of(job: ImportJob, user: User) -> list[Question]:
    """The rows that wait for an answer. Two queries."""
    rows = [row for row in list_rows(job, only_faulty=True) if row.question]
    students = may_list(user).select_related("user").in_bulk([row.question["student"] for row in rows])
    names = [job.mapping[name] for name in ("name", "first_name", "last_name", "email") if name in job.mapping]
    found = []
    for row in rows:
        student = students.get(row.question["student"])
        known = [student.class_name, student.school, student.user.email] if student else [_("Earlier in this file")]
        text = ", ".join(row.cells[n] for n in names if n < len(row.cells))
        found.append(Question(row.line, text, ", ".join(filter(None, known))))
    return found


@dataclass(frozen=True)
class MissingPupil:
    """Someone on a list that the file holds anew, without this pupil."""

    student_id: int
    name: str
    class_name: str


def missing_pupils(job: ImportJob, user: User) -> list[MissingPupil]:
    """Those who may have left: the last check found them on a list of the file and not in it. Two queries."""
    pairs = job.options.get("missing", [])
    groups = dict(groups_visible_to(user).filter(pk__in=[pk for pk, _student in pairs]).values_list("pk", "name"))
    names = dict(may_list(user).filter(pk__in=[pk for _group, pk in pairs]).values_list("pk", "user__name"))
    found = [MissingPupil(pk, names[pk], groups[group]) for group, pk in pairs if pk in names and group in groups]
    return sorted(found, key=lambda each: (each.class_name, each.name))
