"""Swedish words as people write them: forms of one word, compounds, and slips of the finger. Pure functions on lower-case
words; letters keep their accents, since "städ" is not "stad".
"""

import re
from collections.abc import Iterator, Set

VOWELS = "aeiouyåäöéü"
# A beginning or an end of fewer letters is in too many other words: "bil" in "bilaga", "mat" in "automat".
SURE_PART = 5
SHORTEST_STEM = 4
SHORTEST_PART = 3
# Endings after which the rest is the same word, also where the rest is short: "bilar" is "bil". Not "er": "lager" is not "lag".
SAFE_ENDINGS = frozenset({"en", "et", "n", "ar", "or", "arna", "orna", "na", "s", "ens", "ets", "ns", "arnas"})
ENDINGS = (
    *("a", "e", "n", "en", "et", "t", "tt", "ar", "or", "er", "arna", "orna", "erna", "na", "ade", "at", "ande"),
    *("s", "ens", "ets", "ns", "ars", "ers", "arnas", "ornas", "ernas", "nas", "as"),
)
AFTER_A_VOWEL = frozenset({"n", "tt", "ns"})
# Endings that make another word of a short one, not a compound with it: "bildning", "träning".
SUFFIXES = frozenset(
    {"ning", "ningen", "ningar", "lighet", "ligt", "liga", "heten", "skap", "else", "elsen", "bart", "bara", "samt"}
)
ONSET = re.compile(
    rf"(?:[bcdfghjklmnpqrstvwxz]|[bfgkps]l|[bdfgkptv]r|[dfhlmnpst]j|[dkst]v|[fgks]n|s[kmpt]|sk[rjv]|sp[lrj]|st[rj]|sch)(?=[{VOWELS}])"
)
FLEETING = re.compile(rf"(\w+[^{VOWELS}])([rln])(?:et|ets|en|ens|ar|arna|er|erna|s)")
# What is added to the stem of a verb for the work and for who does it.
WORK = re.compile(r"(?P<root>\w{3,}?)(?:ning(?:en|ar|arna|s)?|(?<=er)ing(?:en|ar|arna|s)?)")
VERB = re.compile(r"(?P<root>\w{3,}?)(?:a|ar|as|at|ade|ande)")
DOER = re.compile(r"(?P<root>\w{3,}?)(?:are|aren|arens|ares|arna|arnas)")


def stems(word: str) -> set[str]:
    """The word and what may be left of it without an ending of inflection: "förskolan" -> förskolan, förskola, förskol."""
    found = {word}
    for ending in ENDINGS:
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= SHORTEST_PART and _may_end(word, rest, ending):
            found.add(rest)
    # "lagret" and "lagren" belong to "lager", "möbler" to "möbel".
    fleeting = FLEETING.fullmatch(word)
    if fleeting and not fleeting[1].endswith(fleeting[2]):
        found.add(f"{fleeting[1]}e{fleeting[2]}")
    return found


def _may_end(word: str, rest: str, ending: str) -> bool:
    if ending in AFTER_A_VOWEL:  # "förskolan", "målaren", but "lagen" is not of "lage"
        return rest[-1] in VOWELS and (rest[-1] != "e" or rest.endswith("are"))
    if ending == "t":  # "byggt"; "et" has been taken off as a whole
        return rest[-1] not in VOWELS and len(rest) >= SHORTEST_STEM
    return not (ending == "er" and word.endswith("iker"))  # a "mekaniker" is no "mekanik"


def is_same(asked: str, word: str) -> bool:
    """Whether both are forms of one word."""
    if asked == word:
        return True
    if doer := DOER.fullmatch(asked):
        other = DOER.fullmatch(word)
        return other is not None and other["root"] == doer["root"]
    return any(len(stem) >= SHORTEST_STEM or _is_short_form(stem, asked, word) for stem in stems(asked) & stems(word))


def _is_short_form(stem: str, asked: str, word: str) -> bool:
    shorter, longer = sorted((asked, word), key=len)
    return stem == shorter and longer.removeprefix(shorter) in SAFE_ENDINGS


