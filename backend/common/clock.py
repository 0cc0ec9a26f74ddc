"""The one place that asks what time it is: the process's clock, and the database's.

Rows that several processes share are timed by the database, which has one clock for all of them: what is due, leased or
written is compared with `DbNow()`, never with `now()`. Both clocks are asked here only, so that a test can hold them
(tests/architecture/test_clocks.py).
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault
from django.db.models.functions import Now
from django.utils import timezone

_STATEMENT_TIMESTAMP = "statement_timestamp()"

# What the database's clock is taken to show in this process. Only tests set it.
held_database_clock: Callable[[], datetime] | None = None


def now() -> datetime:
    """The current moment by this process's clock, aware, in UTC."""
    return timezone.now()


def today() -> date:
    """The current date in Sweden."""
    return timezone.localdate()


def database_now() -> datetime:
    """The current moment by the database's clock, aware, in UTC: the start of the statement that asks."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {database_now_sql()}")  # a function's name or a timestamp
        moment: datetime = cursor.fetchone()[0]
    return moment.astimezone(UTC)


def database_now_sql() -> str:
    """The SQL expression of the moment (timestamptz) by the database's clock, for statements written by hand."""
    if held_database_clock is None:
        return _STATEMENT_TIMESTAMP
    return f"timestamptz '{held_database_clock().astimezone(UTC).isoformat()}'"


class DbNow(Now):
    """The moment by the database's clock, in a query: `filter(due_at__lte=DbNow())`, `update(due_at=DbNow() + wait)`."""

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template=database_now_sql(), **context)


class DbMomentField(models.DateTimeField):
    """The moment by the database's clock at which the row is written, unless another is given.

    The column's own default is the same moment, for rows written by hand. To migrations it is a DateTimeField.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("db_default", Now())
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.DateTimeField", args, kwargs

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        return DbNow() if isinstance(value, DatabaseDefault) else value
