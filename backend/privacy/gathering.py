"""Reads what is kept about one person, as the table of holdings says."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from backend.accounts.models import User
from backend.common.models import LogEntry
from backend.exchange.models import ImportFile
from backend.offers.models import OfferPeriod
from backend.organisations.models import Organisation
from backend.privacy.holdings import HOLDINGS, Holding
from backend.privacy.words import FIELDS, TITLES
from backend.rounds.models import RoundSeat
from backend.students.models import Student

# What was done under a grant would tell of a protection, also to the person it is about.
UNDER_A_GRANT = "protect"
OF_A_PERIOD = "offer__organisation"


@dataclass(frozen=True)
class Value:
    """raw: for programs, of JSON's types. text: for people, in the active language."""

    name: str
    label: str
    raw: Any
    text: str


@dataclass(frozen=True)
class Section:
    """The rows of one model. label: `app.Model`."""

    label: str
    title: str
    rows: list[list[Value]]


@dataclass(frozen=True)
class Upload:
    """A file that the person has sent. path: inside the copy."""

    path: str
    content: bytes


def gather(*, person: User | None = None, child: Student | None = None) -> list[Section]:
    """Everything about the person, or what a guardian may know of the child. Models without a row are left out."""
    sections = []
    subjects: dict[str, set[int]] = defaultdict(set)
    for label, holding in HOLDINGS.items():
        model = apps.get_model(label)
        rows = []
        for path, match in _ways(holding, person, child):
            fields = _fields_of(model, holding, path, for_guardian=child is not None)
            for row in _rows(model, path, match, fields):
                subjects[model._meta.model_name or ""].add(row.pk)
                rows.append([_value(row, each) for each in fields])
        if label == "common.LogEntry" and person is not None:
            rows += _log_about(subjects)
        if rows:
            sections.append(Section(label, str(TITLES[label]), rows))
    return sections


def uploads_of(person: User) -> Iterator[Upload]:
    """Files with the places of an organisation. A class list is about others, and stays with the school."""
    files = ImportFile.objects.filter(job__actor=person, job__kind="offers").select_related("job").order_by("pk")
    for file in files:
        ending = file.job.file_name.rpartition(".")[2].lower()
        ending = ending if ending in {"csv", "xlsx", "ods", "xls", "txt", "json"} else "bin"
        yield Upload(f"files/import-{file.pk}.{ending}", bytes(file.content))


def _ways(holding: Holding, person: User | None, child: Student | None) -> Iterator[tuple[str, models.Q]]:
    if child is not None:
        if holding.for_guardian:
            yield holding.student, models.Q((holding.student, child.pk))
        return
    assert person is not None
    for path in holding.person:
        yield path, models.Q((path, person.pk))
    if holding.student:
        head = "" if holding.student == "pk" else f"{holding.student}__"
        yield holding.student, models.Q((f"{head}user", person.pk))


def _fields_of(model: type[models.Model], holding: Holding, path: str, *, for_guardian: bool) -> list[models.Field]:
    left_out = set(holding.hidden.get(path, ()))
    if for_guardian:
        left_out |= set(holding.hidden_from_guardian)
    return [model._meta.get_field(name) for name in holding.told if name not in left_out]  # type: ignore[misc]


def _rows(
    model: type[models.Model], path: str, match: models.Q, fields: Iterable[models.Field]
) -> Iterable[models.Model]:
    related, many = [], []
    for each in fields:
        if each.many_to_many:
            many.append(each.name)
        elif each.is_relation:
            further = {OfferPeriod: f"__{OF_A_PERIOD}", RoundSeat: f"__period__{OF_A_PERIOD}"}
            related.append(each.name + further.get(each.related_model, ""))  # type: ignore[arg-type]
    rows = model._default_manager.filter(match).order_by("pk")
    if model is LogEntry:
        rows = rows.exclude(action__contains=UNDER_A_GRANT)
    return rows.select_related(*related).prefetch_related(*many) if related or many else rows


def _log_about(subjects: dict[str, set[int]]) -> list[list[Value]]:
    """What was done to the person's rows and when; by whom is told by the municipality, whose log it is."""
    found = models.Q(pk__in=[])
    for kind in ("user", "student", "application", "match", "placement", "guardianship", "result"):
        if subjects[kind]:
            found |= models.Q(subject_type=kind, subject_id__in=subjects[kind])
    own = subjects["logentry"]
    rows = LogEntry.objects.filter(found).exclude(pk__in=own).exclude(action__contains=UNDER_A_GRANT).order_by("pk")
    fields = [LogEntry._meta.get_field(name) for name in HOLDINGS["common.LogEntry"].told]
    return [[_value(row, each) for each in fields] for row in rows]  # type: ignore[arg-type]


def _value(row: models.Model, each: models.Field) -> Value:
    label = str(FIELDS[each.name])
    if each.many_to_many:
        names = [_name(other) for other in getattr(row, each.name).all()]
        return Value(each.name, label, names, ", ".join(map(str, names)))
    if each.is_relation:
        other = getattr(row, each.name)
        name = None if other is None else _name(other)
        return Value(each.name, label, name, "" if name is None else str(name))
    raw = getattr(row, each.name)
    if each.choices:
        return Value(each.name, label, raw, str(getattr(row, f"get_{each.name}_display")()))
    return Value(each.name, label, _plain(raw), _text(raw))


def _name(other: models.Model) -> Any:
    """What a row of another model is called. One with a person in it is only its number."""
    if isinstance(other, RoundSeat):
        return _name(other.period)
    if isinstance(other, OfferPeriod):
        return f"{other.offer.title}, {other.offer.organisation.name}, {other.start:%Y-%m-%d} – {other.end:%Y-%m-%d}"
    is_named = isinstance(other, Organisation) or other._meta.app_label == "reference"
    if is_named or other._meta.model_name in {"offer", "round", "studentgroup"}:
        return str(other)
    return other.pk


def _plain(raw: Any) -> Any:
    if isinstance(raw, date | datetime | time):
        return raw.isoformat()
    if raw is None or isinstance(raw, bool | int | float | str | list | dict):
        return raw
    return str(raw)


def _text(raw: Any) -> str:
    if raw is None or raw == "":
        return ""
    if isinstance(raw, bool):
        return _("Yes") if raw else _("No")
    if isinstance(raw, datetime):
        return date_format(localtime(raw), "Y-m-d H:i")
    if isinstance(raw, date):
        return date_format(raw, "Y-m-d")
    if isinstance(raw, list) and all(isinstance(each, str | int) for each in raw):
        return ", ".join(map(str, raw))
    if isinstance(raw, list | dict):
        return _("See the file data.json.") if raw else ""
    return str(raw)
