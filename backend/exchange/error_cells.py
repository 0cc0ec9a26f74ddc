"""Cells in which a spreadsheet shows an error, such as #N/A: the library that reads the others gives an empty text for them.

Looked for only in parts that hold the mark of such a cell, after `workbooks.check_workbook` has bounded all of them.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from posixpath import join, normpath
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

MARK = re.compile(rb"""\bt\s*=\s*["']e["']|value-type\s*=\s*["']error["']""")
MOST = 20_000
LONGEST = 20
CHUNK = 64 * 1024
# Sheet name -> (line from 1, column from 0) -> what the cell shows.
Cells = dict[tuple[int, int], str]
SHOWN = re.compile(
    r"#(?:N/A|REF|DIV/0|VALUE|NAME|NUM|NULL|SPILL|CALC|FIELD|BLOCKED|CONNECT|UNKNOWN|GETTING_DATA"
    r"|SAKNAS|REFERENS|DIVISION/0|VÄRDEFEL|NAMN|OGILTIGT|SKÄRNING|ÖVERSPILL|BERÄKNA|FÄLT)[!?]?|(?:Err|Fel):\d{3}",
    re.IGNORECASE,
)


def is_error(text: str) -> bool:
    """Whether the text is what Excel or LibreOffice shows for an error, in English or in Swedish."""
    return len(text) <= LONGEST and SHOWN.fullmatch(text) is not None


def find_error_cells(content: bytes) -> dict[str, Cells]:
    """By the sheet's name. Empty for what is no .xlsx or .ods. The workbook has been checked already."""
    found: dict[str, Cells] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name, part in _sheets(archive):
                if not _is_marked(archive, part):
                    continue
                reader: _Reader = _OpenDocument() if part == "content.xml" else _Excel(name)
                with archive.open(part) as file:
                    while chunk := file.read(CHUNK):
                        reader.parser.Parse(chunk)
                for sheet, cells in reader.found.items():
                    found.setdefault(sheet, {}).update(cells)
    except (zipfile.BadZipFile, KeyError, expat.ExpatError, ElementTree.ParseError, ValueError):
        return found
    return found


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Name and part of each sheet; for OpenDocument the one part that holds all."""
    names = set(archive.namelist())
    if "xl/workbook.xml" not in names:
        if "content.xml" in names:
            yield "", "content.xml"
        return
    parts = {}
    for each in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels")):  # noqa: S314 - checked before
        target = each.get("Target", "")
        parts[each.get("Id")] = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
    for each in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():  # noqa: S314
        if _local(each.tag) == "sheet":
            link = next((value for name, value in each.attrib.items() if _local(name) == "id"), "")
            if parts.get(link) in names:
                yield each.get("name", ""), parts[link]


def _local(name: str) -> str:
    return name.rpartition("}")[2].rpartition(":")[2]


def _is_marked(archive: zipfile.ZipFile, part: str) -> bool:
    before = b""
    with archive.open(part) as file:
        while chunk := file.read(CHUNK):
            if MARK.search(before + chunk):
                return True
            before = chunk[-64:]
    return False


class _Reader:
    def __init__(self) -> None:
        self.found: dict[str, Cells] = {}
        self.sheet, self.line, self.column = "", 0, 0
        self.text: list[str] | None = None
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters

    def start(self, name: str, attributes: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def end(self, name: str) -> None:
        raise NotImplementedError

    def characters(self, data: str) -> None:
        if self.text is not None:
            self.text.append(data)

    def keep(self) -> None:
        text = "".join(self.text or ()).strip()
        cells = self.found.setdefault(self.sheet, {})
        if len(cells) < MOST:
            # Whatever an error is called in the file: it is one.
            cells[self.line, self.column] = text if is_error(text) else "#N/A"
        self.text = None


class _Excel(_Reader):
    """A sheet's part: <row r="2"><c r="B2" t="e"><v>#N/A</v></c></row>; places that are left out count on."""

    def __init__(self, sheet: str) -> None:
        super().__init__()
        self.sheet, self.is_error, self.next_column = sheet, False, 0

    def start(self, name: str, attributes: Mapping[str, Any]) -> None:
        kind = _local(name)
        if kind == "row":
            self.line, self.next_column = int(attributes.get("r", self.line + 1)), 0
        elif kind == "c":
            self.column = _column_of(attributes["r"]) if "r" in attributes else self.next_column
            self.next_column = self.column + 1
            self.is_error = attributes.get("t") == "e"
            self.text = [] if self.is_error else None

    def end(self, name: str) -> None:
        if self.is_error and _local(name) == "c":
            self.keep()
            self.is_error = False


def _column_of(reference: str) -> int:
    """ "B2" -> 1."""
    number = 0
    for letter in reference.rstrip("0123456789").upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


class _OpenDocument(_Reader):
    """content.xml: tables with rows and cells, each of which may stand for several."""

    def __init__(self) -> None:
        super().__init__()
        self.next_line, self.next_column = 1, 0

    def start(self, name: str, attributes: Mapping[str, Any]) -> None:
        kind = _local(name)
        if kind == "table":
            self.sheet, self.next_line = str(attributes.get("table:name", "")), 1
        elif kind == "table-row":
            self.line, self.next_column = self.next_line, 0
            self.next_line += int(attributes.get("table:number-rows-repeated", 1))
        elif kind in {"table-cell", "covered-table-cell"}:
            self.column = self.next_column
            self.next_column += int(attributes.get("table:number-columns-repeated", 1))
            is_error = any(_local(at) == "value-type" and value == "error" for at, value in attributes.items())
            self.text = [] if is_error else None

    def end(self, name: str) -> None:
        if self.text is not None and _local(name) in {"table-cell", "covered-table-cell"}:
            self.keep()
