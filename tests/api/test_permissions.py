"""Every method of every address against every principal, with what is theirs, a neighbour's, and nobody's.

The addresses are read from the URL resolver: one that is not in the table fails. Whoever is refused has changed nothing.
"""

import base64
import re
from typing import Any

import pytest
from django.db import transaction

from backend.api.views import ANY_TOKEN
from backend.tokens.enums import PERSONAL_SCOPES, Scope
from tests.api.described import check_answer
from tests.api.desk import API, refused, token_of, with_token
from tests.api.routes import api_routes, methods_of
from tests.api.world import PRINCIPALS, World
from tests.exchange.files import OFFER_HEADINGS, OFFER_ROW, csv_file
from tests.factories import MembershipFactory, OfferFactory, WorkplaceFactory
from tests.factories.refusals import everything

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

OPEN = "200 200 200 200 200 200 200 200 200 200"
# The answers to PRINCIPALS:            AN  ST  S2  GU  CO  C2  KO  K2  NA  TK
TABLE: dict[tuple[str, str], str] = {
    ("GET", "schema/"): OPEN,
    ("GET", "offers/"): OPEN,
    ("POST", "offers/"): "401 403 403 403 201 403 403 403 403 201",
    ("GET", "offers/<int:offer_id>/"): OPEN,
    ("PATCH", "offers/<int:offer_id>/"): "401 403 403 403 200 403 200 403 403 200",
    ("GET", "offers/<int:offer_id>/periods/"): OPEN,
    ("POST", "offers/<int:offer_id>/periods/"): "401 403 403 403 201 403 201 403 403 201",
    # A draft: nobody but the company and the network office knows of it.
    ("POST", "offers/<int:offer_id>/submit/"): "401 404 404 404 200 404 404 404 403 200",
    ("POST", "offers/<int:offer_id>/publish/"): "401 404 404 404 403 404 200 404 403 403",
    ("POST", "offers/<int:offer_id>/send-back/"): "401 404 404 404 403 404 200 404 403 403",
    ("POST", "offers/<int:offer_id>/pause/"): "401 403 403 403 200 403 200 403 403 200",
    ("POST", "offers/<int:offer_id>/resume/"): "401 404 404 404 200 404 200 404 403 200",
    ("POST", "offers/<int:offer_id>/close/"): "401 403 403 403 200 403 200 403 403 200",
    ("POST", "offers/<int:offer_id>/copy/"): "401 403 403 403 201 403 403 403 403 201",
    ("POST", "offers/<int:offer_id>/undo-publication/"): "401 403 403 403 403 403 200 403 403 403",
    # A draft again, which its reviewer knows of until the time to undo is over.
    ("POST", "offers/<int:offer_id>/undo-send-back/"): "401 404 404 404 403 404 200 404 403 403",
    ("GET", "offers/<int:offer_id>/suggested-students/count/"): "401 403 403 403 200 403 200 403 403 200",
    ("GET", "applications/"): "401 200 200 200 200 200 200 200 200 200",
    ("POST", "applications/"): "401 201 201 403 403 403 403 403 403 403",
    ("GET", "applications/<int:application_id>/"): "401 200 404 404 200 404 200 404 404 200",
    ("POST", "applications/<int:application_id>/read/"): "401 403 404 403 200 404 403 404 404 403",
    ("POST", "applications/<int:application_id>/offer-seat/"): "401 403 404 403 200 404 403 404 404 403",
    ("POST", "applications/<int:application_id>/waitlist/"): "401 403 404 403 200 404 403 404 404 403",
    ("POST", "applications/<int:application_id>/decline/"): "401 403 404 403 200 404 403 404 404 403",
    ("POST", "applications/<int:application_id>/accept/"): "401 200 404 403 403 404 403 404 404 403",
    ("POST", "applications/<int:application_id>/turn-down/"): "401 409 404 409 403 404 403 404 404 403",
    ("POST", "applications/<int:application_id>/undo-offer/"): "401 403 404 403 409 404 403 404 404 403",
    ("POST", "applications/<int:application_id>/answer-change/"): "401 409 404 409 403 404 403 404 404 403",
    ("POST", "applications/<int:application_id>/withdraw/"): "401 200 404 200 403 404 200 404 404 403",
    ("GET", "matches/"): "401 200 200 200 200 200 200 200 200 200",
    ("GET", "matches/<int:match_id>/"): "401 200 404 404 200 404 200 404 404 200",
    ("POST", "matches/<int:match_id>/approve/"): "401 403 404 404 403 404 200 404 404 403",
    ("POST", "matches/<int:match_id>/reject/"): "401 403 404 404 403 404 200 404 404 403",
    ("POST", "matches/<int:match_id>/undo-approval/"): "401 403 404 404 403 404 200 404 404 403",
    ("POST", "matches/<int:match_id>/undo-rejection/"): "401 403 404 404 403 404 200 404 404 403",
    ("GET", "placements/"): "401 200 200 200 200 200 200 200 200 200",
    ("GET", "placements/<int:placement_id>/"): "401 200 404 404 200 404 200 404 404 200",
    ("POST", "placements/<int:placement_id>/end/"): "401 403 404 404 403 404 200 404 404 403",
    ("POST", "placements/<int:placement_id>/open-rest/"): "401 403 404 404 409 404 403 404 404 403",
    ("POST", "placements/<int:placement_id>/decline-rest/"): "401 403 404 404 409 404 403 404 404 403",
    ("POST", "placements/<int:placement_id>/supervisor/"): "401 403 404 404 200 404 200 404 404 403",
    ("GET", "suggestions/"): "401 200 200 403 403 403 403 403 403 403",
    ("POST", "suggestions/<int:suggestion_id>/dismiss/"): "401 200 404 404 404 404 404 404 404 403",
    ("POST", "suggestions/<int:suggestion_id>/restore/"): "401 200 404 404 404 404 404 404 404 403",
    ("GET", "alerts/"): "401 200 200 403 403 403 403 403 403 403",
    ("POST", "alerts/"): "401 201 201 403 403 403 403 403 403 403",
    ("GET", "alerts/<int:alert_id>/"): "401 200 404 404 404 404 404 404 404 403",
    ("PATCH", "alerts/<int:alert_id>/"): "401 200 404 404 404 404 404 404 404 403",
    ("DELETE", "alerts/<int:alert_id>/"): "401 204 404 403 403 403 403 403 403 403",
    ("GET", "me/"): "401 200 200 200 200 200 200 200 200 200",
    ("GET", "me/profile/"): "401 200 200 404 404 404 404 404 404 403",
    ("PATCH", "me/profile/"): "401 200 200 200 200 200 403 403 403 403",
    ("GET", "me/notification-preferences/"): "401 200 200 200 200 200 200 200 200 403",
    ("PATCH", "me/notification-preferences/"): "401 200 200 200 200 200 200 200 200 403",
    ("GET", "notifications/"): "401 200 200 200 200 200 200 200 200 403",
    ("POST", "notifications/read/"): "401 200 200 200 200 200 200 200 200 403",
    ("POST", "notifications/<int:notification_id>/read/"): "401 200 404 404 404 404 404 404 404 403",
    ("GET", "tokens/"): "401 403 403 403 200 200 200 200 403 403",
    ("POST", "tokens/"): "401 403 403 403 201 201 201 201 403 403",
    ("DELETE", "tokens/<int:token_id>/"): "401 403 403 403 204 404 404 404 403 403",
    ("GET", "organisations/"): OPEN,
    ("POST", "organisations/"): "401 201 201 201 201 201 201 201 201 403",
    ("GET", "workplaces/"): OPEN,
    ("POST", "workplaces/"): "401 404 404 404 201 404 404 404 404 201",
    ("GET", "organisations/<int:organisation_id>/"): OPEN,
    ("PATCH", "organisations/<int:organisation_id>/"): "401 404 404 404 200 404 404 404 404 200",
    ("GET", "organisations/<int:organisation_id>/contacts/"): "401 404 404 404 200 404 200 404 404 200",
    ("POST", "organisations/<int:organisation_id>/contacts/"): "401 404 404 404 201 404 201 404 404 201",
    ("GET", "contacts/<int:contact_id>/"): "401 404 404 404 200 404 200 404 404 200",
    ("PATCH", "contacts/<int:contact_id>/"): "401 404 404 404 200 404 200 404 404 200",
    ("DELETE", "contacts/<int:contact_id>/"): "401 404 404 404 204 404 204 404 404 204",
    ("GET", "workplaces/<int:workplace_id>/"): OPEN,
    ("PATCH", "workplaces/<int:workplace_id>/"): "401 403 403 403 200 403 403 403 403 200",
    ("GET", "municipalities/"): OPEN,
    ("GET", "occupations/"): OPEN,
    ("GET", "programmes/"): OPEN,
    ("GET", "placement-forms/"): OPEN,
    ("GET", "imports/"): "401 200 200 200 200 200 200 200 200 200",
    ("POST", "imports/"): "401 403 403 403 201 403 403 403 403 201",
    ("GET", "imports/fields/"): "401 200 200 200 200 200 200 200 200 200",
    ("GET", "imports/<int:job_id>/"): "401 404 404 404 200 404 404 404 404 200",
    ("GET", "imports/<int:job_id>/rows/"): "401 404 404 404 200 404 404 404 404 200",
    ("GET", "imports/<int:job_id>/rejected/"): "401 404 404 404 200 404 404 404 404 200",
    ("POST", "imports/<int:job_id>/check/"): "401 404 404 404 200 404 404 404 404 200",
    ("POST", "imports/<int:job_id>/discard/"): "401 404 404 404 200 404 404 404 404 200",
    ("POST", "imports/<int:job_id>/run/"): "401 404 404 404 200 404 404 404 404 200",
    ("POST", "imports/<int:job_id>/undo/"): "401 404 404 404 200 404 404 404 404 200",
    ("GET", "exports/"): "401 200 200 200 200 200 200 200 200 200",
    ("POST", "exports/"): "401 403 403 403 201 201 403 403 403 201",
    ("GET", "exports/lists/"): "401 200 200 200 200 200 200 200 200 200",
    ("GET", "exports/<int:export_id>/"): "401 404 404 404 200 404 404 404 404 200",
    ("GET", "exports/<int:export_id>/file/"): "401 404 404 404 200 404 404 404 404 200",
    ("GET", "webhooks/"): "401 200 200 200 200 200 200 200 200 403",
    ("POST", "webhooks/"): "401 403 403 403 201 403 403 403 403 403",
    ("GET", "webhooks/<int:endpoint_id>/"): "401 404 404 404 200 404 404 404 404 403",
    ("PATCH", "webhooks/<int:endpoint_id>/"): "401 404 404 404 200 404 404 404 404 403",
    ("POST", "webhooks/<int:endpoint_id>/pause/"): "401 404 404 404 200 404 404 404 404 403",
    ("POST", "webhooks/<int:endpoint_id>/resume/"): "401 404 404 404 200 404 404 404 404 403",
    ("POST", "webhooks/<int:endpoint_id>/renew-secret/"): "401 404 404 404 200 404 404 404 404 403",
    ("POST", "webhooks/<int:endpoint_id>/try/"): "401 404 404 404 201 404 404 404 404 403",
    ("DELETE", "webhooks/<int:endpoint_id>/"): "401 404 404 404 204 404 404 404 404 403",
    ("GET", "webhooks/<int:endpoint_id>/deliveries/"): "401 404 404 404 200 404 404 404 404 403",
    ("POST", "webhook-deliveries/<int:delivery_id>/replay/"): "401 404 404 404 200 404 404 404 404 403",
    ("GET", "open-data/places/"): OPEN,
    ("GET", "open-data/figures/"): OPEN,
    ("GET", "open-data/skills/"): OPEN,
}
MISSING = 999_999_999
TABLE_OF_PLACES = base64.b64encode(csv_file([OFFER_HEADINGS, OFFER_ROW])).decode()
PERIOD = {"start": "2027-08-23", "end": "2027-09-17", "seats": 1}


