"""Texts of people in formats that are strict about characters."""

import re

# What XML 1.0 (section 2.2) allows; iCalendar's TEXT allows no more. A single other character in somebody's title would
# make a whole feed unreadable.
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def plain(text: str) -> str:
    """The text without what no XML and no calendar can carry, and without blanks around it."""
    return _FORBIDDEN.sub("", text).strip()
