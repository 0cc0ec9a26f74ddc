"""Imports, webhooks and open figures over HTTP."""

import base64
import json

import pytest

from backend.exchange.models import ImportJob, WebhookEndpoint
from backend.exchange.webhooks import services as webhooks
from backend.exchange.webhooks.signing import secret_of
from backend.offers.models import Offer
from backend.students.models import Student
from backend.tokens.enums import Scope
from tests.api.desk import API, session, token_of, with_token
from tests.exchange.files import CLASS_HEADINGS, CLASS_ROW, OFFER_HEADINGS, OFFER_ROW, csv_file, work
from tests.factories import CoordinatorFactory, MembershipFactory, OfferFactory, WorkplaceFactory

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
    body = {"organisation": organisation.pk, "file_name": "platser.csv", "file": table(OFFER_ROW)}
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
        "file": table(["A1", "Okänd", *OFFER_ROW[2:]]),
    }
    job = work(ImportJob.objects.get(pk=send(client, "imports/", body).json()["id"]))
    (problem,) = client.get(f"{API}imports/{job.pk}/").json()["problems"]
    assert (problem["line"], problem["column"]) == (2, "Arbetsplats")
    assert send(client, "imports/", body | {"file": "ingen tabell!"}).json()["errors"][0]["field"] == "file"


def test_every_column_that_is_missing_is_named_and_nothing_is_kept(owner):
    organisation = owner.memberships.get().organisation_id
    file = base64.b64encode(csv_file([["Referens", "Arbetsplats"], ["A1", "Verkstaden"]])).decode()
    answer = send(session(owner), "imports/", {"organisation": organisation, "file_name": "a.csv", "file": file})
    assert answer.status_code == 400
    errors = {each["field"]: each["code"] for each in answer.json()["errors"]}
    assert errors == {f"mapping.{name}": "import.bad_mapping" for name in ("form", "title", "tasks", "start", "end")}
    assert not ImportJob.objects.exists()


def test_without_a_dry_run_the_rows_are_imported_at_once_or_none_of_them(owner):
    client, organisation = session(owner), owner.memberships.get().organisation_id
    body = {"organisation": organisation, "file_name": "platser.csv", "dry_run": False}
    wrong = ["A2", "Okänd", *OFFER_ROW[2:]]
    faulty = send(client, "imports/", body | {"file": table(OFFER_ROW, wrong)}).json()
    assert faulty["state"] == "running"
    assert work(ImportJob.objects.get()).state == "faulty"
    assert not Offer.objects.exists()
    right = send(client, "imports/", body | {"file": table(OFFER_ROW)}).json()
    assert work(ImportJob.objects.get(pk=right["id"])).state == "done"
    assert Offer.objects.get().title == "Svetsa i rostfritt"


def test_each_row_says_what_became_of_it_and_the_rejected_ones_come_as_a_file(owner):
    client, organisation = session(owner), owner.memberships.get().organisation_id
    body = {"organisation": organisation, "file_name": "platser.csv"}
    wrong = ["A2", "Okänd", *OFFER_ROW[2:]]
    job = work(
        ImportJob.objects.get(pk=send(client, "imports/", body | {"file": table(OFFER_ROW, wrong)}).json()["id"])
    )
    first = client.get(f"{API}imports/{job.pk}/rows/?limit=1").json()
    second = client.get(first["next"]).json()
    assert [(row["line"], row["outcome"]) for row in first["results"] + second["results"]] == [
        (2, "created"),
        (3, "faulty"),
    ]
    (row,) = client.get(f"{API}imports/{job.pk}/rows/?outcome=faulty").json()["results"]
    assert [(each["column"], each["value"]) for each in row["problems"]] == [("Arbetsplats", "Okänd")]
    file = client.get(f"{API}imports/{job.pk}/rejected/")
    lines = file.content.decode("utf-8-sig").splitlines()
    assert (len(lines), lines[1].startswith("A2;Okänd")) == (2, True)
    sheet = client.get(f"{API}imports/{job.pk}/rejected/?format=xlsx")
    assert (sheet.content[:2], sheet["Content-Disposition"].endswith('.xlsx"')) == (b"PK", True)


def test_a_check_can_be_asked_for_again_with_other_columns_and_a_table_thrown_away(owner):
    client, organisation = session(owner), owner.memberships.get().organisation_id
    made = send(
        client, "imports/", {"organisation": organisation, "file_name": "p.csv", "file": table(OFFER_ROW)}
    ).json()
    job = work(ImportJob.objects.get(pk=made["id"]))
    names = {each["name"] for each in client.get(f"{API}imports/fields/").json()["results"]}
    assert made["mapping"].keys() <= names
    again = {name: column for name, column in made["mapping"].items() if name != "reference"}
    assert send(client, f"imports/{job.pk}/check/", {"mapping": again}).json()["mapping"] == again
    work(job)
    missing = send(client, f"imports/{job.pk}/check/", {"mapping": {"title": 1}})
    assert (missing.status_code, missing.json()["errors"][0]["code"]) == (400, "import.bad_mapping")
    assert send(client, f"imports/{job.pk}/discard/", {}).json()["state"] == "discarded"
    assert client.get(f"{API}imports/{job.pk}/rows/").json()["results"] == []


