"""The table of what is kept about people holds every model and every field of the database."""

import pytest
from django.apps import apps
from django.db import models

from backend.accounts.models import User
from backend.privacy.holdings import APPS_WITHOUT_PEOPLE, HOLDINGS, WITHOUT_OWNER, Holding
from backend.privacy.words import FIELDS, TITLES
from backend.students.models import Student

# What a field of a model without an owner is asked about: a person, or what could be said of one.
PERSONAL_NAMES = {"lat", "lon", "address", "postcode", "city", "note", "sex", "birth_date"}
PERSONAL_PARTS = ("name", "email", "phone", "person")
PEOPLE = {"User", "Student", "Participant"}


def every_model() -> dict[str, type[models.Model]]:
    return {
        model._meta.label: model
        for model in apps.get_models()
        if model._meta.app_label not in APPS_WITHOUT_PEOPLE and not model._meta.proxy
    }


def fields_of(model: type[models.Model]) -> dict[str, models.Field]:
    return {each.name: each for each in model._meta.get_fields() if each.concrete}


def looks_personal(each: models.Field) -> bool:
    """Whether a field points at a person or is called as what one tells about a person."""
    if each.is_relation:
        return each.related_model.__name__ in PEOPLE
    if isinstance(each, models.EmailField) or each.name in PERSONAL_NAMES:
        return True
    return any(part in PERSONAL_PARTS for part in each.name.split("_"))


def faults_of(model: type[models.Model]) -> list[str]:
    """What the table does not say about the model."""
    label = model._meta.label
    fields = fields_of(model)
    if label in WITHOUT_OWNER:
        named = set(WITHOUT_OWNER[label].names)
        looks = {name for name, each in fields.items() if looks_personal(each)}
        return sorted(f"{label}.{name}" for name in (looks - named) | (named - set(fields)))
    holding = HOLDINGS.get(label)
    if holding is None:
        return [label]
    said = [*holding.told, *(name for names in holding.kept.values() for name in names)]
    doubled = {name for name in said if said.count(name) > 1}
    wrong = (set(fields) ^ set(said)) | doubled
    return sorted(f"{label}.{name}" for name in wrong)


def test_every_model_and_field_has_an_entry():
    found = every_model()
    assert [fault for model in found.values() for fault in faults_of(model)] == []
    assert set(HOLDINGS) & set(WITHOUT_OWNER) == set()
    assert (set(HOLDINGS) | set(WITHOUT_OWNER)) - set(found) == set()


def test_a_field_or_model_without_an_entry_is_named(monkeypatch):
    holding = HOLDINGS["students.Alert"]
    told = tuple(name for name in holding.told if name != "text")
    monkeypatch.setitem(HOLDINGS, "students.Alert", Holding(holding.kind, told, holding.kept, student="student"))
    monkeypatch.delitem(HOLDINGS, "rounds.Wish")
    monkeypatch.delitem(WITHOUT_OWNER, "rounds.TownPair")
    faults = [fault for model in every_model().values() for fault in faults_of(model)]
    assert sorted(faults) == ["rounds.TownPair", "rounds.Wish", "students.Alert.text"]


@pytest.mark.parametrize("label", sorted(HOLDINGS))
def test_the_ways_to_a_person_lead_there(label):
    holding, model = HOLDINGS[label], apps.get_model(label)
    assert holding.person or holding.student
    for path, goal in [
        *((path, User) for path in holding.person),
        *([(holding.student, Student)] if holding.student else []),
    ]:
        end = model
        for name in () if path == "pk" else path.split("__"):
            end = end._meta.get_field(name).related_model
        assert end is goal, path
    for path, names in holding.hidden.items():
        assert path in (*holding.person, holding.student)
        assert set(names) <= set(holding.told)
    assert set(holding.hidden_from_guardian) <= set(holding.told)
    assert not holding.hidden_from_guardian or holding.for_guardian
    assert not holding.for_guardian or holding.student


@pytest.mark.parametrize("label", sorted(HOLDINGS))
def test_no_told_field_points_at_a_person(label):
    model = apps.get_model(label)
    for name in HOLDINGS[label].told:
        each = model._meta.get_field(name)
        assert not each.is_relation or each.related_model.__name__ not in PEOPLE, name


def test_everything_told_has_words():
    assert set(TITLES) == set(HOLDINGS)
    assert set(FIELDS) >= {name for holding in HOLDINGS.values() for name in holding.told}
