"""Spreadsheets (.xlsx, .xls, .ods) as texts, read by a process that may take so much memory and time and no more."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from backend.exchange import spreadsheet_process as process

MEGABYTES = 250
SECONDS = 20
# The wall clock's patience: a machine under load gives a process its seconds late.
PATIENCE = 90
MOST_TEXT = 40_000_000
HEAD = 30


class SpreadsheetError(Exception):
    """The file cannot be read. code: damaged, locked, long_cell, too_much."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class ReadSheet:
    """rows: line from 1 and texts, of the rows that hold anything; of a sheet that is not chosen only the first ones."""

    name: str
    is_hidden: bool
    is_chosen: bool
    rows: list[tuple[int, list[str]]] = field(default_factory=list)


CODES = {process.DAMAGED: "damaged", process.LOCKED: "locked", process.LONG_CELL: "long_cell"}


def read_spreadsheet(content: bytes, *, sheet: str, rows: int, columns: int, cell: int) -> Sequence[ReadSheet]:
    """The sheets that hold anything, in the order of the workbook. sheet: the name of the one to read whole, or "".

    rows: of the chosen sheet at most so many. columns: cells beyond are shown as one. Raises SpreadsheetError.
    """
    asked = {
        "sheet": sheet,
        "rows": rows,
        "columns": columns,
        "cell": cell,
        "text": MOST_TEXT,
        "head": HEAD,
        "megabytes": MEGABYTES,
        "seconds": SECONDS,
    }
    try:
        # An isolated interpreter with an empty environment: the file's reader has nothing to leak.
        done = subprocess.run(
            [sys.executable, "-I", str(Path(process.__file__)), json.dumps(asked)],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin"},
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SpreadsheetError("too_much") from error
    if done.returncode:
        raise SpreadsheetError(CODES.get(done.returncode, "too_much"))
    found: list[ReadSheet] = []
    for line in done.stdout.splitlines():
        value = json.loads(line)
        if isinstance(value, dict):
            found.append(ReadSheet(value["sheet"], value["is_hidden"], value["is_chosen"]))
        else:
            found[-1].rows.append((value[0], value[1]))
    return found
