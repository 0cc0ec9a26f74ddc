"""The records of processing in docs/privacy.md are those that the service itself follows."""

from pathlib import Path

from django.conf import settings

from backend.privacy.records import table_of_records

PAGE = Path(settings.BASE_DIR) / "docs" / "privacy.md"


def test_the_page_holds_the_table_of_the_service():
    assert table_of_records() in PAGE.read_text(), (
        "put `table_of_records()` of backend/privacy/records.py into the page"
    )