def body_of(world: World, method: str, route: str) -> dict[str, Any]:
    """What makes the request right, so that only the principal can be wrong."""
    words = {"title": "Svetsare", "tasks": "Svetsa.", "form": "apl"}
    bodies: dict[str, dict[str, Any]] = {
        "POST offers/": {**words, "workplace": world.workplace, "periods": [PERIOD]},
        "PATCH offers/<int:offer_id>/": {"title": "Målare"},
        "POST offers/<int:offer_id>/periods/": PERIOD,
        "POST offers/<int:offer_id>/send-back/": {"reason": "Skriv mer."},
        "POST applications/": {"period": world.open_period},
        "POST applications/<int:application_id>/answer-change/": {"question": 1, "fits": True},
        "POST applications/<int:application_id>/decline/": {"reason": "dates"},
        "POST matches/<int:match_id>/reject/": {"reason": "Krockar."},
        "POST placements/<int:placement_id>/end/": {"reason": "Verkstaden stänger."},
        "POST placements/<int:placement_id>/supervisor/": {"name": "Ulf Berg", "phone": "0122-850 00"},
        "POST organisations/": {"name": "Ny AB", "registration_number": "556016-0680", "municipality": "0562"},
        "POST workplaces/": {"organisation": world.organisation, "name": "Lagret", "municipality": "0562"},
        "PATCH organisations/<int:organisation_id>/": {"about": "Vi svetsar."},
        "PATCH workplaces/<int:workplace_id>/": {"city": "Finspång"},
        "POST organisations/<int:organisation_id>/contacts/": {"name": "Ulf Berg", "phone": "0122-850 01"},
        "PATCH contacts/<int:contact_id>/": {"phone": "0122-850 02"},
        "PATCH webhooks/<int:endpoint_id>/": {"kinds": ["offer.closed"]},
        "POST alerts/": {"name": "Svets"},
        "PATCH alerts/<int:alert_id>/": {"text": "svets"},
        "PATCH me/profile/": {"birth_date": "2008-03-01", "forms": ["apl"]},
        "PATCH me/notification-preferences/": {"preferences": []},
        "POST imports/": {"organisation": world.organisation, "file_name": "platser.csv", "file": TABLE_OF_PLACES},
        "POST exports/": {"list": "our-places", "format": "csv"},
        "POST webhooks/": {
            "organisation": world.organisation,
            "url": "https://example.com/in",
            "kinds": ["offer.published"],
        },
        "POST tokens/": {"name": "Lager", "scopes": ["offers:read"]},
    }
    return bodies.get(f"{method} {route}", {})


