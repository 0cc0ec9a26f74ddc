"""Tables in: the bytes of an uploaded file as headings and rows of text, whatever a spreadsheet or a school system made.

Everything that could cost memory or time is bounded before it is opened. Codes stay texts, so that leading zeros survive
wherever the file still has them. What is left out of a file is said with it, never passed over.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any

from django.utils.translation import gettext_lazy as _

from backend.common.errors import Invalid
from backend.exchange.error_cells import Cells, find_error_cells
from backend.exchange.spreadsheets import HEAD, ReadSheet, SpreadsheetError, read_spreadsheet
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
# The first line of a file that Excel is told the separator by: "sep=;".
SEPARATOR_LINE = re.compile(r'^"?sep=(.|\\t)"?\s*$', re.IGNORECASE)
# A heading row has at least so many headings that are known, unless it is the first line.
RECOGNISED_FROM = 2
Line = tuple[int, list[str]]
# How many of the cells are headings that an import knows.
Recogniser = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class SheetRow:
    """line: as a person counts in the file, from 1. cells: as many as there are headings; surplus: filled cells beyond."""

    line: int
    cells: list[str]
    surplus: bool = False


@dataclass(frozen=True)
class Sheet:
    """headings stand on heading_line; has_lines_above: something above them is left out.

    name: of the sheet that was read, empty for a text file. others, hidden: names of the sheets with content that were not.
    repeated: lines below that repeat the headings and are left out.
    """

    headings: list[str]
    rows: list[SheetRow]
    heading_line: int = 1
    has_lines_above: bool = False
    repeated: Sequence[int] = ()
    name: str = ""
    others: Sequence[str] = ()
    hidden: Sequence[str] = ()


def _refuse(code: str, message: Any) -> Invalid:
    return Invalid(f"import.{code}", message, field="file")


def none_known(_cells: Sequence[str]) -> int:
    return 0


def read_sheet(
    content: bytes, *, recognise: Recogniser = none_known, sheet: str = "", heading_line: int | None = None
) -> Sheet:
    """Headings and rows of a spreadsheet or a text file. Raises Invalid (field "file") with what to do about it.

    Spreadsheets: .xlsx, .xls, .ods. Text: UTF-8 with or without byte order mark, UTF-16 with one, or Windows-1252;
    separated by semicolon, comma or tab, or as a first line `sep=;` says.

    recognise: finds the headings below title lines: the line with the most known ones among the first. heading_line: the
    line they stand on, when a person has said so. sheet: the name of the one to read; "" = the first that is shown, or the
    first with known headings.
    """
    if not content.strip():
        raise _refuse("empty", _("The file is empty."))
    if len(content) > MAX_BYTES:
        raise _refuse("too_large", _("The file is larger than 5 MB. Divide it into several."))
    if content.startswith((ZIP_START, OLD_EXCEL_START)):
        return _spreadsheet(content, recognise, sheet, heading_line)
    lines = _csv_lines(content, recognise)
    return _sheet(lines, recognise, heading_line)


def _sheet(lines: Iterable[Line], recognise: Recogniser, heading_line: int | None) -> Sheet:
    filled = (line for line in lines if any(line[1]))
    head = list(islice(filled, HEAD))
    if not head:
        raise _refuse("empty", _("The file is empty."))
    at = _heading_at(head, recognise, heading_line)
    line, cells = head[at]
    headings = [heading[:LONGEST_HEADING] for heading in cells]
    while headings and not headings[-1]:
        headings.pop()
    if len(headings) > MAX_COLUMNS:
        raise _refuse("too_wide", _("The file has more than 100 columns."))
    again: list[int] = []
    # A line that looks like unknown headings may as well be a row.
    repeated = headings if recognise(headings) >= RECOGNISED_FROM else None
    rows = _rows_below(chain(head[at + 1 :], filled), len(headings), repeated, again)
    if not rows:
        raise _refuse("no_rows", _("There are no rows below the headings."))
    return Sheet(headings, rows, heading_line=line, has_lines_above=at > 0, repeated=again)


def _heading_at(head: Sequence[Line], recognise: Recogniser, heading_line: int | None) -> int:
    """Which of the first lines holds the headings."""
    if heading_line is not None:
        found = next((at for at, (line, _cells) in enumerate(head) if line == heading_line), None)
        if found is None:
            raise Invalid(
                "import.no_heading_line",
                _("There is nothing on this line, or it is too far down."),
                field="heading_line",
            )
        return found
    known = [recognise(cells) for _line, cells in head]
    best = max(range(len(head)), key=lambda at: (known[at], -at))
    return best if known[best] >= RECOGNISED_FROM else 0


def _rows_below(lines: Iterable[Line], width: int, repeated: list[str] | None, again: list[int]) -> list[SheetRow]:
    """again: takes the lines that repeat the headings, as a list printed class by class has them."""
    rows: list[SheetRow] = []
    for line, cells in lines:
        padded = [*cells[:width], *[""] * (width - len(cells))]
        if padded == repeated:
            again.append(line)
            continue
        if len(rows) >= MAX_ROWS:
            raise _refuse("too_long", _("The file has more than 10,000 rows. Divide it into several."))
        rows.append(SheetRow(line, padded, surplus=any(cells[width:])))
    return rows


def _clean(text: str) -> str:
    """Composed (NFC), without invisible characters and without blanks around it, and without the apostrophe that our own
    files put before a risky text.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).replace("\xa0", " ")
        text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    text = text.strip()
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


