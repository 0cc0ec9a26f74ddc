"""The example client does the whole main job over HTTP, as three people and an organisation's system would."""

import importlib.util
import sys
from datetime import date
from types import ModuleType

import httpx
import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.wsgi import get_wsgi_application

from backend.accounts.models import User
from backend.exchange.exports.services import run_export
from backend.exchange.models import ExportJob, ImportJob
from backend.placements.models import Placement
from backend.tokens.enums import Scope
from tests.api.desk import session as browser
from tests.api.desk import token_of
from tests.exchange.files import OFFER_HEADINGS, OFFER_ROW, csv_file, work
from tests.factories import CoordinatorFactory, MembershipFactory, OfferFactory, StudentFactory, WorkplaceFactory
from tests.factories.work import handle_events

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_process")]


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """docs/examples/praktiknavet.py, as someone would copy it."""
    path = settings.BASE_DIR / "docs" / "examples" / "praktiknavet.py"
    spec = importlib.util.spec_from_file_location("praktiknavet_example", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def client(example):
    """A client of this very service, with a session of the person or with a token."""
    opened = []

    def make(user: User | None = None, *, token: str = ""):
        cookie = ""
        if user is not None:
            login = browser(user)
            assert login.session[SESSION_KEY] == str(user.pk)
            cookie = login.cookies[settings.SESSION_COOKIE_NAME].value
        transport = httpx.WSGITransport(app=get_wsgi_application())
        made = example.Client("http://testserver", token=token, session=cookie, language="en", transport=transport)
        opened.append(made)
        return made

    yield make
    for each in opened:
        each.__exit__(None, None, None)


def test_the_main_job_over_http(client, example):
    workplace = WorkplaceFactory()
    owner = MembershipFactory(organisation=workplace.organisation, role="owner").user
    first, second = StudentFactory(), StudentFactory()
    system = client(
        token=token_of(
            owner,
            Scope.OFFERS_READ,
            Scope.OFFERS_WRITE,
            Scope.APPLICATIONS_READ,
            organisation_id=workplace.organisation_id,
        )
    )
    company, coordinator = client(owner), client(CoordinatorFactory())
    one, two = client(first.user), client(second.user)

    # The company's system writes the place; a person of the municipality publishes it.
    assert [place["id"] for place in system.own_workplaces()] == [workplace.pk]
    offer = system.write_offer(
        workplace=workplace.pk,
        form="apl",
        title="CNC-operatör",
        tasks="Köra maskin.",
        occupation="7223",
        periods=[{"start": "2027-01-25", "end": "2027-02-19", "seats": 1}],
    )
    assert offer["state"] == "draft"
    assert system.submit_offer(offer["id"])["state"] == "submitted"
    with pytest.raises(example.Refusal) as refusal:
        system.publish_offer(offer["id"])
    assert (refusal.value.status, refusal.value.code) == (403, "token.cannot_decide")
    assert [row["id"] for row in coordinator.search(list="to_review")] == [offer["id"]]
    assert coordinator.publish_offer(offer["id"])["state"] == "published"
    handle_events()

    # Students find it, each with the reason why.
    assert [row["id"] for row in client().search(q="CNC", place="0562")] == [offer["id"]]
    suggested = next(one.suggestions())
    assert (suggested["offer"]["id"], bool(suggested["reasons"])) == (offer["id"], True)
    period = offer["periods"][0]["id"]
    mine, yours = one.apply(period, "Jag vill lära mig."), two.apply(period)
    assert {row["id"] for row in system.applications(offer=offer["id"])} == {mine["id"], yours["id"]}

    # One seat: offered, accepted, withdrawn, and given to the first on the waiting list.
    assert company.offer_seat(mine["id"], "Välkommen")["state"] == "offered"
    assert company.waitlist(yours["id"])["waiting_rank"] == 1
    assert one.accept(mine["id"])["state"] == "accepted"
    with pytest.raises(example.Refusal) as refusal:
        company.offer_seat(yours["id"])
    assert (refusal.value.status, refusal.value.code) == (409, "period.full")
    assert one.withdraw(mine["id"])["state"] == "withdrawn"
    handle_events()
    assert two.accept(yours["id"])["state"] == "accepted"

    # The coordinator sees what must be true first, and decides.
    (match,) = coordinator.matches(to_decide=True)
    assert all(gate["is_open"] for gate in match["gates"] if gate["is_blocking"])
    assert coordinator.approve(match["id"])["state"] == "approved"
    handle_events()
    (placement,) = two.placements()
    assert (placement["start"], placement["state"], placement["match"]) == ("2027-01-25", "upcoming", match["id"])
    assert Placement.objects.get(match=match["id"]).start == date(2027, 1, 25)
    assert [row["state"] for row in two.applications()] == ["approved"]


def test_a_lost_answer_is_asked_for_again_and_nothing_is_doubled(example, monkeypatch):
    """The transport does the work, then loses the first answer."""
    workplace = WorkplaceFactory()
    owner = MembershipFactory(organisation=workplace.organisation, role="owner").user
    inner = httpx.WSGITransport(app=get_wsgi_application())
    lost: list[int] = []

    class Loses(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = inner.handle_request(request)
            if not lost:
                response.read()
                lost.append(response.status_code)
                raise httpx.ReadError("the line broke", request=request)
            return response

    monkeypatch.setattr(example.time, "sleep", lambda _seconds: None)
    with example.Client("http://testserver", token=token_of(owner, Scope.OFFERS_WRITE), transport=Loses()) as api:
        made = api.write_offer(
            workplace=workplace.pk,
            form="apl",
            title="Svetsare",
            tasks="Svetsa.",
            periods=[{"start": "2027-01-25", "end": "2027-02-19", "seats": 1}],
        )
    assert lost == [201]
    assert list(workplace.offers.values_list("pk", flat=True)) == [made["id"]]


def test_refusals_name_the_field(client, example):
    workplace = WorkplaceFactory()
    owner = MembershipFactory(organisation=workplace.organisation, role="owner").user
    with pytest.raises(example.Refusal) as refusal:
        client(token=token_of(owner, Scope.OFFERS_WRITE)).write_offer(
            workplace=workplace.pk,
            form="apl",
            title="Svetsare",
            tasks="Svetsa.",
            periods=[{"start": "2027-02-25", "end": "2027-02-19", "seats": 1}],
        )
    assert refusal.value.code == "period.reversed"
    assert [error["field"] for error in refusal.value.errors] == ["periods.0.end"]


def test_a_table_of_places_is_imported_and_a_list_exported(client, example, monkeypatch):
    """The client waits; meanwhile the workers work."""
    workplace = WorkplaceFactory(name="Verkstaden")
    owner = MembershipFactory(organisation=workplace.organisation, role="owner").user
    scopes = (Scope.IMPORTS_READ, Scope.IMPORTS_WRITE, Scope.EXPORTS_READ, Scope.OFFERS_READ)
    system = client(token=token_of(owner, *scopes, organisation_id=workplace.organisation_id))

    def work_meanwhile(_seconds: float) -> None:
        for job in ImportJob.objects.filter(state__in=["checking", "running"]):
            work(job)
        for export in ExportJob.objects.filter(state="pending"):
            run_export(export.pk)

    monkeypatch.setattr(example.time, "sleep", work_meanwhile)
    (mine,) = system.me()["organisations"]
    whose = {"organisation": mine["organisation"]["id"], "file_name": "platser.csv"}
    wrong = csv_file([OFFER_HEADINGS, ["A1", "Okänd", *OFFER_ROW[2:]]])
    refused = system.import_places(wrong, dry_run=False, **whose)
    assert (refused["state"], [each["line"] for each in refused["problems"]]) == ("faulty", [2])
    right = csv_file([OFFER_HEADINGS, OFFER_ROW])
    assert system.import_places(right, **whose)["state"] == "ready"
    assert not workplace.offers.exists()
    done = system.import_places(right, dry_run=False, **whose)
    assert (done["state"], done["created"]) == ("done", 1)
    assert "Svetsa i rostfritt" in system.export("our-places", state="draft").decode("utf-8-sig")
    monkeypatch.setattr(example.time, "sleep", lambda _seconds: None)
    with pytest.raises(TimeoutError):
        system.export("our-places", patience=0.0)


def test_a_change_that_was_overtaken_is_refused(client, example):
    workplace = WorkplaceFactory()
    owner = MembershipFactory(organisation=workplace.organisation, role="owner").user
    system = client(token=token_of(owner, Scope.OFFERS_READ, Scope.OFFERS_WRITE))
    offer = OfferFactory(workplace=workplace, state="draft", published_at=None)
    _seen, tag = system.read_offer_to_change(offer.pk)
    assert system.change_offer(offer.pk, seen=tag, title="Målare")["title"] == "Målare"
    with pytest.raises(example.Refusal) as refusal:
        system.change_offer(offer.pk, seen=tag, title="Svetsare")
    assert (refusal.value.status, refusal.value.code) == (412, "precondition.changed")


@pytest.mark.parametrize(
    ("status", "code"), [(429, "rate.exceeded"), (503, "service.unavailable"), (409, "idempotency.in_progress")]
)
def test_what_was_not_done_is_asked_for_again_after_the_time_that_was_named(example, monkeypatch, status, code):
    waited: list[float] = []
    keys: list[str] = []
    problem = {"code": code, "detail": "", "errors": [], "data": {}}

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            headers = {"Retry-After": "7", "Content-Type": "application/problem+json"}
            return httpx.Response(status, json=problem, headers=headers)
        return httpx.Response(200, json={"id": 1, "state": "published"})

    monkeypatch.setattr(example.time, "sleep", waited.append)
    with example.Client("http://testserver", token="t", transport=httpx.MockTransport(answer)) as api:
        assert api.publish_offer(1)["state"] == "published"
    assert (waited, len(set(keys)), len(keys)) == ([7.0], 1, 2)


def test_another_refusal_is_not_asked_for_again(example, monkeypatch):
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(502, text="<html>no gateway</html>")

    monkeypatch.setattr(example.time, "sleep", lambda _seconds: None)
    api = example.Client("http://testserver", transport=httpx.MockTransport(answer))
    with api, pytest.raises(example.Refusal) as refusal:
        api.read_offer(1)
    assert (refusal.value.code, asked) == ("server.unknown", ["/api/v1/offers/1/"])
