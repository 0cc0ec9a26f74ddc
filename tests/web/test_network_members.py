"""The list of members, and the picture of skills: kept with evidence, shown without anybody to pick out."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backend.common.models import LogEntry
from backend.organisations.network_members import add_membership, end_membership
from backend.reference.models import NetworkMembership
from tests.factories import CoordinatorFactory, NetworkOfficerFactory, StudentFactory
from tests.factories.refusals import refused
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db

MEMBERS = reverse("network_members")
GNESTA = {
    "municipality": "0461",
    "valid_from": "2026-01-01",
    "evidence": "confirmed",
    "source": "https://gnesta.example",
}


@pytest.fixture
def office() -> Client:
    user: Any = NetworkOfficerFactory(name="Nils Nät")
    return logged_in(user)


def test_a_member_is_added_with_its_evidence_and_ended(office: Client) -> None:
    office.post(MEMBERS, GNESTA)
    row = NetworkMembership.objects.get(municipality="0461")
    assert (row.valid_from, row.valid_to, row.source) == (date(2026, 1, 1), None, "https://gnesta.example")
    assert "Gnesta" in office.get(MEMBERS).text

    office.post(reverse("network_member_end", args=[row.pk]), {"last_day": "2026-10-31"})
    row.refresh_from_db()
    assert row.valid_to == date(2026, 10, 31)
    assert [each.pk for each in office.get(MEMBERS).context["ended"]] == [row.pk]
    actions = LogEntry.objects.filter(action__startswith="membership.").values_list("action", flat=True)
    assert list(actions) == ["membership.added", "membership.ended"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"source": " "}, "source"),
        ({"municipality": "9999"}, "municipality"),
        ({"valid_from": "igår"}, "valid_from"),
        ({"evidence": "gossip"}, "evidence"),
        ({"municipality": "0562"}, "municipality"),  # a member already
    ],
)
def test_bad_input_is_named_and_saves_nothing(office: Client, changes: dict[str, str], field: str) -> None:
    before = NetworkMembership.objects.count()
    response = office.post(MEMBERS, {**GNESTA, **changes})
    assert response.status_code == 400
    assert f'id="id_{field}_error"' in response.text
    assert NetworkMembership.objects.count() == before


def test_an_end_before_the_beginning_is_refused(office: Client) -> None:
    office.post(MEMBERS, GNESTA)
    row = NetworkMembership.objects.get(municipality="0461")
    for text in ("2025-12-31", "nonsense", ""):
        office.post(reverse("network_member_end", args=[row.pk]), {"last_day": text})
    row.refresh_from_db()
    assert row.valid_to is None


def test_only_the_network_office_keeps_the_list() -> None:
    row = NetworkMembership.objects.first()
    assert row is not None
    for actor in (CoordinatorFactory(), StudentFactory().user):
        refused(
            "membership.not_allowed",
            add_membership,
            actor=actor,
            municipality_code="0461",
            valid_from=date(2026, 1, 1),
            evidence="likely",
        )
        refused(
            "membership.not_allowed", end_membership, actor=actor, membership_id=row.pk, last_day=date(2026, 11, 23)
        )