def _csv_lines(content: bytes, recognise: Recogniser) -> Iterator[Line]:
    text = _decode(content)
    first = text[:20].splitlines()[0] if text.strip() else ""
    said = SEPARATOR_LINE.match(first)
    delimiter = ("\t" if said[1] == "\\t" else said[1]) if said else _delimiter(text, recognise)
    reader = csv.reader(_lines_of(text), delimiter=delimiter, strict=True)
    begin = 1
    try:
        for cells in reader:
            if any(len(cell) > LONGEST_CELL for cell in cells):
                raise _refuse(
                    "long_cell", _("Line %(line)d has a cell with more than 5,000 characters.") % {"line": begin}
                )
            if not (said and begin == 1):
                yield begin, [_clean(cell) for cell in cells]
            begin = reader.line_num + 1
    except csv.Error as error:
        raise _refuse(
            "bad_csv",
            _("The file cannot be read from line %(line)d on. Is a quotation mark missing?") % {"line": begin},
        ) from error


def _lines_of(text: str) -> Iterator[str]:
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if len(line) > LONGEST_LINE:
            raise _refuse("long_line", _("Line %(line)d is too long for a table.") % {"line": number})
        yield line


def _delimiter(text: str, recognise: Recogniser) -> str:
    """The separator by which one of the first lines has most known headings; else that splits the first one most."""
    head = list(islice((line for line in _lines_of(text) if line.strip()), HEAD))

    def worth(delimiter: str) -> tuple[int, int]:
        try:
            rows = [next(csv.reader([line], delimiter=delimiter), []) for line in head]
        except csv.Error:
            rows = []
        known = max((recognise([_clean(cell) for cell in cells]) for cells in rows), default=0)
        return (known if known >= RECOGNISED_FROM else 0, len(rows[0]) if rows else 0)

    return max(DELIMITERS, key=worth)


def _check_parts(content: bytes) -> None:
    try:
        check_workbook(content)
    except DamagedWorkbookError as error:
        raise _damaged() from error
    except LargeWorkbookError as error:
        raise _refuse("unpacks_too_large", _("The spreadsheet unpacks to more than can be imported.")) from error


def _damaged() -> Invalid:
    return _refuse(
        "bad_excel", _("The spreadsheet cannot be read. Open it, save it again as .xlsx, and try once more.")
    )


def _sheets_of(content: bytes, sheet: str) -> Sequence[ReadSheet]:
    if content.startswith(ZIP_START):
        _check_parts(content)
    try:
        # What stands above the headings may come on top of the rows that are allowed.
        return read_spreadsheet(
            content, sheet=sheet, rows=MAX_ROWS + HEAD + 1, columns=MAX_COLUMNS + 1, cell=LONGEST_CELL
        )
    except SpreadsheetError as error:
        if error.code == "long_cell":
            raise _refuse("long_cell", _("A cell has more than 5,000 characters.")) from error
        if error.code == "locked":
            raise _refuse(
                "locked", _("The file is locked with a password. Save it without one and try again.")
            ) from error
        if error.code == "damaged":
            raise _damaged() from error
        raise _refuse(
            "unpacks_too_large",
            _("The spreadsheet holds more than can be imported. Copy the table to a new, empty file and save that."),
        ) from error


def _spreadsheet(content: bytes, recognise: Recogniser, wanted: str, heading_line: int | None) -> Sheet:
    sheets = _sheets_of(content, wanted)
    shown = [each for each in sheets if not each.is_hidden]
    if not wanted and shown:
        best = max(shown, key=lambda each: (_most_known(each, recognise), each.is_chosen))
        if not best.is_chosen:
            sheets = _sheets_of(content, best.name)
    chosen = next((each for each in sheets if each.is_chosen), None)
    if chosen is None and wanted:
        raise Invalid("import.no_sheet", _("There is no such sheet, or it is empty."), field="sheet")
    if chosen is None:
        raise _refuse(*_nothing_shown(sheets))
    errors = find_error_cells(content).get(chosen.name, {}) if content.startswith(ZIP_START) else {}
    lines = _with_errors(chosen.rows, errors)
    found = _sheet(((line, [_clean(text) for text in cells]) for line, cells in lines), recognise, heading_line)
    others = [each for each in sheets if each is not chosen]
    return replace(
        found,
        name=chosen.name,
        others=[each.name for each in others if not each.is_hidden],
        hidden=[each.name for each in others if each.is_hidden],
    )


def _with_errors(rows: Sequence[Line], errors: Cells) -> Sequence[Line]:
    """The rows with what the cells show that the library leaves empty."""
    if not errors:
        return rows
    filled = dict(rows)
    for (line, column), text in errors.items():
        if column >= MAX_COLUMNS:
            continue
        cells = filled.setdefault(line, [])
        cells.extend([""] * (column + 1 - len(cells)))
        cells[column] = cells[column] or text
    return sorted(filled.items())[: MAX_ROWS + HEAD + 1]


def _most_known(sheet: ReadSheet, recognise: Recogniser) -> int:
    return max((recognise([_clean(cell) for cell in cells]) for _line, cells in sheet.rows[:HEAD]), default=0)


def _nothing_shown(sheets: Sequence[ReadSheet]) -> tuple[str, Any]:
    if sheets:
        return "only_hidden", _("Only hidden sheets hold anything. Show the one to import, and save the file again.")
    return "empty", _("The file is empty.")
