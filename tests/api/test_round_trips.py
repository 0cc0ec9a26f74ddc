"""What a program has read it can send back as it is: nothing is refused, and nothing changes."""

from datetime import date

import pytest
from django.urls import get_resolver

from backend.api.serializers import ChangeSerializer, StrictSerializer
from backend.exchange.webhooks.services import register_webhook
from backend.students.services import AlertDetails, save_alert
from tests.api.desk import API, session
from tests.factories import MembershipFactory, OfferFactory, StudentFactory

pytestmark = pytest.mark.django_db


def sent_back(person, path: str) -> tuple[dict, dict]:
    """The resource before and after it was sent back whole."""
    client = session(person)
    before = client.get(API + path).json()
    answer = client.patch(API + path, before, format="json")
    assert answer.status_code == 200, answer.content
    return before, answer.json()


@pytest.fixture
def owner_and_offer():
    offer = OfferFactory()
    return MembershipFactory(organisation=offer.organisation, role="owner").user, offer


def test_an_alert_without_limits():
    student = StudentFactory()
    alert = save_alert(actor=student.user, details=AlertDetails(name="Allt"))
    before, after = sent_back(student.user, f"alerts/{alert.pk}/")
    assert before["form"] is None
    assert before == after


def test_an_alert_with_limits():
    student = StudentFactory()
    details = AlertDetails(name="Svets", text="svets", form="praktik", municipality_code="0562", radius_km=40)
    alert = save_alert(actor=student.user, details=details)
    before, after = sent_back(student.user, f"alerts/{alert.pk}/")
    assert before == after


def test_a_profile():
    student = StudentFactory(birth_date=date(2008, 5, 1))
    before, after = sent_back(student.user, "me/profile/")
    assert before["municipality"]["code"] == "0562"
    assert before == after


def test_a_place(owner_and_offer):
    owner, offer = owner_and_offer
    before, after = sent_back(owner, f"offers/{offer.pk}/")
    assert before["periods"]
    assert before == after


def test_a_workplace(owner_and_offer):
    owner, offer = owner_and_offer
    before, after = sent_back(owner, f"workplaces/{offer.workplace_id}/")
    assert before == after


def test_a_webhook(owner_and_offer):
    owner, offer = owner_and_offer
    endpoint, _secret = register_webhook(
        actor=owner, organisation=offer.organisation, url="https://hook.example.com/in", kinds=["offer.published"]
    )
    before, after = sent_back(owner, f"webhooks/{endpoint.pk}/")
    assert before == after


def test_what_one_is_told():
    before, after = sent_back(StudentFactory().user, "me/notification-preferences/")
    assert before == after


def test_a_misspelt_field_is_still_an_error(owner_and_offer):
    owner, offer = owner_and_offer
    answer = session(owner).patch(f"{API}offers/{offer.pk}/", {"titel": "x"}, format="json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "titel"


def test_every_change_is_a_round_trip():
    """A PATCH whose input does not know what reading gives is missing here."""
    strict = {body.__name__ for body in _patch_bodies() if not issubclass(body, ChangeSerializer)}
    assert strict <= {"PreferencesInput"}, "which has no fields of its own to pass over; its parts are round trips"


def _patch_bodies() -> list[type]:
    from backend.api.schema import document

    names = set()
    for operations in document()["paths"].values():
        if "patch" in operations:
            content = operations["patch"]["requestBody"]["content"]["application/json"]["schema"]
            names.add(content["$ref"].rpartition("/")[2])
    every = {each.__name__: each for each in _all_subclasses(StrictSerializer)}
    # drf-spectacular names the shape of a PATCH Patched…
    return [every[name.removeprefix("Patched")] for name in names]


def _all_subclasses(kind: type) -> list[type]:
    get_resolver().url_patterns  # noqa: B018  # loads every module of the API
    children: list[type] = kind.__subclasses__()
    return [each for child in children for each in [child, *_all_subclasses(child)]]
