"""A list takes as many queries for 25 rows as for five, whoever asks. The lists are read from the URL resolver."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.applications import services as applications
from backend.common import clock, events
from backend.exchange import services as imports
from backend.exchange.exports import services as exports
from backend.exchange.models import ImportRow, WebhookAttempt
from backend.exchange.webhooks import services as webhooks
from backend.notifications.services import notify
from backend.placements import services as placements
from backend.reference.models import OccupationGroup
from backend.students.models import Alert
from backend.suggestions.models import Suggestion
from backend.tokens.services import MAX_TOKENS, TokenDetails, create_token
from tests.api.desk import API, anonymous, session
from tests.api.routes import api_routes, methods_of
from tests.exchange.files import OFFER_HEADINGS, OFFER_ROW, csv_file
from tests.factories import (
    ApplicationFactory,
    CoordinatorFactory,
    MembershipFactory,
    OfferFactory,
    PeriodFactory,
    StudentFactory,
    WorkplaceFactory,
)

pytestmark = pytest.mark.django_db
FIRST_DAY = date(2027, 1, 11)
FEW, MANY = 5, 25
MOST_QUERIES = 17
# Lists of reference data and of one row do not grow with the town; they are measured all the same.
STEADY = {
    "me/",
    "me/profile/",
    "me/notification-preferences/",
    "municipalities/",
    "occupations/",
    "programmes/",
    "placement-forms/",
    "offers/<int:offer_id>/suggested-students/count/",
    "exports/lists/",
    "imports/fields/",
}
# No lists of rows in JSON.
FILES = {"schema/", "exports/<int:export_id>/file/", "imports/<int:job_id>/rejected/"}
# Who asks ("" = nobody), the address, and the query behind it.
LISTS = [
    ("", "offers/", ""),
    ("", "offers/", "order=closing"),
    ("", "offers/", "place=0562&km=50&order=distance"),
    ("student", "offers/", "q=cnc&order=fit"),
    ("company", "offers/", "list=own"),
    ("coordinator", "offers/", "list=municipality"),
    ("coordinator", "offers/", "list=to_review"),
    ("", "offers/<int:offer_id>/periods/", ""),
    ("company", "offers/<int:offer_id>/suggested-students/count/", ""),
    ("company", "applications/", ""),
    ("coordinator", "applications/", ""),
    ("student", "applications/", ""),
    ("coordinator", "matches/", ""),
    ("coordinator", "matches/", "to_decide=true"),
    ("company", "matches/", ""),
    ("company", "placements/", ""),
    ("student", "placements/", ""),
    ("student", "suggestions/", ""),
    ("student", "alerts/", ""),
    ("student", "notifications/", ""),
    ("student", "me/profile/", ""),
    ("student", "me/notification-preferences/", ""),
    ("company", "me/", ""),
    ("company", "tokens/", ""),
    ("company", "imports/", ""),
    ("company", "imports/fields/", ""),
    ("company", "imports/<int:job_id>/rows/", ""),
    ("company", "exports/", ""),
    ("coordinator", "exports/lists/", ""),
    ("company", "webhooks/", ""),
    ("company", "webhooks/<int:endpoint_id>/deliveries/", ""),
    ("", "organisations/", ""),
    ("company", "organisations/<int:organisation_id>/contacts/", ""),
    ("company", "workplaces/", "own=true"),
    ("coordinator", "workplaces/", ""),
    ("", "municipalities/", ""),
    ("", "occupations/", ""),
    ("", "programmes/", ""),
    ("", "placement-forms/", ""),
    ("", "open-data/places/", ""),
    ("", "open-data/figures/", ""),
    ("", "open-data/skills/", ""),
]


def test_every_list_is_measured():
    """Every address that can be read and does not end with the id of one row."""
    lists = {route for route, view in api_routes() if "GET" in methods_of(view) and not route.endswith(">/")}
    assert {route for _person, route, _query in LISTS} == lists - FILES


@pytest.fixture
def town() -> dict[str, Any]:
    workplace = WorkplaceFactory()
    company = MembershipFactory(organisation=workplace.organisation, role="owner").user
    endpoint, _secret = webhooks.register_webhook(
        actor=company, organisation=workplace.organisation, url="https://example.com/in", kinds=["offer.published"]
    )
    job = imports.upload_import(
        actor=company,
        kind="offers",
        content=csv_file([OFFER_HEADINGS, OFFER_ROW]),
        file_name="platser.csv",
        organisation_id=workplace.organisation_id,
    )
    return {
        "workplace": workplace,
        "company": company,
        "job_id": job.pk,
        "coordinator": CoordinatorFactory(),
        "student": StudentFactory(),
        "offer_id": OfferFactory(workplace=workplace).pk,
        "endpoint_id": endpoint.pk,
        "organisation_id": workplace.organisation_id,
        "occupations": list(OccupationGroup.objects.order_by("pk").values_list("pk", flat=True)),
    }


def add_row(town: dict[str, Any], number: int) -> None:
    """One more of everything: a place, an application, a match to decide, a placement, an alert, news, a token."""
    day, company, organisation = (
        FIRST_DAY + timedelta(days=14 * number),
        town["company"],
        town["workplace"].organisation,
    )
    period = {"start": day, "end": day + timedelta(days=10)}
    PeriodFactory(offer_id=town["offer_id"], **{name: each + timedelta(days=730) for name, each in period.items()})
    offer = OfferFactory(
        workplace=WorkplaceFactory(organisation=organisation),
        occupation_id=town["occupations"][number % len(town["occupations"])],
        **{f"period__{name}": each for name, each in period.items()},
    )
    organisation.contacts.create(name="Karin Holm", phone="+4612285000", workplace=offer.workplace)
    offer.programmes.set(["IN"])
    offer.hazards.set(offer.hazards.model.objects.all()[:1])
    OfferFactory(workplace=town["workplace"], state="submitted", submitted_at=clock.now(), published_at=None)
    suggested = OfferFactory(workplace=town["workplace"])
    Suggestion.objects.create(
        student=town["student"], offer=suggested, score=0.5, reasons=[{"code": "occupation", "group": "7223"}]
    )
    for student in (StudentFactory(), town["student"]):
        row = ApplicationFactory(student=student, period=offer.periods.get())
        applications.offer_seat(actor=company, application_id=row.pk)
        match = applications.accept_seat(actor=student.user, application_id=row.pk).match_id
        assert match is not None
        if student is town["student"] or number % 2:
            placements.approve_match(actor=town["coordinator"], match_id=match)
    Alert.objects.create(student=town["student"], name=f"Bevakning {number}", form_id="apl", municipality_id="0562")
    news = events.record("test", offer)
    notify(event=news, recipients=[town["student"].user], kind="match.suggested", subject=offer)
    if number < MAX_TOKENS:
        create_token(actor=company, user=company, details=TokenDetails("Lager", ["offers:read"]))
    sent = webhooks.send_trial(actor=company, endpoint_id=town["endpoint_id"])
    WebhookAttempt.objects.create(delivery=sent, number=1, status=204, outcome="received")
    imports.upload_import(
        actor=company,
        kind="offers",
        content=csv_file([OFFER_HEADINGS, OFFER_ROW]),
        file_name="platser.csv",
        organisation_id=organisation.pk,
    )
    ImportRow.objects.create(
        job_id=town["job_id"], line=number, outcome="faulty", cells=["A1"], problems=[["title", "Skriv en titel."]]
    )
    exports.request_export(actor=company, name="our-places", table_format="csv")
    if number % FEW == 0:  # an organisation has ten addresses at most, so its neighbours in the list are few
        url = f"https://example.com/{number}"
        webhooks.register_webhook(actor=company, organisation=organisation, url=url, kinds=["offer.published"])


def measure(town: dict[str, Any], *, first: bool = False) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Queries and rows of every list."""
    found = {}
    for person, route, query in LISTS:
        user = town["student"].user if person == "student" else town.get(person)
        client = session(user) if user else anonymous()
        where = f"{API}{route.replace('<int:', '{').replace('>', '}').format(**town)}?{query}"
        if first:
            client.get(where)  # what a process remembers is remembered now
        with CaptureQueriesContext(connection) as queries:
            response = client.get(where)
        assert response.status_code == 200, (where, response.content)
        body = response.json()
        rows = body if isinstance(body, list) else body.get("results", body.get("items", ()))
        found[person, route, query] = len(queries), len(rows)
    return found


def test_many_rows_take_as_many_queries_as_few(town):
    for number in range(FEW):
        add_row(town, number)
    few = measure(town, first=True)
    for number in range(FEW, MANY):
        add_row(town, number)
    many = measure(town)
    more = {each: (few[each], many[each]) for each in LISTS if many[each][0] > few[each][0]}
    assert more == {}
    assert {each: queries for each, (queries, _rows) in many.items() if queries > MOST_QUERIES} == {}
    still = [each for each in LISTS if each[1] not in STEADY and many[each][1] <= few[each][1]]
    assert still == []
