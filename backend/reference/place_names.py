"""What a municipality is called: by its people, on its signs and in the registers of authorities."""

from __future__ import annotations

import re

# Their authority's own name is not the name in the genitive, or not that alone.
FORMS_OF = {
    # The other regions are counties.
    "0980": ("Region Gotland",),
    "1480": ("Gothenburg",),
    "2080": ("Falu",),
}
# After the name, in the genitive or not: kommun, its definite form, the old word that thirteen of them keep, English.
AUTHORITY = re.compile(r"(?P<base>.+?) (?:kommuns?|kommunen|kn|stads?|municipality|city)")
BEFORE = re.compile(r"(?:kommunen|municipality of|city of) (?P<base>.+)")


def authority_names(code: str, name: str) -> tuple[str, ...]:
    """Further names of the municipality beside its name. The genitive is one: people write "Kalix" and "Kalixs kommun",
    "Kalmar" and "Kalmars kommun" alike."""
    return (*FORMS_OF.get(code, ()), f"{name}s")


def base_of_authority(letters: str) -> str:
    """The name within "lunds kommun" or "city of lund"; "" when the text is no authority."""
    found = AUTHORITY.fullmatch(letters) or BEFORE.fullmatch(letters)
    return found["base"] if found else ""
