"""Reads a spreadsheet in a process of its own, so that what its library takes of memory and time ends with the process.

Run as a script: the file on standard input, a JSON object as the only argument: `sheet` (a name, or "" for the first that
is shown and holds anything), `rows`, `columns`, `cell`, `text` (the most to hand over), `head` (rows of the other sheets),
`megabytes`, `seconds`. Writes a line of JSON for each sheet: {"sheet": name, "is_hidden": bool, "is_chosen": bool},
followed by its rows that hold anything: [line from 1, [texts]]. Exit codes: 0, DAMAGED, LOCKED, LONG_CELL, TOO_MUCH; any
other means that the process was ended by its bounds.

It imports nothing of the service: it has to start fast and to hold no secrets.
"""

import json
import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from typing import Any

DAMAGED, LOCKED, LONG_CELL, TOO_MUCH = 10, 11, 12, 13
LARGEST_WHOLE_FLOAT = 1e15
# A cell beyond the last column that is read shows as this.
BEYOND = "…"


def cell_text(value: Any) -> str:
    """A cell as a person sees it: whole numbers without decimals, dates as 2027-01-25."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_WHOLE_FLOAT:
        return str(int(value))
    if isinstance(value, datetime):
        is_midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.date().isoformat() if is_midnight else value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return str(value).replace("\0", "")


def _draw_bounds(megabytes: int, seconds: int) -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    wanted = pages * resource.getpagesize() + megabytes * 1024 * 1024
    for kind, most in ((resource.RLIMIT_AS, wanted), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        _soft, hard = resource.getrlimit(kind)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (bound, bound))


def _filled_rows(sheet: Any, columns: int, cell: int) -> Iterator[tuple[int, list[str]]]:
    start = sheet.start
    if start is None:
        return
    # The library fills up the rows above the first cell, but not the columns before it.
    before = [""] * start[1]
    for line, values in enumerate(sheet.iter_rows(), start=1):
        texts = before + [cell_text(value) for value in values]
        if len(texts) > columns:
            texts = [*texts[:columns], BEYOND if any(texts[columns:]) else ""]
        if any(len(text) > cell for text in texts):
            sys.exit(LONG_CELL)
        if any(text.strip() for text in texts):
            yield line, texts


def main() -> None:
    asked = json.loads(sys.argv[1])
    content = sys.stdin.buffer.read()
    import python_calamine as calamine

    _draw_bounds(asked["megabytes"], asked["seconds"])
    try:
        book = calamine.CalamineWorkbook.from_filelike(BytesIO(content))
        known = [each for each in book.sheets_metadata if each.typ == calamine.SheetTypeEnum.WorkSheet]
    except calamine.PasswordError:
        sys.exit(LOCKED)
    except calamine.CalamineError:
        sys.exit(DAMAGED)
    chosen, handed_over = asked["sheet"], 0
    for each in known:
        is_hidden = each.visible != calamine.SheetVisibleEnum.Visible
        try:
            rows = _filled_rows(book.get_sheet_by_name(each.name), asked["columns"], asked["cell"])
            first = next(rows, None)
        except calamine.CalamineError:
            sys.exit(DAMAGED)
        if first is None:
            continue
        if not chosen and not is_hidden:
            chosen = each.name
        is_chosen = each.name == chosen
        print(json.dumps({"sheet": each.name, "is_hidden": is_hidden, "is_chosen": is_chosen}))
        most = asked["rows"] if is_chosen else asked["head"]
        for line, texts in islice(chain([first], rows), most):
            handed_over += sum(map(len, texts))
            if handed_over > asked["text"]:
                sys.exit(TOO_MUCH)
            print(json.dumps([line, texts]))


if __name__ == "__main__":
    main()
