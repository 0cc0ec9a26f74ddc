"""Every address with an id that exists, asked by people of the right kind to whom it does not belong: another student,
another company, a guardian of somebody else, the coordinator of another municipality.

The addresses are read from the URL resolver, the ids from the town of the browser tests; nothing is changed by trying.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.urls import resolve

from tests.browser import town as towns
from tests.browser.town import EMPTY_TOWN, Town
from tests.factories import CoordinatorFactory, GuardianshipFactory, MembershipFactory, StudentFactory
from tests.factories.refusals import everything
from tests.web.desk import logged_in
from tests.web.test_permissions import MAY_ENTER, routes

pytestmark = pytest.mark.django_db

# Open to everyone of the kind, or without anybody's data in it: the name of the route and why.
OF_NOBODY: dict[str, str] = {
    "apply": "every student may apply for a published place",
    "offer": "a published place",
    "student_round": "a round that students of every municipality may join says so",
    "coordinator_silence": "an own list",
}


def strangers() -> dict[str, Any]:
    """kind of door -> somebody who passes it and owns nothing of the town's."""
    return {
        "student": StudentFactory(municipality_id=EMPTY_TOWN).user,
        "guardian": GuardianshipFactory(
            student__birth_date=date(2010, 5, 1), student__municipality_id=EMPTY_TOWN
        ).guardian,
        "employer": MembershipFactory(role="owner").user,
        "coordinator": CoordinatorFactory(municipality=EMPTY_TOWN),
    }


def ids_of(town: Town) -> dict[str, Any]:
    """route -> the address with ids that exist, and for routes that no page stands for, ids by the parameter's name."""
    found: dict[str, Any] = {}
    for paths in town.pages.values():
        for path in paths:
            found |= resolve(path.partition("?")[0]).kwargs
    return found


@pytest.mark.parametrize("build", [towns.build_people, towns.build_desks], ids=["people", "desks"])
def test_neighbours_reach_nothing(build: Callable[[], Town]) -> None:
    known = ids_of(build())
    people = strangers()
    clients = {kind: logged_in(user) for kind, user in people.items()}
    before, wrong, asked = everything(), [], 0
    for route, pattern in routes():
        names = re.findall(r"<int:(\w+)>", route)
        access = pattern.callback.access
        if (
            not names
            or access in {"public", "logged_in"}
            or pattern.name in OF_NOBODY
            or not known.keys() >= set(names)
        ):
            continue
        where = re.sub(r"<(?:int|str|slug):(\w+)>", lambda found: str(known.get(found[1], "0000")), route)
        for kind in sorted(MAY_ENTER[access] & clients.keys()):
            for method in ("get", "post"):
                asked += 1
                with transaction.atomic():
                    status = getattr(clients[kind], method)(where).status_code
                    # Some pages lead back and say there what was refused.
                    is_refused = status in {403, 404, 405} or (status == 302 and everything() == before)
                    transaction.set_rollback(True)
                if not is_refused:
                    wrong.append(f"{method} {route} ({pattern.name}) answers {kind} {status}")
    assert wrong == []
    assert everything() == before
    assert asked > 20
