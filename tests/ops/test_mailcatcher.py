"""The mail catcher: what arrives by SMTP can be listed and read, and nothing else."""

from __future__ import annotations

import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from pathlib import Path

import pytest

from backend.common.caught_mail import UnknownMailError, get_mail, list_mails, save_mail
from backend.ops.runner.ports import free_port
from tests.ops.processes import ROOT, clean_environment

pytestmark = pytest.mark.real_clock
MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def message(subject: str = "Plats på Åsbro Mekaniska") -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = subject
    mail["From"] = "noreply@praktiknavet.example"
    mail["To"] = "Åsa Ek <asa@demo.example>"
    mail.set_content("Hej Åsa!\n")
    mail.add_alternative("<p>Hej <b>Åsa</b>!</p>\n", subtype="html")
    return mail


def keep(directory: Path, subject: str, at: datetime) -> str:
    return save_mail(
        directory, sender="a@x.example", recipients=["b@x.example"], content=message(subject).as_bytes(), received_at=at
    )


@pytest.fixture
def catcher(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    port, directory = free_port(), tmp_path / "mail"
    command = [sys.executable, "-m", "backend.ops.mailcatcher", "--port", str(port), "--directory", str(directory)]
    with subprocess.Popen(command, cwd=ROOT, env=clean_environment(), stderr=subprocess.PIPE) as process:
        for _ in range(200):
            try:
                smtplib.SMTP("127.0.0.1", port, timeout=5).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port, directory
        process.terminate()
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, b"")


def test_a_mail_sent_by_smtp_is_kept_with_its_envelope_and_both_bodies(catcher: tuple[int, Path]) -> None:
    port, directory = catcher
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        client.send_message(
            message(), from_addr="bounce@praktiknavet.example", to_addrs=["asa@demo.example", "hidden@demo.example"]
        )
    (listed,) = list_mails(directory)
    assert listed.subject == "Plats på Åsbro Mekaniska"
    assert listed.sender == "bounce@praktiknavet.example"
    assert listed.recipients == ("asa@demo.example", "hidden@demo.example")
    assert abs(datetime.now(UTC) - listed.received_at) < timedelta(seconds=30)
    assert ("To", "Åsa Ek <asa@demo.example>") in listed.headers
    mail = get_mail(directory, listed.id)
    assert (mail.text, mail.html) == ("Hej Åsa!\n", "<p>Hej <b>Åsa</b>!</p>\n")


def test_mails_are_listed_newest_first_whatever_time_zone_they_came_from(tmp_path: Path) -> None:
    keep(tmp_path, "second", MORNING)
    keep(tmp_path, "third", MORNING.astimezone(timezone(timedelta(hours=-8))) + timedelta(seconds=1))
    keep(tmp_path, "first", MORNING - timedelta(microseconds=1))
    assert [mail.subject for mail in list_mails(tmp_path)] == ["third", "second", "first"]


def test_a_folder_that_is_not_there_yet_holds_no_mail(tmp_path: Path) -> None:
    assert list_mails(tmp_path / "none") == []


def test_unfinished_and_foreign_files_are_not_listed(tmp_path: Path) -> None:
    (tmp_path / ".20260302T080000.000000Z-0123abcd").write_text("unfinished")
    (tmp_path / "letter.eml").write_text("Subject: foreign\n\n")
    assert list_mails(tmp_path) == []


@pytest.mark.parametrize("identity", ["", "..", "../../etc/passwd", "20260302T080000.000000Z-0123abcd", "x.eml"])
def test_an_unknown_id_is_an_error_and_reaches_no_other_file(tmp_path: Path, identity: str) -> None:
    keep(tmp_path, "kept", MORNING)
    with pytest.raises(UnknownMailError):
        get_mail(tmp_path, identity)


def test_an_unknown_character_set_is_shown_as_well_as_can_be(tmp_path: Path) -> None:
    raw = b"Subject: x\r\nContent-Type: text/plain; charset=klingon\r\n\r\nHej \xff\r\n"
    identity = save_mail(tmp_path, sender="", recipients=[], content=raw, received_at=MORNING)
    assert get_mail(tmp_path, identity).text.startswith("Hej ")


def test_a_port_in_use_is_one_clear_line(catcher: tuple[int, Path]) -> None:
    port, directory = catcher
    result = subprocess.run(
        [sys.executable, "-m", "backend.ops.mailcatcher", "--port", str(port), "--directory", str(directory)],
        cwd=ROOT, env=clean_environment(), capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: the mail catcher cannot serve on port {port}: ")
    assert result.stderr.count("\n") == 1
