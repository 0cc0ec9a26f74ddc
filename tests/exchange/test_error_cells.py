"""#N/A and its like: named by line and column, never taken for an empty cell."""

import io

import pytest
from django.utils import translation
from openpyxl import Workbook

from backend.exchange import selectors
from backend.exchange.error_cells import find_error_cells, is_error
from backend.exchange.reading import read_sheet
from tests.exchange.files import CLASS_HEADINGS, CLASS_ROW, csv_file
from tests.exchange.test_school_files import checked, ods_file, ods_table, upload

HEADINGS = [*CLASS_HEADINGS, "Program"]
ROW = [*CLASS_ROW, "IN"]
SHEETS = ("Anteckningar", "Elever")
ODS_ERROR = (
    '<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value=""'
    ' calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>'
)
CALCEXT = ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" office:version="1.2">'


def excel_file(*rows: list[str], broken: dict[str, str]) -> bytes:
    """A second sheet with the rows; broken: cell -> the error it shows."""
    book = Workbook()
    book.active.title = SHEETS[0]
    book.active.append(["Läs mig"])
    sheet = book.create_sheet(SHEETS[1])
    for row in rows:
        sheet.append(row)
    for cell, text in broken.items():
        sheet[cell] = text
        sheet[cell].data_type = "e"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def ods_with_error() -> bytes:
    from zipfile import ZipFile

    table = ods_table("Elever", [HEADINGS, [*CLASS_ROW, "FEL"]])
    cell = '<table:table-cell office:value-type="string"><text:p>FEL</text:p></table:table-cell>'
    content = ods_file(table.replace(cell, ODS_ERROR))
    # The namespace that LibreOffice marks errors in.
    source, target = io.BytesIO(content), io.BytesIO()
    with ZipFile(source) as old, ZipFile(target, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            new.writestr(name, text.replace(' office:version="1.2">', CALCEXT, 1) if name == "content.xml" else text)
    return target.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "#N/A",
        "#REF!",
        "#DIV/0!",
        "#VALUE!",
        "#NAME?",
        "#NUM!",
        "#NULL!",
        "#SAKNAS!",
        "#REFERENS!",
        "#VÄRDEFEL!",
        "Err:502",
    ],
)
def test_what_spreadsheets_show_is_known(text):
    assert is_error(text)


@pytest.mark.parametrize("text", ["", "#1", "N/A", "# N/A finns", "#svets", "#N/A #N/A"])
def test_what_people_write_is_not(text):
    assert not is_error(text)


def test_a_cell_of_excel_keeps_its_error_and_its_place():
    content = excel_file(HEADINGS, ROW, ["", "", "", "", "", ""], broken={"F2": "#N/A", "B3": "#REF!"})
    assert find_error_cells(content) == {SHEETS[1]: {(2, 5): "#N/A", (3, 1): "#REF!"}}
    sheet = read_sheet(content, sheet=SHEETS[1])
    assert [(row.line, row.cells[1], row.cells[5]) for row in sheet.rows] == [
        (2, "Maja Lind", "#N/A"),
        (3, "#REF!", ""),
    ]


def test_a_file_without_errors_is_read_as_before():
    assert find_error_cells(excel_file(HEADINGS, ROW, broken={})) == {}
    assert find_error_cells(ods_file(ods_table("Elever", [HEADINGS, ROW]))) == {}
    assert find_error_cells(b"PK\x03\x04 no zip") == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content",
    [
        csv_file([HEADINGS, [*CLASS_ROW, "#N/A"]]),
        excel_file(HEADINGS, ROW, broken={"F2": "#N/A"}),
        ods_with_error(),
    ],
    ids=["csv", "xlsx", "ods"],
)
def test_the_row_is_refused_by_line_and_column(content):
    job = checked(upload(content))
    (row,) = selectors.list_rows(job, only_faulty=True)
    with translation.override("en"):
        (problem,) = selectors.shown_row(job, row).problems
        assert (row.line, problem.column) == (2, "Program")
        assert "shows the error #N/A here" in str(problem.message)


@pytest.mark.django_db
def test_a_required_cell_has_one_problem_and_not_two():
    job = checked(upload(csv_file([HEADINGS, [*CLASS_ROW[:3], "#REF!", *CLASS_ROW[4:], ""]])))
    (row,) = selectors.list_rows(job, only_faulty=True)
    assert [each.column for each in selectors.shown_row(job, row).problems] == ["Skola"]
