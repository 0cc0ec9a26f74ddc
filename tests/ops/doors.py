"""Which columns the demo fills, and which of them a person could fill: by a form or a file."""

import ast
import importlib
import pkgutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django import forms
from django.apps import apps
from django.db import models
from django.db.models.fields import NOT_PROVIDED

import backend.web
from backend.exchange.kinds import IMPORTERS

SEED = Path(__file__).resolve().parents[2] / "backend/ops/seed"


def models_written_by_the_seed() -> set[type[models.Model]]:
    """Those whose rows it makes or changes itself; all others come about by the commands that people's forms call."""
    names: set[str] = set()
    for path in SEED.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in {"create", "bulk_create", "create_user", "update"}:
                names |= {each.id for each in ast.walk(node.value) if isinstance(each, ast.Name)}
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                names.add(node.func.id)
    return {model for model in apps.get_models() if model.__name__ in names and model.__module__.startswith("backend.")}


def filled_columns(model: type[models.Model]) -> set[str]:
    """The columns and lists that differ from their default in some row."""
    found = set()
    for field in model._meta.get_fields():
        if isinstance(field, models.ManyToManyField):
            if field.remote_field.through._default_manager.exists():
                found.add(field.name)
        elif isinstance(field, models.Field) and not field.primary_key and (not field.is_relation or _points(field)):
            empty: list[Any] = [None, "", [], {}, False]
            if getattr(field, "default", NOT_PROVIDED) is not NOT_PROVIDED:
                empty.append(field.get_default())
            values = model._default_manager.values_list(field.attname, flat=True)
            if any(value not in empty for value in values.iterator()):
                found.add(field.name)
    return found


def _points(field: Any) -> bool:
    return isinstance(field, models.ForeignKey | models.OneToOneField)


# Where people fill in what a row says, by form or file. Other models than these are written by commands alone.
DOORS = {
    "User": ("ProfileForm", "NameForm", "PersonForm", "PhoneForm", "ClassListImporter"),
    "Role": ("PersonForm",),
    "Organisation": ("OrganisationForm",),
    "Membership": ("InvitationForm",),
    "Workplace": ("WorkplaceForm",),
    "Offer": ("OfferForm", "OfferImporter"),
    "OfferPeriod": ("OfferForm", "OfferImporter"),
    "Student": ("ProfileForm", "ClassListImporter"),
    "Availability": ("ProfileForm",),
    "Alert": ("AlertForm",),
}


def names_at_the_doors(model: str) -> set[str]:
    """The names of what can be filled in where rows of the model come from. Raises KeyError for a door that is gone."""
    for module in pkgutil.walk_packages(backend.web.__path__, "backend.web."):
        importlib.import_module(module.name)
    known: dict[str, set[str]] = {}
    for form in _below(forms.BaseForm):
        if form.__module__.startswith("backend."):
            known.setdefault(form.__name__, set()).update(getattr(form, "base_fields", {}))
    for importer in IMPORTERS.values():
        known[importer.__name__] = {field.name for field in importer.fields}
    return {_plain(name) for door in DOORS.get(model, ()) for name in known[door]}


def _below(base: type[Any]) -> Iterable[type[Any]]:
    for each in base.__subclasses__():
        yield each
        yield from _below(each)


def _plain(name: str) -> str:
    """`municipality_code`, `workplace_id` and `start_1` fill `municipality`, `workplace` and `start`."""
    for ending in ("_code", "_id", "_1", "_2"):
        name = name.removesuffix(ending)
    return name
