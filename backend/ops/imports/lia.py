"""Companies' interest in students of higher vocational education (a JSON list from an industry day) as offers to review."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from backend.accounts.models import User
from backend.common import clock
from backend.offers.importing import (
    ImportedOffer,
    ImportedPeriod,
    fingerprint_of,
    list_imported,
    require_importer,
    save_imported_offer,
)
from backend.ops.imports.contacts import strip_contacts
from backend.ops.imports.files import DamagedFileError, Problem, Problems, read_json
from backend.ops.imports.report import CREATED, SKIPPED, UPDATED, Report, Row
from backend.organisations.enums import OrganisationKind
from backend.organisations.importing import ImportedOrganisation, get_or_add_workplace, save_imported_organisation

SOURCE = "lia"
SPRING, AUTUMN = (4, 21), (35, 50)
ASSUMED = (
    "Företaget har anmält intresse för att ta emot lia-studenter. Det har inte angett arbetsplats, veckor eller antal: "
    "nästa termin och en plats är antaganden som företaget ska bekräfta innan platsen publiceras."
)


@dataclass(frozen=True)
class Interest:
    """number: place in the list, from 1; the file has no better address for a row."""

    number: int
    company: str
    about: str
    website: str
    programmes: tuple[str, ...]
    takes_students: bool
    skills: str


def read_interests(path: Path) -> list[Interest]:
    """All rows. Raises DamagedFileError with every one that does not make sense."""
    rows = read_json(path)
    if not isinstance(rows, list) or not rows:
        raise DamagedFileError(path, [Problem(0, "a list of companies is expected, with at least one")])
    problems = Problems(path)
    found: list[Interest] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        wrong = _wrong(row)
        if not wrong:
            key = row["company"].strip().casefold()
            if key in seen:
                wrong = f"the company stands in row {seen[key]} already"
            seen.setdefault(key, number)
        if wrong:
            problems.add(0, f"row {number}: {wrong}")
            continue
        found.append(
            Interest(
                number=number,
                company=row["company"].strip(),
                about=strip_contacts(row["about"].strip()),
                website=_website(row["web"]),
                programmes=tuple(row["programmes"]),
                takes_students=row["takes_lia"],
                skills=strip_contacts(row["skills"].strip()),
            )
        )
    problems.stop_if_any()
    return found


def _wrong(row: Any) -> str:
    """What is wrong with a row, empty when nothing is."""
    if not isinstance(row, dict):
        return "an object is expected"
    kinds: dict[str, type] = {
        "company": str, "about": str, "web": str, "skills": str, "programmes": list, "takes_lia": bool,
    }  # fmt: skip
    for name, kind in kinds.items():
        if name not in row:
            return f"{name} is missing"
        if not isinstance(row[name], kind):
            return f"{name} has the wrong type ({type(row[name]).__name__})"
    if not row["company"].strip():
        return "company is empty"
    if not all(isinstance(name, str) for name in row["programmes"]):
        return "programmes must be texts"
    return ""


def _website(text: str) -> str:
    """Only a web address; anything else is dropped."""
    address = text.strip()
    parts = urlsplit(address)
    return address if parts.scheme in {"http", "https"} and "." in parts.netloc and len(address) <= 200 else ""


def coming_term(today: date) -> tuple[date, date]:
    """The weeks of the next term that has not begun: spring from week 4, autumn from week 35."""
    for year in (today.year, today.year + 1):
        for first, last in (SPRING, AUTUMN):
            start = date.fromisocalendar(year, first, 1)
            if start > today:
                return start, date.fromisocalendar(year, last, 5)
    raise AssertionError("every year has a spring term")


@transaction.atomic
def import_interests(*, actor: User | None, path: Path) -> Report:
    """Companies without organisation number, each with one offer of form lia that waits for review: nobody has agreed to
    dates or seats yet, so not even the network office publishes them by importing. Raises DamagedFileError, NotAllowed."""
    require_importer(actor)
    interests = read_interests(path)
    known = list_imported(SOURCE)
    start, end = coming_term(clock.today())
    report = Report()
    for interest in interests:
        ref = interest.company.casefold()[:120]
        if not interest.takes_students:
            report.add(Row(interest.number, SKIPPED, ref, interest.company, "takes no students"))
            continue
        organisation, done = save_imported_organisation(
            actor=actor,
            details=ImportedOrganisation(
                source=SOURCE,
                source_ref=ref,
                name=interest.company,
                kind=OrganisationKind.COMPANY,
                website=interest.website,
                about=interest.about,
            ),
        )
        report.organisations[done] += 1
        outcome = save_imported_offer(
            actor=None,
            workplace=get_or_add_workplace(actor=actor, organisation=organisation, municipality_code=""),
            details=ImportedOffer(
                source=SOURCE,
                source_ref=ref,
                form="lia",
                title=_title(interest),
                tasks=_text(interest),
                periods=[ImportedPeriod(start, end, 1)],
                requirements=interest.skills,
            ),
            fingerprint=fingerprint_of({**vars(interest), "number": 0}),
            known=known.get(ref),
        )
        if outcome.what in {CREATED, UPDATED}:
            report.states[outcome.state] += 1
        note = f"no municipality given; assumed {start} to {end}, 1 seat; {outcome.state}"
        if outcome.note:
            note = outcome.note if outcome.what == SKIPPED else f"{note}; {outcome.note}"
        report.add(Row(interest.number, outcome.what, ref, interest.company, note))
    return report


def _title(interest: Interest) -> str:
    return f"Lia hos {interest.company}"[:120]


def _text(interest: Interest) -> str:
    wanted = f" Söker studenter från: {', '.join(interest.programmes)}." if interest.programmes else ""
    about = f"\n\nOm företaget: {interest.about}" if interest.about else ""
    return f"{ASSUMED}{wanted}{about}"
