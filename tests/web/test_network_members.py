"""The list of members, and the picture of skills: kept with evidence, shown without anybody to pick out."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.common.models import LogEntry
from backend.offers.models import DemandSignal
from backend.organisations.network_members import add_membership, end_membership
from backend.reference.models import NetworkMembership
from tests.factories import CoordinatorFactory, NetworkOfficerFactory, OfferFactory, StudentFactory
from tests.factories.refusals import refused
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db

MEMBERS, SKILLS = reverse("network_members"), reverse("network_skills")
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
    for text in ("2025-12-31", "nonsense"):
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


class TestSkills:
    def test_programmes_under_five_are_left_out_and_protected_ones_are_not_counted(self, office: Client) -> None:
        for _number in range(5):
            StudentFactory(programme_id="IN")
        for _number in range(4):
            StudentFactory(programme_id="EE")
        StudentFactory(programme_id="EE", is_protected=True, alias="Student KXBR")

        context = office.get(SKILLS).context

        assert [(row["code"], row["students"], row["placed"]) for row in context["training"]] == [
            ("IN", "5", "under 5")
        ]
        assert context["figures"][0]["value"] == 5

    def test_one_municipality_or_all(self, office: Client) -> None:
        OfferFactory(period__capacity=3)
        OfferFactory(workplace__municipality_id="2580", period__capacity=4)
        DemandSignal.objects.create(
            municipality_id="2580", group_id="7223", source="jobsearch", source_ref="1", vacancies=9,
            published_on=date(2026, 11, 1),
        )  # fmt: skip

        def sums(url: str) -> tuple[int, int]:
            rows = office.get(url).context["work"]
            return sum(row["seats"] for row in rows), sum(row["vacancies"] for row in rows)

        assert sums(SKILLS) == (7, 9)
        assert sums(f"{SKILLS}?municipality=2580") == (4, 9)
        assert sums(f"{SKILLS}?municipality=0562") == (3, 0)
        assert sums(f"{SKILLS}?municipality=nonsense") == (7, 9)

    def test_the_number_of_queries_does_not_grow(self, office: Client) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert office.get(SKILLS).status_code == 200
            return len(captured)

        for _number in range(5):
            StudentFactory()
        OfferFactory()
        office.get(SKILLS)
        few = queries()
        for code in ("2580", "2081", "0481"):
            OfferFactory(workplace__municipality_id=code)
            for _number in range(5):
                StudentFactory(municipality_id=code, programme_id="EE")
        assert queries() == few
