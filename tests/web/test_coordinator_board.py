"""The guarantee board: narrowed, ordered, paged without losing anyone, quick for a whole town, with a next step to take."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.accounts.models import User
from backend.applications import services
from backend.applications.board import classes_of
from backend.common import clock
from backend.organisations.models import MunicipalitySettings
from backend.students.groups import GroupDetails, add_members, create_group
from backend.students.models import Student
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    OfferFactory,
    StudentFactory,
    UserFactory,
)
from tests.web.desk import logged_in, only_period

pytestmark = pytest.mark.django_db

BOARD = reverse("coordinator_students")


@pytest.fixture
def karin() -> User:
    user: Any = CoordinatorFactory(name="Karin Ek")
    return user


@pytest.fixture
def desk(karin: User) -> Client:
    return logged_in(karin)


def named(name: str, **fields: Any) -> Student:
    student: Any = StudentFactory(user=UserFactory(name=name), **fields)
    return student


def names_on(client: Client, **query: Any) -> list[str]:
    return [row.name for row in client.get(f"{BOARD}?{urlencode(query)}").context["rows"]]


def waited(student: Student, days: int) -> None:
    Student.objects.filter(pk=student.pk).update(created_at=clock.now() - timedelta(days=days))


def test_each_filter_narrows(karin: User, desk: Client) -> None:
    anna = named("Anna A", school="Bergska", class_name="IN1", birth_date=date(2009, 5, 1), forms=["apl"])
    named("Bo B", school="Bergska", class_name="IN2", birth_date=date(2008, 5, 1), forms=["praktik"])
    named("Cia C", school="Viggestorp", class_name="IN1", birth_date=date(2008, 5, 1), forms=["apl"])
    group = create_group(actor=karin, details=GroupDetails("IN1A", "Bergska", "0562", 2026))
    add_members(actor=karin, group_id=group.pk, student_ids=[anna.pk])

    assert names_on(desk, school="Bergska") == ["Anna A", "Bo B"]
    assert names_on(desk, **{"class": "IN1"}) == ["Anna A", "Cia C"]
    assert names_on(desk, form="praktik") == ["Bo B"]
    assert names_on(desk, year="2008") == ["Cia C", "Bo B"]
    assert names_on(desk, group=group.pk) == ["Anna A"]
    assert names_on(desk, school="Bergska", year="2008", q="b") == ["Bo B"]
    assert names_on(desk, school="Bergska", year="2008", form="apl") == []


def test_every_number_of_the_board_leads_to_the_students_it_counts(desk: Client) -> None:
    for school, class_name in (("Bergska", "9A"), ("Viggestorp", "9A"), ("Viggestorp", "9A"), ("", "")):
        named("Elev", school=school, class_name=class_name)

    context = desk.get(reverse("coordinator_home")).context
    classes = {(row["school"], row["name"]): row for row in context["classes"]}
    numbers = [part for row in classes.values() for part in row["parts"]]
    counted = [(each["count"], each["url"]) for each in numbers]
    counted += [(each["value"], each["url"]) for each in context["figures"]]

    assert {key: row["parts"][-1]["count"] for key, row in classes.items()} == {
        ("Bergska", "9A"): 1,
        ("Viggestorp", "9A"): 2,
        ("", ""): 1,
    }
    assert [number for number, _url in counted] == [len(desk.get(url).context["rows"]) for _number, url in counted]
    assert len(desk.get(classes["", ""]["url"]).context["rows"]) == 1


def test_classes_stand_in_the_order_of_their_years(karin: User) -> None:
    for name in ("10A", "", "NA25", "9B", "9A", "8C"):
        named(f"Elev {name}", class_name=name)
    assert [row.class_name for row in classes_of(karin)] == ["8C", "9A", "9B", "10A", "NA25", ""]


def test_the_search_for_a_name_and_the_filters_keep_each_other(desk: Client) -> None:
    named("Anna A", class_name="IN1")

    page = desk.get(BOARD, {"q": "anna", "class": "IN1", "sort": "name", "after": "x"})

    assert page.context["kept"] == [("class", "IN1"), ("sort", "name")]
    assert page.text.count('<input type="hidden" name="class" value="IN1">') == 1
    assert page.text.count('<input type="hidden" name="q" value="anna">') == 1
    assert f'href="{BOARD}?class=IN1&amp;sort=name"' in page.text


@pytest.mark.parametrize("query", [{"group": "x"}, {"year": "9" * 30}, {"standing": "nonsense"}, {"form": "nonsense"}])
def test_what_does_not_exist_finds_nobody(desk: Client, query: dict[str, str]) -> None:
    named("Anna A")
    assert names_on(desk, **query) == []


def test_the_orders(desk: Client) -> None:
    oden, asa, anna = named("Oden O", class_name="A"), named("Åsa Å", class_name="B"), named("Anna A", class_name="C")
    for student, days in ((anna, 3), (oden, 9), (asa, 20)):
        waited(student, days)

    assert names_on(desk, sort="name") == ["Anna A", "Oden O", "Åsa Å"]
    assert names_on(desk, sort="class") == ["Oden O", "Åsa Å", "Anna A"]
    assert names_on(desk, sort="since") == ["Åsa Å", "Oden O", "Anna A"]
    assert len(names_on(desk, sort="nonsense")) == 3


@pytest.mark.parametrize("sort", ["", "name", "class", "since"])
def test_pages_lose_nobody_in_any_order(desk: Client, sort: str) -> None:
    everyone = {named(f"Elev {number}", class_name=f"C{number % 3}").user.name for number in range(60)}
    seen: list[str] = []
    url = f"{BOARD}?sort={sort}"
    while url:
        context = desk.get(url).context
        seen += [row.name for row in context["rows"]]
        url = f"{BOARD}?{urlencode({'sort': sort, 'after': context['next_cursor']})}" if context["next_cursor"] else ""
    assert len(seen) == len(everyone)
    assert set(seen) == everyone


def test_too_long_without_a_place_is_what_the_municipality_says_and_comes_first(desk: Client) -> None:
    waited(named("Maja Lind"), 10)
    named("Nya Nina")
    offer = OfferFactory(state="submitted", submitted_at=clock.now(), published_at=None)
    home = reverse("coordinator_home")

    assert "review" in desk.get(home).context["tasks"][0]["title"]
    assert names_on(desk, long="1") == []
    MunicipalitySettings.objects.create(municipality_id="0562", unplaced_days=7)
    first = desk.get(home).context["tasks"][0]

    assert first["text"].startswith("1 of them for more than 7 days.")
    assert first["is_hot"]
    assert [row.name for row in desk.get(first["url"]).context["rows"]] == ["Maja Lind"]
    assert offer.pk


def test_the_counts_follow_the_filters_and_leave_protected_ones_out(desk: Client) -> None:
    named("Anna A", school="Bergska")
    named("Bo B", school="Viggestorp")
    named("Hemliga Hanna", school="Bergska", is_protected=True, alias="Student KXBR")
    page = desk.get(f"{BOARD}?school=Bergska")
    assert page.context["figures"][-1]["value"] == 1
    assert "Hanna" not in page.text


def test_the_next_step_is_a_link_to_where_it_is_taken(desk: Client) -> None:
    idle = named("Ida Idle")
    period = only_period(OfferFactory(period__capacity=5))
    owner = MembershipFactory(organisation=period.offer.organisation).user
    students = {name: named(name) for name in ("Declined", "Deciding", "Offered", "Silent")}
    rows = {
        name: services.submit_application(actor=student.user, period_id=period.pk) for name, student in students.items()
    }
    services.decline_application(actor=owner, application_id=rows["Declined"].pk, reason="dates")
    for name in ("Deciding", "Offered"):
        services.offer_seat(actor=owner, application_id=rows[name].pk)
    match = services.accept_seat(actor=students["Deciding"].user, application_id=rows["Deciding"].pk).match
    assert match is not None
    services.escalate_silence(application_id=rows["Silent"].pk)

    steps = {row.name: row.action_url for row in desk.get(BOARD).context["rows"]}

    assert steps["Ida Idle"].startswith(f"mailto:{idle.user.email}?subject=")
    assert steps["Declined"].startswith(reverse("search") + "?where=")
    assert steps["Deciding"] == reverse("coordinator_match", args=[match.pk])
    assert steps["Offered"].startswith("mailto:")
    assert steps["Silent"] == reverse("coordinator_silence")


def test_a_whole_town_takes_as_many_queries_as_one_student(desk: Client) -> None:
    def queries(url: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(url).status_code == 200
        return len(captured)

    pages = [BOARD, f"{BOARD}?sort=since&long=1", reverse("coordinator_home")]
    named("Anna A")
    for url in pages:
        desk.get(url)
    few = [queries(url) for url in pages]
    users = User.objects.bulk_create(User(email=f"e{n}@school.example", name=f"Elev {n}") for n in range(600))
    Student.objects.bulk_create(
        Student(user=user, municipality_id="0562", birth_date=date(2008, 1, 1), class_name=f"IN{user.pk % 9}")
        for user in users
    )
    Student.objects.update(created_at=datetime(2026, 10, 1, tzinfo=UTC))
    assert [queries(url) for url in pages] == few
