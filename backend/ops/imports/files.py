"""Reading files that may be damaged: what is wrong is said with file and line, all at once, before anything is written."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.common.text import clean_text, clean_values

MAX_SHOWN = 20


@dataclass(frozen=True)
class Problem:
    """line: of the file, from 1; 0 when the problem is the whole file's."""

    line: int
    text: str


class DamagedFileError(Exception):
    """The file cannot be imported. `str(error)` names the file, the lines and what is wrong with each."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.path, self.problems = path, list(problems)
        shown = [
            f"{path.name}{f' line {problem.line}' if problem.line else ''}: {problem.text}"
            for problem in self.problems[:MAX_SHOWN]
        ]
        if len(self.problems) > MAX_SHOWN:
            shown.append(f"... and {len(self.problems) - MAX_SHOWN} more problems")
        super().__init__("\n".join([*shown, "Nothing was imported."]))


@dataclass
class Problems:
    """Collects what is wrong, so that one run shows everything."""

    path: Path
    found: list[Problem] = field(default_factory=list)

    def add(self, line: int, text: str) -> None:
        self.found.append(Problem(line, text))

    def stop_if_any(self) -> None:
        if self.found:
            raise DamagedFileError(self.path, self.found)


def read_text(path: Path) -> str:
    """UTF-8 with or without byte order mark. Raises DamagedFileError for a missing, unreadable or otherwise encoded file."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DamagedFileError(path, [Problem(0, f"cannot be read: {error.strerror}")]) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DamagedFileError(
            path, [Problem(line, f"not UTF-8 (byte 0x{raw[error.start]:02x}); save the file as UTF-8")]
        ) from error
    if not text.strip():
        raise DamagedFileError(path, [Problem(0, "the file is empty")])
    return text


def read_csv(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Lines as dictionaries with stripped values, with the line number. Columns beyond the wanted ones are ignored.

    Any line ending will do. Raises DamagedFileError for a wrong header or lines of another length, before the first row.
    """
    reader = csv.reader(read_text(path).splitlines(keepends=True), strict=True)
    problems = Problems(path)
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        header = [name.strip() for name in next(reader)]
        _check_header(header, columns, path)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                problems.add(reader.line_num, f"{len(cells)} columns instead of {len(header)}; is the file cut off?")
                continue
            rows.append((reader.line_num, {name: clean_text(cell) for name, cell in zip(header, cells, strict=True)}))
    except csv.Error as error:
        problems.add(reader.line_num, f"not valid CSV: {error}")
    problems.stop_if_any()
    if not rows:
        raise DamagedFileError(path, [Problem(0, "there are no rows under the header")])
    return iter(rows)


def _check_header(header: list[str], columns: Sequence[str], path: Path) -> None:
    missing = [name for name in columns if name not in header]
    if missing and len(header) == 1 and ";" in header[0]:
        raise DamagedFileError(path, [Problem(1, "columns are separated by semicolons; commas are needed")])
    if missing:
        raise DamagedFileError(path, [Problem(1, f"the header lacks {', '.join(missing)}")])


def read_json(path: Path) -> Any:
    """The value in the file. Raises DamagedFileError with the line where it stops making sense."""
    return clean_values(_parse(path, read_text(path), 1))


def read_json_or_lines(path: Path) -> Any:
    """The value in the file, or the list of those in a file with one on each line (JSON Lines). Raises DamagedFileError."""
    text = read_text(path)
    first, _end, rest = text.lstrip().partition("\n")
    if not rest.strip() or not _is_whole(first):
        return clean_values(_parse(path, text, 1))
    return [
        clean_values(_parse(path, line, number))
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    ]


def _is_whole(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _parse(path: Path, text: str, begin: int) -> Any:
    """begin: the line of the file where the text begins."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise DamagedFileError(
            path, [Problem(begin + error.lineno - 1, f"not valid JSON: {error.msg}; is the file cut off?")]
        ) from error
    except RecursionError as error:
        raise DamagedFileError(path, [Problem(0, "not valid JSON: nested too deeply")]) from error
    except ValueError as error:
        # Python makes no numbers of more than some thousand digits.
        raise DamagedFileError(path, [Problem(0, "not valid JSON: a number without end")]) from error
