"""Text as it is compared and stored: what looks the same on the screen is the same to the program."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

# What a keyboard puts between lines and columns. Every other control character is noise, or an attempt at something.
KEPT_CONTROLS = "\n\r\t"
# Invisible ones that a script needs to be read: joiners of Arabic and Persian, Indian scripts and emoji.
JOINERS = re.compile("(?<=[^\x00-\u024f\u2000-\u206f\ufeff])[\u200c\u200d](?=[^\x00-\u024f\u2000-\u206f\ufeff])")
KEPT_JOINER = {"\u200c": "\ue000", "\u200d": "\ue001"}
RESTORED_JOINER = {kept: joiner for joiner, kept in KEPT_JOINER.items()}
UNSEEN = {"Cf", "Cc", "Cs"}
PLAIN = re.compile(r"[ -~\n\r\t]*")


def clean_text(value: str) -> str:
    """Composed (NFC), without invisible and control characters, with plain spaces, trimmed. Line breaks stay.

    A soft hyphen, a zero-width space or a word joiner comes along when text is copied from a page or a document, and a
    decomposed å from a Mac: none of them makes another word, another address or another class.
    """
    if PLAIN.fullmatch(value):
        return value.strip()
    kept = JOINERS.sub(lambda found: KEPT_JOINER[found[0]], value)
    seen = (
        " " if unicodedata.category(char) == "Zs" else RESTORED_JOINER.get(char, char)
        for char in kept
        if char in KEPT_CONTROLS or unicodedata.category(char) not in UNSEEN
    )
    return unicodedata.normalize("NFC", "".join(seen)).strip()


def clean_line(value: str) -> str:
    """The same on one line: for names, addresses and everything that stands in a heading or the head of a mail."""
    return " ".join(clean_text(value).split())


def clean_address(value: str) -> str:
    """An e-mail address as it is looked up and stored: in lower case. A space inside stays: it is an error to be told, since
    without it the address could be somebody else's."""
    return clean_line(value).lower()


def clean_values(value: Any) -> Any:
    """Every text in what JSON can hold, cleaned; keys stay as they are."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {key: clean_values(each) for key, each in value.items()}
    if isinstance(value, list):
        return [clean_values(each) for each in value]
    return value
