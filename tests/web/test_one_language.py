"""Each page speaks the language that was chosen and no other, outside of what people have written themselves.

The words are those a sentence of the other language can hardly do without; the pages are those of tests/browser/town.py.
"""

import re
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.test import Client

from tests.browser import town as towns
from tests.exchange.files import OFFER_ROW

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.real_clock]

WORDS = {
    "sv": "och att inte för är på med till som du din ditt dina de av om har kan ska ett från eller alla när dig ni er",
    "en": "the and of you your is are to with not from this that will when which what who their was or for yes by",
}
# What people wrote: places, companies, messages, names of rounds; and rows of a table, named in the language of that time.
WRITTEN = [
    *(towns.LONG_COMPANY, towns.LONG_TITLE, towns.LONG_TITLE[:80], *towns.LONG_TEXT.split("\n\n")),
    *("APL till sommaren", "APL i våras", "Du ställer in maskinen, kör detaljer och mäter dem.", OFFER_ROW[4]),
    # The example of a table that can be brought in.
    "Du ställer in maskinen och kör detaljer.",
]
OF_ANOTHER_TIME = ("/import/",)
NO_TEXT = {"script", "style", "code", "pre", "blockquote"}
NEVER_CLOSED = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
SAID = ("aria-label", "title", "placeholder", "alt", "data-l")


class Texts(HTMLParser):
    """What somebody reads or hears of a page. Not: quotations, code, and parts that say that they are in another language."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language
        self.open: list[tuple[str, bool]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_ours = tag not in NO_TEXT and given.get("lang", self.language) == self.language
        if tag not in NEVER_CLOSED:
            self.open.append((tag, is_ours))
        if is_ours and self.is_read():
            self.texts += [value for name in SAID if (value := given.get(name))]

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and self.is_read():
            self.texts.append(" ".join(data.split()))

    def is_read(self) -> bool:
        return all(is_ours for _tag, is_ours in self.open)


def leftovers(html: str, language: str) -> list[str]:
    """Texts of the page in which a word of the other language stands."""
    other = "sv" if language == "en" else "en"
    words = re.compile(rf"(?<![\w.@-])(?:{WORDS[other].replace(' ', '|')})(?![\w-])", re.IGNORECASE)
    page = Texts(language)
    page.feed(html)
    found = []
    for text in page.texts:
        ours = text
        for piece in WRITTEN:
            ours = ours.replace(" ".join(piece.split()), "")
        if words.search(ours):
            found.append(text)
    return found


def test_a_leftover_would_be_found():
    assert leftovers('<p>Hello</p><p lang="sv">Du och jag</p><code>inte</code>', "en") == []
    assert leftovers("<p>Hello</p><p><b>Du</b> har fått en plats</p>", "en") == ["Du", "har fått en plats"]
    assert leftovers('<a aria-label="Back to the list">Tillbaka</a>', "sv") == ["Back to the list"]
    assert leftovers(f"<h1>{towns.LONG_TITLE}</h1>", "en") == []


@pytest.mark.parametrize("build", [towns.build_people, towns.build_desks], ids=["people", "desks"])
def test_each_page_speaks_one_language(build):
    town, wrong = build(), []
    for role, paths in town.pages.items():
        for language in ("sv", "en"):
            client = Client()
            if town.people[role] is not None:
                client.force_login(town.people[role], backend=settings.AUTHENTICATION_BACKENDS[0])
            client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
            for path in paths:
                if language == "en" and path.startswith(OF_ANOTHER_TIME):
                    continue
                # What is shown on other sites knows nothing of cookies.
                answer = client.get(path, {"lang": language} if path.startswith("/embed/") else {}, follow=True)
                text = answer.text
                assert f'lang="{language}"' in text, path
                wrong += [f"{language} {path}: {text[:120]}" for text in leftovers(text, language)]
    assert wrong == [], "\n".join(wrong)
