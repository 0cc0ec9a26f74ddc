"""Loading of the project's own reference lists."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.apps import apps as live_apps
from django.apps.registry import Apps
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction

DATA_DIR = Path(__file__).resolve().parent / "data"
AGE_CLASS_COLUMNS = ("under_13", "child", "youth", "adult")
BOOLEANS = {"true": True, "false": False}

Row = dict[str, str]


class ReferenceDataError(Exception):
    """A data file of the project is damaged; names the file and line."""


@dataclass(slots=True)
class Counts:
    """Rows over all tables. `kept` were left alone because people may have edited them."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    kept: int = 0
    tables: dict[str, int] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        return self.created + self.updated


@dataclass(frozen=True, slots=True)
class Table:
    """How a file becomes rows.

    key: the columns that identify a row.
    seed_once: rows that people edit afterwards. They are created where the key has none and never updated.
    on_create: values of new rows that the file does not carry, such as those an import refines later.
    """

    model: str
    file: str
    key: tuple[str, ...]
    seed_once: bool = False
    on_create: Mapping[str, object] = field(default_factory=dict)
    expand: Callable[[Row], Iterable[Row]] | None = None


def hazard_rule_rows(row: Row) -> Iterator[Row]:
    """One line of the matrix has a column per age class; an empty cell is no rule."""
    shared = {name: value for name, value in row.items() if name not in AGE_CLASS_COLUMNS}
    for age_class in AGE_CLASS_COLUMNS:
        if row[age_class]:
            yield {**shared, "age_class": age_class, "verdict": row[age_class]}


# Parents before children.
TABLES: Sequence[Table] = (
    Table("County", "counties.csv", ("code",)),
    Table("Municipality", "municipalities.csv", ("code",)),
    # Any membership of the municipality stands for an edited history, so the key is the municipality alone.
    Table("NetworkMembership", "memberships.csv", ("municipality",), seed_once=True),
    Table("OccupationField", "occupation_fields.csv", ("code",)),
    Table("OccupationGroup", "occupation_groups.csv", ("ssyk4",), on_create={"taxonomy_version": "SSYK 2012"}),
    Table("Programme", "programmes.csv", ("code",)),
    Table("ProgrammeOccupation", "programme_occupations.csv", ("programme", "group")),
    Table("PlacementForm", "forms.csv", ("code",)),
    Table("PlacementFormVersion", "form_versions.csv", ("form",), seed_once=True),
    Table("HazardFlag", "hazards.csv", ("code",)),
    Table(
        "HazardRule",
        "hazard_rules.csv",
        ("hazard", "age_class", "form", "valid_from"),
        seed_once=True,
        expand=hazard_rule_rows,
    ),
)


@transaction.atomic
def load_reference(*, registry: Apps | None = None, data_dir: Path = DATA_DIR) -> Counts:
    """Create and update the rows of the project's own lists; delete nothing. Running it again changes nothing.

    Migrations pass their historical `registry`: columns that do not exist yet at that point are left out, so a fresh
    database can be built with data files newer than the migration. Raises ReferenceDataError for a damaged file.
    """
    counts = Counts()
    historical = registry is not None
    for table in TABLES:
        model = (registry or live_apps).get_model("reference", table.model)
        _load_table(model, table, data_dir / table.file, counts, historical=historical)
    return counts


def _load_table(model: type[models.Model], table: Table, path: Path, counts: Counts, *, historical: bool) -> None:
    manager = model._default_manager
    attnames = [_field(model, name).attname for name in table.key]
    existing = {tuple(getattr(row, name) for name in attnames): row for row in manager.all()}
    new: list[models.Model] = []
    changed: list[models.Model] = []
    changed_fields: set[str] = set()
    for line, raw in _read(path):
        for cells in table.expand(raw) if table.expand else (raw,):
            values = _parse(model, cells, f"{path.name} line {line}", historical=historical)
            row = existing.get(tuple(values.get(name) for name in attnames))
            if row is None:
                new.append(model(**{**table.on_create, **values}))
            elif table.seed_once:
                counts.kept += 1
            else:
                differing = [name for name, value in values.items() if getattr(row, name) != value]
                for name in differing:
                    setattr(row, name, values[name])
                if differing:
                    changed.append(row)
                    changed_fields.update(differing)
                else:
                    counts.unchanged += 1
    manager.bulk_create(new)
    if changed:
        names = [model_field.name for model_field in model._meta.fields if model_field.attname in changed_fields]
        manager.bulk_update(changed, names)
    counts.created += len(new)
    counts.updated += len(changed)
    counts.tables[table.model] = len(existing) + len(new)


def _read(path: Path) -> Iterator[tuple[int, Row]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        for row in reader:
            if None in row or None in row.values():
                raise ReferenceDataError(f"{path.name} line {reader.line_num}: wrong number of columns")
            yield reader.line_num, row


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    found = model._meta.get_field(name)
    assert isinstance(found, models.Field)
    return found


def _parse(model: type[models.Model], row: Row, where: str, *, historical: bool) -> dict[str, Any]:
    values: dict[str, Any] = {}
    known = {model_field.name for model_field in model._meta.fields}
    for column, text in row.items():
        # The file of programme occupations calls the group by the name of its key.
        name = "group" if column == "ssyk4" and "group" in known else column
        if name not in known:
            if historical:
                continue
            raise ReferenceDataError(f"{where}: unknown column {column}")
        model_field = _field(model, name)
        try:
            values[model_field.attname] = _value(model_field, text)
        except (ValidationError, KeyError, ValueError) as error:
            raise ReferenceDataError(f"{where}: {column} cannot be {text!r}") from error
    return values


def _value(model_field: models.Field[Any, Any], text: str) -> Any:
    if isinstance(model_field, ArrayField):
        return text.split()
    if isinstance(model_field, models.BooleanField):
        return BOOLEANS[text]
    if not text:
        if model_field.null:
            return None
        if model_field.blank:
            return ""
        raise ValueError("a value is needed")
    if isinstance(model_field, models.ForeignKey):
        return text
    return model_field.to_python(text)
