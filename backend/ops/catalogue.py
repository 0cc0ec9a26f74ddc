"""The Swedish catalogue: found, merged and compiled in pure Python, since a bare machine has no gettext tools.

Messages are English in the code. Python files are read by Babel; templates are first turned into Python by Django's own
`templatize`, so that both kinds are found by one extractor.
"""

import ast
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
LANGUAGE = "sv"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def catalogue_path(language: str = LANGUAGE) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def sources() -> Iterator[Path]:
    """Files that may hold texts for people."""
    backend, templates = settings.BASE_DIR / "backend", settings.TEMPLATES_DIR
    yield from (path for path in sorted(backend.rglob("*.py")) if "migrations" not in path.parts)
    for pattern in ("*.html", "*.txt"):
        yield from (
            path for path in sorted(templates.rglob(pattern)) if not {"node_modules", "assets"} & set(path.parts)
        )


def find_messages() -> Catalog:
    """Every message of the project, with the places where it is used."""
    catalogue = Catalog(domain="django", fuzzy=False)
    for path in sources():
        name = path.relative_to(settings.BASE_DIR).as_posix()
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            # What templatize leaves between the calls is no Python, only the calls themselves are.
            text = "\n".join(calls_in(templatize(text, origin=name)))
        found = extract("python", io.BytesIO(text.encode()), keywords=KEYWORDS, options={"encoding": "utf-8"})
        for _line, message, _comments, context in found:
            catalogue.add(message, locations=[(name, 0)], context=context)
    return catalogue


CALL = re.compile(r"\b(?:_|n?p?gettext)\(")


def calls_in(text: str) -> Iterator[str]:
    """The translation calls of a templatized template, each as one Python expression."""
    for start in CALL.finditer(text):
        end = start.end()
        while (end := text.find(")", end) + 1) > 0:
            call = text[start.start() : end]
            try:
                ast.parse(call, mode="eval")
            except SyntaxError:
                continue
            yield call
            break


def read_catalogue(language: str = LANGUAGE) -> Catalog:
    """The stored catalogue; an empty one when there is none yet."""
    path = catalogue_path(language)
    if not path.exists():
        return Catalog(locale=language, domain="django", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="django")


def update(language: str = LANGUAGE) -> Catalog:
    """Adds new messages, drops unused ones, keeps translations, and writes the file."""
    catalogue = read_catalogue(language)
    catalogue.update(find_messages(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False
    # A date of its own would make every run a change.
    catalogue.creation_date = catalogue.revision_date = EPOCH
    catalogue.project, catalogue.version, catalogue.header_comment = (
        "Praktiknavet",
        "1",
        "# Swedish texts of Praktiknavet.",
    )
    path = catalogue_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(
            file, catalogue, width=0, omit_header=False, sort_output=True, no_location=True, include_previous=False
        )
    return catalogue


def compile_catalogue(language: str = LANGUAGE) -> bytes:
    """The binary form that Django reads, as bytes."""
    buffer = io.BytesIO()
    write_mo(buffer, read_catalogue(language))
    return buffer.getvalue()


def untranslated(catalogue: Catalog) -> list[str]:
    """Messages without a complete translation."""
    missing = []
    for message in catalogue:
        if not message.id:
            continue
        texts = message.string if isinstance(message.string, list | tuple) else [message.string]
        if not all(texts):
            missing.append(message.id if isinstance(message.id, str) else message.id[0])
    return missing
