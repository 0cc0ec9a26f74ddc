"""Tables out: both formats from the same columns, and nothing in them that a spreadsheet would calculate."""

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from backend.common.weeks import format_weeks
from backend.exchange.tables import BYTE_ORDER_MARK, RISKY_STARTS, Column, TableFormat, number_if_one, write_table

COLUMNS: list[Column[Any]] = [Column("Text", lambda row: row[0]), Column("=Tal", lambda row: row[1])]


def read_csv(content: bytes) -> list[list[str]]:
    text = content.decode("utf-8")
    assert text.startswith(BYTE_ORDER_MARK)
    return list(csv.reader(io.StringIO(text[1:], newline=""), delimiter=";"))


def read_xlsx(content: bytes):
    return list(load_workbook(io.BytesIO(content)).active.iter_rows())


@pytest.mark.parametrize("risky", ["=1+1", "+46", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1"])
def test_no_text_becomes_a_formula(risky):
    rows = [(risky, 1)]
    assert read_csv(write_table(TableFormat.CSV, COLUMNS, rows))[1][0] == f"'{risky}"
    cells = read_xlsx(write_table(TableFormat.XLSX, COLUMNS, rows))
    assert all(cell.data_type != "f" for line in cells for cell in line)
    assert cells[1][0].value.startswith("'")
    assert cells[0][1].value == "'=Tal"


@pytest.mark.parametrize("number", [0, 49, 50, 51, 130])
def test_both_formats_hold_every_row_in_order(number):
    rows = [(f"Rad {n}", n) for n in range(number)]
    expected = [f"Rad {n}" for n in range(number)]
    # A list that is made while it is read, as those of the database are.
    assert [line[0] for line in read_csv(write_table(TableFormat.CSV, COLUMNS, iter(rows)))[1:]] == expected
    assert [line[0].value for line in read_xlsx(write_table(TableFormat.XLSX, COLUMNS, iter(rows)))[1:]] == expected


def test_values_keep_their_kind():
    rows = [("Åsa", -5), (None, 2.5), (True, date(2027, 1, 4)), ("x", datetime(2027, 1, 4, 8, 30, 12, tzinfo=UTC))]
    cells = read_xlsx(write_table(TableFormat.XLSX, COLUMNS, rows))
    assert [line[1].value for line in cells[1:]] == [
        -5,
        2.5,
        datetime(2027, 1, 4, 0, 0),
        datetime(2027, 1, 4, 9, 30),
    ]
    assert [line[1] for line in read_csv(write_table(TableFormat.CSV, COLUMNS, rows))[1:]] == [
        "-5",
        "2.5",
        "2027-01-04",
        "2027-01-04 09:30",
    ]


@settings(deadline=None, max_examples=25)
@example([("\0=1", "\x01=1")])
@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_any_text_makes_a_file_that_opens(rows):
    written = read_csv(write_table(TableFormat.CSV, COLUMNS, rows))
    assert len(written) == len(rows) + 1
    cells = read_xlsx(write_table(TableFormat.XLSX, COLUMNS, rows))
    assert len(cells) == len(rows) + 1
    assert not any(str(cell.value or "").startswith(RISKY_STARTS) for line in cells for cell in line)
    assert not any(cell.data_type == "f" for line in cells for cell in line)


def test_a_file_holds_figures_as_numbers_and_no_joints_of_a_page():
    weeks = format_weeks(date(2027, 1, 25), date(2027, 2, 19), with_year=True)
    rows = [(weeks, number_if_one("30")), ("30\N{NARROW NO-BREAK SPACE}000", number_if_one("under 5"))]
    cells = read_xlsx(write_table(TableFormat.XLSX, COLUMNS, rows))
    assert [[cell.value for cell in line] for line in cells[1:]] == [["v. 4–7, 2027", 30], ["30 000", "under 5"]]
    assert cells[1][1].data_type == "n"


def test_a_sign_left_out_uncovers_no_formula():
    rows = [("\N{WORD JOINER}=1+1", 1)]
    assert read_csv(write_table(TableFormat.CSV, COLUMNS, rows))[1][0] == "'=1+1"
