"""Every page, every method, everybody: with a row that is theirs, a neighbour's, one of elsewhere, and none at all.

The addresses are read from the URL resolver and held against the table in doors.py: one that is not there fails. Whoever
is refused has changed nothing. The API has its own table, tests/api/test_permissions.py.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from pytest_django import DjangoDbBlocker

from tests.factories.lasting import lasting
from tests.factories.refusals import everything
from tests.security.doors import MAY_ENTER, METHODS, Door, table
from tests.security.house import MISSING, PRINCIPALS, House, build, fill, web_routes

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ALL_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
TABLE = table()
# The same page for everyone of a kind: asked by so many that each way through the door is taken once.
ASKED_OF_OPEN_DOORS = {"public": {"AN", "NA"}, "logged_in": {"AN", "TK", "NB", "ST", "CO", "KO"}}
# A place that is published is everybody's to read.
OPEN_ROWS = {"offer", "organisation_claim"}
# Without a word more the request is one about nothing: 404 for those who may, too.
ASKS_FOR_MORE = {"coordinator_protected_student", "draft_autosave", "draft_throw_away"}
LIBRARIES = ("allauth.", "django.")


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    with lasting(build, django_db_blocker) as made:
        yield made


@pytest.fixture(autouse=True)
def bare_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a refusal looks like is told elsewhere; drawing it a few thousand times tells nothing more."""

    def bare(request: HttpRequest, template: str, context: Any = None, status: int = 200, **more: Any) -> HttpResponse:
        return HttpResponse(status=status)

    monkeypatch.setattr("backend.web.middleware.render", bare)
    monkeypatch.setattr("backend.web.errors.render", bare)


def pages() -> list[tuple[str, URLPattern, Door]]:
    return [
        (route, pattern, TABLE[pattern.name or route])
        for route, pattern in web_routes()
        if not pattern.callback.__module__.startswith(LIBRARIES)
    ]


def outcome(response: HttpResponse) -> str:
    """in, login, or the number of the refusal."""
    if response.status_code in {403, 404, 405}:
        return str(response.status_code)
    if response.status_code == 302 and response["Location"].startswith("/konto/login/"):
        return "login"
    return "in" if response.status_code < 500 else f"broken {response.status_code}"


def ask(house: House, who: str, method: str, where: str) -> tuple[str, str]:
    """What comes of it, and what exactly was said: status, where to, and the message that waits there."""
    client = house.clients[who]
    client.cookies.pop("messages", None)
    headers = {"authorization": house.bearer} if who == "TK" else {}
    response = client.generic(method, where, headers=headers)
    where_to = re.sub(r"\d+", "#", response.get("Location", ""))
    return outcome(response), f"{response.status_code} {where_to} {response.cookies.get('messages', '')}"


def test_every_address_is_in_the_table_with_its_door():
    found = {(pattern.name or route): (pattern.callback.access,) for route, pattern, _door in pages()}
    assert {name: (door.kind,) for name, door in TABLE.items()} == found


def test_a_row_in_the_address_has_an_owner():
    """An address with an id says whose it is, unless it is open to everyone."""
    bare = [
        pattern.name
        for route, pattern, door in pages()
        if "<int:" in route and not door.owners and pattern.name not in OPEN_ROWS
    ]
    assert bare == []


def expected_of(who: str, door: Door) -> str:
    if door.page == "closed" or door.page.startswith("off"):
        return "404"
    if who not in MAY_ENTER[door.kind]:
        return "login" if who in {"AN", "TK"} else "403"
    if door.owners and who not in door.owners:
        return "403" if who in door.forbidden else "404"
    return "in"


def told_of_nothing(house: House, who: str, method: str, route: str, pattern: URLPattern, said: str) -> bool:
    """Whether somebody was led back and told the same as of a row that does not exist."""
    missing = re.sub(r"<int:\w+>", str(MISSING), route)
    return said.startswith("302") and ask(house, who, method, fill(missing, house.ids_for(pattern, route)))[1] == said


def test_the_right_people_pass_and_nobody_else_changes_anything(house):
    wrong, before = [], everything()
    for route, pattern, door in pages():
        if door.page == "code":
            continue
        where = fill(route, house.ids_for(pattern, route))
        for who in ASKED_OF_OPEN_DOORS.get(door.kind, set(PRINCIPALS) - {"KC"}) | door.owners:
            for method in METHODS[door.page]:
                if method == "HEAD":
                    continue
                expected = expected_of(who, door)
                with transaction.atomic():
                    found, said = ask(house, who, method, where)
                    if expected == "in":
                        transaction.set_rollback(True)
                is_so = found == expected or (expected == "in" and method == "POST" and pattern.name in ASKS_FOR_MORE)
                if found == "in" and expected == "404":
                    is_so = told_of_nothing(house, who, method, route, pattern, said)
                elif found == "in" and expected == "403":
                    is_so = said.startswith("302")
                if not is_so:
                    wrong.append(f"{who} {method} {pattern.name} {where}: {found}, expected {expected}")
        if (now := everything()) != before:
            wrong.append(f"{pattern.name}: somebody who was refused has changed something")
            before = now
    assert not wrong, "\n".join(wrong)


def test_what_does_not_exist_is_not_found(house):
    wrong, before = [], everything()
    for route, pattern, door in pages():
        if "<int:" not in route:
            continue
        where = fill(re.sub(r"<int:\w+>", str(MISSING), route), house.ids_for(pattern, route))
        for who in sorted(MAY_ENTER[door.kind] & (door.owners or {"AN"})):
            for method in METHODS[door.page]:
                found, said = ask(house, who, method, where)
                if found != "404" and not said.startswith("302"):
                    wrong.append(f"{who} {method} {pattern.name}: {found}")
    assert everything() == before
    assert not wrong, "\n".join(wrong)


def test_other_methods_are_refused_at_every_door(house):
    """Those who pass are told that there is no such method, the others what they are always told."""
    wrong, before = [], everything()
    for route, pattern, door in pages():
        if door.page == "code":
            continue
        where = fill(route, house.ids_for(pattern, route))
        insider = min(door.owners or MAY_ENTER[door.kind])
        for who in {"AN", insider}:
            for method in ALL_METHODS:
                if method in METHODS[door.page] and method != "HEAD":
                    continue
                expected = expected_of(who, door)
                if method not in METHODS[door.page] and door.page != "closed" and who in MAY_ENTER[door.kind]:
                    expected = "405"
                with transaction.atomic():
                    found, _said = ask(house, who, method, where)
                    if expected == "in":
                        transaction.set_rollback(True)
                if found != expected:
                    wrong.append(f"{who} {method} {pattern.name}: {found}, expected {expected}")
    assert everything() == before
    assert not wrong, "\n".join(wrong)
