"""Job advertisements of the public employment service as demand and as the start of offers.

Takes an answer of JobSearch (an object with `hits`) or a batch of JobStream (a list, with removal events among the ads).
Contacts (`application_contacts`, `application_details`) are never read; texts are stripped before anything is stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from backend.accounts.models import User
from backend.offers.importing import ImportedAd, remove_ad, require_importer, save_ad
from backend.ops.imports.contacts import strip_contacts
from backend.ops.imports.files import DamagedFileError, Problem, Problems, read_json
from backend.ops.imports.report import SKIPPED, UNCHANGED, Report, Row
from backend.reference.models import Municipality, OccupationGroup

SOURCE = "jobsearch"
SWEDEN = ZoneInfo("Europe/Stockholm")
# The third digit of a juridical person's number is at least 2; below that the number is a person's.
FIRST_JURIDICAL = 2
LONGEST_REF = 120
# The service has none from before; beyond the end of time, arithmetic with offsets fails.
YEARS = range(1990, 2100)


@dataclass(frozen=True)
class Ad:
    number: int
    details: ImportedAd
    note: str


@dataclass(frozen=True)
class Removal:
    number: int
    source_ref: str
    at: datetime


class Wrong(Exception):
    """What is wrong with an entry."""


def read_ads(path: Path, value: Any) -> list[Ad | Removal]:
    """All entries of a file's value. Raises DamagedFileError with every one that does not make sense."""
    entries = value.get("hits") if isinstance(value, dict) else value
    if not isinstance(entries, list):
        raise DamagedFileError(path, [Problem(0, "an object with a list of hits, or a list of ads, is expected")])
    known = Known(
        frozenset(Municipality.objects.values_list("pk", flat=True)),
        dict(OccupationGroup.objects.values_list("pk", "deprecated")),
    )
    problems = Problems(path)
    found: list[Ad | Removal] = []
    for number, entry in enumerate(entries, start=1):
        try:
            found.append(_entry(number, entry, known))
        except Wrong as error:
            problems.add(0, f"ad {number}: {error}")
    problems.stop_if_any()
    return found


@dataclass(frozen=True)
class Known:
    """municipalities: codes. groups: SSYK code -> whether it is deprecated."""

    municipalities: frozenset[str]
    groups: Mapping[str, bool]


def _entry(number: int, entry: Any, known: Known) -> Ad | Removal:
    if not isinstance(entry, dict):
        raise Wrong("an object is expected")
    ref = _ref(entry.get("id"))
    if entry.get("removed") is True:
        return Removal(number, ref, local_time(entry.get("removed_date"), "removed_date"))
    code = _municipality(_inner(entry, "workplace_address").get("municipality_code"), known)
    group, note = _group(_inner(entry, "occupation_group").get("legacy_ams_taxonomy_id"), known)
    vacancies = entry.get("number_of_vacancies", 1)
    vacancies = 1 if vacancies is None else vacancies
    if not isinstance(vacancies, int) or isinstance(vacancies, bool) or not 1 <= vacancies <= 10_000:
        raise Wrong(f"number_of_vacancies is {repr(vacancies)[:30]}")
    headline = entry.get("headline")
    if not isinstance(headline, str) or not _storable(headline).strip():
        raise Wrong("headline is missing")
    text = _inner(entry, "description").get("text") or ""
    if not isinstance(text, str):
        raise Wrong("description.text is no text")
    return Ad(
        number,
        ImportedAd(
            source=SOURCE,
            source_ref=ref,
            headline=strip_contacts(" ".join(_storable(headline).split())),
            text=strip_contacts(_storable(text).replace("\r\n", "\n").strip()),
            employer_name=_employer(_inner(entry, "employer")),
            municipality_code=code,
            group=group,
            vacancies=vacancies,
            published_on=local_time(entry.get("publication_date"), "publication_date").astimezone(SWEDEN).date(),
        ),
        note if code else f"{note}; no municipality",
    )


def _ref(value: Any) -> str:
    """Ads carry their id as text, removal events as a number: both are the same text here."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Wrong("id is missing")
    ref = _storable(str(value)).strip()
    if not ref:
        raise Wrong("id is missing")
    if len(ref) > LONGEST_REF:
        raise Wrong(f"id is longer than {LONGEST_REF} characters")
    return ref


def _storable(text: str) -> str:
    """Without what JSON can write and a database cannot hold: NUL, and halves of character pairs."""
    return text.encode("utf-8", "ignore").decode().replace("\0", "")


def _inner(entry: dict[str, Any], name: str) -> dict[str, Any]:
    """An inner object; null and a list with one object occur as well."""
    value = entry.get(name)
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Wrong(f"{name} is no object")
    return value


def _municipality(value: Any, known: Known) -> str:
    if value is None or value == "":
        return ""
    code = str(value)
    if code in known.municipalities:
        return code
    if code.zfill(4) in known.municipalities:
        raise Wrong(f"municipality_code {code} has lost its leading zero")
    raise Wrong(f"there is no municipality with code {code[:10]!r}")


def _group(value: Any, known: Known) -> tuple[str, str]:
    """Our group, or none with the reason: the service knows more groups than we list, and some are deprecated."""
    code = "" if value is None else str(value)
    if code not in known.groups:
        return "", f"occupation group {code or 'missing'} is not ours"
    if known.groups[code]:
        return "", f"occupation group {code} is deprecated"
    return code, code


def _employer(employer: dict[str, Any]) -> str:
    """The name, unless the employer is a person: a sole trader's organisation number is a personal identity number."""
    number = str(employer.get("organization_number") or "")
    digits = number[-10:]
    if len(digits) == 10 and digits.isdigit() and int(digits[2]) < FIRST_JURIDICAL:
        return ""
    name = employer.get("name")
    return strip_contacts(_storable(name).strip()) if isinstance(name, str) else ""


def local_time(value: Any, name: str) -> datetime:
    """A moment as the service writes it: Swedish local time without offset. One with offset is taken as it stands."""
    if not isinstance(value, str):
        raise Wrong(f"{name} is missing")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise Wrong(f"{name} is no date: {value[:30]!r}") from error
    if moment.year not in YEARS:
        raise Wrong(f"{name} is {value[:30]!r}, which cannot be")
    return moment if moment.tzinfo else moment.replace(tzinfo=SWEDEN)


def import_ads(*, actor: User | None, path: Path) -> Report:
    """Demand signals and prefills from the file. Raises DamagedFileError, NotAllowed."""
    return save_ads(actor=actor, path=path, value=read_json(path))


@transaction.atomic
def save_ads(*, actor: User | None, path: Path, value: Any) -> Report:
    """The same of a value that was read already. path: to name in what is wrong."""
    require_importer(actor)
    report = Report()
    for entry in read_ads(path, value):
        if isinstance(entry, Removal):
            what = remove_ad(actor=actor, source=SOURCE, source_ref=entry.source_ref, at=entry.at)
            if what == "unknown":
                report.add(Row(entry.number, SKIPPED, entry.source_ref, "", "removed at the source, unknown here"))
            else:
                report.add(Row(entry.number, what, entry.source_ref, "", "removed at the source"))
            continue
        what = save_ad(actor=actor, details=entry.details)
        note = entry.note if what != UNCHANGED else ""
        report.add(Row(entry.number, what, entry.details.source_ref, entry.details.headline, note))
    return report
