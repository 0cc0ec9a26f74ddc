"""Every form of every page, sent empty, far too long and hostile: an answer a person can go on from, never a broken page.

The forms are read from the pages of the town that the browser tests look at (where a test holds that no page is missing),
and are sent as a browser would send them.
"""

import copy
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.urls import resolve

from tests.browser import town as towns
from tests.browser.town import Town
from tests.web.desk import logged_in
from tests.web.forms import PageForm, read_forms

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


def forms_of(town: Town) -> Iterator[tuple[Client, PageForm]]:
    """Each different form once: the same route, names and button."""
    seen: set[object] = set()
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
                    yield client, form


def send(client: Client, form: PageForm, data: dict[str, list[str]]) -> tuple[int, str]:
    """Status and page. Afterwards the database and the client's cookies are as before."""
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        is_post, path = form.method == "post", urlsplit(form.action).path
        response = client.post(form.action, data) if is_post else client.get(path, data)
        transaction.set_rollback(True)
    client.cookies = cookies
    return response.status_code, "" if response.streaming else response.text


def complaints(client: Client, form: PageForm, value: str) -> Iterator[str]:
    """What is wrong with the answer to the form with this value in every field."""
    try:
        status, page = send(client, form, {**form.data(), **{name: [value] for name in form.names()}})
    except Exception as error:
        yield f"{type(error).__name__}: {str(error)[:80]}"
        return
    if status >= 500:
        yield f"answers {status}"
    if SCRIPT in page:
        yield "writes a script into the page"
    # A NUL where no form reads it ends on a page of its own, which says that the request was not understood.
    says_so = 'role="alert"' in page or 'class="err' in page or 'data-color="danger"' in page
    if status == 400 and not says_so and form.typed() and "\0" not in value:
        yield "says nothing about what is wrong"


def lost(client: Client, form: PageForm) -> Iterator[str]:
    """What of a text that is refused on the page itself does not stand in its field again, or is not said to be wrong."""
    typed = form.typed()
    status, page = send(client, form, {**form.data(), **{name: [LONG] for name in typed}})
    if not typed or status not in {400, 422}:
        return
    again = [each.data() for each in read_forms(form.action, page) if set(typed) <= set(each.names())]
    # A cell of a table keeps the beginning: nobody types more there.
    gone = [name for name in typed if not any(v.startswith(LONG[:200]) for f in again for v in f.get(name, []))]
    if gone:
        yield f"loses {gone}"
    if 'aria-invalid="true"' not in page:
        yield "marks no field as wrong"


@pytest.mark.parametrize("build", [towns.build_people, towns.build_desks], ids=["people", "desks"])
def test_hostile_input_is_answered(build: Callable[[], Town]) -> None:
    wrong, number = list[str](), 0
    for client, form in forms_of(build()):
        if form.method == "post":
            wrong += [f"{form.action} {form.button()}: {each}" for each in lost(client, form)]
        for what, value in VALUES.items():
            if form.names() and (form.method == "post" or what in IN_ADDRESSES):
                number += 1
                wrong += [
                    f"{form.method} {form.action} {form.button()} {what}: {each}"
                    for each in complaints(client, form, value)
                ]
    assert wrong == []
    assert number > 100


def test_a_nul_in_an_address_and_in_what_no_form_reads() -> None:
    client = Client()
    assert client.get("/kommuner/%00/").status_code in {400, 404}
    assert client.get("/kompetens/?kommun=%00").status_code in {200, 400}
