"""The students of the demo: pupils, programme students, adults and higher vocational students."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from backend.accounts.models import User
from backend.common import clock
from backend.common.models import DomainEvent
from backend.ops.seed.jobs import in_order
from backend.ops.seed.names import FIRST, GROWN_UPS, ascii_part, full_name
from backend.ops.seed.organisations import save_users
from backend.ops.seed.plan import Plan, World
from backend.reference.enums import PositionSource
from backend.reference.models import Municipality, Programme, ProgrammeOccupation
from backend.reference.places import gazetteer
from backend.reference.positions import HOME_DECIMALS
from backend.students.enums import Studies
from backend.students.models import Alert, Availability, Student

# How often each programme occurs among upper secondary students of industrial municipalities: our own rough weights.
PROGRAMMES = {
    "IN": 16, "EE": 14, "FT": 12, "BA": 12, "VO": 10, "TE": 9, "BF": 7, "FS": 6, "VF": 5, "RL": 4, "NB": 4, "EK": 4,
    "SA": 3, "NA": 3, "AG": 2, "VI": 2, "HT": 2, "IMY": 2, "ES": 1,
}  # fmt: skip
PREPARATORY = frozenset({"TE", "EK", "SA", "NA", "ES"})
SKILLS = {
    "IN": ("svarvning", "fräsning", "cnc", "svetsning", "mätteknik", "ritningsläsning", "mag", "hydraulik"),
    "EE": ("ellära", "kretsschema", "felsökning", "plc", "installation", "styrteknik", "nätverk"),
    "FT": ("fordonsteknik", "felsökning", "truck", "lager", "lastsäkring"),
    "BA": ("snickeri", "ritningsläsning", "måleri", "byggteknik", "anläggning"),
    "VO": ("omvårdnad", "bemötande", "dokumentation"),
    "BF": ("barn", "pedagogik", "bemötande"),
    "TE": ("programmering", "cad", "python", "javascript", "kalkylark"),
    "FS": ("försäljning", "service", "lager", "kalkylark"),
    "VF": ("rörmontage", "värme", "fastighetsskötsel"),
    "RL": ("matlagning", "bakning", "hygien", "service"),
    "NB": ("växter", "trädgård", "trä"),
}
OTHER_SKILLS = ("service", "datorvana", "kalkylark", "bemötande")
LANGUAGES = ("en", "ar", "so", "uk", "pl", "fa", "ti", "fi")
SCHOOLS = ("Bruksgymnasiet", "Tekniska gymnasiet", "Yrkesgymnasiet", "Älvgymnasiet")
ADULT_GROUPS = ("7212", "7223", "4322", "5321", "7411", "8332", "7231", "2512", "9111", "5120", "8129", "7233")
HIGHER_GROUPS = ("3113", "3111", "2512", "7233", "3114", "4323", "3512")


@dataclass
class Draft:
    """A student before it is a row: what belongs to the tables beside it."""

    student: Student
    forms: tuple[str, ...]
    interests: list[str]
    spans: list[tuple[date, date]]


def plant_students(plan: Plan, world: World) -> None:
    random = plan.random("students")
    known = set(Programme.objects.values_list("pk", flat=True))
    leads_to: dict[str, list[str]] = {}
    for programme, group in ProgrammeOccupation.objects.order_by("programme", "group").values_list(
        "programme", "group"
    ):
        leads_to.setdefault(programme, []).append(group)
    weights = [3 if code == plan.municipalities[0] else 1 for code in plan.municipalities]
    users: list[User] = []
    drafts: list[Draft] = []
    for number in range(plan.students):
        home = world.municipalities[random.choices(plan.municipalities, weights)[0]]
        share = random.random()
        if share < 0.16:
            draft = _pupil(plan, random)
        elif share < 0.76:
            draft = _programme_student(plan, random, known, leads_to)
        elif share < 0.90:
            draft = _adult(plan, random)
        else:
            draft = _higher(plan, random)
        _place(draft, home, random)
        is_grown_up = plan.today.year - draft.student.birth_date.year > 30
        name = full_name(random, GROWN_UPS if is_grown_up else FIRST)
        user = User(email=f"{ascii_part(name)}.{number + 1}@elev.example", name=name, password="!")  # noqa: S106
        draft.student.user = user
        draft.student.is_protected = number % 700 == 350
        draft.student.alias = f"Elev {number}" if draft.student.is_protected else ""
        users.append(user)
        drafts.append(draft)
    save_users(users)
    students = [draft.student for draft in drafts]
    Student.objects.bulk_create(students, batch_size=1000)
    # Most came in the last weeks, some have been here long: the guarantee board counts the days without a place.
    came = plan.random("came")
    for student in students:
        student.created_at -= timedelta(days=int(came.triangular(0, 45, 4)))
    Student.objects.bulk_update(students, ["created_at"], batch_size=1000)
    Forms, Interests = Student.forms.through, Student.interests.through  # noqa: N806 - they are models
    Forms.objects.bulk_create(Forms(student_id=d.student.pk, placementform_id=form) for d in drafts for form in d.forms)
    Interests.objects.bulk_create(
        Interests(student_id=d.student.pk, occupationgroup_id=group) for d in drafts for group in d.interests
    )
    Availability.objects.bulk_create(
        Availability(student=d.student, start=start, end=end) for d in drafts for start, end in d.spans
    )
    _alerts(plan, drafts)
    # A running index hears of changed rows by events; those of a bulk insert need no further handling.
    DomainEvent.objects.bulk_create(
        DomainEvent(kind="student.profile_saved", subject_type="student", subject_id=row.pk, at=clock.now())
        for row in students
    )
    world.students.extend(students)


def born(plan: Plan, random: Random, turning: int) -> date:
    """A birth date of someone who turns `turning` in the calendar year the school year began."""
    return date(plan.school_year - turning, random.randint(1, 12), random.randint(1, 28))


def _pupil(plan: Plan, random: Random) -> Draft:
    year = random.choice((8, 9))
    student = Student(
        birth_date=born(plan, random, year + 6),
        school=random.choice(("Centralskolan", "Bergskolan", "Parkskolan")),
        class_name=f"{year}{random.choice('ABC')}",
        studies=Studies.COMPULSORY,
        has_finished_compulsory_school=False,
        skills=[],
    )
    interests = random.sample(["5311", "8213", "4322", "3512", "5120", "6113", "7231", "7111"], 2)
    return Draft(student, ("prao",), interests, [])


def _programme_student(plan: Plan, random: Random, known: set[str], leads_to: dict[str, list[str]]) -> Draft:
    base = random.choices(list(PROGRAMMES), list(PROGRAMMES.values()))[0]
    year = random.choice((1, 2, 2, 3, 3))
    newer = f"{base}25" if f"{base}25" in known else "IMYRK"
    code = newer if plan.school_year - year + 1 >= 2025 else base
    student = Student(
        birth_date=born(plan, random, 15 + year),
        programme_id=code,
        studies=Studies.UPPER_SECONDARY,
        has_finished_compulsory_school=True,
        school=random.choice(SCHOOLS),
        class_name=f"{base}{year}",
        skills=in_order(SKILLS.get(base, OTHER_SKILLS), random.randint(1, 3), random),
    )
    forms = (
        ("praktik", "feriejobb") if base in PREPARATORY else ("apl", *random.choice(((), ("larling",), ("feriejobb",))))
    )
    groups = leads_to.get(code, []) or list(ADULT_GROUPS)
    spans = [plan.weeks_from(random.randint(3, 7), 8), plan.weeks_from(20, 8)] if random.random() < 0.3 else []
    return Draft(student, forms, random.sample(groups, min(len(groups), random.randint(1, 3))), spans)


def _adult(plan: Plan, random: Random) -> Draft:
    student = Student(
        birth_date=born(plan, random, random.randint(20, 58)),
        has_finished_compulsory_school=True,
        skills=in_order(OTHER_SKILLS, random.randint(1, 2), random),
    )
    forms = random.choice((("larlingsvux", "praktik"), ("praktik",), ("yrkesvux", "praktik"), ("praktik", "trainee")))
    student.studies = Studies.ADULT if {"larlingsvux", "yrkesvux"}.intersection(forms) else Studies.NONE
    return Draft(student, forms, random.sample(ADULT_GROUPS, random.randint(1, 3)), [])


def _higher(plan: Plan, random: Random) -> Draft:
    student = Student(
        birth_date=born(plan, random, random.randint(20, 38)),
        studies=Studies.HIGHER,
        has_finished_compulsory_school=True,
        school="Yrkeshögskolan" if random.random() < 0.7 else "Högskolan",
        skills=in_order(
            ("plc", "cad", "python", "sql", "git", "lean", "beredning", "nätverk"), random.randint(1, 4), random
        ),
    )
    forms = ("lia", "trainee") if student.school == "Yrkeshögskolan" else ("exjobb", "trainee", "praktik")
    return Draft(student, forms, random.sample(HIGHER_GROUPS, random.randint(1, 3)), [])


def _place(draft: Draft, home: Municipality, random: Random) -> None:
    student = draft.student
    student.municipality = home
    towns = gazetteer().towns_in(home.pk)[:6]
    town = random.choices(towns, [each.population or 1 for each in towns])[0]
    student.home_town = town.query
    student.lat, student.lon = round(town.lat, HOME_DECIMALS), round(town.lon, HOME_DECIMALS)
    student.position_source = PositionSource.TOWN
    student.max_distance_km = random.choice((15, 30, 30, 50, 80, None))
    student.languages = ["sv"] if random.random() < 0.6 else ["sv", random.choice(LANGUAGES)]
    student.wants_suggestions = random.random() < 0.95


def _alerts(plan: Plan, drafts: list[Draft]) -> None:
    random = plan.random("alerts")
    chosen = [draft for draft in drafts if not draft.student.is_protected and draft.interests][
        :: max(1, len(drafts) // 80)
    ]
    Alert.objects.bulk_create(
        Alert(
            student=draft.student,
            name="Platser nära mig",
            form_id=draft.forms[0],
            group_id=draft.interests[0] if random.random() < 0.5 else None,
            municipality_id=draft.student.municipality_id,
            radius_km=random.choice((20, 40, 80)),
        )
        for draft in chosen
    )
