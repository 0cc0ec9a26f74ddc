"""Persons out of texts: e-mail addresses, phone numbers, personal identity numbers, and names next to them.

Errs on the side of removing too much. Names are only recognised where a text introduces them (contact, call, manager):
a free name in running text is not found, which is why no text of an advertisement is shown before a person has read it.
"""

import re

REMOVED = "[borttaget]"
LONGEST = 20_000
_NAME = r"[A-ZÅÄÖÉÜ][a-zåäöéü]+(?:-[A-ZÅÄÖÉÜ][a-zåäöéü]+)?"
_FULL_NAME = rf"{_NAME}(?:\s+(?:(?:af|von|de|van|al)\s+)?{_NAME}){{1,3}}"
# Words after which a name follows. What stands between them and the name is kept.
_INTRODUCES = (
    r"(?:kontakta(?:\s+gärna)?|kontaktperson(?:er)?|kontakt|ring(?:\s+till)?|mejla|maila|frågor\s+(?:till|besvaras\s+av)|"
    r"hör\s+av\s+dig\s+till|tala\s+med|rekryterare|rekryterande\s+chef|\w*chef(?:en)?|rektor|handledare|ansvarig|"
    r"fackliga?\s+(?:företrädare|representanter)|vänligen\s+kontakta|contact|call|manager|recruiter|"
    r"vision|saco|kommunal|unionen|ledarna|sveriges\s+lärare|vårdförbundet|if\s+metall|st|hälsar|hälsningar|/)"
)
_LINK = r"(?:vår(?:a)?|den|på|av|är|till|via|with|our|is|[a-zåäö]*chef(?:en)?|[a-zåäö]*ledare(?:n)?|[a-zåäö]*are(?:n)?)"
_BETWEEN = rf"(?:[\s,:\-–]+{_LINK}){{0,3}}[\s,:\-–]+"
# A run of letters is looked at from its beginning only and never given back: otherwise a long one takes hours.
_EMAIL = re.compile(r"(?<![\w.+\-])[\w.+\-]++\s?(?:@|\(at\)|\[at\]|\(a\))\s?[\w\-]+(?:\.[\w\-]+)+", re.IGNORECASE)
_PERSONAL_NUMBER = re.compile(r"(?<!\d)(?:19|20)?\d{6}[-+ ]?\d{4}(?!\d)")
# At least seven digits that start as Swedish or international numbers do, with the usual separators.
_PHONE = re.compile(
    r"(?<![\w.])(?:\+|00)\d{1,3}(?:[\s\-/.()]{0,3}\d){6,12}(?!\d)|(?<![\w.\-])0\d{1,3}(?:[\s\-/.()–]{0,3}\d){5,9}(?!\d)"
)
_INTRODUCED = re.compile(rf"(?P<before>(?:(?<=\W)|^)(?i:{_INTRODUCES}){_BETWEEN})(?P<name>{_FULL_NAME})")
# "Anna Berg, [borttaget]": a name right before something that was removed.
_BEFORE_REMOVED = re.compile(
    rf"{_FULL_NAME}(?P<after>[\s,:;(\-–]*+(?:tel|telefon|mobil|e-post|epost|mejl|mail|nås\s+på)?[\s.,:]*\[borttaget\])"
)
_SEVERAL = re.compile(rf"\[borttaget\](?P<join>\s*(?:,|och|eller|&)\s*){_FULL_NAME}")


def strip_contacts(text: str) -> str:
    """The text without addresses, numbers and introduced names; each is replaced by "[borttaget]".

    Of a text longer than any advertisement (20,000 characters) the rest is left out.
    """
    cleaned = _EMAIL.sub(REMOVED, text[:LONGEST])
    cleaned = _PERSONAL_NUMBER.sub(REMOVED, cleaned)
    cleaned = _PHONE.sub(REMOVED, cleaned)
    cleaned = _INTRODUCED.sub(lambda found: f"{found['before']}{REMOVED}", cleaned)
    cleaned = _BEFORE_REMOVED.sub(lambda found: f"{REMOVED}{found['after']}", cleaned)
    previous = ""
    while previous != cleaned:
        previous, cleaned = cleaned, _SEVERAL.sub(lambda found: f"{REMOVED}{found['join']}{REMOVED}", cleaned)
    return cleaned
