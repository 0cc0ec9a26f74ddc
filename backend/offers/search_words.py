"""What the words of a search mean: stems, beginnings, parts of compounds, and what a misspelt word may have been."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from django.db import connection

from backend.reference.models.mixins import fold

MOST_WORDS = 8
# A shorter word is looked for as it stands: "el" must not find every "elev".
SHORTEST_BEGINNING = 3
SHORTEST_PART = 4
MOST_COMPOUNDS = 40
# Of pg_trgm, 0 to 1. "elktriker" and "elektriker" are alike to 0.6, "svetsre" and "svetsare" to 0.5.
LEAST_ALIKE = 0.4
MOST_ALIKE = 3
# Words that say nothing about a place, folded; demanding them would find nothing.
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "och i pa for som en ett med till av att den det eller hos vid om inom nara plats platser jobb the in of and",
    )
)

KNOW = """
SELECT typed.word,
    EXISTS (SELECT FROM offers_searchword known WHERE known.word LIKE typed.stem || '%%') AS is_known,
    ARRAY(
        SELECT compound.word FROM offers_searchword compound
        WHERE length(typed.word) >= %s AND compound.word LIKE '_%%' || typed.stem || '%%'
        ORDER BY length(compound.word), compound.word LIMIT %s
    ) AS compounds,
    ARRAY(
        SELECT near.word FROM offers_searchword near
        WHERE length(typed.word) >= %s AND near.word %% typed.word AND similarity(near.word, typed.word) >= %s
        ORDER BY similarity(near.word, typed.word) DESC, near.word LIMIT %s
    ) AS alike
FROM (
    SELECT word, number, coalesce((ts_lexize('swedish_stem', word))[1], word) AS stem
    FROM unnest(%s::text[]) WITH ORDINALITY AS asked(word, number)
) typed
ORDER BY typed.number
"""


@dataclass(frozen=True)
class Reading:
    """How a text is understood.

    query: for PostgreSQL's to_tsquery, "" when the text names nothing to look for. replaced: (typed, taken for) for
    each word that no place has but that is spelt like one. unknown: words that no place has and nothing resembles.
    """

    query: str = ""
    replaced: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()


def words_of(text: str) -> list[str]:
    """The words of a search text that are looked for, folded to letters without accents, at most eight."""
    found = dict.fromkeys(re.findall(r"[^\W_]+", fold(text)))
    return [word for word in found if word not in STOP_WORDS][:MOST_WORDS]


def swapped(word: str) -> list[str]:
    """The word with each two neighbouring letters in the other order: the slip that leaves fewest trigrams alike."""
    return [f"{word[:n]}{word[n + 1]}{word[n]}{word[n + 2 :]}" for n in range(len(word) - 1)]


def _unswapped(words: Sequence[str]) -> dict[str, list[str]]:
    """By misspelt word, the words of places that it is with two letters swapped. One query, none without words."""
    meant = {word: swapped(word) for word in words if len(word) >= SHORTEST_PART}
    if not meant:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT word FROM offers_searchword WHERE word = ANY(%s)", [[*chain(*meant.values())]])
        known = {word for (word,) in cursor.fetchall()}
    return {word: [other for other in others if other in known] for word, others in meant.items()}


def read_text(text: str) -> Reading:
    """Understands a text with one query, two when a word is misspelt; none when it names nothing to look for."""
    words = words_of(text)
    if not words:
        return Reading()
    with connection.cursor() as cursor:
        cursor.execute(KNOW, [SHORTEST_PART, MOST_COMPOUNDS, SHORTEST_PART, LEAST_ALIKE, MOST_ALIKE, words])
        rows = cursor.fetchall()
    unswapped = _unswapped([word for word, is_known, compounds, _alike in rows if not (is_known or compounds)])
    parts, replaced, unknown = [], [], []
    for word, is_known, compounds, resembling in rows:
        alike = unswapped.get(word) or resembling
        if is_known or compounds or any(map(str.isdigit, word)):
            parts.append(_any_of([_beginning(word), *compounds]))
        elif alike:
            parts.append(_any_of(alike))
            replaced.append((word, alike[0]))
        else:
            parts.append(_beginning(word))
            unknown.append(word)
    return Reading(" & ".join(parts), tuple(replaced), tuple(unknown))


def _beginning(word: str) -> str:
    return f"{word}:*" if len(word) >= SHORTEST_BEGINNING else word


def _any_of(words: Sequence[str]) -> str:
    return f"({' | '.join(words)})"


def refresh_words() -> int:
    """Forgets words that no published place has any more and adds those that were skipped. Returns how many changed.

    For the nightly job: reads every published place.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('offers.search_words'))")
        cursor.execute(
            "DELETE FROM offers_searchword known WHERE NOT EXISTS (SELECT FROM offers_searchdocument document"
            " WHERE document.words @@ plainto_tsquery('swedish', known.word))"
        )
        forgotten = cursor.rowcount
        cursor.execute("SELECT count(*) FROM offers_searchword")
        before = cursor.fetchone()[0]
        cursor.execute("SELECT offers_search_refresh(array_agg(id)) FROM offers_offer WHERE state = 'published'")
        cursor.execute("SELECT count(*) FROM offers_searchword")
        return int(forgotten + cursor.fetchone()[0] - before)
