"""Tables in: the bytes of an uploaded file as headings and rows of text, whatever a spreadsheet made of them.

Everything that could cost memory or time is bounded before it is opened. Codes stay texts, so that leading zeros survive
wherever the file still has them.
"""

import csv
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from openpyxl import load_workbook

from backend.common.errors import Invalid
from backend.exchange.tables import RISKY_STARTS
from backend.exchange.workbooks import DamagedWorkbookError, LargeWorkbookError, check_workbook

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 10_000
MAX_COLUMNS = 100
LONGEST_CELL = 5_000
LONGEST_HEADING = 200
# A row of as many cells as allowed, each as long as allowed; more is refused before it is taken apart.
LONGEST_LINE = MAX_COLUMNS * LONGEST_CELL
DELIMITERS = (";", ",", "\t")
ZIP_START, OLD_EXCEL_START = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
UTF16_STARTS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class SheetRow:
    """line: as a person counts in the file, from 1. cells: as many as there are headings; surplus: filled cells beyond."""

    line: int
    cells: list[str]
    surplus: bool = False


@dataclass(frozen=True)
class Sheet:
    headings: list[str]
    rows: list[SheetRow]


def _refuse(code: str, message: Any) -> Invalid:
    return Invalid(f"import.{code}", message, field="file")


def read_sheet(content: bytes) -> Sheet:
    """Headings and rows of a CSV or XLSX file. Raises Invalid (field "file") with what to do about it.

    CSV: UTF-8 with or without byte order mark, UTF-16 with one, or Windows-1252; separated by semicolon, comma or tab.
    """
    if not content.strip():
        raise _refuse("empty", _("The file is empty."))
    if len(content) > MAX_BYTES:
        raise _refuse("too_large", _("The file is larger than 5 MB. Divide it into several."))
    if content.startswith(OLD_EXCEL_START):
        raise _refuse(
            "old_excel", _("This is an old or locked Excel file. Save it as .xlsx without a password, or as CSV.")
        )
    lines = _xlsx_lines(content) if content.startswith(ZIP_START) else _csv_lines(content)
    return _sheet(lines)


def _sheet(lines: Iterator[tuple[int, list[str]]]) -> Sheet:
    filled = ((line, cells) for line, cells in lines if any(cells))
    first = next(filled, None)
    if first is None:
        raise _refuse("empty", _("The file is empty."))
    headings = [heading[:LONGEST_HEADING] for heading in first[1]]
    while headings and not headings[-1]:
        headings.pop()
    if len(headings) > MAX_COLUMNS:
        raise _refuse("too_wide", _("The file has more than 100 columns."))
    width = len(headings)
    rows: list[SheetRow] = []
    for line, cells in filled:
        if len(rows) >= MAX_ROWS:
            raise _refuse("too_long", _("The file has more than 10,000 rows. Divide it into several."))
        padded = [*cells[:width], *[""] * (width - len(cells))]
        rows.append(SheetRow(line, padded, surplus=any(cells[width:])))
    if not rows:
        raise _refuse("no_rows", _("There are no rows below the headings."))
    return Sheet(headings, rows)


def _clean(text: str) -> str:
    """Without blanks around it, and without the apostrophe that our own files put before a risky text."""
    text = text.replace("\xa0", " ").strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(RISKY_STARTS) else text


def _decode(content: bytes) -> str:
    encodings = ("utf-16",) if content.startswith(UTF16_STARTS) else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _refuse("no_text", _("The file is neither a table in Excel (.xlsx) nor a text file (CSV)."))


def _csv_lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decode(content)
    delimiter = _delimiter(text)
    reader = csv.reader(_lines_of(text), delimiter=delimiter, strict=True)
    begin = 1
    try:
        for cells in reader:
            if any(len(cell) > LONGEST_CELL for cell in cells):
                raise _refuse(
                    "long_cell", _("Line %(line)d has a cell with more than 5,000 characters.") % {"line": begin}
                )
            yield begin, [_clean(cell) for cell in cells]
            begin = reader.line_num + 1
    except csv.Error as error:
        raise _refuse(
            "bad_csv",
            _("The file can not be read from line %(line)d on. Is a quotation mark missing?") % {"line": begin},
        ) from error


def _lines_of(text: str) -> Iterator[str]:
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if len(line) > LONGEST_LINE:
            raise _refuse("long_line", _("Line %(line)d is too long for a table.") % {"line": number})
        yield line


def _delimiter(text: str) -> str:
    """The separator that splits the first filled line into most parts."""
    head = next((line for line in _lines_of(text) if line.strip()), "")

    def parts(delimiter: str) -> int:
        try:
            return len(next(csv.reader([head], delimiter=delimiter), []))
        except csv.Error:
            return 0

    return max(DELIMITERS, key=parts)


def _check_parts(content: bytes) -> None:
    try:
        check_workbook(content)
    except DamagedWorkbookError as error:
        raise _refuse(
            "bad_excel", _("The Excel file is damaged. Open it, save it again, and try once more.")
        ) from error
    except LargeWorkbookError as error:
        raise _refuse("unpacks_too_large", _("The Excel file unpacks to more than can be imported.")) from error


def _xlsx_lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    _check_parts(content)
    damaged = _refuse("bad_excel", _("The Excel file is damaged. Open it, save it again, and try once more."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
            # The sizes a sheet states about itself may be wrong in both directions.
            sheet: Any = book.worksheets[0]
            sheet.reset_dimensions()
            found = [
                (line, [_cell_text(value) for value in values])
                for line, values in enumerate(
                    sheet.iter_rows(max_row=MAX_ROWS * 2, max_col=MAX_COLUMNS + 1, values_only=True), start=1
                )
            ]
            book.close()
    except MemoryError:
        raise
    except Exception as error:
        # The library raises whatever its parsers raise; to the person it is always the same damaged file.
        raise damaged from error
    if any(len(cell) > LONGEST_CELL for _line, cells in found for cell in cells):
        raise _refuse("long_cell", _("A cell has more than 5,000 characters."))
    return iter(found)


def _cell_text(value: Any) -> str:
    """A cell as a person sees it: whole numbers without decimals, dates as 2027-01-25."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return _clean(str(value).replace("\0", ""))
