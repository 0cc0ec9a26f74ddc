"""Imports, webhooks and open figures over HTTP."""

import base64
import json

import pytest

from backend.exchange.models import ImportJob, WebhookEndpoint
from backend.offers.models import Offer
from backend.tokens.enums import Scope
from tests.api.desk import API, session, token_of, with_token
from tests.exchange.files import OFFER_HEADINGS, OFFER_ROW, csv_file, work
from tests.factories import MembershipFactory, OfferFactory, WorkplaceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    place = WorkplaceFactory()
    return MembershipFactory(organisation=place.organisation, role="owner", user__language="en").user


def send(client, where: str, body: object, **headers: str):
    return client.generic("POST", API + where, json.dumps(body), "application/json", headers=headers)


def table(*rows: list[str]) -> str:
    return base64.b64encode(csv_file([OFFER_HEADINGS, *rows])).decode()


def test_a_token_imports_its_organisations_places(owner):
    organisation = owner.memberships.get().organisation
    client = with_token(token_of(owner, Scope.IMPORTS_READ, Scope.IMPORTS_WRITE, organisation_id=organisation.pk))
    body = {"organisation": organisation.pk, "file_name": "platser.csv", "table": table(OFFER_ROW)}
    made = send(client, "imports/", body, **{"Idempotency-Key": "one"})
    assert made.status_code == 201
    assert send(client, "imports/", body, **{"Idempotency-Key": "one"}).json()["id"] == made.json()["id"]
    job = work(ImportJob.objects.get())
    assert client.get(f"{API}imports/{job.pk}/").json()["state"] == "ready"
    assert send(client, f"imports/{job.pk}/run/", {}).json()["state"] == "running"
    work(job)
    assert Offer.objects.get().title == "Svetsa i rostfritt"
    assert send(client, f"imports/{job.pk}/undo/", {}).json()["state"] == "undone"
    assert not Offer.objects.exists()


def test_what_is_wrong_is_said_by_line_and_column(owner):
    client = session(owner)
    body = {
        "organisation": owner.memberships.get().organisation_id,
        "file_name": "platser.csv",
        "table": table(["A1", "Okänd", *OFFER_ROW[2:]]),
    }
    job = work(ImportJob.objects.get(pk=send(client, "imports/", body).json()["id"]))
    (problem,) = client.get(f"{API}imports/{job.pk}/").json()["problems"]
    assert (problem["line"], problem["column"]) == (2, "Arbetsplats")
    assert send(client, "imports/", body | {"table": "ingen tabell!"}).json()["errors"][0]["field"] == "table"


def test_every_column_that_is_missing_is_named_and_nothing_is_kept(owner):
    organisation = owner.memberships.get().organisation_id
    file = base64.b64encode(csv_file([["Referens", "Arbetsplats"], ["A1", "Verkstaden"]])).decode()
    answer = send(session(owner), "imports/", {"organisation": organisation, "file_name": "a.csv", "table": file})
    assert answer.status_code == 400
    errors = {each["field"]: each["code"] for each in answer.json()["errors"]}
    assert errors == {f"mapping.{name}": "import.bad_mapping" for name in ("form", "title", "tasks", "start", "end")}
    assert not ImportJob.objects.exists()


def test_a_token_of_one_organisation_imports_for_no_other(owner):
    other = MembershipFactory(user=owner, organisation=WorkplaceFactory().organisation).organisation
    mine = owner.memberships.exclude(organisation=other).get().organisation
    client = with_token(token_of(owner, Scope.IMPORTS_READ, Scope.IMPORTS_WRITE, organisation_id=mine.pk))
    body = {"organisation": other.pk, "file_name": "platser.csv", "table": table(OFFER_ROW)}
    assert send(client, "imports/", body).status_code == 403
    assert not ImportJob.objects.exists()


def test_the_secret_of_a_webhook_is_told_once_also_when_the_answer_is_repeated(owner):
    client = session(owner)
    body = {
        "organisation": owner.memberships.get().organisation_id,
        "url": "https://example.com/in",
        "kinds": ["offer.published"],
    }
    first = send(client, "webhooks/", body, **{"Idempotency-Key": "one"}).json()
    assert first["secret"].startswith("whsec_")
    assert send(client, "webhooks/", body, **{"Idempotency-Key": "one"}).json()["secret"] is None
    assert WebhookEndpoint.objects.count() == 1
    refused = send(client, "webhooks/", body | {"url": "https://10.0.0.1/"})
    assert refused.json()["errors"][0]["field"] == "url"


def test_open_figures_need_no_login(client):
    OfferFactory()
    (row,) = client.get(f"{API}open-data/figures/").json()["items"]
    assert (row["municipality_code"], row["places"], row["placed"]) == ("0562", 1, None)
