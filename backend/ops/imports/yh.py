"""Granted programmes in higher vocational education (the yearly CSV of the National Agency) as training places."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from django.db import transaction

from backend.accounts.models import User
from backend.offers.importing import (
    ImportedOffer,
    ImportedPeriod,
    fingerprint_of,
    list_imported,
    require_importer,
    save_imported_offer,
)
from backend.ops.imports.files import Problems, read_csv
from backend.ops.imports.report import CREATED, SKIPPED, UPDATED, Report, Row
from backend.organisations.enums import OrganisationKind
from backend.organisations.importing import ImportedOrganisation, get_or_add_workplace, save_imported_organisation
from backend.organisations.models import Organisation
from backend.reference.models import Municipality, Occupation, OccupationGroup
from backend.reference.places import choose_municipality

SOURCE = "yh"
SEVERAL = "Flera kommuner"
MUNICIPAL = "Kommun"
COLUMNS = (
    "År",
    "Diarienummer",
    "Utbildningsnamn",
    "Utbildningsområde",
    "SUN5 inriktning namn",
    "Kommun",
    "kommunkod",
    "YH-poäng",
    "Studieform",
    "Studietakt %",
    "Typ av examen",
    "Utbildningsanordnare administrativ enhet",
    "Huvudmannatyp",
    "Beviljade platser totalt",
)
PARTS = re.compile(r"[/,;]| [-–] ")
# At the beginning of a part: "Falu kommun Vuxenutbildningen". Of the regions only Gotland's is a municipality.
AUTHORITY = re.compile(r"\S.*? (?:kommun|stad)\b|region gotland\b", re.IGNORECASE)
FIRST_WEEK = 35
POINTS_A_YEAR = 200
STUDY_WEEKS, FREE_WEEKS = 40, 12


@dataclass(frozen=True)
class GrantedProgramme:
    """One line that makes sense. municipality_code: empty for several municipalities. pace: per cent."""

    line: int
    year: int
    ref: str
    name: str
    area: str
    field: str
    municipality_code: str
    points: int
    pace: int
    mode: str
    degree: str
    provider: str
    owner: str
    seats: int


def read_programmes(path: Path) -> list[GrantedProgramme]:
    """All lines. Raises DamagedFileError with every line that does not make sense."""
    problems = Problems(path)
    names = dict(Municipality.objects.values_list("code", "name"))
    seen: dict[str, int] = {}
    found: list[GrantedProgramme] = []
    for line, row in read_csv(path, COLUMNS):
        before = len(problems.found)
        ref = row["Diarienummer"]
        if not ref:
            problems.add(line, "Diarienummer is missing")
        elif ref in seen:
            problems.add(line, f"Diarienummer {ref} stands on line {seen[ref]} already")
        seen.setdefault(ref, line)
        numbers = {
            name: _number(row[name], name, low, high, line, problems)
            for name, low, high in (
                ("År", 2000, 2100),
                ("YH-poäng", 1, 2000),
                ("Studietakt %", 1, 100),
                ("Beviljade platser totalt", 1, 10_000),
            )
        }
        for name in ("Utbildningsnamn", "Utbildningsanordnare administrativ enhet"):
            if not row[name]:
                problems.add(line, f"{name} is missing")
        code = _municipality(row["Kommun"], row["kommunkod"], names, line, problems)
        if len(problems.found) > before:
            continue
        found.append(
            GrantedProgramme(
                line=line,
                year=numbers["År"],
                ref=ref,
                name=row["Utbildningsnamn"],
                area=row["Utbildningsområde"],
                field=row["SUN5 inriktning namn"],
                municipality_code=code,
                points=numbers["YH-poäng"],
                pace=numbers["Studietakt %"],
                mode=row["Studieform"],
                degree=row["Typ av examen"],
                provider=" ".join(row["Utbildningsanordnare administrativ enhet"].split()),
                owner=row["Huvudmannatyp"],
                seats=numbers["Beviljade platser totalt"],
            )
        )
    problems.stop_if_any()
    return found


def _number(text: str, name: str, low: int, high: int, line: int, problems: Problems) -> int:
    if not (text.isascii() and text.isdigit()):
        problems.add(line, f"{name} is not a whole number: {text[:20]!r}")
        return low
    if not low <= int(text) <= high:
        problems.add(line, f"{name} is {text}; between {low} and {high} is possible")
    return int(text)


def _municipality(name: str, code: str, names: dict[str, str], line: int, problems: Problems) -> str:
    if not code:
        if name != SEVERAL:
            problems.add(line, f"kommunkod is missing although Kommun says {name[:40]!r}, not {SEVERAL!r}")
        return ""
    if code.isascii() and code.isdigit() and len(code) == 3 and code.zfill(4) in names:
        problems.add(
            line,
            f"kommunkod {code} has lost its leading zero (0{code} is {names[code.zfill(4)]}); keep the column as text",
        )
    elif code not in names:
        problems.add(line, f"there is no municipality with code {code[:10]!r}")
    elif choose_municipality(name)[0] != code:
        problems.add(line, f"kommunkod {code} is {names[code]}, but Kommun says {name[:40]!r}")
    return code


def assumed_dates(programme: GrantedProgramme) -> tuple[date, date]:
    """The file tells the year of the grant only. Assumed: the first start is in week 35 of the following year, and 200
    points take 40 weeks at full pace, with 12 weeks free between two years of study."""
    weeks = -(-programme.points * STUDY_WEEKS * 100 // (POINTS_A_YEAR * programme.pace))
    summers = (weeks - 1) // STUDY_WEEKS
    start = date.fromisocalendar(programme.year + 1, FIRST_WEEK, 1)
    return start, start + timedelta(weeks=weeks + FREE_WEEKS * summers, days=-3)


def owner_municipality(provider: str) -> str:
    """The code when a part of the provider's name is that of a municipality's authority ("Borås Stad", "Falu kommun",
    "Region Gotland", also before or after a slash or a hyphen between spaces), otherwise empty."""
    named = (AUTHORITY.match(part.strip()) for part in PARTS.split(provider))
    codes = {code for found in named if found and (code := _authority(found[0].split()))}
    return codes.pop() if len(codes) == 1 else ""


def _authority(words: list[str]) -> str:
    """The code of the municipality named by the words, or by the last of them: "Yrkeshögskolan Malmö stad"."""
    found = (choose_municipality(" ".join(words[n:]))[0] for n in range(len(words) - 1))
    return next((code for code in found if code), "")


def sure_occupation(programme: GrantedProgramme, groups: dict[str, str]) -> str:
    """The SSYK group when the programme or its field is called exactly as one of ours, otherwise empty.

    groups: folded occupation name -> code, see `occupation_names`.
    """
    field = programme.field.casefold().removeprefix("utbildningar till ").strip()
    for name in (programme.name.casefold(), field):
        if name in groups:
            return groups[name]
    return ""


def occupation_names() -> dict[str, str]:
    """Names that mean exactly one occupation group."""
    pairs = [
        *OccupationGroup.objects.filter(deprecated=False).values_list("name_sv", "pk"),
        *Occupation.objects.filter(deprecated=False).values_list("name_sv", "group"),
    ]
    codes: dict[str, set[str]] = {}
    for name, code in pairs:
        codes.setdefault(name.casefold(), set()).add(code)
    return {name: next(iter(found)) for name, found in codes.items() if len(found) == 1}


@transaction.atomic
def import_programmes(*, actor: User | None, path: Path) -> Report:
    """Organisations, workplaces and offers from the file. Raises DamagedFileError, NotAllowed, DomainError."""
    require_importer(actor)
    programmes = read_programmes(path)
    names = dict(Municipality.objects.values_list("code", "name"))
    groups = occupation_names()
    known = list_imported(SOURCE)
    report = Report()
    organisations: dict[str, Organisation] = {}
    for programme in programmes:
        key = programme.provider.casefold()
        if key not in organisations:
            organisations[key], done = save_imported_organisation(actor=actor, details=_provider(programme, names))
            report.organisations[done] += 1
        occupation = sure_occupation(programme, groups)
        start, end = assumed_dates(programme)
        outcome = save_imported_offer(
            actor=actor,
            workplace=get_or_add_workplace(
                actor=actor, organisation=organisations[key], municipality_code=programme.municipality_code
            ),
            details=ImportedOffer(
                source=SOURCE,
                source_ref=programme.ref,
                form="yh",
                title=programme.name,
                tasks=_text(programme),
                periods=[ImportedPeriod(start, end, programme.seats)],
                occupation=occupation,
                # Everybody begins together: a course that has begun takes nobody any more.
                apply_by=start,
            ),
            fingerprint=fingerprint_of({**vars(programme), "line": 0, "apply_by": start}),
            known=known.get(programme.ref),
        )
        if outcome.what in {CREATED, UPDATED}:
            report.states[outcome.state] += 1
        place = names.get(programme.municipality_code, SEVERAL)
        note = f"{place}; assumed {start} to {end}; {occupation or 'no occupation'}; {outcome.state}"
        if outcome.note:
            note = outcome.note if outcome.what == SKIPPED else f"{note}; {outcome.note}"
        report.add(Row(programme.line, outcome.what, programme.ref, programme.name, note))
    return report


def _provider(programme: GrantedProgramme, names: dict[str, str]) -> ImportedOrganisation:
    is_municipal = programme.owner == MUNICIPAL
    return ImportedOrganisation(
        source=SOURCE,
        source_ref=programme.provider.casefold(),
        name=programme.provider,
        kind=OrganisationKind.MUNICIPAL_UNIT if is_municipal else OrganisationKind.EDUCATION_PROVIDER,
        municipality_code=owner_municipality(programme.provider) if is_municipal else "",
    )


def _text(programme: GrantedProgramme) -> str:
    """For readers of the place, in Swedish like every offer; says what is known and what is assumed."""
    mode = f"{programme.mode.lower()} studieform" if programme.mode == "Bunden" else programme.mode.lower()
    degree = "" if programme.degree in {"", "Ingen"} else f" Examen: {programme.degree.lower()}."
    return (
        f"Yrkeshögskoleutbildning inom {programme.area.lower()}: {programme.points} YH-poäng, studietakt "
        f"{programme.pace} procent, {mode}.{degree} Antalet platser är det som beviljats totalt, för alla starter "
        f"tillsammans. Källa: Myndigheten för yrkeshögskolans beslut {programme.year}, {programme.ref}. Beslutet anger "
        "inte dagar: starten antas ske hösten efter beslutet och längden är räknad ur poängen."
    )
