"""What messages bring about: counted from rows that are there anyway, without persons."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.common import clock, events
from backend.common.models import LogEntry
from backend.exchange.words import WORDS
from backend.notifications import registry
from backend.notifications.measuring import effects
from backend.notifications.models import Delivery, Notification
from backend.notifications.services import notify
from tests.factories import (
    ApplicationFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    PeriodFactory,
    StudentFactory,
)
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def office() -> Client:
    return logged_in(NetworkOfficerFactory())


def tell(people: Any, kind: str, subject: Any, ago: timedelta = 72 * HOUR) -> None:
    rows = notify(event=events.record("probe.happened", subject), recipients=people, kind=kind, subject=subject)
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(created_at=clock.now() - ago)


def test_told_sent_read_and_acted_within_two_days() -> None:
    offer: Any = OfferFactory()
    students: list[Any] = [StudentFactory() for _ in range(4)]
    tell([each.user for each in students], "match.suggested", offer)
    told = clock.now() - 72 * HOUR
    early, late, _rest, _last = Notification.objects.order_by("pk")
    Notification.objects.filter(pk=early.pk).update(read_at=told + HOUR)
    Notification.objects.filter(pk=late.pk).update(read_at=told + 49 * HOUR)
    Delivery.objects.filter(notification=early, channel="email").update(state="sent")
    digest = Delivery.objects.get(notification=early, channel="email")
    Delivery.objects.filter(notification=late, channel="email").update(
        state="suppressed", reason="in_digest", carried_by=digest
    )
    period = offer.periods.get()
    for student, hours in zip(students, (2, 47, 49), strict=False):
        ApplicationFactory(student=student, period=period, submitted_at=told + hours * HOUR)

    (row,) = effects(30)

    assert (row.kind.name, row.told, row.sent, row.read, row.acted) == ("match.suggested", 4, 2, 1, 2)


def test_acting_is_what_the_reader_did_and_not_what_came_before() -> None:
    application: Any = ApplicationFactory()
    team: list[Any] = [MembershipFactory(organisation=application.period.offer.organisation).user for _ in range(3)]
    tell(team, "application.submitted", application)
    told = clock.now() - 72 * HOUR
    for actor, at in ((team[0], told + HOUR), (team[1], told - HOUR)):
        LogEntry.objects.create(
            action="application.declined", subject_type="application", subject_id=application.pk, actor=actor, at=at
        )

    (row,) = effects(30)

    assert (row.told, row.acted) == (3, 1)


def test_neither_the_newest_nor_the_protected_nor_the_old_are_counted() -> None:
    offer: Any = OfferFactory()
    hidden: Any = StudentFactory(is_protected=True, alias="Student KXBR")
    tell([hidden.user], "match.suggested", offer)
    tell([StudentFactory().user], "match.suggested", offer, ago=47 * HOUR)
    tell([StudentFactory().user], "match.suggested", offer, ago=31 * 24 * HOUR)

    assert effects(30) == []
    assert [row.told for row in effects(90)] == [1]


def test_few_are_not_shown_on_the_page_or_in_the_file(office: Client) -> None:
    tell([StudentFactory().user for _ in range(6)], "match.suggested", OfferFactory())
    tell([StudentFactory().user], "application.lapsed", ApplicationFactory())
    url = reverse("network_effect")

    many, few = office.get(url).context["rows"]
    file = office.get(reverse("network_effect_csv")).text.splitlines()

    assert (many["told"], few["told"], many["parts"][1]["text"]) == ("6", "under 5", "under 5")
    assert file[1].split(";")[2:] == ["6", "<5", "<5", "<5"]
    assert file[2].split(";")[2:] == ["<5", "<5", "<5", ""]


def test_many_kinds_take_as_many_queries_as_one(office: Client) -> None:
    url = reverse("network_effect")
    tell([StudentFactory().user], "match.suggested", OfferFactory())
    office.get(url)
    with CaptureQueriesContext(connection) as one:
        office.get(url)
    for kind in ("application.lapsed", "application.offered", "application.declined"):
        tell([StudentFactory().user], kind, ApplicationFactory(period=PeriodFactory()))
    with CaptureQueriesContext(connection) as many:
        assert len(office.get(url, {"days": "30"}).context["rows"]) == 4
    assert len(one) == len(many)


def test_every_kind_of_message_has_words() -> None:
    assert {kind.name for kind in registry.kinds() if not kind.name.startswith("probe.")} <= set(WORDS)
