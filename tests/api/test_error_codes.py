"""The table of codes in docs/errors.md holds every refusal of the source, with its status, and nothing else."""

import re
from pathlib import Path

from django.conf import settings

from backend.api.problems import CODES
from tests.api.error_codes import codes_in_source

ROW = re.compile(r"^\| `([^`]+)` \| ([\d, ]+) \| (.+) \|$", re.MULTILINE)
# Written in `api.problems` and `api.authentication` for what is refused before or behind every command.
OF_THE_FRAME = {"request.invalid", "service.unavailable", "server.error", "token.malformed", "token.invalid"}
# A table of choices decides which of these a command raises.
OF_CHOICES = {
    "preferences.always_told",
    "preferences.cannot_wait",
    "preferences.needs_digest",
    "preferences.slot_not_for_channel",
    "preferences.summary_not_at_once",
    "preferences.unknown",
}


def rows() -> dict[str, tuple[str, str]]:
    text = Path(settings.BASE_DIR, "docs", "errors.md").read_text()
    found = ROW.findall(text)
    assert len(found) == len({code for code, _status, _meaning in found}), "a code stands twice"
    return {code: (status, meaning) for code, status, meaning in found}


def test_every_code_is_in_the_table_and_nothing_else():
    assert rows().keys() == codes_in_source().keys() | set(CODES.values()) | OF_THE_FRAME | OF_CHOICES


def test_each_code_has_the_status_it_is_raised_with():
    told = {code: {int(each) for each in status.split(",")} for code, (status, _meaning) in rows().items()}
    for code, (statuses, _sentence) in codes_in_source().items():
        assert told[code] == statuses, code


def test_the_frames_codes_stand_in_the_source():
    source = "".join(path.read_text() for path in Path(settings.BASE_DIR, "backend", "api").glob("*.py"))
    assert {code for code in OF_THE_FRAME if f'"{code}"' not in source} == set()


def test_the_codes_of_choices_stand_in_the_source():
    source = Path(settings.BASE_DIR, "backend", "notifications", "preferences.py").read_text()
    assert set(re.findall(r'"(preferences\.\w+)"', source)) == OF_CHOICES
