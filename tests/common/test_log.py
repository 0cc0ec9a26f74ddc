"""The log is only added to, and its chain tells when somebody meddled with the rows."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from backend.common import log_seal
from backend.common.database_roles import RoleError, grant_service_rights, history_open
from backend.common.models import LogEntry, LogSeal
from backend.common.transitions import log
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries() -> list[LogEntry]:
    user = UserFactory()
    rows = [log(f"test.step{n}", user, actor=user, reason=f"Därför {n}", data={"n": n}) for n in range(5)]
    assert log_seal.seal_log() >= len(rows)
    return rows


def findings(**options) -> list[str]:
    return [finding.says for finding in log_seal.verify_log(**options)]


def meddle(statement: str, *values: object) -> None:
    """What somebody with the owner's rights could do."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, trigger in (("common_logentry", "log_stays"), ("common_logseal", "seal_stays")):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        cursor.execute(statement, values)
        for table, trigger in (("common_logentry", "log_stays"), ("common_logseal", "seal_stays")):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")


@pytest.mark.parametrize(
    "change",
    [
        lambda: LogEntry.objects.update(action="other"),
        lambda: LogEntry.objects.update(reason=""),
        lambda: LogEntry.objects.update(reason="other", redacted_at=timezone.now()),
        lambda: LogEntry.objects.update(reason="", redacted_at=timezone.now(), subject_id=7),
        lambda: LogSeal.objects.update(digest="0" * 64),
        lambda: LogSeal.objects.all().delete(),
        lambda: LogEntry.objects.filter(seal__isnull=True)._raw_delete("default"),
    ],
)
def test_the_database_refuses_every_change(entries, change):
    log("test.unsealed", entries[0].actor, actor=None)
    with pytest.raises(ProgrammingError, match="only added to"), transaction.atomic():
        change()


def test_the_text_of_a_reason_can_be_taken_out_once_and_the_chain_holds(entries):
    LogEntry.objects.filter(pk=entries[2].pk).update(reason="", redacted_at=timezone.now())
    assert findings() == []
    with pytest.raises(ProgrammingError), transaction.atomic():
        LogEntry.objects.filter(pk=entries[2].pk).update(redacted_at=timezone.now())


def test_what_is_untouched_verifies_and_nothing_is_sealed_twice(entries):
    assert findings() == []
    assert log_seal.seal_log() == 0
    assert LogSeal.objects.count() == LogEntry.objects.count()


@pytest.mark.parametrize(
    "column", ["action = 'other'", "reason = 'other'", "data = '{}'", "subject_id = 99", "at = now()"]
)
def test_a_changed_row_is_named(entries, column):
    meddle(f"UPDATE common_logentry SET {column} WHERE id = %s", entries[1].pk)
    out = StringIO()
    with pytest.raises(CommandError, match="1 findings"):
        call_command("verify_log", stdout=out)
    assert f"entry {entries[1].pk} " in out.getvalue()


def test_a_link_that_was_taken_out_is_told(entries):
    number = LogSeal.objects.get(entry=entries[1]).number
    meddle("DELETE FROM common_logseal WHERE number = %s", number)
    assert f"links {number} to {number} are missing" in findings()


def test_a_forged_link_does_not_hold(entries):
    """Somebody who can write rows but does not know the service's key."""
    seal = LogSeal.objects.get(entry=entries[1])
    entries[1].action = "forged"
    forged = log_seal.digest_link(b"x" * 32, log_seal.FIRST, seal.number, entries[1], seal.reason_digest)
    meddle("UPDATE common_logentry SET action = 'forged' WHERE id = %s", entries[1].pk)
    meddle("UPDATE common_logseal SET digest = %s WHERE number = %s", forged, seal.number)
    assert any("changed" in each for each in findings())


def test_an_end_that_was_cut_off_is_told_to_whoever_noted_it(entries):
    noted = log_seal.read_head()
    meddle("DELETE FROM common_logseal WHERE number = %s", noted.number)
    assert any(f"{noted.number} was noted" in each for each in findings(expected=noted))
    log_seal.seal_log()
    with pytest.raises(CommandError):
        call_command("verify_log", expect="17:short", stdout=StringIO())


def test_an_entry_that_nobody_seals_is_told_after_a_while(entries, frozen_clock):
    late = log("test.late", entries[0].actor, actor=None)
    assert findings() == []
    frozen_clock.shift(log_seal.SEALED_WITHIN.total_seconds() + 1)
    assert [(each.entry_id, each.says) for each in log_seal.verify_log()] == [(late.pk, "is not sealed")]
    assert log_seal.seal_log() == 1
    assert findings() == []


def test_a_former_secret_still_verifies(entries, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-of-sufficient-length-for-the-signing-checks"
    log("test.after", entries[0].actor, actor=None, reason="Efter bytet")
    log_seal.seal_log()
    assert findings() == []
    settings.SECRET_KEY_FALLBACKS = []
    assert len(findings()) == len(entries) + LogEntry.objects.filter(action__startswith="user").count()


class TestServiceRole:
    ROLE = "a_service_of_tests"

    @pytest.fixture
    def as_service(self, entries):
        """The rest of the test speaks to the database as the service does."""
        grant_service_rights(self.ROLE)
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {self.ROLE}")
        yield
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")

    def test_it_writes_rows_and_reads_them(self, as_service):
        user = UserFactory()
        log("test.by_service", user, actor=user)
        assert log_seal.seal_log() > 0

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE common_logentry SET action = 'x'",
            "DELETE FROM common_logentry",
            "TRUNCATE common_logentry CASCADE",
            "DELETE FROM common_logseal",
            "ALTER TABLE common_logentry DISABLE TRIGGER log_stays",
            "DROP TABLE common_logseal",
            "DELETE FROM django_migrations",
        ],
    )
    def test_it_can_neither_change_the_log_nor_the_shape_of_a_table(self, as_service, statement):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    def test_it_cannot_open_the_history(self, as_service):
        with pytest.raises(ProgrammingError), history_open():
            pass

    def test_the_owner_is_no_role_for_the_service(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            owner = cursor.fetchone()[0]
        with pytest.raises(RoleError, match="changeable"):
            grant_service_rights(owner)
        with pytest.raises(RoleError, match="small letters"):
            grant_service_rights('x"; DROP TABLE common_logentry; --')