def address(world: World, route: str, name: str, *, missing: bool = False) -> str:
    def fill(found: re.Match[str]) -> str:
        return str(MISSING if missing else world.ids.get(name, world.ids[found[1]]))

    return API + re.sub(r"<int:(\w+)>", fill, route)


def names() -> dict[str, str]:
    from backend.api.v1.urls import urlpatterns

    return {str(pattern.pattern): str(pattern.name) for pattern in urlpatterns}


def ask(
    world: World, principal: str, method: str, where: str, body: dict[str, Any], before: dict[str, str | None]
) -> tuple[int, bool]:
    """The status, and whether anything is other than `before`; afterwards the world is as it was."""
    with transaction.atomic():
        client = world.clients[principal]
        response = client.get(where) if method == "GET" else client.generic(method, where, *_json(body))
        changed = everything() != before
        transaction.set_rollback(True)
    check_answer(where, method, response)
    return response.status_code, changed


def _json(body: dict[str, Any]) -> tuple[str, str]:
    import json

    return json.dumps(body), "application/json"


def every_operation() -> set[tuple[str, str]]:
    return {(method, route) for route, view in api_routes() for method in methods_of(view)}


def test_every_operation_is_in_the_table():
    assert every_operation() == TABLE.keys()


@pytest.mark.parametrize(("method", "route"), sorted(TABLE), ids=lambda word: word)
def test_the_right_people_and_nobody_else(world, method, route):
    name, before = names()[route], everything()
    expected = dict(zip(PRINCIPALS, map(int, TABLE[method, route].split()), strict=True))
    body = body_of(world, method, route)
    found, changed_by = {}, []
    for principal in PRINCIPALS:
        found[principal], changed = ask(world, principal, method, address(world, route, name), body, before)
        if changed and (found[principal] >= 400 or method == "GET"):
            changed_by.append(principal)
    assert found == expected
    assert changed_by == []
    assert everything() == before
    if "<" in route:
        for principal, own in expected.items():
            status, changed = ask(world, principal, method, address(world, route, name, missing=True), body, before)
            assert not changed
            # A door that is closed to everyone of a kind stays closed; behind an open one there is nothing.
            assert status in ({own, 404} if own in {401, 403} else {404}), principal


