"""What a spreadsheet (.xlsx, .ods) is made of, looked at before a library builds anything from it.

A workbook is a zip of XML, and a small zip can unfold to a lot: bytes, and elements that each cost a library a hundred
times their bytes. Here the parts are read once as a stream, in which nothing is kept, and bounded: how far they unpack,
how many elements and attributes, how many of them in one row, how long a text or a tag, how deep.
"""

import io
import zipfile
from typing import NoReturn
from xml.parsers import expat
from zlib import error as zlib_error

# What the parts may grow to together, and how much larger than the file that may be.
MAX_UNPACKED = 60 * 1024 * 1024
MAX_RATIO = 100
RATIO_MATTERS_FROM = 1024 * 1024
MAX_PARTS = 500
# A spreadsheet has no more rows than this; texts that cells share are as many at most.
MAX_UNITS = 1_048_576
# In one row: 16,384 columns, each a cell with three elements inside.
MAX_IN_A_UNIT = 65_536
# In all rows and shared texts together.
MAX_INSIDE_UNITS = 4_500_000
# Whatever is neither, such as styles, of which large workbooks have tens of thousands.
MAX_OUTSIDE_UNITS = 150_000
MAX_ATTRIBUTES_OUTSIDE_UNITS = 1_000_000
MAX_ATTRIBUTES_INSIDE = 16
# A cell holds 32,767 characters; some lists of ranges are longer.
LONGEST_TEXT = 200_000
LONGEST_TAG = 1024 * 1024
DEEPEST = 100
CHUNK = 64 * 1024
# A row of cells, and a text that cells share: libraries take in one after the other and let it go again.
UNITS = frozenset({"row", "si", "table-row"})
# Where the one and the other kind of spreadsheet begin.
BEGINNINGS = frozenset({"xl/workbook.xml", "content.xml"})
XML_ENDINGS = (".xml", ".rels")


class DamagedWorkbookError(Exception):
    """No workbook, or none that can be read."""


class LargeWorkbookError(Exception):
    """It unfolds to more than anybody needs for a table."""


def check_workbook(content: bytes) -> None:
    """Raises DamagedWorkbookError, LargeWorkbookError. Costs a few megabytes of memory, whatever is in the file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            _check_sizes(parts, len(content))
            if BEGINNINGS.isdisjoint(archive.namelist()):
                raise DamagedWorkbookError("no workbook")
            count = _Count()
            for part in parts:
                _check_part(archive, part, count)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib_error) as error:
        raise DamagedWorkbookError(type(error).__name__) from error


def _check_sizes(parts: list[zipfile.ZipInfo], size: int) -> None:
    """By the zip's own directory; reading a part stops at the size stated there."""
    unpacked = sum(part.file_size for part in parts)
    too_dense = unpacked > RATIO_MATTERS_FROM and unpacked > MAX_RATIO * size
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or too_dense:
        raise LargeWorkbookError("bytes")


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, count: "_Count") -> None:
    """Any part may turn out to be the sheet, whatever it is called, so all are looked at; most pictures end at once."""
    is_xml = part.filename.endswith(XML_ENDINGS)
    look = _Look(count, allows_document_type=not is_xml)
    try:
        with archive.open(part) as file:
            while chunk := file.read(CHUNK):
                look.take(chunk)
            look.take(b"")
    except expat.ExpatError as error:
        if is_xml:
            raise DamagedWorkbookError("no XML") from error


class _Count:
    """Of all parts together: a workbook may have many sheets."""

    def __init__(self) -> None:
        self.units = self.inside = self.outside = self.attributes_outside = 0


class _Look:
    """One pass over a part. The parser keeps nothing but the names of the elements that are open."""

    def __init__(self, count: _Count, *, allows_document_type: bool) -> None:
        self.count = count
        self.taken = self.depth = self.text = 0
        # How deep the present row or text began, and how many elements it has; no depth outside of them.
        self.unit_depth = self.in_unit = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        # A drawing may have one; entities in it end at the parser's own bound.
        if not allows_document_type:
            self.parser.StartDoctypeDeclHandler = self._doctype

    def take(self, chunk: bytes) -> None:
        """The next bytes; none: it was the last. Raises ExpatError, DamagedWorkbookError, LargeWorkbookError."""
        self.parser.Parse(chunk, not chunk)
        self.taken += len(chunk)
        # What the parser has but could not finish yet is one tag or comment.
        if self.taken - self.parser.CurrentByteIndex > LONGEST_TAG:
            raise LargeWorkbookError("tag")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.text = 0
        if self.depth > DEEPEST:
            raise LargeWorkbookError("depth")
        if not self.unit_depth and name.rpartition(":")[2] in UNITS:
            self.unit_depth, self.in_unit = self.depth, 0
            self.count.units += 1
        if self.unit_depth:
            self._inside(attributes)
        else:
            self._outside(attributes)

    def _inside(self, attributes: dict[str, str]) -> None:
        self.in_unit += 1
        self.count.inside += 1
        if self.in_unit > MAX_IN_A_UNIT or self.count.inside > MAX_INSIDE_UNITS or self.count.units > MAX_UNITS:
            raise LargeWorkbookError("cells")
        if len(attributes) > MAX_ATTRIBUTES_INSIDE:
            raise LargeWorkbookError("attributes")

    def _outside(self, attributes: dict[str, str]) -> None:
        self.count.outside += 1
        self.count.attributes_outside += len(attributes)
        if self.count.outside > MAX_OUTSIDE_UNITS or self.count.attributes_outside > MAX_ATTRIBUTES_OUTSIDE_UNITS:
            raise LargeWorkbookError("elements")

    def _end(self, _name: str) -> None:
        if self.depth == self.unit_depth:
            self.unit_depth = 0
        self.depth -= 1
        self.text = 0

    def _characters(self, data: str) -> None:
        self.text += len(data)
        if self.text > LONGEST_TEXT:
            raise LargeWorkbookError("text")

    def _doctype(self, *_about: object) -> NoReturn:
        # A table needs no document type: it could only bring entities that unfold.
        raise DamagedWorkbookError("document type")
