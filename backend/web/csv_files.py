"""Lists as files for a spreadsheet, safe to open: a text never becomes a formula there."""

import csv
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse

RISKY_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def safe_cell(value: Any) -> str:
    """The value as text; one that a spreadsheet would calculate gets an apostrophe in front."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(RISKY_STARTS) else text


def csv_response(filename: str, headings: Sequence[Any], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """A UTF-8 file with semicolons and a byte order mark, which is what Swedish spreadsheets open without asking."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.write(BYTE_ORDER_MARK)
    writer = csv.writer(response, delimiter=";", lineterminator="\r\n")
    for row in [headings, *rows]:
        writer.writerow([safe_cell(cell) for cell in row])
    return response
