"""What a plain reader of a place's texts would say: whether they have a word, a form of it or a compound with it.

Knows nothing of the search: whole texts are read, letter by letter, with rules of its own. What a rule would get wrong is
listed by hand (NEVER), from the language and not from the texts.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

FOLDER = Path(__file__).parent
ENDINGS = ("", "s", "n", "en", "et", "ar", "er", "or", "na", "arna", "erna", "orna", "ens", "ets", "arnas", "r", "t")
VERBS = ("a", "ar", "as", "at", "ade", "ande")
# Words that begin or end with one of the list and have nothing to do with it, by their beginning.
NEVER = {
    "bil": ("bild", "bilag", "billig", "bilj", "mobil", "stabil"),
    "mat": ("mata", "matt", "matr", "mate", "match", "automat", "format", "klimat", "schemat", "diplomat"),
    "park": ("parkett", "parker"),
    "lager": ("kullager", "rullager", "glidlager"),
    "kassa": ("kasse", "kassation"),
    "media": ("median",),
    "energi": ("energisk",),
    "underhåll": ("underhållning", "underhållande"),
    "buss": ("bussig",),
    "städ": ("verkstäd", "bostäd"),
    "bygg": ("förebygg", "uppbygg"),
    "vård": ("vårdslös",),
    "djur": ("djurgård",),
    "skog": ("karlskog",),
}


@dataclass(frozen=True)
class Asked:
    """A word of the list with what says the same. times: (week or month, number) instead of words."""

    word: str
    same: tuple[str, ...]
    times: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Text:
    """What the page of a place says, in lower case, and its periods."""

    words: frozenset[str]
    periods: tuple[tuple[date, date], ...]


def read_list(name: str) -> list[Asked]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        rows = [(row["word"], row["says_the_same"].split()) for row in csv.DictReader(lines)]
    found = []
    for word, same in rows:
        times = [each.split(":") for each in same if ":" in each]
        words = () if times else (word, *same)
        found.append(Asked(word, words, tuple((kind, int(number)) for kind, number in times)))
    return found


def text_of(written: str, periods: list[tuple[date, date]]) -> Text:
    return Text(frozenset(re.findall(r"[^\W_]+", written.lower())), tuple(periods))


def says(text: Text, asked: Asked) -> bool:
    if asked.times:
        return any(_meets(period, kind, number) for period in text.periods for kind, number in asked.times)
    return any(_is_said(word, each) for each in text.words for word in asked.same)


def _is_said(word: str, token: str) -> bool:
    if any(token.startswith(each) for each in NEVER.get(word, ())):
        return False
    if word.endswith("ning") and any(token == word[:-4] + ending for ending in VERBS):
        return True
    if word.endswith("ering") and any(token == word[:-3] + ending for ending in VERBS):
        return True
    if token in {word + ending for ending in ENDINGS}:
        return True
    if word.endswith("er") and token in {f"{word[:-2]}{word[-1]}{ending}" for ending in ("et", "en")}:
        return True
    if word.endswith("a") and token in {word[:-1] + ending for ending in ("or", "orna", "ar", "ade")}:
        return True
    if word.endswith("stad") and token.endswith(f"{word[:-4]}städer"):
        return True
    root = word[:-1] if word[-1] in "ae" and not word.endswith("are") and len(word) > 4 else word
    if len(word) >= 6:
        return root in token
    if len(word) >= 4:
        ends = any(token.endswith(word + ending) and len(token) - len(word + ending) >= 3 for ending in ENDINGS)
        return token.startswith(root) or ends
    begins = token.startswith(word) and len(token) >= len(word) + 4
    ends = any(
        token.endswith(word + ending) and len(token) - len(word + ending) >= 4
        for ending in ("", "en", "et", "ar", "arna", "s")
    )
    return len(word) > 2 and (begins or ends)


def _meets(period: tuple[date, date], kind: str, number: int) -> bool:
    """Whether the period has a day in such a week or month."""
    day = period[0]
    while day <= period[1]:
        if (day.isocalendar().week if kind == "week" else day.month) == number:
            return True
        day += timedelta(days=1)
    return False
