"""Small files that unfold to a lot: refused in little memory, by a limit of the operating system and not by a look at it."""

import io
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.common.errors import Invalid
from backend.exchange import workbooks
from backend.exchange.reading import read_sheet
from tests.exchange.files import xlsx_file

MEGABYTES, SECONDS = 250, 60
SHEET = "xl/worksheets/sheet1.xml"
NAMESPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
MILLION = 1_000_000
# What cannot be compressed, so that a bomb beside it is not conspicuous by its ratio.
NOISE = random.Random(3).randbytes(600_000)


def book(*, named: str = SHEET, body: list[bytes], noise: bytes = NOISE) -> bytes:
    """A workbook of two cells in which one part is replaced by (or made of) the body, chunk after chunk."""
    file = io.BytesIO()
    ready = xlsx_file([["a"], ["1"]])
    with (
        zipfile.ZipFile(io.BytesIO(ready)) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for name in old.namelist():
            if name != named:
                new.writestr(name, old.read(name))
        new.writestr("xl/media/noise.png", noise)
        with new.open(named, "w", force_zip64=True) as part:
            for chunk in body:
                part.write(chunk)
    return file.getvalue()


def sheet(rows: list[bytes], after: list[bytes] | None = None) -> list[bytes]:
    return [b"<worksheet " + NAMESPACE + b"><sheetData>", *rows, b"</sheetData>", *(after or []), b"</worksheet>"]


def row_of(cell: bytes, number: int) -> list[bytes]:
    return [b"<row>", *[cell * 10_000] * (number // 10_000), b"</row>"]


HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a cell of 200 MB": (
        "import.unpacks_too_large",
        lambda: book(body=sheet([b'<row><c t="inlineStr"><is><t>', *[b"x" * MILLION] * 200, b"</t></is></c></row>"])),
    ),
    "a cell of 50 MB": (
        "import.unpacks_too_large",
        lambda: book(body=sheet([b'<row><c t="inlineStr"><is><t>', *[b"x" * MILLION] * 50, b"</t></is></c></row>"])),
    ),
    "a gigantic row": ("import.unpacks_too_large", lambda: book(body=sheet(row_of(b"<c/>", 8 * MILLION)))),
    "rows within a row": ("import.unpacks_too_large", lambda: book(body=sheet(row_of(b"<row/>", 5 * MILLION)))),
    "more rows than there can be": (
        "import.unpacks_too_large",
        lambda: book(body=sheet([b'<row r="1"/>' * 10_000] * 400)),
    ),
    "rules without end": (
        "import.unpacks_too_large",
        lambda: book(
            body=sheet(
                [], [b"<dataValidations>", *[b'<dataValidation sqref="A1"/>' * 10_000] * 150, b"</dataValidations>"]
            )
        ),
    ),
    "styles without end": (
        "import.unpacks_too_large",
        lambda: book(
            named="xl/styles.xml",
            body=[b"<styleSheet " + NAMESPACE + b"><cellXfs>", *[b"<xf/>" * 10_000] * 300, b"</cellXfs></styleSheet>"],
        ),
    ),
    "a bottomless part": ("import.unpacks_too_large", lambda: book(body=sheet([b"<a>" * MILLION] * 5))),
    "a tag without end": ("import.unpacks_too_large", lambda: book(body=sheet([b"<row ", *[b'a="" ' * MILLION] * 10]))),
    "a sheet called a picture": (
        "import.unpacks_too_large",
        lambda: book(named="xl/media/sheet.png", body=sheet(row_of(b"<c/>", 8 * MILLION))),
    ),
    "a million columns": ("import.long_line", lambda: b"ab;" * 1_700_000),
    "one cell of 5 MB": ("import.long_line", lambda: b"a;b\n" + b"x" * 5_000_000),
    "a gigantic line below": ("import.long_line", lambda: b"a;b\n1;2\n" + b";" * 5_000_000),
    "a cell of many lines": ("import.bad_csv", lambda: b'a;b\n"' + b"x\n" * 2_000_000 + b'"'),
    "nothing but lines": ("import.no_rows", lambda: b"a\n" + b"\n" * 5_000_000),
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux bounds the memory of a process")
def test_no_file_takes_more_memory_than_a_large_honest_one(tmp_path):
    files = []
    for name, (_code, make) in HOSTILE.items():
        files.append(tmp_path / name)
        files[-1].write_bytes(make())
    # About as much as may be sent: a line of headings, 9,999 rows, a hundred columns.
    honest = tmp_path / "an honest file"
    honest.write_bytes("\n".join(";".join(f"{n * row % 997:03}" for n in range(100)) for row in range(10_000)).encode())
    done = subprocess.run(
        [sys.executable, "-m", "tests.exchange.bounded", str(MEGABYTES), str(SECONDS), *map(str, [*files, honest])],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    found = dict(json.loads(line) for line in done.stdout.splitlines())
    assert found == {name: code for name, (code, _make) in HOSTILE.items()} | {honest.name: 9_999}
    assert done.returncode == 0, done.stderr


def refused(content: bytes) -> str:
    with pytest.raises(Invalid) as error:
        read_sheet(content)
    return error.value.code


def test_a_document_type_is_refused_in_any_encoding():
    text = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    assert refused(book(named="xl/workbook.xml", body=[text.encode("utf-16")])) == "import.bad_excel"


def test_a_drawing_may_have_a_document_type_but_hides_nothing_behind_it():
    start = b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    assert len(read_sheet(book(named="xl/media/logo.svg", body=[start, b"<svg/>"])).rows) == 1
    hidden = book(named="xl/media/logo.svg", body=[start, *sheet(row_of(b"<c/>", 100_000))])
    assert refused(hidden) == "import.unpacks_too_large"


@pytest.mark.parametrize(
    ("name", "value"),
    [("MAX_ATTRIBUTES_INSIDE", 1), ("MAX_ATTRIBUTES_OUTSIDE_UNITS", 10), ("MAX_INSIDE_UNITS", 2), ("DEEPEST", 2)],
)
def test_every_bound_is_a_bound(monkeypatch, name, value):
    content = xlsx_file([["a"], ["1"]])
    assert len(read_sheet(content).rows) == 1
    monkeypatch.setattr(workbooks, name, value)
    assert refused(content) == "import.unpacks_too_large"


def test_rows_as_wide_as_a_spreadsheet_gets_are_read():
    """Whoever formats a whole row has 16,384 cells in it."""
    empty = b'<c s="0"/>' * 16_000
    rows = [b'<row><c t="inlineStr"><is><t>%d</t></is></c>%b</row>' % (number, empty) for number in range(3)]
    assert [row.cells for row in read_sheet(book(body=sheet(rows), noise=b"")).rows] == [["1"], ["2"]]
