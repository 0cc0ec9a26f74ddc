"""A request that is sent twice does its work once; keys belong to their principal and to one request."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from backend.api import idempotency
from backend.api.models import IdempotentRequest
from backend.api.scheduled_tasks import forget_answers
from backend.applications.models import Application
from backend.common.models import LogEntry
from backend.offers.models import Offer
from backend.tokens.enums import Scope
from backend.tokens.models import ApiToken
from tests.api.desk import API, refused, session, token_of, with_token
from tests.api.routes import api_routes
from tests.factories import ApplicationFactory, MembershipFactory, OfferFactory, StudentFactory, WorkplaceFactory

pytestmark = pytest.mark.django_db


def offer_body(workplace: Any, **changes: Any) -> dict[str, Any]:
    period = {"start": "2027-01-25", "end": "2027-02-19", "seats": 2}
    return {
        "workplace": workplace.pk,
        "form": "apl",
        "title": "Svetsare",
        "tasks": "Svetsa.",
        "periods": [period],
        **changes,
    }


@pytest.fixture
def workplace():
    return WorkplaceFactory()


@pytest.fixture
def owner(workplace):
    return MembershipFactory(organisation=workplace.organisation, role="owner").user


def post(client, path: str, body: Any, key: str = "key-1") -> Any:
    return client.post(API + path, body, format="json", HTTP_IDEMPOTENCY_KEY=key)


def test_every_post_takes_a_key():
    bare = [
        route for route, view in api_routes() if hasattr(view, "post") and not getattr(view.post, "is_idempotent", 0)
    ]
    assert bare == []


def test_the_second_time_is_answered_from_memory(workplace, owner):
    client = session(owner)
    first, second = (post(client, "offers/", offer_body(workplace)) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert (second["Idempotency-Replayed"], second["Location"]) == ("true", first["Location"])
    assert "Idempotency-Replayed" not in first
    assert Offer.objects.count() == 1


def test_without_a_key_twice_is_twice(workplace, owner):
    for _ in range(2):
        session(owner).post(f"{API}offers/", offer_body(workplace), format="json")
    assert Offer.objects.count() == 2


def test_a_decision_is_taken_once():
    application = ApplicationFactory()
    company = MembershipFactory(organisation=application.period.offer.organisation).user
    client, path = session(company), f"applications/{application.pk}/offer-seat/"
    answers = [post(client, path, {"message": "Välkommen"}) for _ in range(2)]
    assert [answer.json()["state"] for answer in answers] == ["offered", "offered"]
    assert LogEntry.objects.filter(action="application.offered").count() == 1
    refused(post(client, path, {"message": "Välkommen"}, key="key-2"), 409, "application.wrong_state")


@pytest.mark.parametrize("change", ["body", "path"])
def test_a_key_belongs_to_one_request(workplace, owner, change):
    client = session(owner)
    made = post(client, "offers/", offer_body(workplace)).json()
    if change == "body":
        response = post(client, "offers/", offer_body(workplace, title="Målare"))
    else:
        response = post(client, f"offers/{made['id']}/submit/", {})
    refused(response, 422, "idempotency.other_request", "Idempotency-Key")
    assert list(Offer.objects.values_list("title", "state")) == [("Svetsare", "draft")]


def test_a_key_belongs_to_one_principal(workplace, owner):
    """The same person's session and two tokens are three principals: a system's keys never meet another's."""
    callers = [
        session(owner),
        with_token(token_of(owner, Scope.OFFERS_WRITE)),
        with_token(token_of(owner, Scope.OFFERS_WRITE)),
    ]
    for caller in callers:
        assert post(caller, "offers/", offer_body(workplace)).status_code == 201
    assert Offer.objects.count() == 3


def test_nothing_is_kept_of_a_refusal(workplace, owner):
    client = session(owner)
    refused(post(client, "offers/", offer_body(workplace, form="nothing")), 400, "offer.unknown_form", "form")
    assert not IdempotentRequest.objects.exists()
    assert post(client, "offers/", offer_body(workplace)).status_code == 201


def test_the_answer_is_kept_with_the_work_or_not_at_all(workplace, owner, monkeypatch):
    """A crash after the command and before the answer is stored leaves neither."""
    write = IdempotentRequest.save

    def break_at_the_answer(row: IdempotentRequest, **how: Any) -> None:
        if "update_fields" in how:
            raise RuntimeError
        write(row, **how)

    monkeypatch.setattr(IdempotentRequest, "save", break_at_the_answer)
    client = session(owner)
    client.raise_request_exception = False
    refused(post(client, "offers/", offer_body(workplace)), 500, "server.error")
    assert not Offer.objects.exists()
    assert not IdempotentRequest.objects.exists()


@pytest.mark.parametrize("key", ["", "x" * 256, "nyckel å", "a\tb"])
def test_a_key_that_is_none_is_refused(workplace, owner, key):
    refused(post(session(owner), "offers/", offer_body(workplace), key), 400, "idempotency.bad_key", "Idempotency-Key")
    assert not Offer.objects.exists()


def test_a_tokens_secret_is_never_kept(owner):
    body = {"name": "Lager", "scopes": ["offers:read"]}
    first, second = (post(session(owner), "tokens/", body).json() for _ in range(2))
    assert first["secret"].startswith(first["prefix"])
    assert second == {**first, "secret": None}
    assert first["secret"] not in str(list(IdempotentRequest.objects.values()))
    assert ApiToken.objects.count() == 1


def test_answers_are_forgotten_after_two_days(workplace, owner, frozen_clock):
    post(session(owner), "offers/", offer_body(workplace))
    frozen_clock.shift(timedelta(hours=47, minutes=59))
    assert forget_answers() == 0
    frozen_clock.shift(timedelta(minutes=2))
    assert forget_answers() == 1


@pytest.mark.django_db(transaction=True)
def test_at_the_same_time_one_works_and_the_other_waits_for_its_answer():
    offer = OfferFactory()
    student = StudentFactory()
    period = offer.periods.get().pk
    answers: list[Any] = []

    def apply() -> None:
        try:
            response = post(session(student.user), "applications/", {"period": period})
            answers.append((response.status_code, response.json()["id"]))
        finally:
            connection.close()

    threads = [threading.Thread(target=apply) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = Application.objects.get()
    assert answers == [(201, made.pk)] * 4


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_is_told_to_come_back(monkeypatch):
    monkeypatch.setattr(idempotency, "PATIENCE_MS", 50)
    student, period = StudentFactory(), OfferFactory().periods.get()
    claimed, done = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                idempotency._claim(f"user:{student.user.pk}", "key-1", "0" * 64)
                claimed.set()
                done.wait(10)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    claimed.wait(10)
    response = post(session(student.user), "applications/", {"period": period.pk})
    done.set()
    thread.join()
    refused(response, 409, "idempotency.in_progress")
    assert not Application.objects.exists()
