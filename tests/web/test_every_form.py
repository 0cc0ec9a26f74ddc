"""Every form of every page, sent empty, far too long, hostile and against itself: an answer a person can go on from.

The forms are read from the pages of the town that the browser tests look at (where a test holds that no page is missing)
and of tests/web/forms_town.py, and are sent as a browser would send them. Which contradictions each can have stands in
tests/web/contradictions.py.
"""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import get_resolver, resolve
from pytest_django import DjangoDbBlocker

from backend.common.models import LogEntry
from backend.web.versions import SEEN
from tests.architecture.test_house import routes
from tests.browser import town as towns
from tests.browser.test_pages import client_of_someone_who_is_everything
from tests.browser.town import Town
from tests.factories.lasting import lasting
from tests.web.contradictions import FILLED, NO_FORMS, TABLE, Contradiction
from tests.web.desk import logged_in
from tests.web.edited_together import ALONE, OTHERWISE, TOGETHER
from tests.web.forms import TYPED, PageForm, read_forms
from tests.web.forms_town import build_more

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

LONG = "ö" * 10_000
SCRIPT = "<script>alert(1)</script>"
VALUES = {
    "empty": "",
    "long": LONG,
    "nul": "ok\0nd",
    "strange": f"\u202e{SCRIPT}\ufeff\U0001f9d1\u200d\U0001f3ed' OR 1=1; --\u0661",
    # int() takes the one and not the other, str.isdigit() takes both.
    "odd": "²",
    "digits": "9" * 5_000,
}
IN_ADDRESSES = ("long", "nul", "digits")
ENDLESS = {
    **{(name, "move"): "only draws the map anew" for name in ("employer_workplace_new", "employer_workplace")},
    ("employer_application_decline", "preview"): "only shows what the text would be",
}
"""Buttons that take a text of any length: the name of the form, that of the button, and why."""
DEAD_END = re.compile(r'<a [^>]*href="(?:\?|")|<form(?![^>]*action="/)')


@dataclass(frozen=True)
class Found:
    """A form of the towns with somebody who sees it."""

    client: Client
    form: PageForm
    email: str


@dataclass(frozen=True)
class Answer:
    status: int
    page: str

    def errors(self) -> list[str]:
        """What stands next to fields, in the summary and in a message at the top."""
        texts = re.findall(r'<p class="err"[^>]*>(.*?)</p>', self.page, re.DOTALL)
        for block in re.findall(r'role="alert"[^>]*>(.*?)</div>', self.page, re.DOTALL):
            texts += re.findall(r"<li>(.*?)</li>", block, re.DOTALL) or [block]
        return [re.sub(r"<[^>]+>", "", text).strip() for text in texts]


@pytest.fixture(autouse=True)
def no_limits(settings: Any) -> None:
    """Whoever sends hundreds of forms in a minute would be told to wait."""
    settings.ACCOUNT_RATE_LIMITS = False


