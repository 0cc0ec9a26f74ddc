"""What is kept in files about words of the trade: what else somebody may mean, and what only looks like the word.

"usk" is looked for as "undersköterska" too; "förebyggande" is no "bygg".
"""

import csv
from functools import cache
from pathlib import Path

from backend.offers.search_forms import stems
from backend.reference.models.mixins import fold

FILE = Path(__file__).parent / "data" / "search_synonyms.csv"
FALSE_FRIENDS = Path(__file__).parent / "data" / "search_false_friends.csv"


@cache
def load_synonyms() -> dict[str, tuple[str, ...]]:
    """By word what it is also looked for as. Raises ValueError for a word with two rows or without anything beside it."""
    found: dict[str, tuple[str, ...]] = {}
    with FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            word, also = row["word"], tuple(row["also"].split())
            if word in found or not also or word in also:
                raise ValueError(f"{FILE.name}: {word} needs one row with other words")
            found[word] = also
    return found


@cache
def load_false_friends() -> dict[str, frozenset[str]]:
    """By word the words that have its letters in them and nothing to do with it."""
    with FALSE_FRIENDS.open(encoding="utf-8", newline="") as lines:
        return {row["word"]: frozenset(row["never"].split()) for row in csv.DictReader(lines)}


@cache
def _folded() -> dict[str, str]:
    """Words written without accents, where that leaves no doubt."""
    return {fold(word): word for word in load_synonyms() if fold(word) not in load_synonyms()}


@cache
def _words() -> frozenset[str]:
    return frozenset(load_synonyms()).union(*load_synonyms().values())


def is_kept(word: str) -> bool:
    """Whether the file has the word: then it is one of its own and nobody misspelt another."""
    return word in _words()


def synonyms_of(word: str) -> tuple[str, ...]:
    """Of a lower-case word in any of its forms, with or without accents; () for most words."""
    known = load_synonyms()
    for form in (word, *sorted(stems(word) - {word}, key=len, reverse=True)):
        if form in known:
            return known[form]
    return known.get(_folded().get(word, ""), ())
