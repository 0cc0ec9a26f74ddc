#!/usr/bin/env bash
# python-calamine 0.9.1: iter_rows fills up the empty rows above the first filled cell but not the empty columns before it,
# so a column's letter is lost where a row's number is not; to_python drops both. total_height is one too few.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-calamine==0.9.1 openpyxl==3.1.5
"$folder/venv/bin/python" - <<'PY'
import sys
from importlib.metadata import version
from io import BytesIO

from openpyxl import Workbook
from python_calamine import CalamineWorkbook

book = Workbook()
book.active["C3"], book.active["D3"] = "Name", "Class"
book.active["C4"], book.active["D4"] = "Ada", "9A"
file = BytesIO()
book.save(file)
file.seek(0)
sheet = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0)
seen = {"iter_rows": list(sheet.iter_rows()), "to_python": sheet.to_python(), "total_height": sheet.total_height}
print(f"python-calamine {version('python-calamine')}, a sheet filled in C3:D4: {seen}")
filled = [["Name", "Class"], ["Ada", "9A"]]
expected = {"iter_rows": [["", ""], ["", ""], *filled], "to_python": filled, "total_height": 3}
sys.exit(0 if seen == expected else 1)
PY