@pytest.mark.parametrize(("route", "view"), list(api_routes()), ids=lambda word: getattr(word, "__name__", str(word)))
def test_other_methods_are_refused(world, route, view):
    where = address(world, route, names()[route])
    for method in {"PUT", "PATCH", "POST", "DELETE", "OPTIONS"} - set(methods_of(view)):
        refused(world.clients["CO"].generic(method, where, "{}", "application/json"), 405, "method.not_allowed")


@pytest.mark.parametrize(("route", "view"), list(api_routes()), ids=lambda word: getattr(word, "__name__", str(word)))
def test_a_token_opens_what_it_was_made_for(world, route, view):
    """Without the scope of a method it is refused with the scope's name; decisions are in no scope."""
    everything_else = {each: [scope for scope in Scope if scope != each] for each in Scope}
    for method in methods_of(view):
        if method in view.public_methods:
            continue
        scope = view.scopes.get(method)
        where, body = address(world, route, names()[route]), body_of(world, method, route)
        if scope == ANY_TOKEN:
            continue
        held = list(Scope) if scope is None else everything_else[Scope(scope)]
        for person in ("ST", "CO", "KO"):
            client = with_token(token_of(world.people[person], *held))
            before = everything()
            response = client.generic(method, where, *_json(body))
            problem = refused(response, 403, "token.cannot_decide" if scope is None else "token.scope_missing")
            assert problem["data"] == ({} if scope is None else {"scope": scope})
            assert everything() == before


