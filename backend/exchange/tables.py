"""Lists as files for a spreadsheet, CSV or XLSX, safe to open: a text never becomes a formula there.

A table is data: columns with a heading and a function from a row to a value. Both formats come from the same columns.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, Generic, TypeVar

from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

Row = TypeVar("Row")

# What makes a spreadsheet calculate: the ASCII signs, their full-width forms, and what it skips before looking.
RISKY_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
LONGEST_CELL = 32_767
PLAIN_SIGNS = {ord("\N{NO-BREAK SPACE}"): " ", ord("\N{NARROW NO-BREAK SPACE}"): " ", ord("\N{WORD JOINER}"): None}
WIDTHS = (10, 60)
WIDTH_SAMPLE = 50


class TableFormat(models.TextChoices):
    CSV = "csv"
    XLSX = "xlsx"


CONTENT_TYPES = {
    TableFormat.CSV: "text/csv; charset=utf-8",
    TableFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class Column(Generic[Row]):
    """heading: in the active language when the file is made. value(row): text, number, date, moment, yes/no or None."""

    heading: "str | Promise"
    value: Callable[[Row], object]


def plain_signs(text: str) -> str:
    """The text without the joints that hold a line together on a page: a spreadsheet's search does not find them."""
    return text.translate(PLAIN_SIGNS)


def number_if_one(text: str) -> int | str:
    """A figure for a spreadsheet to add up, where the text is one; "under 5" stays a text."""
    return int(text) if text.isascii() and text.isdigit() else text


def safe_text(value: object) -> str:
    """The value as text; one that a spreadsheet would calculate gets an apostrophe in front."""
    # Signs that no cell may hold go first: a risky text must not begin to be one when they are gone.
    text = "" if value is None else plain_signs(ILLEGAL_CHARACTERS_RE.sub("", str(value)))[: LONGEST_CELL - 1]
    return f"'{text}" if text.startswith(RISKY_STARTS) else text


def write_table(kind: TableFormat, columns: Sequence[Column[Row]], rows: Iterable[Row]) -> bytes:
    """The whole file. CSV is UTF-8 with byte order mark and semicolons, which Swedish spreadsheets open without asking."""
    return _write_csv(columns, rows) if kind == TableFormat.CSV else _write_xlsx(columns, rows)


def _write_csv(columns: Sequence[Column[Row]], rows: Iterable[Row]) -> bytes:
    text = io.StringIO()
    text.write(BYTE_ORDER_MARK)
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([safe_text(column.heading) for column in columns])
    for row in rows:
        writer.writerow([_csv_cell(column.value(row)) for column in columns])
    return text.getvalue().encode()


def _plain(value: object) -> Any:
    """Numbers, dates and texts; moments as Swedish local time without offset, to the minute."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        return local.replace(tzinfo=None, second=0, microsecond=0)
    return value if isinstance(value, int | float | date) else safe_text(value)


def _csv_cell(value: object) -> str:
    plain = _plain(value)
    if isinstance(plain, datetime):
        return plain.isoformat(sep=" ", timespec="minutes")
    return plain.isoformat() if isinstance(plain, date) else str(plain)


def _write_xlsx(columns: Sequence[Column[Row]], rows: Iterable[Row]) -> bytes:
    """One sheet, written row by row. Every text is stored as text: no cell of the file is a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("List")[:31])
    headings = [_plain(str(column.heading)) for column in columns]
    cells = ([_plain(column.value(row)) for column in columns] for row in rows)
    # Not zip with a range: it takes one row more than it gives.
    first = list(islice(cells, WIDTH_SAMPLE))
    for number in range(len(columns)):
        longest = max(len(str(row[number])) for row in [headings, *first])
        sheet.column_dimensions[get_column_letter(number + 1)].width = min(max(longest + 2, WIDTHS[0]), WIDTHS[1])
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, heading, bold=True) for heading in headings])
    for row in first:
        sheet.append([_cell(sheet, value) for value in row])
    for row in cells:
        sheet.append([_cell(sheet, value) for value in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cell(sheet: Any, value: Any, *, bold: bool = False) -> Any:
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell
