"""Reading and checking of the official dumps; knows nothing of the database.

A folder holds five UTF-8 files: occupation_fields.json (list of {id, label, ssyk4: [concept ids]}) and four CSV files with
the headers below. Everything is read and checked before anything is written, so a damaged file changes nothing.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FIELDS_FILE = "occupation_fields.json"
OCCUPATIONS_FILE = "occupations.csv"
SKILLS_FILE = "ssyk4_skills.csv"
SNI_FILE = "sni2007.csv"
SUN_FILE = "sun2020_field.csv"
ALL_FILES = (FIELDS_FILE, OCCUPATIONS_FILE, SKILLS_FILE, SNI_FILE, SUN_FILE)

OCCUPATIONS_HEADER = ("field_id", "field", "ssyk4", "ssyk4_id", "ssyk4_label", "occupation_id", "occupation")
SKILLS_HEADER = ("ssyk4", "ssyk4_id", "skill_id", "skill")
CLASSIFICATION_HEADER = ("code", "level", "label_sv", "parent", "jobtech_id")

CONCEPT_ID = re.compile(r"[A-Za-z0-9]{4}_[A-Za-z0-9]{3}_[A-Za-z0-9]{3}")
SSYK4 = re.compile(r"[0-9]{4}")
# By level, from 1. Digits stay text: leading zeros carry meaning.
SNI_CODES = tuple(map(re.compile, (r"[A-Z]", r"[0-9]{2}", r"[0-9]{3}", r"[0-9]{4}", r"[0-9]{5}")))
SUN_CODES = tuple(map(re.compile, (r"[0-9]", r"[0-9]{2}", r"[0-9]{3}", r"[0-9]{3}[a-z]")))

MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_LABEL = 200
MAX_CLASSIFICATION_LABEL = 300


class TaxonomyError(Exception):
    """A dump cannot be used. The text names the file and, where there is one, the line."""

    def __init__(self, file: str, message: str, line: int | None = None) -> None:
        super().__init__(f"{file}, line {line}: {message}" if line else f"{file}: {message}")
        self.file = file
        self.line = line


@dataclass(frozen=True, slots=True)
class Skipped:
    file: str
    line: int
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    name: str
    concept_id: str
    field_id: str


@dataclass(frozen=True, slots=True)
class OccupationRow:
    name: str
    ssyk4: str


@dataclass(frozen=True, slots=True)
class CodeRow:
    name: str
    level: int
    parent: str | None
    concept_id: str


@dataclass(slots=True)
class Taxonomy:
    """The content of the dumps, keyed by concept id or code. `read` counts data rows per file."""

    version: str
    fields: dict[str, str] = field(default_factory=dict)
    groups: dict[str, GroupRow] = field(default_factory=dict)
    occupations: dict[str, OccupationRow] = field(default_factory=dict)
    skills: dict[str, str] = field(default_factory=dict)
    group_skills: set[tuple[str, str]] = field(default_factory=set)
    sni: dict[str, CodeRow] = field(default_factory=dict)
    sun: dict[str, CodeRow] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)


def read_taxonomy(folder: Path, version: str = "") -> Taxonomy:
    """Read and check a folder of dumps. Without a version, the files' own fingerprint is used: they carry none.

    Raises TaxonomyError for a missing folder or file and for any damage in a file.
    """
    if not folder.is_dir():
        raise TaxonomyError(str(folder), "there is no such folder")
    missing = [name for name in ALL_FILES if not (folder / name).is_file()]
    if missing:
        raise TaxonomyError(str(folder), f"missing files: {', '.join(missing)}")
    texts = {name: _read_text(folder / name) for name in ALL_FILES}
    taxonomy = Taxonomy(version=version or _fingerprint(texts))
    _read_fields(texts[FIELDS_FILE], taxonomy)
    _read_occupations(texts[OCCUPATIONS_FILE], taxonomy)
    _read_skills(texts[SKILLS_FILE], taxonomy)
    taxonomy.sni = _read_classification(SNI_FILE, texts[SNI_FILE], SNI_CODES, taxonomy)
    taxonomy.sun = _read_classification(SUN_FILE, texts[SUN_FILE], SUN_CODES, taxonomy)
    return taxonomy


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise TaxonomyError(path.name, f"larger than {MAX_FILE_BYTES // 1024 // 1024} MB")
        data = path.read_bytes()
    except OSError as error:
        raise TaxonomyError(path.name, f"cannot be read ({error.strerror})") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TaxonomyError(path.name, "is not UTF-8", data[: error.start].count(b"\n") + 1) from error
    if "\0" in text:
        raise TaxonomyError(path.name, "contains a NUL character", text[: text.index("\0")].count("\n") + 1)
    return text


def _fingerprint(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name in ALL_FILES:
        digest.update(name.encode() + b"\0" + texts[name].encode() + b"\0")
    return f"jobtech sha256:{digest.hexdigest()[:16]}"


def _read_fields(text: str, taxonomy: Taxonomy) -> None:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise TaxonomyError(FIELDS_FILE, f"is not complete JSON ({error.msg})", error.lineno) from error
    except RecursionError as error:
        raise TaxonomyError(FIELDS_FILE, "is nested too deeply") from error
    if not isinstance(data, list) or not data:
        raise TaxonomyError(FIELDS_FILE, "is not a list of occupation fields")
    for number, item in enumerate(data, start=1):
        concept_id, label = _field_item(item, number)
        if concept_id in taxonomy.fields:
            raise TaxonomyError(FIELDS_FILE, f"entry {number}: {concept_id} occurs twice")
        taxonomy.fields[concept_id] = label
    taxonomy.read[FIELDS_FILE] = len(data)


def _field_item(item: Any, number: int) -> tuple[str, str]:
    if not isinstance(item, dict):
        raise TaxonomyError(FIELDS_FILE, f"entry {number} is not an object")
    concept_id, label = item.get("id"), item.get("label")
    if not isinstance(concept_id, str) or not CONCEPT_ID.fullmatch(concept_id):
        raise TaxonomyError(FIELDS_FILE, f"entry {number}: id is not a concept id: {concept_id!r}")
    if not isinstance(label, str) or not label.strip() or len(label) > MAX_LABEL:
        raise TaxonomyError(FIELDS_FILE, f"entry {number}: label is empty or too long")
    return concept_id, label.strip()


def _rows(file: str, text: str, header: Sequence[str], taxonomy: Taxonomy) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        found = next(reader, [])
        if tuple(found) != tuple(header):
            raise TaxonomyError(file, f"the header is not {','.join(header)}", 1)
        read = 0
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                raise TaxonomyError(file, f"{len(cells)} columns instead of {len(header)}", reader.line_num)
            read += 1
            yield reader.line_num, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    except csv.Error as error:
        raise TaxonomyError(file, f"is not valid CSV ({error})", reader.line_num) from error
    if not read:
        raise TaxonomyError(file, "has no rows")
    taxonomy.read[file] = read


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value stands, for error texts."""

    file: str
    line: int

    def error(self, message: str) -> TaxonomyError:
        return TaxonomyError(self.file, message, self.line)

    def match(self, pattern: re.Pattern[str], value: str, what: str) -> str:
        if not pattern.fullmatch(value):
            raise self.error(f"{what} is malformed: {value[:40]!r}")
        return value

    def label(self, value: str, what: str, limit: int = MAX_LABEL) -> str:
        if not value or len(value) > limit:
            raise self.error(f"{what} is empty or longer than {limit} characters")
        return value

    def put(self, target: dict[str, Any], key: str, value: object) -> bool:
        """Store the value; False when the same one is there already. Another value under the key is damage."""
        if key not in target:
            target[key] = value
            return True
        if target[key] != value:
            raise self.error(f"{key} contradicts an earlier row")
        return False


def _read_occupations(text: str, taxonomy: Taxonomy) -> None:
    for line, row in _rows(OCCUPATIONS_FILE, text, OCCUPATIONS_HEADER, taxonomy):
        place = _Place(OCCUPATIONS_FILE, line)
        ssyk4 = place.match(SSYK4, row["ssyk4"], "ssyk4")
        if row["field_id"] not in taxonomy.fields:
            raise place.error(f"unknown occupation field {row['field_id']!r}")
        group = GroupRow(
            place.label(row["ssyk4_label"], "ssyk4_label"),
            place.match(CONCEPT_ID, row["ssyk4_id"], "ssyk4_id"),
            row["field_id"],
        )
        place.put(taxonomy.groups, ssyk4, group)
        concept_id = place.match(CONCEPT_ID, row["occupation_id"], "occupation_id")
        occupation = OccupationRow(place.label(row["occupation"], "occupation"), ssyk4)
        if not place.put(taxonomy.occupations, concept_id, occupation):
            taxonomy.skipped.append(Skipped(OCCUPATIONS_FILE, line, concept_id, "the same row occurs earlier"))


def _read_skills(text: str, taxonomy: Taxonomy) -> None:
    for line, row in _rows(SKILLS_FILE, text, SKILLS_HEADER, taxonomy):
        place = _Place(SKILLS_FILE, line)
        ssyk4 = place.match(SSYK4, row["ssyk4"], "ssyk4")
        if ssyk4 not in taxonomy.groups:
            raise place.error(f"unknown occupation group {ssyk4}")
        skill_id = place.match(CONCEPT_ID, row["skill_id"], "skill_id")
        place.put(taxonomy.skills, skill_id, place.label(row["skill"], "skill"))
        if (ssyk4, skill_id) in taxonomy.group_skills:
            taxonomy.skipped.append(Skipped(SKILLS_FILE, line, f"{ssyk4} {skill_id}", "the same row occurs earlier"))
        taxonomy.group_skills.add((ssyk4, skill_id))


def _read_classification(
    file: str, text: str, patterns: Sequence[re.Pattern[str]], taxonomy: Taxonomy
) -> dict[str, CodeRow]:
    rows: dict[str, CodeRow] = {}
    lines: dict[str, int] = {}
    for line, row in _rows(file, text, CLASSIFICATION_HEADER, taxonomy):
        place = _Place(file, line)
        if row["level"] not in {str(level) for level in range(1, len(patterns) + 1)}:
            raise place.error(f"level is not 1 to {len(patterns)}: {row['level'][:20]!r}")
        level = int(row["level"])
        code = place.match(patterns[level - 1], row["code"], f"code of level {level}")
        if bool(row["parent"]) != (level > 1):
            raise place.error(f"{code} of level {level} has {'no parent' if level > 1 else 'a parent'}")
        entry = CodeRow(
            place.label(row["label_sv"], "label_sv", MAX_CLASSIFICATION_LABEL),
            level,
            row["parent"] or None,
            place.match(CONCEPT_ID, row["jobtech_id"], "jobtech_id"),
        )
        lines.setdefault(code, line)
        if not place.put(rows, code, entry):
            taxonomy.skipped.append(Skipped(file, line, code, "the same row occurs earlier"))
    for code, entry in rows.items():
        if entry.parent is not None and (entry.parent not in rows or rows[entry.parent].level != entry.level - 1):
            raise TaxonomyError(file, f"{code} has an unknown parent {entry.parent!r}", lines[code])
    return rows