class TestClassLists:
    """They name pupils: a coordinator who is logged in imports them, no token does."""

    BODY = {"kind": "class_list", "municipality": "0562", "form": "prao", "file_name": "8a.csv"}

    @pytest.fixture
    def file(self):
        return base64.b64encode(csv_file([CLASS_HEADINGS, CLASS_ROW])).decode()

    def test_a_coordinator_imports_one(self, file):
        client = session(CoordinatorFactory())
        made = send(client, "imports/", self.BODY | {"file": file, "dry_run": False}).json()
        assert (made["kind"], made["municipality"], made["organisation"]) == ("class_list", "0562", None)
        assert work(ImportJob.objects.get(pk=made["id"])).state == "done"
        assert Student.objects.count() == 1

    def test_no_token_does_or_reads_of_it(self, file):
        person = CoordinatorFactory()
        made = send(session(person), "imports/", self.BODY | {"file": file}).json()["id"]
        client = with_token(token_of(person, Scope.IMPORTS_READ, Scope.IMPORTS_WRITE))
        refused = send(client, "imports/", self.BODY | {"file": file})
        assert (refused.status_code, refused.json()["code"]) == (403, "token.cannot_decide")
        assert client.get(f"{API}imports/").json()["results"] == []
        for path in ("", "rows/", "rejected/"):
            assert client.get(f"{API}imports/{made}/{path}").status_code == 404
        assert ImportJob.objects.count() == 1

    def test_a_neighbours_coordinator_knows_nothing_of_it(self, file):
        made = send(session(CoordinatorFactory()), "imports/", self.BODY | {"file": file}).json()["id"]
        neighbour = session(CoordinatorFactory(municipality="0480"))
        assert send(neighbour, "imports/", self.BODY | {"file": file}).status_code == 403
        assert neighbour.get(f"{API}imports/{made}/").status_code == 404


def test_an_import_belongs_to_one_owner(owner):
    both = {"organisation": owner.memberships.get().organisation_id, "municipality": "0562"}
    for whose in ({}, both):
        answer = send(session(owner), "imports/", {"file_name": "p.csv", "file": table(OFFER_ROW), **whose})
        assert answer.json()["code"] == "import.one_owner"


def test_a_token_of_one_organisation_imports_for_no_other(owner):
    other = MembershipFactory(user=owner, organisation=WorkplaceFactory().organisation).organisation
    mine = owner.memberships.exclude(organisation=other).get().organisation
    client = with_token(token_of(owner, Scope.IMPORTS_READ, Scope.IMPORTS_WRITE, organisation_id=mine.pk))
    body = {"organisation": other.pk, "file_name": "platser.csv", "file": table(OFFER_ROW)}
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


class TestWebhooks:
    @pytest.fixture
    def endpoint(self, owner):
        made, _secret = webhooks.register_webhook(
            actor=owner,
            organisation=owner.memberships.get().organisation,
            url="https://example.com/in",
            kinds=["offer.published"],
        )
        return made

    def patch(self, client, endpoint, body, **headers):
        where = f"{API}webhooks/{endpoint.pk}/"
        return client.generic("PATCH", where, json.dumps(body), "application/json", headers=headers)

    def test_what_is_left_out_stays_and_nobody_overwrites_unseen(self, owner, endpoint):
        client = session(owner)
        tag = client.get(f"{API}webhooks/{endpoint.pk}/")["ETag"]
        changed = self.patch(client, endpoint, {"kinds": ["offer.closed"]}, **{"If-Match": tag})
        assert (changed.json()["url"], changed.json()["kinds"]) == ("https://example.com/in", ["offer.closed"])
        assert self.patch(client, endpoint, {"kinds": ["offer.published"]}, **{"If-Match": tag}).status_code == 412
        assert self.patch(client, endpoint, {"url": "https://10.0.0.1/"}).json()["errors"][0]["field"] == "url"
        endpoint.refresh_from_db()
        assert (endpoint.url, endpoint.kinds) == ("https://example.com/in", ["offer.closed"])

    def test_is_paused_resumed_and_gets_a_new_secret_once(self, owner, endpoint):
        client, where = session(owner), f"webhooks/{endpoint.pk}"
        assert send(client, f"{where}/pause/", {}).json()["state"] == "paused"
        assert send(client, f"{where}/try/", {}).json()["code"] == "webhook.not_active"
        assert send(client, f"{where}/resume/", {}).json()["state"] == "active"
        before = secret_of(endpoint.seed)
        first = send(client, f"{where}/renew-secret/", {}, **{"Idempotency-Key": "one"}).json()["secret"]
        endpoint.refresh_from_db()
        assert (first == secret_of(endpoint.seed), first == before) == (True, False)
        assert send(client, f"{where}/renew-secret/", {}, **{"Idempotency-Key": "one"}).json()["secret"] is None
        assert secret_of(WebhookEndpoint.objects.get().seed) == first

    def test_the_log_tells_each_attempt_and_is_narrowed_by_state(self, owner, endpoint):
        client = session(owner)
        made = send(client, f"webhooks/{endpoint.pk}/try/", {}).json()
        delivery = endpoint.deliveries.get(pk=made["id"])
        delivery.attempt_rows.create(number=1, status=503, outcome="http_503")
        delivery.attempt_rows.create(number=2, status=204, outcome="received")
        (row,) = client.get(f"{API}webhooks/{endpoint.pk}/deliveries/?state=pending").json()["results"]
        assert [(each["number"], each["status"]) for each in row["log"]] == [(1, 503), (2, 204)]
        assert client.get(f"{API}webhooks/{endpoint.pk}/deliveries/?state=dead").json()["results"] == []


def test_open_figures_need_no_login(client):
    OfferFactory()
    (row,) = client.get(f"{API}open-data/figures/").json()["items"]
    assert (row["municipality_code"], row["places"], row["placed"]) == ("0562", 1, None)
