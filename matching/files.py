"""The CSV files of the command line: UTF-8 with or without byte order mark, ``;`` between names in a cell.

- ``students.csv``: ``student,choices[,group]``, choices best first
- ``offers.csv``: ``offer,capacity[,ranking][,region]``, ``;`` between ranks, ``|`` between tied students; an empty
  ranking means that everyone is acceptable and tied
- result: ``student,offer``, an empty offer for unplaced
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from matching.assignment import Assignment
from matching.builder import MarketBuilder
from matching.errors import InvalidValue, Location, MarketErrors, Problem, UnknownId
from matching.market import Int32Array, Market

Progress = Callable[[str], None]
_EVERY = 100_000


def read_market(students: Path, offers: Path, *, progress: Progress | None = None) -> Market:
    """Read both files; :class:`MarketErrors` with all problems of both."""
    tell = progress if progress is not None else _silent
    builder = MarketBuilder()
    problems: list[Problem] = []
    regions: set[str] = set()
    for line, row in _rows(offers, ("offer", "capacity"), tell):
        capacity = _whole_number(row["capacity"])
        if capacity is None:
            reason = f"capacity {row['capacity']!r} is not a whole number"
            problems.append(InvalidValue(Location("array", offers.name, line), reason))
            capacity = 0
        region = (row.get("region") or "").strip() or None
        if region is not None and region not in regions:
            regions.add(region)
            builder.region(region)
        ranking = _names(row.get("ranking"))
        builder.offer(
            row["offer"].strip(),
            capacity=capacity,
            ranking=[_tied(entry) for entry in ranking] if ranking else None,
            region=region,
        )
    for _, row in _rows(students, ("student", "choices"), tell):
        group = (row.get("group") or "").strip() or None
        builder.student(row["student"].strip(), choices=_names(row["choices"]), group=group)
    try:
        market = builder.build()
    except MarketErrors as error:
        raise MarketErrors([*problems, *error.problems]) from None
    if problems:
        raise MarketErrors(problems)
    return market


def _silent(_: str) -> None:
    return


def _rows(path: Path, needed: tuple[str, ...], tell: Progress) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells of every row; empty lines are passed over."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in needed if name not in (reader.fieldnames or ())]
        if missing:
            where = Location("array", path.name, 1)
            raise MarketErrors([InvalidValue(where, f"the column {name!r} is missing") for name in missing])
        count = 0
        for row in reader:
            if any(row.get(name) is None for name in needed):
                reason = "the line has too few cells"
                raise MarketErrors([InvalidValue(Location("array", path.name, reader.line_num), reason)])
            count += 1
            if count % _EVERY == 0:
                tell(f"{path.name}: {count:,} lines read")
            yield reader.line_num, row
        tell(f"{path.name}: {count:,} lines read")


def _names(cell: str | None) -> list[str]:
    return [name.strip() for name in (cell or "").split(";") if name.strip()]


def _tied(entry: str) -> str | list[str]:
    names = [name.strip() for name in entry.split("|") if name.strip()]
    return names if "|" in entry else entry


def _whole_number(text: str) -> int | None:
    try:
        return int(text.strip())
    except ValueError:
        return None


def write_result(path: Path, result: Assignment) -> None:
    """One line a student in the order of the input."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("student", "offer"))
        for student, offer in enumerate(result.assignment.tolist()):
            writer.writerow((result.market.student_id(student), "" if offer < 0 else result.market.offer_id(offer)))


def write_reasons(path: Path, result: Assignment, *, progress: Progress | None = None) -> None:
    """One line a listed choice: ``student,offer,kind,text``."""
    tell = progress if progress is not None else _silent
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("student", "offer", "kind", "text"))
        for student in range(result.market.students):
            name = result.market.student_id(student)
            for reason in result.explain(student):
                writer.writerow((name, reason.offer, reason.kind, reason.text))
            if (student + 1) % _EVERY == 0:
                tell(f"{path.name}: {student + 1:,} students explained")


def read_result(path: Path, market: Market) -> Int32Array:
    """Offer index of each student of ``market``, -1 for unplaced or not in the file; int32 ``(n,)``."""
    assignment = np.full(market.students, -1, dtype=np.int32)
    problems: list[Problem] = []
    seen: set[str] = set()
    for line, row in _rows(path, ("student", "offer"), _silent):
        student, offer = row["student"].strip(), row["offer"].strip()
        where = Location("array", path.name, line)
        if student in seen:
            problems.append(InvalidValue(where, f"student {student!r} is listed twice"))
        seen.add(student)
        try:
            index = market.student_index(student)
        except KeyError:
            problems.append(UnknownId(where, "student", student))
            continue
        try:
            assignment[index] = market.offer_index(offer) if offer else -1
        except KeyError:
            problems.append(UnknownId(where, "offer", offer))
    if problems:
        raise MarketErrors(problems)
    return assignment