class TestForeignRows:
    """Lists and counts hold nothing of a neighbour's."""

    @pytest.mark.parametrize("principal", ["S2", "C2", "K2", "NA", "GU"])
    @pytest.mark.parametrize("path", ["applications/", "matches/", "placements/"])
    def test_neighbours_see_none(self, world, principal, path):
        assert world.clients[principal].get(API + path).json()["results"] == []

    @pytest.mark.parametrize("principal", ["AN", "ST", "C2", "K2"])
    def test_the_search_knows_published_places_only(self, world, principal):
        found = world.clients[principal].get(f"{API}offers/?limit=100").json()["results"]
        hidden = {world.offers[name].pk for name in ("draft", "submitted", "paused")}
        assert not hidden & {row["id"] for row in found}

    def test_what_only_the_company_and_its_reviewer_read(self, world):
        world.offers["published"].supervisor_name = "Sara Nyqvist"
        world.offers["published"].save()
        where = f"{API}offers/{world.offers['published'].pk}/"
        inside = {name for name in PRINCIPALS if world.clients[name].get(where).json()["inside"]}
        assert inside == {"CO", "KO", "NA", "TK"}

    def test_an_organisations_token_is_blind_to_its_persons_other_organisation(self, world):
        owner = world.people["CO"]
        other = WorkplaceFactory()
        MembershipFactory(user=owner, organisation=other.organisation, role="owner")
        hidden, shown = OfferFactory(workplace=other, state="draft"), OfferFactory(workplace=other)
        client = world.clients["TK"]
        ids = {row["id"] for row in client.get(f"{API}offers/?list=own&limit=100").json()["results"]}
        assert not ids & {hidden.pk, shown.pk}
        assert world.offers["draft"].pk in ids
        refused(client.get(f"{API}offers/{hidden.pk}/"), 404, "not_found")
        refused(client.post(f"{API}offers/{hidden.pk}/submit/"), 404, "not_found")
        refused(client.post(f"{API}offers/{shown.pk}/pause/"), 403, "token.other_organisation")
        words = {"title": "A", "tasks": "B", "form": "apl", "workplace": other.pk, "periods": [PERIOD]}
        refused(client.post(f"{API}offers/", words, format="json"), 403, "token.other_organisation")
        assert [row["organisation"]["id"] for row in client.get(f"{API}me/").json()["organisations"]] == [
            world.offers["draft"].organisation_id
        ]

    def test_a_token_without_the_scope_reads_as_a_stranger(self, world):
        client = with_token(token_of(world.people["CO"], Scope.IMPORTS_READ))
        assert client.get(f"{API}offers/{world.offers['published'].pk}/").json()["inside"] is None
        refused(client.get(f"{API}offers/{world.offers['draft'].pk}/"), 404, "not_found")
        refused(client.get(f"{API}offers/?list=own"), 403, "token.scope_missing")
        assert client.get(f"{API}me/").json()["email"] is None

    def test_no_scope_of_an_organisation_is_a_persons(self, world):
        opened = {
            Scope(view.scopes["GET"]) for _route, view in api_routes() if view.scopes.get("GET", ANY_TOKEN) != ANY_TOKEN
        }
        for path in ("suggestions/", "alerts/", "me/profile/", "notifications/"):
            refused(world.clients["TK"].get(API + path), 403, "token.scope_missing")
        assert opened & PERSONAL_SCOPES