@pytest.fixture(scope="module")
def found(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[list[Found]]:
    """Each different form of the towns once: the same address, names and button."""
    with lasting(lambda: [towns.build_people(), towns.build_desks(), build_more()], django_db_blocker) as built:
        yield list(forms_of(built))


def forms_of(built: list[Town]) -> Iterator[Found]:
    seen: set[object] = set()
    for town in built:
        for role, paths in town.pages.items():
            user = town.people[role]
            client = logged_in(user) if user is not None else Client(headers={"accept-language": "en"})
            for path in paths:
                response = client.get(path)
                if not response.get("Content-Type", "").startswith("text/html"):
                    continue
                for form in read_forms(path, response.text):
                    key = (resolve(urlsplit(form.action).path).route, tuple(form.names()), form.button())
                    if key not in seen:
                        seen.add(key)
                        yield Found(client, form, user.email if user is not None else "")


def send(each: Found, data: dict[str, Any], language: str = "") -> tuple[Answer, dict[str, str]]:
    """The answer, and what the tables that were written to hold by then. Afterwards they and the client's cookies are as
    before."""
    client, form = each.client, each.form
    cookies = copy.deepcopy(client.cookies)
    if language:
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    with transaction.atomic():
        if form.method == "post":
            response = client.post(form.action, data, headers={"referer": f"http://testserver{form.page}"})
        else:
            response = client.get(urlsplit(form.action).path, data)
        rows = contents(written()) if language else {}
        transaction.set_rollback(True)
    client.cookies = cookies
    return Answer(response.status_code, "" if response.streaming else response.text), rows


def written() -> list[str]:
    """The tables that this transaction has written to, also where it took that back. Sessions are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
            " AND relname <> 'accounts_accountsession'"
        )
        return [name for (name,) in cursor.fetchall()]


def contents(tables: list[str]) -> dict[str, str]:
    """What these tables hold, the log of looks aside, each as one short text."""
    looks = LogEntry._meta.db_table
    asked = [
        f"SELECT '{name}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM \"{name}\" t"
        + (" WHERE action NOT IN ('protected.viewed', 'protected.listed')" if name == looks else "")
        for name in tables
    ]
    if not asked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return dict(cursor.fetchall())


def complaints(each: Found, value: str) -> Iterator[str]:
    """What is wrong with the answer to the form with this value in every field."""
    form = each.form
    try:
        answer, _rows = send(each, {**form.data(), **{name: [value] for name in form.names()}})
    except Exception as error:
        yield f"{type(error).__name__}: {str(error)[:80]}"
        return
    if answer.status >= 500:
        yield f"answers {answer.status}"
    if SCRIPT in answer.page:
        yield "writes a script into the page"
    # A NUL where no form reads it ends on a page of its own, which says that the request was not understood.
    if answer.status == 400 and 'role="alert"' not in answer.page and form.typed() and "\0" not in value:
        yield "says nothing about what is wrong"


def dead_ends(form: PageForm, answer: Answer) -> Iterator[str]:
    """What leads on from the page only while it stands under its own address, which it does not after such a form."""
    if urlsplit(form.page).path != urlsplit(form.action).path:
        yield from (f"leads nowhere: {text[:80]}" for text in DEAD_END.findall(answer.page))


def lost(each: Found) -> Iterator[str]:
    """What of far too long texts is not refused, does not stand in its field again, or is not said to be wrong."""
    form = each.form
    typed = form.typed()
    if not typed or (form.name, form.button()[0]) in ENDLESS:
        return
    answer, _rows = send(each, {**form.data(), **{name: [LONG] for name in typed}})
    if answer.status not in {400, 409}:
        yield f"answers {answer.status} to texts that are far too long"
        return
    again = [each.data() for each in read_forms(form.action, answer.page) if set(typed) <= set(each.names())]
    gone = [name for name in typed if not any(LONG in values for f in again for values in f.get(name, []))]
    if gone:
        yield f"loses {gone}"
    if 'aria-invalid="true"' not in answer.page:
        yield "marks no field as wrong"
    if 'role="alert"' not in answer.page:
        yield "has no summary of what is wrong"
    yield from dead_ends(form, answer)


def test_far_too_long_texts_are_refused_and_kept(found: list[Found]) -> None:
    posts = [each for each in found if each.form.method == "post" and each.form.typed()]
    wrong = [f"{each.form.name} {each.form.button()}: {text}" for each in posts for text in lost(each)]
    assert not wrong, "\n".join(wrong)
    assert len(posts) > 50


@pytest.mark.parametrize("what", VALUES)
def test_hostile_input_is_answered(found: list[Found], what: str) -> None:
    tried = [each for each in found if each.form.names() and (each.form.method == "post" or what in IN_ADDRESSES)]
    wrong = [
        f"{each.form.method} {each.form.action} {each.form.button()}: {text}"
        for each in tried
        for text in complaints(each, VALUES[what])
    ]
    assert not wrong, "\n".join(wrong)
    assert len(tried) > 60


def changed(each: Found, contradiction: Contradiction) -> tuple[dict[str, Any], str]:
    """What is sent, and the field that must be called wrong. `{first}` in a name is the first row's number."""
    form = each.form
    first = next((name.partition("-")[2] for name in form.names() if re.fullmatch(r"(?:rank|seats)-\d+", name)), "")
    data: dict[str, Any] = form.data()
    for name, value in {**FILLED.get(form.name, {}), **contradiction.changes}.items():
        made = value(form) if callable(value) else value
        data[name.replace("{first}", first)] = each.email if made == "own" else made
    return data, contradiction.field.replace("{first}", first)


def unsaid(each: Found, contradiction: Contradiction, before: dict[str, str]) -> Iterator[str]:
    """What is missing in the answer to a form that contradicts itself. before: what every table holds."""
    form = each.form
    with transaction.atomic():
        data, field = changed(each, contradiction)
        before = {**before, **contents(written())}
        swedish, after = send(each, data, "sv")
        # A file that was read is at its end.
        english, _after = send(each, changed(each, contradiction)[0] if form.file else data, "en")
        transaction.set_rollback(True)
    if swedish.status not in {400, 409}:
        yield f"answers {swedish.status}"
        return
    if any(before[table] != now for table, now in after.items()):
        yield "changes something"
    if 'role="alert"' not in swedish.page:
        yield "has no summary"
    if field and not re.search(rf'id="(?:id_|[^"]*-){field}_error"', swedish.page):
        yield f"says nothing at {field}, but {swedish.errors()}"
    same = set(swedish.errors()) & set(english.errors())
    if not swedish.errors() or len(swedish.errors()) != len(english.errors()) or same:
        yield f"says {swedish.errors()} in Swedish and {english.errors()} in English"
    # A list shows only what can be chosen, and a file has to be chosen anew.
    typed = [name for name in form.typed() if data.get(name) and not isinstance(data[name], SimpleUploadedFile)]
    again = [each.data() for each in read_forms(form.action, swedish.page) if set(form.typed()) <= set(each.names())]
    as_sent = {name: data[name] if isinstance(data[name], list) else [str(data[name])] for name in typed}
    lost_names = [name for name in typed if not any(f.get(name) == as_sent[name] for f in again)]
    if lost_names:
        yield f"loses {lost_names}"
    yield from dead_ends(form, swedish)
    if form.file and bool(data.get(form.file)) != ("Välj filen igen" in swedish.page):
        yield "does not say that the file must be chosen again, or says so without one"


def can_say(form: PageForm, contradiction: Contradiction) -> bool:
    """Whether it is the form with this button and these fields."""
    asked = {name.partition("{")[0] for name in contradiction.changes}
    has = all(any(name.startswith(each) for name in [*form.names(), form.file]) for each in asked)
    return (
        has and contradiction.button[0] in {"", form.button()[0]} and contradiction.button[1] in {"", form.button()[1]}
    )


def test_what_contradicts_itself_is_said_at_its_field(found: list[Found]) -> None:
    before, wrong, number = contents(connection.introspection.table_names()), list[str](), 0
    for name, entry in TABLE.items():
        for each in entry if isinstance(entry, tuple) else ():
            forms = [one for one in found if one.form.name == name and one.form.method == "post"]
            chosen = next((one for one in forms if can_say(one.form, each)), None)
            if chosen is None:
                wrong.append(f"{name}: the towns have no such form")
                continue
            number += 1
            wrong += [f"{name}, {each.what}: {text}" for text in unsaid(chosen, each, before)]
    assert not wrong, "\n".join(wrong)
    assert number > 150


def test_every_form_stands_in_the_table(found: list[Found]) -> None:
    """Every address that takes a POST, read from the URL configuration, and every form that stands on a page."""
    client = client_of_someone_who_is_everything()
    takers = set()
    for route, pattern in routes(get_resolver(), "/"):
        if pattern.callback.__module__.startswith(("allauth.", "django.", "backend.api.")):
            continue
        with transaction.atomic():
            status = client.post(re.sub(r"<int:\w+>", "999999", re.sub(r"<(?!int:)[^>]+>", "0000", route))).status_code
            transaction.set_rollback(True)
        if status != 405 and pattern.name is not None:
            takers.add(pattern.name)
    standing = {each.form.name for each in found if each.form.method == "post"}
    assert (takers | standing) - TABLE.keys() - NO_FORMS.keys() == set()
    assert TABLE.keys() | NO_FORMS.keys() == takers | standing


def test_a_nul_in_an_address_and_in_what_no_form_reads() -> None:
    client = Client()
    assert client.get("/kommuner/%00/").status_code in {400, 404}
    assert client.get("/kompetens/?kommun=%00").status_code in {200, 400}


def shows_something(form: PageForm) -> bool:
    """Whether a field for people already holds a value."""
    shown = {"checkbox", "radio", "select", *TYPED}
    return form.method == "post" and any(each.value.strip() for each in form.inputs if each.kind in shown)


def test_a_form_with_saved_values_knows_which(found: list[Found]) -> None:
    """A new form of what several people change has to be watched (web/versions.py), or to say why not."""
    shows = {each.form.name for each in found if shows_something(each.form)}
    watched = {each.form.name for each in found if SEEN in each.form.names()}
    assert shows - watched == ALONE.keys()
    assert watched == TOGETHER.keys() | OTHERWISE.keys()


def second_of_two(each: Found) -> Iterator[str]:
    """What goes wrong when somebody else was faster with the same form."""
    form = each.form
    start = next((name.partition("-")[2] for name in form.names() if re.fullmatch(r"(?:rank|seats)-\d+", name)), "")
    theirs, mine = (
        {name.replace("{first}", start): value for name, value in own.items()} for own in TOGETHER[form.name]
    )
    headers = {"referer": f"http://testserver{form.page}", "accept-language": "en"}
    shown = {**form.data(), **FILLED.get(form.name, {})}
    with transaction.atomic():
        first = each.client.post(form.action, shown | theirs, headers=headers)
        if first.status_code != 302:
            yield f"the first is answered {first.status_code}"
        second = each.client.post(form.action, shown | mine, headers=headers)
        if second.status_code not in {400, 409}:
            yield f"the second is answered {second.status_code}"
        page = "" if second.streaming else second.text
        # A reason is told and not kept.
        written = [value or "–" for name, value in theirs.items() if name != "reason"]
        if "As it is now" not in page or not all(f"<dd>{value}</dd>" in page for value in written):
            yield "does not show what the other has written"
        again = [one for one in read_forms(form.action, page) if one.name == form.name and SEEN in one.names()]
        kept = next((one for one in again if all(one.data()[name] == [value] for name, value in mine.items())), None)
        if kept is None:
            yield "loses what was typed"
        elif (third := each.client.post(form.action, kept.data(), headers=headers)).status_code != 302:
            yield f"cannot be saved again: {third.status_code}"
        transaction.set_rollback(True)


def test_two_at_the_same_form_see_each_others_change(found: list[Found]) -> None:
    wrong = []
    for name in TOGETHER:
        forms = [each for each in found if each.form.name == name and each.form.button() == ("", "")]
        wrong += [f"{name}: {text}" for text in (second_of_two(forms[0]) if forms else ["no such form"])]
    assert not wrong, "\n".join(wrong)
