"""Writing of the checked dumps in one transaction.

What the import may change: our own names in both languages stay; an occupation group from our list gets its concept id,
field and version. Groups and occupations that the dumps no longer hold are marked as deprecated, never deleted, because
offers and profiles point at them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import models, transaction

from backend.reference.models import (
    GroupSkill,
    Occupation,
    OccupationField,
    OccupationGroup,
    Skill,
    SniCode,
    SunField,
)
from backend.reference.taxonomy.files import CodeRow, Taxonomy

BATCH = 2000

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True, slots=True)
class RowReport:
    """One row that was created, updated or skipped, and why."""

    table: str
    key: str
    action: str
    reason: str


@dataclass(slots=True)
class TableReport:
    created: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class ImportReport:
    read: dict[str, int]
    skipped: int = 0
    tables: dict[str, TableReport] = field(default_factory=dict)
    rows: list[RowReport] = field(default_factory=list)

    @property
    def changed(self) -> int:
        return sum(table.created + table.updated for table in self.tables.values())


def import_taxonomy(taxonomy: Taxonomy, *, dry_run: bool = False) -> ImportReport:
    """Write the dumps; with dry_run do the same and roll back. Running it again changes nothing."""
    report = ImportReport(read=dict(taxonomy.read), skipped=len(taxonomy.skipped))
    report.rows.extend(
        RowReport(skip.file, skip.key, "skipped", f"line {skip.line}: {skip.reason}") for skip in taxonomy.skipped
    )
    with transaction.atomic():
        field_codes = _import_fields(taxonomy, report)
        _import_groups(taxonomy, field_codes, report)
        _sync(
            Occupation,
            {
                key: {"name_sv": row.name, "group_id": row.ssyk4, "deprecated": False}
                for key, row in taxonomy.occupations.items()
            },
            report,
        )
        _deprecate(Occupation, taxonomy.occupations, report)
        _sync(Skill, {key: {"name_sv": name} for key, name in taxonomy.skills.items()}, report)
        _import_group_skills(taxonomy, report)
        _sync(SniCode, dict(_codes(taxonomy.sni)), report)
        _sync(SunField, dict(_codes(taxonomy.sun)), report)
        if dry_run:
            transaction.set_rollback(True)
    return report


def _codes(rows: Mapping[str, CodeRow]) -> Iterator[tuple[str, dict[str, Any]]]:
    for code, row in rows.items():
        yield (
            code,
            {"level": row.level, "name_sv": row.name, "jobtech_concept_id": row.concept_id, "parent_id": row.parent},
        )


def _import_fields(taxonomy: Taxonomy, report: ImportReport) -> dict[str, str]:
    """Fields of our list are recognised by their concept id; others are created under it. Returns concept id -> code."""
    known = dict(OccupationField.objects.exclude(jobtech_concept_id="").values_list("jobtech_concept_id", "code"))
    own_names = set(OccupationField.objects.exclude(name_en="").values_list("code", flat=True))
    codes = {concept_id: known.get(concept_id, concept_id) for concept_id in taxonomy.fields}
    wanted: dict[str, dict[str, Any]] = {}
    for concept_id, label in taxonomy.fields.items():
        code = codes[concept_id]
        wanted[code] = {"jobtech_concept_id": concept_id, **({} if code in own_names else {"name_sv": label})}
    _sync(OccupationField, wanted, report)
    return codes


def _import_groups(taxonomy: Taxonomy, field_codes: Mapping[str, str], report: ImportReport) -> None:
    own_names = set(OccupationGroup.objects.exclude(name_en="").values_list("ssyk4", flat=True))
    wanted = {
        ssyk4: {
            "field_id": field_codes[row.field_id],
            "jobtech_concept_id": row.concept_id,
            "taxonomy_version": taxonomy.version,
            "deprecated": False,
            **({} if ssyk4 in own_names else {"name_sv": row.name}),
        }
        for ssyk4, row in taxonomy.groups.items()
    }
    _sync(OccupationGroup, wanted, report)
    _deprecate(OccupationGroup, taxonomy.groups, report)


def _import_group_skills(taxonomy: Taxonomy, report: ImportReport) -> None:
    existing = set(GroupSkill.objects.values_list("group_id", "skill_id"))
    new = sorted(taxonomy.group_skills - existing)
    GroupSkill.objects.bulk_create([GroupSkill(group_id=group, skill_id=skill) for group, skill in new], BATCH)
    report.tables["GroupSkill"] = TableReport(created=len(new), unchanged=len(taxonomy.group_skills) - len(new))
    report.rows.extend(
        RowReport("GroupSkill", f"{group} {skill}", "created", "new in the dumps") for group, skill in new
    )


def _sync(model: type[M], wanted: Mapping[str, Mapping[str, Any]], report: ImportReport) -> None:
    """Create and update rows by primary key; only the named columns are touched."""
    table = report.tables.setdefault(model.__name__, TableReport())
    existing: dict[str, M] = {str(row.pk): row for row in model._default_manager.all()}
    new: list[M] = []
    changed: list[M] = []
    columns: set[str] = set()
    for key, values in wanted.items():
        row = existing.get(key)
        if row is None:
            new.append(model(pk=key, **values))
            report.rows.append(RowReport(model.__name__, key, "created", "new in the dumps"))
            continue
        differing = [name for name, value in values.items() if getattr(row, name) != value]
        if not differing:
            table.unchanged += 1
            continue
        for name in differing:
            setattr(row, name, values[name])
        changed.append(row)
        columns.update(differing)
        report.rows.append(RowReport(model.__name__, key, "updated", f"changed: {', '.join(differing)}"))
    model._default_manager.bulk_create(new, BATCH)
    if changed:
        names = [model_field.name for model_field in model._meta.fields if model_field.attname in columns]
        model._default_manager.bulk_update(changed, names, BATCH)
    table.created += len(new)
    table.updated += len(changed)


def _deprecate(model: type[OccupationGroup] | type[Occupation], present: Iterable[str], report: ImportReport) -> None:
    """Mark rows that the dumps no longer hold; they count as updated, once."""
    gone = list(
        model._default_manager.filter(deprecated=False).exclude(pk__in=list(present)).values_list("pk", flat=True)
    )
    model._default_manager.filter(pk__in=gone).update(deprecated=True)
    report.tables[model.__name__].updated += len(gone)
    report.rows.extend(RowReport(model.__name__, key, "updated", "no longer in the dumps, deprecated") for key in gone)
