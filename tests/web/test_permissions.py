"""Every address against every kind of person: nobody gets in by the back door, and nothing is changed by trying.

The list of addresses is read from the URL resolver, so a new page is covered the day it is born. The API has its own
table in tests/api/test_permissions.py.
"""

import re
from collections.abc import Iterator
from datetime import date

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from backend.applications.models import Application
from backend.common.models import LogEntry
from backend.offers.models import Offer
from backend.placements.models import Match
from tests.factories import (
    ApplicationFactory,
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PRINCIPALS = ("anonymous", "nobody", "student", "guardian", "employer", "coordinator", "network")
# Who passes the door of each kind of page. Behind the door the rows themselves are asked, see the tests of the commands.
MAY_ENTER = {
    "public": set(PRINCIPALS),
    "logged_in": set(PRINCIPALS) - {"anonymous"},
    "student": {"student"},
    "guardian": {"guardian"},
    "employer": {"employer"},
    "coordinator": {"coordinator"},
    "network": {"network"},
    "coordinator_or_network": {"coordinator", "network"},
    "employer_or_coordinator": {"employer", "coordinator"},
}


def routes(resolver: URLResolver | None = None, prefix: str = "/") -> Iterator[tuple[str, URLPattern]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, where)
        elif not pattern.callback.__module__.startswith(("allauth.", "django.", "backend.api.")):
            yield where, pattern


def address(route: str) -> str:
    """The route with ids that belong to nobody in this test."""
    route = re.sub(r"<int:\w+>", "999999", route)
    route = re.sub(r"<(?:str|slug|path):(\w+)>|<(\w+)>", "0000", route)
    return re.sub(r"[\^$]|\\Z", "", route)


@pytest.fixture
def people():
    application = ApplicationFactory()
    guardianship = GuardianshipFactory(student__birth_date=date(2010, 5, 1))
    return {
        "anonymous": None,
        "nobody": UserFactory(),
        "student": application.student.user,
        "guardian": guardianship.guardian,
        "employer": MembershipFactory(organisation=application.period.offer.organisation).user,
        "coordinator": CoordinatorFactory(),
        "network": NetworkOfficerFactory(),
    }


def client_of(user) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def state() -> list[object]:
    return [list(model.objects.order_by("pk").values_list("pk", "state")) for model in (Offer, Application, Match)] + [
        LogEntry.objects.count()
    ]


@pytest.mark.parametrize("principal", PRINCIPALS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_only_the_right_people_pass_the_door(people, principal, method):
    client = client_of(people[principal])
    before = state()
    wrong = []
    for route, pattern in routes():
        kind = pattern.callback.access
        response = getattr(client, method)(address(route))
        refused = response.status_code == 403 or (
            response.status_code == 302 and response["Location"].startswith("/konto/login/")
        )
        if response.status_code >= 500:
            wrong.append(f"{route} answers {response.status_code}")
        elif principal not in MAY_ENTER[kind] and not refused:
            wrong.append(f"{route} lets {principal} in ({response.status_code})")
        elif principal == "anonymous" and kind != "public" and response.status_code != 302:
            wrong.append(f"{route} does not ask to log in")
    assert wrong == []
    if principal == "anonymous":
        assert state() == before
    if principal == "nobody":
        # Someone without any part may change nothing but what they want to hear about, which is logged.
        assert state()[:-1] == before[:-1]


def test_every_kind_of_door_is_in_the_matrix():
    assert {pattern.callback.access for _route, pattern in routes()} <= MAY_ENTER.keys()
