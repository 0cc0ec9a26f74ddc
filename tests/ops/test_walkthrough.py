"""The walkthrough sees the whole job when the service runs, and says which step is missing when it does not."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from backend.accounts.models import Role, User
from backend.common.caught_mail import list_mails
from backend.common.invariants import broken
from backend.offers.models import Offer
from backend.ops.imports.yh import import_programmes
from backend.organisations.models import Membership
from backend.placements.models import Placement
from tests.faults.harness import ROOT, House, running_house
from tests.ops.test_import_places import csv_file


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def house(tmp_path: Path, settings: Any) -> Iterator[House]:
    """The processes of the service around the test's database, with the real mail catcher."""
    mail = tmp_path / "mail"
    port = free_port()
    settings.MAIL_DIR = str(mail)
    catcher = [sys.executable, "-m", "backend.ops.mailcatcher", "--port", str(port), "--directory", str(mail)]
    with running_house(tmp_path) as house, subprocess.Popen(catcher, cwd=ROOT) as process:
        house.environment["SMTP_URL"] = f"smtp://127.0.0.1:{port}"
        try:
            yield house
        finally:
            process.terminate()


@pytest.mark.django_db(transaction=True)
@pytest.mark.celery_worker
@pytest.mark.slow
@pytest.mark.real_clock
def test_the_main_job_is_seen_in_the_database_and_in_the_mail(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house.only("worker", "dispatcher", "scheduler")
    call_command("walkthrough", yh=csv_file(tmp_path, {}), timeout=60.0)
    shown = capsys.readouterr().out
    assert "the second is offered the freed seat" in shown
    assert "the placement stands" in shown
    assert "OK: " in shown
    assert Placement.objects.get().state == "upcoming"
    assert len(list_mails(tmp_path / "mail")) >= 8
    assert broken() == []
    # Those who played can do nothing more.
    assert not User.objects.filter(email__startswith="walkthrough-", is_active=True).exists()
    assert not Membership.objects.exists()
    assert not Role.objects.exists()


@pytest.mark.django_db
@pytest.mark.real_clock
def test_without_a_worker_the_missing_step_is_named(tmp_path: Path, settings: Any) -> None:
    settings.MAIL_DIR = str(tmp_path / "mail")
    import_programmes(actor=None, path=csv_file(tmp_path, {}))
    with pytest.raises(CommandError, match=r"not seen within 0 s: suggestion found for") as refused:
        call_command("walkthrough", timeout=0.2)
    assert "Is the worker running?" in str(refused.value)
    assert refused.value.returncode == 1
    assert not User.objects.filter(email__startswith="walkthrough-", is_active=True).exists()


@pytest.mark.django_db
def test_without_any_place_it_says_what_to_do(tmp_path: Path, settings: Any) -> None:
    settings.MAIL_DIR = str(tmp_path / "mail")
    with pytest.raises(CommandError, match="There is no place to play on: run `import_places"):
        call_command("walkthrough")


@pytest.mark.django_db
def test_without_a_folder_of_caught_mail_it_does_not_start(settings: Any) -> None:
    settings.MAIL_DIR = ""
    with pytest.raises(CommandError, match="MAIL_DIR is not set"):
        call_command("walkthrough")


@pytest.mark.django_db
def test_a_damaged_file_stops_it_before_anything_happens(tmp_path: Path, settings: Any) -> None:
    settings.MAIL_DIR = str(tmp_path / "mail")
    path = csv_file(tmp_path, {"kommunkod": "562"})
    with pytest.raises(CommandError, match="lost its leading zero"):
        call_command("walkthrough", yh=path)
    assert not Offer.objects.exists()
