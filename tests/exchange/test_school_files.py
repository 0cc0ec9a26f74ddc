"""Files as school systems write them: separators said, titles above, names in two columns, several sheets, any date."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from django.utils import translation
from openpyxl import Workbook

from backend.common.errors import Invalid
from backend.exchange import selectors, services
from backend.exchange.class_import import FIELDS
from backend.exchange.enums import ImportKind, ImportState
from backend.exchange.fields import guess_mapping, recogniser
from backend.exchange.reading import read_sheet
from backend.students.models import Student, StudentGroup
from tests.exchange.files import CLASS_HEADINGS, CLASS_ROW, csv_file, work, xlsx_file
from tests.factories import CoordinatorFactory

RECOGNISE = recogniser(FIELDS)
DATA = Path(__file__).parent / "data"
ODS_START = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"><office:automatic-styles>'
    '<style:style style:name="away" style:family="table"><style:table-properties table:display="false"/></style:style>'
    "</office:automatic-styles><office:body><office:spreadsheet>"
)
MANIFEST = (
    '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
    "</manifest:manifest>"
)
ODS_END = "</office:spreadsheet></office:body></office:document-content>"


def ods_file(*tables: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("content.xml", ODS_START + "".join(tables) + ODS_END)
    return file.getvalue()


def ods_table(name: str, rows: list[list[str]], style: str = "") -> str:
    """Dates as OpenDocument stores them; blank rows down to the last there can be, as programs leave them."""
    body = "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows)
    attribute = f' table:style-name="{style}"' if style else ""
    rest = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/>'
    return f'<table:table table:name="{name}"{attribute}>{body}{rest}</table:table-row></table:table>'


def ods_cell(text: str) -> str:
    if len(text) == 10 and text[4] == "-":
        return f'<table:table-cell office:value-type="date" office:date-value="{text}"><text:p>{text}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def book_of(*sheets: tuple[str, Sequence[Sequence[object]], str]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for name, rows, state in sheets:
        sheet = book.create_sheet(name)
        sheet.sheet_state = state
        for row in rows:
            sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def upload(content: bytes, **options):
    return services.upload_import(
        actor=CoordinatorFactory(language="en"),
        kind=ImportKind.CLASS_LIST,
        content=content,
        file_name="8B.csv",
        municipality_code="0562",
        options=options,
    )


def checked(job):
    return work(services.check_import(actor=job.actor, job_id=job.pk, mapping=job.mapping))


def imported(job):
    ready = checked(job)
    assert ready.state == ImportState.READY, list(ready.rows.values_list("line", "problems"))
    return work(services.run_import(actor=job.actor, job_id=job.pk))


def said(job) -> str:
    with translation.override("en"):
        return " ".join(selectors.left_out(job))


@pytest.mark.parametrize("separator", [";", ",", "|", "\t"])
def test_a_first_line_may_name_the_separator(separator):
    text = f"sep={separator}\r\n" + "\r\n".join(separator.join(row) for row in (CLASS_HEADINGS, CLASS_ROW))
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        sheet = read_sheet(text.encode(encoding), recognise=RECOGNISE)
        assert (sheet.headings, sheet.heading_line) == (CLASS_HEADINGS, 2)
        assert (sheet.rows[0].line, sheet.rows[0].cells) == (3, CLASS_ROW)


def test_title_lines_above_the_headings_are_passed_and_said():
    titles = ["Klasslista 8B, läsår 2026/27, Bergska skolan;;;;", "", "Utskriven 2026-08-20;;;;"]
    text = "\r\n".join([*titles, ";".join(CLASS_HEADINGS), ";".join(CLASS_ROW)])
    sheet = read_sheet(text.encode(), recognise=RECOGNISE)
    assert (sheet.headings, sheet.heading_line, sheet.has_lines_above) == (CLASS_HEADINGS, 4, True)
    assert [row.line for row in sheet.rows] == [5]


def test_headings_that_come_again_are_no_pupils():
    other = ["otto@skola.example", "Otto Berg", "8C", *CLASS_ROW[3:]]
    sheet = read_sheet(csv_file([CLASS_HEADINGS, CLASS_ROW, CLASS_HEADINGS, other]), recognise=RECOGNISE)
    assert ([row.line for row in sheet.rows], sheet.repeated) == ([2, 4], [3])


def test_rows_below_a_gap_are_read():
    rows = [CLASS_HEADINGS, CLASS_ROW, [], [], ["otto@skola.example", "Otto Berg", *CLASS_ROW[2:]]]
    assert [row.line for row in read_sheet(xlsx_file(rows), recognise=RECOGNISE).rows] == [2, 5]


def test_decomposed_letters_and_invisible_signs_become_the_ordinary_ones():
    sheet = read_sheet("Namn;Skola\nA\u030asa\u200b;O\u0308sterskolan\ufeff".encode())
    assert sheet.rows[0].cells == ["Åsa", "Österskolan"]


def test_an_old_excel_file_is_read_without_its_hidden_sheet():
    sheet = read_sheet((DATA / "class_list.xls").read_bytes(), recognise=RECOGNISE)
    assert sheet.headings[:3] == ["E-post", "Efternamn", "Förnamn"]
    assert sheet.rows[0].cells == ["maja@skola.example", "Lind", "Maja", "8B", "Bergska skolan", "2012-05-01"]
    assert (sheet.name, sheet.hidden, sheet.heading_line) == ("8B", ["Betyg"], 3)


def test_an_open_document_is_read_without_its_hidden_sheet():
    content = ods_file(ods_table("8B", [CLASS_HEADINGS, CLASS_ROW]), ods_table("Dold", [["hemligt"]], style="away"))
    sheet = read_sheet(content, recognise=RECOGNISE)
    assert ([row.cells for row in sheet.rows], sheet.hidden) == ([CLASS_ROW], ["Dold"])


def test_the_sheet_with_the_headings_is_read_and_the_others_are_named():
    content = book_of(
        ("Läs mig", [["Fyll i nästa blad"]], "visible"),
        ("8B", [CLASS_HEADINGS, CLASS_ROW], "visible"),
        ("8C", [CLASS_HEADINGS, CLASS_ROW], "visible"),
        ("Blad4", [], "visible"),
        ("Betyg", [CLASS_HEADINGS, CLASS_ROW, CLASS_ROW], "veryHidden"),
    )
    sheet = read_sheet(content, recognise=RECOGNISE)
    assert (sheet.name, sheet.others, sheet.hidden) == ("8B", ["Läs mig", "8C"], ["Betyg"])
    assert read_sheet(content, recognise=RECOGNISE, sheet="8C").name == "8C"
    with pytest.raises(Invalid) as refused:
        read_sheet(content, recognise=RECOGNISE, sheet="9A")
    assert refused.value.field == "sheet"


def test_a_hidden_sheet_is_never_taken_by_itself():
    content = book_of(("Blad1", [], "visible"), ("Betyg", [CLASS_HEADINGS, CLASS_ROW], "hidden"))
    with pytest.raises(Invalid) as refused:
        read_sheet(content, recognise=RECOGNISE)
    assert refused.value.code == "import.only_hidden"
    assert read_sheet(content, recognise=RECOGNISE, sheet="Betyg").rows[0].cells == CLASS_ROW


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize(
    "headings",
    [
        ["Mejladress", "Elevens namn", "Klass", "Skola", "Födelsedag"],
        ["E-mail address", "Name", "Class", "School", "Date of birth"],
        ["E-postadress", "Förnamn", "Efternamn", "Class", "Skolenhet", "Födelsedatum"],
    ],
)
def test_headings_in_both_languages_whatever_the_pages_language(language, headings):
    with translation.override(language):
        assert len(guess_mapping(headings, FIELDS)) == len(headings)


@pytest.mark.django_db
def test_first_and_last_name_in_two_columns_and_turned_round():
    headings = ["E-post", "Efternamn", "Förnamn", "Klass", "Skola", "Födelsedatum"]
    imported(upload(csv_file([headings, ["maja@skola.example", "Lind", "Maja", "8B", "Bergska skolan", "120501"]])))
    maja = Student.objects.get()
    assert (maja.user.name, maja.birth_date) == ("Maja Lind", date(2012, 5, 1))
    turned = [CLASS_HEADINGS, ["otto@skola.example", '"Berg, Otto"', *CLASS_ROW[2:]]]
    imported(upload(csv_file(turned)))
    assert Student.objects.filter(user__name="Otto Berg").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "written", ["2026/2027", "2026/27", "26/27", "2026-2027", "HT26", "ht 2026", "VT27", "2026", "läsår 26/27"]
)
def test_a_school_year_as_schools_write_it(written):
    imported(upload(csv_file([[*CLASS_HEADINGS, "Läsår"], [*CLASS_ROW, written]])))
    assert StudentGroup.objects.get().school_year == 2026


@pytest.mark.django_db
@pytest.mark.parametrize("written", ["2026/28", "nästa", "26", "27/26"])
def test_a_school_year_that_can_not_be_is_refused(written):
    job = checked(upload(csv_file([[*CLASS_HEADINGS, "Läsår"], [*CLASS_ROW, written]])))
    assert "2026/27" in str(job.rows.get().problems)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("INPRO", "IN"), ("BA25BYG", "BA25"), ("NANAT0S", "NA"), ("El- och energi", "EE25"), ("El- och energiprogrammet", "EE25"),
        ("Bygg- och anläggning", "BA25"), ("Naturvetenskap", "NA25"), ("Electricity and Energy", "EE25"), ("IMPRO", "IMPRO"),
    ],
)  # fmt: skip
def test_a_programme_by_its_study_path_or_its_short_name(written, code):
    imported(upload(csv_file([[*CLASS_HEADINGS, "Program"], [*CLASS_ROW, written]]), form="apl"))
    assert Student.objects.get().programme_id == code


@pytest.mark.django_db
@pytest.mark.parametrize("written", ["Ingen", "INGENJÖRSPROGRAMMET", "inpro"])
def test_a_word_that_begins_like_a_code_is_no_programme(written):
    job = checked(upload(csv_file([[*CLASS_HEADINGS, "Program"], [*CLASS_ROW, written]]), form="apl"))
    assert job.state == ImportState.FAULTY


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Feriepraktik", "feriejobb"),
        ("Lärlingsplats", "larling"),
        ("Arbetsplatsförlagt lärande", "apl"),
        ("APL", "apl"),
    ],
)
def test_what_the_class_looks_for_in_the_schools_words(written, code):
    imported(upload(csv_file([[*CLASS_HEADINGS, "Söker"], [*CLASS_ROW, written]])))
    assert [form.pk for form in Student.objects.get().forms.all()] == [code]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "number",
    ["20120501-1234", "201205011234", "120501-1234", "1205011234", "2012-05-01-1234", "120501-T123", "20120501 TF12"],
)
def test_a_personal_identity_number_is_refused_and_not_kept_with_the_row(number):
    job = checked(upload(csv_file([CLASS_HEADINGS, [*CLASS_ROW[:4], number]])))
    row = job.rows.get()
    assert "last four" in row.problems[0][1]
    assert "••••" in row.cells[4]
    assert number[-4:] not in row.cells[4]


@pytest.mark.django_db
def test_a_week_is_no_date_of_birth():
    job = checked(upload(csv_file([CLASS_HEADINGS, [*CLASS_ROW[:4], "2012-W18"]])))
    assert "This is a week" in job.rows.get().problems[0][1]
    assert not Student.objects.exists()


@pytest.mark.django_db
def test_what_is_not_read_is_said_and_another_sheet_can_be_chosen():
    job = upload(
        book_of(
            ("8B", [["Klasslista"], CLASS_HEADINGS, CLASS_ROW], "visible"),
            (
                "8C",
                [[*CLASS_HEADINGS, "Allergi"], ["otto@skola.example", "Otto Berg", *CLASS_ROW[2:], "nötter"]],
                "visible",
            ),
            ("Betyg", [["A"]], "hidden"),
        )
    )
    assert said(job) == (
        "Line 2 is read as the headings. What stands above it is not imported. "
        "Only the sheet “8B” is read. Not read: 8C. Hidden sheets are not read: Betyg."
    )
    job = services.choose_table(actor=job.actor, job_id=job.pk, sheet="8C", heading_line=None)
    assert "Not read: 8B." in said(job)
    assert "Columns that are not read: Allergi." in said(job)
    imported(job)
    assert Student.objects.get().user.name == "Otto Berg"


@pytest.mark.django_db
def test_the_heading_line_can_be_said():
    job = upload(csv_file([["A", "B", "C", "D", "E"], CLASS_HEADINGS, CLASS_ROW]), heading_line=1)
    assert job.headings == ["A", "B", "C", "D", "E"]
    job = services.choose_table(actor=job.actor, job_id=job.pk, sheet="", heading_line=2)
    assert job.headings == CLASS_HEADINGS
    with pytest.raises(Invalid) as refused:
        services.choose_table(actor=job.actor, job_id=job.pk, sheet="", heading_line=40)
    assert refused.value.field == "heading_line"


@pytest.mark.django_db
def test_the_languages_a_school_knows_of():
    imported(upload(csv_file([[*CLASS_HEADINGS, "Språk"], [*CLASS_ROW, "svenska, Arabic, uk"]])))
    assert Student.objects.get().languages == ["sv", "ar", "uk"]
