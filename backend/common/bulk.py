"""Many rows in one statement, for the places where a command writes thousands."""

from collections.abc import Hashable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model
from django.db.models.expressions import DatabaseDefault

from backend.common.clock import DbMomentField, database_now_sql


def insert_new(rows: Sequence[Model]) -> None:
    """Writes unsaved rows of one model; those that break a unique constraint are left out.

    Like `bulk_create(ignore_conflicts=True)`, which prepares every value of every column: here a column that is the same
    in all rows travels once, and the others as one array each. Plain columns only: values, no expressions. The instances
    do not learn their keys.
    """
    if not rows:
        return
    meta = type(rows[0])._meta
    targets: list[str] = []
    sources: list[str] = []
    types: list[str] = []
    constants: list[Any] = []
    arrays: list[list[Any]] = []
    for field in meta.concrete_fields:
        values = [row.__dict__[field.attname] for row in rows]
        first = values[0]
        if isinstance(first, DatabaseDefault) and isinstance(field, DbMomentField):
            targets.append(connection.ops.quote_name(str(field.column)))
            sources.append(database_now_sql())
            continue
        if (field.primary_key and first is None) or isinstance(first, DatabaseDefault):
            continue
        kind = str(field.db_type(connection))
        targets.append(connection.ops.quote_name(str(field.column)))
        if values.count(first) == len(values):
            sources.append(f"%s::{kind}")
            constants.append(field.get_db_prep_save(first, connection))
        else:
            sources.append(f"given.c{len(arrays)}")
            arrays.append(_prepared(field, values))
            types.append(kind)
    given = ", ".join(f"%s::{kind}[]" for kind in types)
    names = ", ".join(f"c{number}" for number in range(len(arrays)))
    table = f" FROM unnest({given}) AS given({names})" if arrays else ""
    statement = (
        f"INSERT INTO {connection.ops.quote_name(meta.db_table)} ({', '.join(targets)})"
        f" SELECT {', '.join(sources)}{table} ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*constants, *arrays])


def _prepared(field: "Field[Any, Any]", values: list[Any]) -> list[Any]:
    """As the field writes them. Most values of a column occur often."""
    if not all(isinstance(value, Hashable) for value in values):
        return [field.get_db_prep_save(value, connection) for value in values]
    known: dict[Any, Any] = {}
    for value in values:
        if value not in known:
            known[value] = field.get_db_prep_save(value, connection)
    return [known[value] for value in values]
