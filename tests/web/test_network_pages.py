"""The network office: figures without persons, scheduled jobs, what could not be delivered."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.accounts.models import User
from backend.applications import services
from backend.common import clock
from backend.common.models import PeriodicRun
from backend.common.schedule import jobs, slot_at
from backend.notifications.models import Delivery
from backend.web.network_words import JOBS_IN_WORDS
from tests.factories import (
    ApplicationFactory,
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    StudentFactory,
    WorkplaceFactory,
)
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer() -> User:
    user: Any = NetworkOfficerFactory()
    return user


@pytest.fixture
def office(officer: User) -> Client:
    return logged_in(officer)


def test_counts_of_people_below_five_are_not_shown(office: Client) -> None:
    CoordinatorFactory()
    CoordinatorFactory(municipality="2580")
    StudentFactory.create_batch(4)
    StudentFactory(is_protected=True, alias="Sökande 1")
    StudentFactory.create_batch(6, municipality_id="2580")

    rows = {row["name"]: row for row in office.get(reverse("network_home")).context["rows"]}

    assert rows["Finspång"]["students"] == "under 5"
    assert rows["Luleå"]["students"] == "6"
    assert rows["Finspång"]["placed"] == "under 5"


def test_a_nought_stands_only_where_there_is_nobody_at_all(office: Client) -> None:
    for code in ("0562", "2580", "2081"):
        CoordinatorFactory(municipality=code)
    StudentFactory(is_protected=True, alias="Sökande 1")
    StudentFactory.create_batch(5, municipality_id="2580")

    rows = {row["name"]: row for row in office.get(reverse("network_home")).context["rows"]}

    shown = {name: (rows[name]["students"], rows[name]["placed"]) for name in ("Finspång", "Luleå", "Borlänge")}
    assert shown == {"Finspång": ("under 5", "under 5"), "Luleå": ("5", "under 5"), "Borlänge": ("0", "0")}


def test_offers_and_free_seats_are_counted_by_municipality(office: Client) -> None:
    OfferFactory.create_batch(2)
    OfferFactory(workplace=WorkplaceFactory(municipality_id="2580"), state="draft", published_at=None)

    rows = {row["name"]: row for row in office.get(reverse("network_home")).context["rows"]}

    assert (rows["Finspång"]["offers"], rows["Finspång"]["seats"]) == (2, 4)


def test_a_job_without_a_recent_run_is_late(office: Client) -> None:
    on_time, late = jobs()[:2]
    slot = slot_at(on_time, clock.now())
    PeriodicRun.objects.create(name=on_time.name, slot=slot, state="done", started_at=clock.now(), handled=7)
    old = slot_at(late, clock.now()) - 5 * late.every
    PeriodicRun.objects.create(name=late.name, slot=old, state="done", started_at=old, handled=0)
    PeriodicRun.objects.create(name=late.name, slot=old + late.every, state="dead", last_error="OperationalError")

    rows = {row["name"]: row for row in office.get(reverse("network_jobs")).context["rows"]}

    assert (rows[on_time.name]["is_late"], rows[on_time.name]["handled"]) == (False, 7)
    assert rows[on_time.name]["next"] == slot + on_time.every
    assert (rows[late.name]["is_late"], rows[late.name]["error"]) == (True, "OperationalError")


def test_every_scheduled_job_is_said_in_words() -> None:
    assert JOBS_IN_WORDS.keys() == {job.name for job in jobs()}


def test_what_must_hold_is_counted_and_what_does_not_is_first(office: Client) -> None:
    page = reverse("network_invariants")
    assert "Every check passes" in office.get(page).text
    period = ApplicationFactory().period
    type(period).objects.filter(pk=period.pk).update(taken=period.taken + 1)
    broken = office.get(page)
    assert "failed. Tell those who run the service" in broken.text
    assert next((row["name"], row["count"]) for row in broken.context["rows"]) == ("seats.taken_are_held", 1)


def dead_delivery() -> Delivery:
    application = ApplicationFactory()
    owner = MembershipFactory(organisation=application.period.offer.organisation).user
    services.offer_seat(actor=owner, application_id=application.pk)
    delivery = Delivery.objects.filter(channel="email").latest("pk")
    Delivery.objects.filter(pk=delivery.pk).update(state="dead", reason="refused", done_at=clock.now())
    return delivery


def test_undelivered_are_shown_without_names(office: Client) -> None:
    delivery = dead_delivery()

    text = office.get(reverse("network_undelivered")).text

    assert "Offered a seat" in text
    assert delivery.recipient.name not in text
    assert delivery.recipient.email not in text


def test_sending_again_needs_a_reason(office: Client) -> None:
    delivery = dead_delivery()
    url = reverse("network_resend", args=[delivery.pk])

    office.post(url, {"reason": " "})
    delivery.refresh_from_db()

    assert delivery.state == "dead"


def test_what_has_arrived_is_not_sent_again(office: Client) -> None:
    delivery = dead_delivery()
    Delivery.objects.filter(pk=delivery.pk).update(state="sent")

    office.post(reverse("network_resend", args=[delivery.pk]), {"reason": "x"})

    assert Delivery.objects.get(pk=delivery.pk).state == "sent"
    assert office.post(reverse("network_resend", args=[10**9]), {"reason": "x"}).status_code == 404


def test_the_list_is_narrowed_and_exported(office: Client) -> None:
    dead, gone = dead_delivery(), dead_delivery()
    Delivery.objects.filter(pk=gone.pk).update(state="expired", reason="gave_up")
    url = reverse("network_undelivered")

    def shown(**filters: str) -> list[int]:
        return [row["pk"] for row in office.get(url, filters).context["rows"]]

    assert shown() == shown(channel="email", reason="refused") == shown(state="nonsense") == [dead.pk]
    assert shown(state="expired") == [gone.pk]
    assert shown(channel="sms") == shown(reason="bounced") == []
    file = office.get(reverse("network_undelivered_csv")).text
    assert "The provider refused it for good" in file
    assert dead.recipient.name not in file


def test_the_nightly_check_and_what_a_job_missed_are_shown(office: Client) -> None:
    job = next(job for job in jobs() if job.name == "notifications.reconcile")
    newest = slot_at(job, clock.now())
    for days, state in ((4, "done"), (1, "dead"), (0, "done")):
        slot = newest - timedelta(days=days)
        PeriodicRun.objects.create(name=job.name, slot=slot, state=state, started_at=slot, handled=2 if days else 0)

    answer = office.get(reverse("network_jobs"))
    row = next(row for row in answer.context["rows"] if row["name"] == job.name)

    assert (row["missed"], row["failed"], row["rows"], row["is_late"]) == (2, 1, 4, False)
    assert "Difference 0" in answer.text
    PeriodicRun.objects.filter(slot=newest).update(handled=3)
    assert "found 3 messages" in office.get(reverse("network_undelivered")).text


def test_a_coordinator_is_not_the_network_office() -> None:
    client = logged_in(CoordinatorFactory())

    for name in ("network_home", "network_jobs", "network_undelivered"):
        assert client.get(reverse(name)).status_code == 403
    assert client.post(reverse("network_resend", args=[1]), {"reason": "x"}).status_code == 403


def test_pages_ask_as_many_questions_for_many_rows_as_for_few(office: Client) -> None:
    urls = [reverse(name) for name in ("network_home", "network_jobs", "network_undelivered")]

    def count() -> list[int]:
        numbers = []
        for url in urls:
            with CaptureQueriesContext(connection) as captured:
                assert office.get(url).status_code == 200
            numbers.append(len(captured))
        return numbers

    CoordinatorFactory()
    dead_delivery()
    count()
    few = count()
    for number in range(4):
        CoordinatorFactory(municipality=["2580", "2081", "0481", "1493"][number])
        dead_delivery()
        PeriodicRun.objects.create(name=jobs()[number].name, slot=clock.now() - timedelta(hours=number), state="done")

    assert count() == few
