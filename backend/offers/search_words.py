"""What the words of a search mean: their forms, compounds, other words of the trade, and what a misspelt word may have been."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection

from backend.offers.search_forms import (
    SHORTEST_PART,
    SHORTEST_STEM,
    SURE_PART,
    core_of,
    has_inside,
    head_before,
    is_family,
    is_plausible,
    is_same,
    parts_of,
    slips,
    stems,
    tail_after,
)
from backend.offers.search_synonyms import is_kept, load_false_friends, synonyms_of
from backend.offers.search_times import Span, read_times
from backend.reference.models.mixins import fold

MOST_WORDS = 8
# Of one word of the text, with its synonyms: candidates that are looked at, and words that are looked for.
MOST_CANDIDATES = 500
MOST_FORMS = 120
# A shorter word is looked for as it stands: "el" must not find every "elev".
SHORTEST_BEGINNING = 3
# Two long words that differ in accents alone are hardly ever two words, two short ones often are: "städ" and "stad".
LONG = 6
# Of pg_trgm, 0 to 1: what is measured letter by letter afterwards. "svtsa" and "svetsa" are alike to 0.4.
LEAST_ALIKE = 0.3
MOST_ALIKE = 30
# Words that say nothing about a place; demanding them would find nothing. Swedish stop words are left out besides.
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "och i på för som en ett med till av att den det eller hos vid om inom nära plats platser jobb the in of and",
    )
)
# Parts of compounds that say as little: "svetsjobb" is looked for as "svets".
EMPTY_PARTS = frozenset(re.findall(r"\w+", "jobb jobbet arbete praktik plats personal elev"))

KNOW = """
SELECT typed.number, coalesce(ts_lexize('swedish_stem', typed.word) = '{}', false), ARRAY(
    SELECT known.word FROM offers_searchword known WHERE known.folded LIKE typed.pattern
    ORDER BY length(known.word), known.word LIMIT %s
)
FROM unnest(%s::int[], %s::text[], %s::text[]) AS typed(number, word, pattern)
"""

# Which of some words there are, which are names of occupations, the group that an occupation of the taxonomy belongs to, and
# what a misspelt word is most like.
LOOK_UP = """
SELECT 'known', known.word, '' FROM offers_searchword known WHERE known.folded = ANY(%s)
UNION ALL
SELECT 'named', name.part, '' FROM reference_occupationgroup occupation
CROSS JOIN LATERAL regexp_split_to_table(occupation.search_key, '[^[:alnum:]]+') AS name(part)
WHERE name.part = ANY(%s)
UNION ALL
SELECT 'label', lower(label.name_sv), CASE WHEN EXISTS (
    SELECT FROM offers_offer offer WHERE offer.occupation_id = label.group_id AND offer.state = 'published'
) THEN occupation.name_sv ELSE '' END
FROM reference_occupation label JOIN reference_occupationgroup occupation ON occupation.ssyk4 = label.group_id
WHERE NOT label.deprecated AND lower(label.name_sv) = ANY(%s)
UNION ALL
SELECT 'alike', typed.word, near.word FROM unnest(%s::text[]) AS typed(word) CROSS JOIN LATERAL (
    SELECT known.word FROM offers_searchword known
    WHERE known.folded %% typed.word AND similarity(known.folded, typed.word) >= %s
    ORDER BY similarity(known.folded, typed.word) DESC, known.word LIMIT %s
) near
"""


@dataclass(frozen=True)
class Reading:
    """How a text is understood.

    query: for PostgreSQL's to_tsquery, "" when the text names no words to look for. spans: first and last days of the times
    it names, of which a period must have a day in one. replaced: (typed, taken for) for each word that no place has but that
    is misspelt or made of two that places have. unknown: words that no place has and nothing resembles. ignored: words that
    say nothing about a place and were left out.
    """

    query: str = ""
    spans: tuple[Span, ...] = ()
    replaced: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def asks_nothing(self) -> bool:
        """Whether something was written, and none of it restricts the search."""
        return bool(self.ignored) and not self.query and not self.spans


@dataclass
class _Typed:
    """A word of the text and what is known of it: forms are what is looked for, doubtful those that hang on another part
    being a word, with that part.
    """

    word: str
    is_stop: bool = False
    forms: dict[str, None] = field(default_factory=dict)
    doubtful: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _Meant:
    """What a word that no place has was taken for: name for people, words that must all be there, or any of them."""

    name: str
    words: list[str]
    is_choice: bool = False


def words_of(text: str) -> list[str]:
    """The words of a search text that are looked for, in lower case with their accents, at most eight."""
    return [word for word in _split(text) if word not in STOP_WORDS][:MOST_WORDS]


def _split(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text).lower())))


def read_text(text: str) -> Reading:
    """Understands a text with one query, two when a word needs a second look, three when it was taken for another; none when
    it names nothing to look for.
    """
    rest, spans = read_times(unicodedata.normalize("NFC", text).lower())
    words = words_of(rest)
    ignored = [word for word in _split(rest) if word in STOP_WORDS]
    typed = _know(words)
    ignored += [each.word for each in typed if each.is_stop]
    typed = [each for each in typed if not each.is_stop]
    second = _second_look(typed)
    taken = {each.word: meant for each in typed if not each.forms and (meant := second(each.word))}
    other = {each.word: each for each in _know(sorted({word for meant in taken.values() for word in meant.words}))}
    parts, replaced, unknown = [], [], []
    for each in typed:
        if each.forms:
            parts.append(_any_of(each))
        elif meant := taken.get(each.word):
            joint = " | " if meant.is_choice else " & "
            parts.append(f"({joint.join(_any_of(other[word]) for word in meant.words)})")
            replaced.append((each.word, meant.name))
        else:
            parts.append(_lexeme(each.word, begins=any(map(str.isdigit, each.word))))
            unknown += [] if any(map(str.isdigit, each.word)) else [each.word]
    return Reading(" & ".join(parts), spans, tuple(replaced), tuple(unknown), tuple(ignored))


def _know(words: Sequence[str]) -> list[_Typed]:
    """The words with their forms among the words of all places. One query, none without words."""
    if not words:
        return []
    typed = [_Typed(word) for word in words]
    asked = [(number, other) for number, word in enumerate(words) for other in (word, *synonyms_of(word))]
    patterns = [_pattern(other) for _number, other in asked]
    with connection.cursor() as cursor:
        cursor.execute(
            KNOW, [MOST_CANDIDATES, [number for number, _ in asked], [other for _, other in asked], patterns]
        )
        for (number, other), (_number, is_stop, candidates) in zip(asked, cursor.fetchall(), strict=True):
            typed[number].is_stop |= is_stop and other == typed[number].word
            _sort(typed[number], other, candidates)
    return typed


def _pattern(word: str) -> str:
    """What every form and compound of the word has in it, without accents."""
    if len(word) < SHORTEST_BEGINNING:
        return fold(word)
    core = core_of(word)
    return f"%{fold(core if len(core) >= SHORTEST_BEGINNING else word)}%"


def _sort(typed: _Typed, asked: str, candidates: Sequence[str]) -> None:
    """Adds to a typed word what the candidates have of what is asked for. Exact letters decide; a word written without
    accents finds those with accents where it is long, or no place has it as it stands.
    """
    if _add(typed, asked, candidates, str) and len(asked) < LONG:
        return
    if fold(asked) == asked:
        _add(typed, asked, candidates, fold)


def _add(typed: _Typed, asked: str, candidates: Sequence[str], written: Callable[[str], str]) -> bool:
    """Whether the very word was among them, in any form."""
    is_there, known = False, {written(candidate) for candidate in candidates}
    never = load_false_friends().get(asked, frozenset())
    for candidate in candidates:
        word = written(candidate)
        if candidate in never:
            continue
        if is_same(asked, word):
            is_there = True
            typed.forms[candidate] = None
        elif len(asked) < SHORTEST_BEGINNING:
            continue
        elif is_family(asked, word):
            typed.forms[candidate] = None
        elif tail := tail_after(asked, word, known):
            _add_compound(typed, candidate, tail, is_sure=len(asked) >= SURE_PART or is_plausible(tail))
        elif head := head_before(asked, word):
            _add_compound(typed, candidate, head, is_sure=len(asked) >= SURE_PART or len(head) >= SHORTEST_STEM)
        elif has_inside(asked, word) or (len(asked) >= SURE_PART and word.startswith(asked)):
            typed.forms[candidate] = None
    return is_there


def _add_compound(typed: _Typed, candidate: str, other: str, *, is_sure: bool) -> None:
    if is_sure:
        typed.forms[candidate] = None
    else:
        typed.doubtful.append((candidate, other))


def _second_look(typed: Sequence[_Typed]) -> "Callable[[str], _Meant | None]":
    """Settles what is doubtful, and tells what a word without forms was taken for. One query, none when every word is sure."""
    missing = [each.word for each in typed if not each.forms and len(each.word) > SHORTEST_STEM - 1]
    missing = [word for word in missing if word.isalpha()]
    others = {form for each in typed for _candidate, part in each.doubtful for form in _forms_of_part(part)}
    halves = {form for word in missing for pair in parts_of(word) for half in pair for form in stems(half)}
    swapped = {other for word in missing for other in _swapped(word)}
    if not (missing or others):
        return lambda word: None
    exact = sorted({fold(each) for each in others | halves | swapped})
    found: dict[str, list[tuple[str, str]]] = {"known": [], "named": [], "label": [], "alike": []}
    with connection.cursor() as cursor:
        cursor.execute(
            LOOK_UP,
            [
                exact,
                sorted({*exact, *map(fold, missing)}),
                missing,
                [fold(word) for word in missing],
                LEAST_ALIKE,
                MOST_ALIKE,
            ],
        )
        for kind, word, other in cursor.fetchall():
            found[kind].append((word, other))
    words = [word for word, _ in found["known"]]
    known = {fold(word) for word in words}
    labels = dict(found["label"])
    named = {word for word, _ in found["named"]} | {fold(word) for word in labels}
    for each in typed:
        for candidate, part in each.doubtful:
            if known.union(named).intersection(map(fold, _forms_of_part(part))):
                each.forms[candidate] = None

    def meant(word: str) -> _Meant | None:
        if group := labels.get(word):
            return _Meant(group, words_of(group))
        if halves := _halves(word, known):
            return _Meant(" ".join(halves), halves)
        if fold(word) in named or is_kept(
            word
        ):  # a word of its own, that no place has: nobody wants what is spelt like it
            return None
        alike = [other for typed, other in found["alike"] if typed == fold(word)]
        near = _nearest(word, [*words, *alike])
        return _Meant(near[0], near, is_choice=True) if near else None

    return meant


def _forms_of_part(part: str) -> set[str]:
    """The first or second part of a compound as words: "s" and "e" may stand between parts."""
    found = stems(part)
    for joint in ("s", "e", "-"):
        found |= stems(part.removeprefix(joint)) | {part.removesuffix(joint)}
    found |= {f"{part}a", f"{part}e"}
    return {each for each in found if len(each) >= SHORTEST_PART}


def _halves(word: str, known: set[str]) -> list[str]:
    """The two parts of a compound, when places have both, without those that say nothing; [] otherwise."""
    for first, second in parts_of(word):
        if len(second) <= SHORTEST_PART or (len(first) <= SHORTEST_PART and fold(first) not in known):
            continue
        if second in EMPTY_PARTS and fold(first) in known:
            return [first]
        if fold(first) in known and not known.isdisjoint(map(fold, stems(second))):
            return [first, second]
    return []


def _swapped(word: str) -> list[str]:
    """The word with each two neighbouring letters in the other order: the slip that leaves fewest trigrams alike."""
    return [f"{word[:n]}{word[n + 1]}{word[n]}{word[n + 2 :]}" for n in range(len(word) - 1)]


def _nearest(word: str, others: Iterable[str]) -> list[str]:
    """Those that are the word but for a slip, two in a long word; the nearest first."""
    allowed = 1 if len(word) <= LONG else 2
    begun = {other for other in others if sorted(fold(other)[:2]) == sorted(fold(word)[:2]) or other[0] == word[0]}
    measured = sorted({(slips(fold(word), fold(other)), other) for other in begun})
    near = [(number, other) for number, other in measured if number <= allowed]
    if len(word) < SURE_PART:  # in a short word a letter less or another one makes another word: "städ" and "stå"
        near = [(number, other) for number, other in near if len(other) > len(word) or sorted(other) == sorted(word)]
    return [other for number, other in near if number == near[0][0]]


def _any_of(typed: _Typed) -> str:
    forms = dict.fromkeys([typed.word, *typed.forms])
    begins = len(typed.word) >= SURE_PART
    words = [_lexeme(each, begins=begins and each == typed.word) for each in list(forms)[:MOST_FORMS]]
    return f"({' | '.join(words)})" if len(words) > 1 else words[0]


def _lexeme(word: str, *, begins: bool = False) -> str:
    """For to_tsquery: a word of letters and digits needs no quotes. begins: words that begin so count too."""
    return f"{word}:*" if begins and len(word) >= SHORTEST_BEGINNING else word


def refresh_words() -> int:
    """Forgets words that no published place has any more and adds those that were skipped. Returns how many changed.

    For the nightly job: reads every published place.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('offers.search_words'))")
        cursor.execute(
            "DELETE FROM offers_searchword known WHERE NOT EXISTS (SELECT FROM offers_searchdocument document"
            " WHERE document.words @@ plainto_tsquery('simple', known.word))"
        )
        forgotten = cursor.rowcount
        cursor.execute("SELECT count(*) FROM offers_searchword")
        before = cursor.fetchone()[0]
        cursor.execute("SELECT offers_search_refresh(array_agg(id)) FROM offers_offer WHERE state = 'published'")
        cursor.execute("SELECT count(*) FROM offers_searchword")
        return int(forgotten + cursor.fetchone()[0] - before)
