"""The Swedish catalogue is complete and compiled from what is stored."""

from backend.ops import catalogue


def test_every_text_has_a_swedish_translation():
    stored = catalogue.read_catalogue()
    known = {(message.context, message.id) for message in stored}
    missing = [
        message.id for message in catalogue.find_messages() if message.id and (message.context, message.id) not in known
    ]
    assert missing == [], "run `make messages` and translate"
    assert catalogue.untranslated(stored) == []


def test_the_compiled_catalogue_is_the_stored_one():
    compiled = catalogue.catalogue_path().with_suffix(".mo").read_bytes()
    assert compiled == catalogue.compile_catalogue(), "run `make messages`"


def test_placeholders_survive_translation():
    import re

    placeholder = re.compile(r"%\([a-z_]+\)[sd]")
    wrong = []
    for message in catalogue.read_catalogue():
        if not message.id:
            continue
        wanted = set(placeholder.findall(str(message.id)))
        texts = message.string if isinstance(message.string, list | tuple) else [message.string]
        wrong += [text for text in texts if set(placeholder.findall(text)) - wanted]
    assert wrong == []


def test_texts_are_marked_by_names_that_are_searched_for():
    """`gettext as something` hides its texts from the search, and they stay English."""
    import re
    from pathlib import Path

    from django.conf import settings

    alias = re.compile(r"gettext(?:_lazy)? as (?!_$)", re.MULTILINE)
    hidden = [str(path) for path in Path(settings.BASE_DIR, "backend").rglob("*.py") if alias.search(path.read_text())]
    assert hidden == []
