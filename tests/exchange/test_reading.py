"""Files as people have them: encodings, separators, spreadsheets, damaged and hostile ones."""

import io
import zipfile

import pytest

from backend.common.errors import Invalid
from backend.exchange import reading
from backend.exchange.reading import MAX_ROWS, read_sheet
from tests.exchange.files import csv_file, xlsx_file

ROWS = [["Namn", "Kommun"], ["Åsa Öberg", "0562"], ["Örjan", "1493"]]


def refused(content: bytes) -> str:
    with pytest.raises(Invalid) as error:
        read_sheet(content)
    assert error.value.field == "file"
    return error.value.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_encodings_and_separators(encoding, delimiter):
    sheet = read_sheet(csv_file(ROWS, delimiter=delimiter, encoding=encoding))
    assert sheet.headings == ROWS[0]
    assert [row.cells for row in sheet.rows] == ROWS[1:]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_and_empty_lines_keep_the_numbers_of_the_lines(ending):
    sheet = read_sheet(ending.join(["Namn;Kommun", "", 'Åsa;"0562"', ";", "Örjan;1493", ""]).encode())
    assert [(row.line, row.cells[1]) for row in sheet.rows] == [(3, "0562"), (5, "1493")]


def test_a_cell_may_hold_several_lines():
    sheet = read_sheet('Namn;Text\nÅsa;"rad ett\nrad två"\nÖrjan;x'.encode())
    assert [(row.line, row.cells[1]) for row in sheet.rows] == [(2, "rad ett\nrad två"), (4, "x")]


def test_excel_numbers_and_dates_become_what_a_person_sees():
    from datetime import date, datetime

    sheet = read_sheet(xlsx_file([["a", "b", "c", "d"], [562, 2.5, date(2027, 1, 25), datetime(2027, 1, 25, 8, 30)]]))
    assert sheet.rows[0].cells == ["562", "2.5", "2027-01-25", "2027-01-25 08:30"]


def test_our_own_escape_is_taken_off_again():
    assert read_sheet(csv_file([["a"], ["'=1+1"], ["'quoted'"]])).rows[0].cells == ["=1+1"]


def test_short_and_long_rows():
    sheet = read_sheet(b"a;b\n1\n1;2;3\n1;2;\n")
    assert [(row.cells, row.surplus) for row in sheet.rows] == [
        (["1", ""], False),
        (["1", "2"], True),
        (["1", "2"], False),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "import.empty"),
        (b" \n\n", "import.empty"),
        (b"a;b\n", "import.no_rows"),
        (b'a;b\n"never closed', "import.bad_csv"),
        (b"\x00\x01\x02\x03", "import.no_text"),
        (b"a;b\n1;\x00", "import.no_text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "import.bad_excel"),
        (b"PK\x03\x04 not a zip", "import.bad_excel"),
        (b"\xff\xfea", "import.no_text"),
        (b"a;b\n" + b"x" * 6_000, "import.long_cell"),
        (";".join(str(n) for n in range(101)).encode() + b"\n1", "import.too_wide"),
        (b"a\n" + b"1\n" * (MAX_ROWS + 1), "import.too_long"),
        (b"a\n" + b"1" * reading.MAX_BYTES, "import.too_large"),
    ],
)
def test_what_can_not_be_read_is_refused_with_a_reason(content, code):
    assert refused(content) == code


def test_as_many_rows_as_allowed_are_read():
    assert len(read_sheet(b"a\n" + b"1\n" * MAX_ROWS).rows) == MAX_ROWS
    assert len(read_sheet(xlsx_file([["a"], *[[1]] * MAX_ROWS])).rows) == MAX_ROWS
    assert refused(xlsx_file([["a"], *[[1]] * (MAX_ROWS + 1)])) == "import.too_long"


def repacked(content: bytes, **changes: bytes) -> bytes:
    """The XLSX file with parts replaced or added."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name))
        for name, data in changes.items():
            new.writestr(name, data)
    return file.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_opened(monkeypatch):
    def opened(*args, **kwargs):
        raise AssertionError("opened")

    monkeypatch.setattr(reading, "read_spreadsheet", opened)
    bomb = repacked(xlsx_file(ROWS), **{"xl/media/zeros": b"\0" * 20_000_000})
    assert len(bomb) < 100_000
    assert refused(bomb) == "import.unpacks_too_large"
    many = repacked(xlsx_file(ROWS), **{f"xl/{number}": b"x" for number in range(600)})
    assert refused(many) == "import.unpacks_too_large"


def test_entities_are_refused():
    book = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    assert refused(repacked(xlsx_file(ROWS), **{"xl/workbook.xml": book})) == "import.bad_excel"


def test_another_zip_is_no_table():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "x")
    assert refused(file.getvalue()) == "import.bad_excel"
