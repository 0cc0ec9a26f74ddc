"""A migrated database that the test databases of a run are copies of, kept from run to run.

Migrating takes longer than most things a test looks at. What the migrations make depends on them, on the reference lists
that they load and on the versions of Django and PostgreSQL: as long as these are the same, so is the kept copy. Django
still migrates each test database, and finds nothing to do.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import django

from backend.ops.embedded.account import ServerAccount
from backend.ops.embedded.binaries import PostgresPrograms, find_postgres, private_cache_directory
from backend.ops.embedded.stack import Stack

ROOT = Path(__file__).resolve().parents[1]
NAME = "migrated"
MOST_KEPT = 8


def make_template(stack: Stack) -> None:
    """Gives the servers of this run the database NAME, out of the kept copy or by migrating it."""
    programs = find_postgres(ServerAccount.for_current_user())
    tools = programs.postgres.parent
    there = {**os.environ, **stack.libpq}
    subprocess.run([tools / "createdb", "-T", "template0", NAME], env=there, check=True)
    kept = private_cache_directory() / f"{NAME}-{_key(programs)}.sql"
    if not kept.exists():
        _migrate(stack)
        _keep(subprocess.run([tools / "pg_dump", NAME], env=there, capture_output=True, check=True).stdout, kept)
        return
    os.utime(kept)
    subprocess.run(
        [tools / "psql", "-q", "-X", "-1", "-v", "ON_ERROR_STOP=1", "-d", NAME, "-f", kept],
        env=there, stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip


def switch_off_autovacuum(stack: Stack) -> None:
    """It looks at tables just when a test has emptied them. Triggers and foreign keys keep the plans they make then for as
    long as the connection lives, and read whole tables: planting the demo takes 51 s instead of 6.
    """
    programs = find_postgres(ServerAccount.for_current_user())
    commands = ["-c", "ALTER SYSTEM SET autovacuum = off", "-c", "SELECT pg_reload_conf()"]
    subprocess.run(
        [programs.postgres.parent / "psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", *commands],
        env={**os.environ, **stack.libpq}, stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip


def _key(programs: PostgresPrograms) -> str:
    digest = hashlib.sha256(f"{django.__version__} {programs.version}".encode())
    reference = (path for path in (ROOT / "backend" / "reference").rglob("*") if path.suffix != ".pyc")
    for path in sorted({*(ROOT / "backend").glob("*/migrations/*.py"), *filter(Path.is_file, reference)}):
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:24]


def _migrate(stack: Stack) -> None:
    address = stack.urls["DATABASE_URL"].rpartition("/")[0]
    environment = {**os.environ, **stack.urls, "DATABASE_URL": f"{address}/{NAME}"}
    environment["DJANGO_SETTINGS_MODULE"] = "backend.config.settings.test"
    subprocess.run(
        [sys.executable, "-m", "backend.manage", "migrate", "-v", "0"], cwd=ROOT, env=environment, check=True
    )


def _keep(dump: bytes, kept: Path) -> None:
    """In place at once, so that a run beside this one reads all of it or nothing; the oldest copies go."""
    with tempfile.NamedTemporaryFile(dir=kept.parent, prefix=".dump-", delete=False) as made:
        made.write(dump)
    Path(made.name).replace(kept)
    copies = sorted(kept.parent.glob(f"{NAME}-*.sql"), key=lambda path: path.stat().st_mtime)
    for old in copies[:-MOST_KEPT]:
        old.unlink(missing_ok=True)
