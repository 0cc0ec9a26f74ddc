#!/usr/bin/env bash
# python-calamine 0.9.1: a cell that shows an error (#N/A of a lookup that found nothing) is read as an empty text, the same
# as a cell that nobody filled in.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-calamine==0.9.1 openpyxl==3.1.5
"$folder/venv/bin/python" - <<'PY'
import sys
from importlib.metadata import version
from io import BytesIO

from openpyxl import Workbook, load_workbook
from python_calamine import CalamineWorkbook

book = Workbook()
book.active.append(["Ada", "#N/A", None, "x"])
book.active["B1"].data_type = "e"
file = BytesIO()
book.save(file)
file.seek(0)
(seen,) = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()
file.seek(0)
(other,) = load_workbook(file).active.iter_rows(values_only=True)
print(f"python-calamine {version('python-calamine')}: {seen}; openpyxl reads {list(other)}")
sys.exit(0 if seen == ["Ada", "", "", "x"] and other == ("Ada", "#N/A", None, "x") else 1)
PY
