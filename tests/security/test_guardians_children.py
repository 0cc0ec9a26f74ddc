"""A guardian knows of the own child and of no other: every address, with the ids of a child elsewhere.

Two children in two municipalities and schools. Who is guardian of one, of both, was removed, or has not said yet that they
are, opens every address there is with the ids of each child; what is shown and what is changed is only what is theirs.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse

from backend.accounts.models import User
from backend.applications.models import Application
from backend.notifications.models import Notification
from backend.students.guardians import remove_guardian
from backend.students.models import Alert, Guardianship, Student
from backend.suggestions.models import Suggestion
from tests.architecture.test_house import routes
from tests.factories import ApplicationFactory, GuardianshipFactory, OfferFactory, UserFactory
from tests.factories.refusals import everything
from tests.web.desk import logged_in
from tests.web.placed import Placed, placed_by_application

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

HERE, ELSEWHERE = "0562", "0480"
CHILDREN = {"A": ("Alva Aspgren", "Aspskolan", HERE), "B": ("Bo Björkgren", "Björkskolan", ELSEWHERE)}
# Who may see what of whom: the name alone, or the school as well.
MAY = {
    "guardian of A": {"A": {"name", "school"}},
    "guardian of B": {"B": {"name", "school"}},
    "guardian of both": {"A": {"name", "school"}, "B": {"name", "school"}},
    "removed from B": {},
    "named for B": {"B": {"name"}},
}
# What takes no row of a child's, and what ends the login.
LEFT_OUT = re.compile(r"^/(?:konto|accounts|static|media)/|logga|logout|<(?!int:)")


@dataclass
class Family:
    placed: Placed
    guardianship: Guardianship
    ids: dict[str, int]


def make_family(child: str) -> Family:
    name, school, municipality = CHILDREN[child]
    placed = placed_by_application(user=UserFactory(name=name), school=school)
    student = placed.student
    Student.objects.filter(pk=student.pk).update(municipality=municipality)
    waiting = ApplicationFactory(student=student, period=OfferFactory().periods.get())
    guardianship = student.guardianships.get()
    ids = {
        "student_id": student.pk,
        "application_id": waiting.pk,
        "placement_id": placed.placement.pk,
        "match_id": placed.placement.match_id,
        "guardianship_id": guardianship.pk,
        "suggestion_id": Suggestion.objects.create(student=student, offer=OfferFactory(), score=0.5, reasons=[]).pk,
        "alert_id": Alert.objects.create(student=student, name="Svets").pk,
        "notification_id": Notification.objects.filter(recipient=student.user).order_by("pk")[0].pk,
        "pk": student.pk,
    }
    return Family(placed, guardianship, ids)


@pytest.fixture
def families() -> dict[str, Family]:
    return {child: make_family(child) for child in CHILDREN}


@pytest.fixture
def people(families: dict[str, Family]) -> dict[str, User]:
    one, other = families["A"], families["B"]
    both: Any = UserFactory()
    for each in families.values():
        GuardianshipFactory(student=each.placed.student, guardian=both)
    removed = GuardianshipFactory(student=GuardianshipFactory().student, guardian=UserFactory())
    # There are two at most, so the one who goes makes way for the one who has not answered.
    gone = Guardianship.objects.create(
        student=other.placed.student, guardian=removed.guardian, named_as="Borta", accepted_at=removed.accepted_at
    )
    remove_guardian(actor=gone.guardian, guardianship_id=gone.pk)
    named = Guardianship.objects.create(student=other.placed.student, guardian=UserFactory(), named_as="Ny")
    return {
        "guardian of A": one.guardianship.guardian,
        "guardian of B": other.guardianship.guardian,
        "guardian of both": both,
        "removed from B": gone.guardian,
        "named for B": named.guardian,
    }


def addresses(ids: dict[str, int]) -> set[str]:
    """Every address with the ids of one child, and those that need none."""
    found = set()
    for route, _pattern in routes(get_resolver(), "/"):
        if LEFT_OUT.search(route) or not set(re.findall(r"<int:(\w+)>", route)) <= ids.keys():
            continue
        found.add(re.sub(r"<int:(\w+)>", lambda name: str(ids[name[1]]), route))
    kinds = ("student", "application", "match", "placement", "guardianship")
    return found | {f"/till/{kind}/{ids[f'{kind}_id']}/" for kind in kinds}


def seen(text: str) -> set[tuple[str, str]]:
    facts = {(child, fact): CHILDREN[child][at] for child in CHILDREN for at, fact in enumerate(("name", "school"))}
    return {which for which, word in facts.items() if word in text or json.dumps(word).strip('"') in text}


def shown(client: Client, address: str) -> set[tuple[str, str]]:
    with transaction.atomic():
        response = client.get(address, follow=True)
        content = b"".join(response) if response.streaming else response.content
        transaction.set_rollback(True)
    return seen(content.decode(errors="replace"))


@pytest.mark.parametrize("who", MAY)
def test_no_address_shows_another_child(families: dict[str, Family], people: dict[str, User], who: str) -> None:
    client = logged_in(people[who])
    may = {(child, fact) for child, facts in MAY[who].items() for fact in facts}
    every = {address for family in families.values() for address in addresses(family.ids)}
    leaks = {address: found - may for address in sorted(every) if (found := shown(client, address)) - may}
    assert leaks == {}
    assert len(every) > 150
    assert shown(client, reverse("guardian_home")) == may


@pytest.mark.parametrize("who", ["guardian of A", "removed from B", "named for B"])
def test_no_address_changes_another_child(families: dict[str, Family], people: dict[str, User], who: str) -> None:
    """What buttons and short forms send."""
    client, theirs = logged_in(people[who]), families["B"]
    ids = theirs.ids
    rows = {
        "application": Application.objects.filter(student=theirs.placed.student),
        "guardianship": Guardianship.objects.filter(student=theirs.placed.student),
        "student": Student.objects.filter(pk=theirs.placed.student.pk),
    }
    before = {name: list(found.order_by("pk").values()) for name, found in rows.items()}
    changed = []
    for address in sorted(address for address in addresses(ids) if re.search(r"\d", address)):
        for data in ({"answer": "no"}, {"answer": "remove", "reason": "Nej tack."}):
            with transaction.atomic():
                if address.startswith("/api/"):
                    client.post(address, "{}", content_type="application/json")
                else:
                    client.post(address, data)
                if before != {name: list(found.order_by("pk").values()) for name, found in rows.items()}:
                    changed.append(address)
                transaction.set_rollback(True)
    assert changed == []


def test_the_api_knows_no_list_of_another_child(families: dict[str, Family], people: dict[str, User]) -> None:
    client = logged_in(people["guardian of A"])
    before: Any = everything()
    for path in ("applications", "matches", "placements", "suggestions", "alerts", "notifications"):
        response = client.get(f"/api/v1/{path}/")
        assert not {child for child, _fact in seen(response.content.decode())} & {"B"}, path
    assert everything() == before