class TestProtectedIdentity:
    """An alias for those who must answer, nothing for everyone else."""

    @pytest.fixture
    def world(self, world: World) -> World:
        student = world.student
        student.user.name, student.school = "Elin Hemlig", "Bergska skolan"
        student.user.save()
        student.is_protected, student.alias = True, "Sökande 7"
        student.save()
        return world

    @pytest.mark.parametrize("path", ["applications/", "matches/", "placements/"])
    def test_the_company_meets_an_alias(self, world, path):
        for principal in ("CO", "TK"):
            response = world.clients[principal].get(API + path)
            students = [row["student"] for row in response.json()["results"]]
            assert students
            assert {(each["name"], each["school"], each["class_name"]) for each in students} == {("Sökande 7", "", "")}
            assert "Hemlig" not in response.content.decode()

    @pytest.mark.parametrize("path", ["applications/", "matches/", "placements/"])
    def test_coordinators_without_a_grant_meet_nobody(self, world, path):
        for principal in ("KO", "K2", "NA"):
            assert world.clients[principal].get(API + path).json()["results"] == []

    def test_the_student_is_no_stranger_to_themselves(self, world):
        rows = world.clients["ST"].get(f"{API}applications/").json()["results"]
        assert {row["student"]["name"] for row in rows} == {"Elin Hemlig"}


class TestSessions:
    def test_changing_needs_the_csrf_token(self, world):
        from rest_framework.test import APIClient

        client = APIClient(enforce_csrf_checks=True)
        client.force_login(world.people["ST"], backend="allauth.account.auth_backends.AuthenticationBackend")
        body = {"period": world.open_period}
        before = everything()
        refused(client.post(f"{API}applications/", body, format="json"), 403, "csrf.failed")
        assert everything() == before
        client.cookies["csrftoken"] = "a" * 32
        assert client.post(f"{API}applications/", body, format="json", HTTP_X_CSRFTOKEN="a" * 32).status_code == 201

    def test_a_token_needs_none(self, world):
        body = {**body_of(world, "POST", "offers/")}
        client = with_token(token_of(world.people["CO"], Scope.OFFERS_WRITE))
        client.handler.enforce_csrf_checks = True
        assert client.post(f"{API}offers/", body, format="json").status_code == 201
