"""What time it is, is asked in one module only, so that a test can hold both clocks."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import models

from backend.common import clock
from backend.common.models import PeriodicRun

BACKEND = Path(settings.BASE_DIR) / "backend"
CLOCK = BACKEND / "common" / "clock.py"
# The database's own words for the moment. In SQL of migrations they are the columns' defaults.
SQL_CLOCKS = (
    "statement_timestamp", "clock_timestamp", "transaction_timestamp", "current_timestamp", "current_date",
    "localtimestamp", "now()",
)  # fmt: skip


def clocks_asked(source: str) -> list[str]:
    """Where `source` asks the database's clock by itself, as `line: what`."""
    found = []
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("django.db.models"):
            found += [f"{node.lineno}: {alias.name}" for alias in node.names if alias.name == "Now"]
        elif isinstance(node, ast.Attribute) and node.attr == "Now":
            found.append(f"{node.lineno}: Now")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            found += [f"{node.lineno}: {word}" for word in SQL_CLOCKS if word in node.value.lower()]
    return found


def test_only_the_clock_module_asks_the_databases_clock():
    found = {
        path.relative_to(BACKEND).as_posix(): asked
        for path in BACKEND.rglob("*.py")
        if path != CLOCK and "migrations" not in path.parts and (asked := clocks_asked(path.read_text()))
    }
    assert found == {}


def test_nothing_of_the_service_holds_the_databases_clock():
    holders = [path for path in BACKEND.rglob("*.py") if path != CLOCK and "held_database_clock" in path.read_text()]
    assert holders == []


@pytest.mark.parametrize(
    "source",
    [
        "from django.db.models.functions import Coalesce, Now",
        "models.functions.Now()",
        "cursor.execute('SELECT statement_timestamp()')",
        "cursor.execute(f'UPDATE {table} SET done_at = NOW()')",
        "RawSQL('CURRENT_TIMESTAMP', [])",
    ],
)
def test_each_way_to_ask_is_found(source):
    assert clocks_asked(source)


@pytest.mark.django_db
class TestBothClocks:
    def test_stand_still_together_and_move_together(self, frozen_clock):
        assert clock.database_now() == clock.now()
        frozen_clock.shift(timedelta(hours=3))
        assert clock.database_now() == clock.now()

    def test_time_what_is_compared_and_what_is_written(self, frozen_clock):
        row = PeriodicRun.objects.create(name="trial", slot=clock.now())
        row.refresh_from_db()
        assert row.due_at == clock.now()
        PeriodicRun.objects.bulk_create([PeriodicRun(name="second", slot=clock.now())])
        frozen_clock.shift(timedelta(days=40))
        assert PeriodicRun.objects.filter(due_at=clock.DbNow() - timedelta(days=40)).count() == 2

    @pytest.mark.real_clock
    def test_run_when_nobody_holds_them(self):
        assert abs(clock.database_now() - datetime.now(UTC)) < timedelta(seconds=5)
        row = PeriodicRun.objects.create(name="trial", slot=clock.now())
        assert abs(row.due_at - datetime.now(UTC)) < timedelta(seconds=5)
        assert PeriodicRun.objects.annotate(moment=clock.DbNow()).get().moment.tzinfo is not None

    def test_a_column_that_the_database_times_is_an_ordinary_one_to_migrations(self):
        field = PeriodicRun._meta.get_field("due_at")
        assert isinstance(field, clock.DbMomentField)
        assert field.deconstruct()[1] == f"{models.__name__}.DateTimeField"