def is_family(asked: str, word: str) -> bool:
    """Whether the word is the verb, the work or the doer of what is asked for: "svetsar" and "svetsare" of "svetsning".

    Who asks for a doer gets doers only: "svetsare" is an occupation.
    """
    if DOER.fullmatch(asked):
        return False
    roots = {asked} if len(asked) >= SHORTEST_STEM else set()
    roots |= {found["root"] for found in (WORK.fullmatch(asked), VERB.fullmatch(asked)) if found}
    others = [found["root"] for found in (WORK.fullmatch(word), DOER.fullmatch(word)) if found]
    if WORK.fullmatch(asked) and (verb := VERB.fullmatch(word)):
        others.append(verb["root"])
    return any(other in roots for other in others)


def core_of(word: str) -> str:
    """The letters that every form and relative of the word begins with."""
    roots = {found["root"] for found in (WORK.fullmatch(word), VERB.fullmatch(word)) if found}
    least, most = min(found := [*stems(word), *roots]), max(found)
    same = next((at for at, letter in enumerate(least) if letter != most[at]), len(least))
    return word[:same]


def tail_after(asked: str, word: str, known: Set[str]) -> str:
    """What follows in a compound that begins with the word asked for; "" where it does not begin so.

    known: words that there are. "förskola" begins "förskolebarn", and "maskiner" "maskinoperatör" where there is a "maskin",
    but "kont" does not belong to "kontor" nor "lag" to "lager".
    """
    for start in _beginnings(asked, known):
        if word.startswith(start) and len(word) - len(start) >= SHORTEST_PART:
            return word[len(start) :]
    return ""


def _beginnings(asked: str, known: Set[str]) -> Iterator[str]:
    yield asked
    if DOER.fullmatch(asked):
        yield asked.removesuffix("e")
        return
    for stem in sorted(stems(asked) - {asked}, key=len, reverse=True):
        is_vowel_off = len(stem) >= SHORTEST_STEM and asked[len(stem) :] in {"a", "e"}
        is_base = not known.isdisjoint({stem, f"{stem}a", f"{stem}e"} - {asked})
        is_plain = len(stem) >= SHORTEST_STEM or asked.removeprefix(stem) in SAFE_ENDINGS
        if is_vowel_off or (is_base and is_plain):
            yield stem


def is_plausible(part: str) -> bool:
    """Whether a part of a compound reads as a word of its own, though no place has it: "matsal", not "material"."""
    rest = part[1:] if part.startswith("s") and ONSET.match(part[1:]) else part
    return len(rest) >= SHORTEST_STEM and rest not in SUFFIXES and ONSET.match(rest) is not None


def head_before(asked: str, word: str) -> str:
    """What comes first in a compound that ends with the word asked for, in any form; "" where it does not end so."""
    at = word.rfind(asked, 1)
    if (
        at >= 2 and len(asked) < SURE_PART
    ):  # "sjukvården" of "vård", but not "verkstäder" of "städ" nor "Karlskoga" of "skog"
        return word[:at] if word[at + len(asked) :] in {"", *SAFE_ENDINGS} else ""
    if at >= 2 and is_same(asked, word[at:]):
        return word[:at]
    for stem in stems(asked) - {asked}:
        at = word.rfind(stem, 2)
        if at >= 2 and len(stem) >= SHORTEST_STEM and is_same(asked, word[at:]):
            return word[:at]
    return ""


def has_inside(asked: str, word: str) -> bool:
    """Whether a long word stands within another: its stem has at least five letters."""
    whole = {asked} if DOER.fullmatch(asked) else stems(asked)
    stem = min((each for each in whole if len(each) >= SURE_PART), key=len, default="")
    return bool(stem) and word.find(stem) >= SHORTEST_PART


def parts_of(word: str) -> list[tuple[str, str]]:
    """The ways to read a word as a compound of two, with or without an s between them, longest first part first."""
    found = []
    for cut in range(len(word) - SHORTEST_PART, SHORTEST_PART - 1, -1):
        first, second = word[:cut], word[cut:]
        found.append((first, second))
        if first.endswith("s") and cut > SHORTEST_PART:
            found.append((first[:-1], second))
    return found


def slips(one: str, other: str) -> int:
    """How many letters were added, left out, changed or swapped with their neighbour on the way from one to the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
