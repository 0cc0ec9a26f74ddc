"""Students whom their school knows before they know the service: a coordinator enrols them from a class list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.policies import is_coordinator_of
from backend.accounts.selectors import find_person_by_email
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, Invalid, NotAllowed
from backend.common.transitions import log
from backend.reference.enums import PositionSource
from backend.reference.languages import LANGUAGES
from backend.reference.models import Municipality, PlacementForm, Programme
from backend.reference.positions import HOME_DECIMALS, locate_home
from backend.students.enums import Studies
from backend.students.models import Student
from backend.students.policies import may_list
from backend.students.services import LONGEST, LONGEST_USER_NAME, OLDEST, YOUNGEST, add_guardian
from backend.students.studies import has_finished_compulsory_school, studies_on_class_list


@dataclass(frozen=True)
class EnrolmentDetails:
    """What a school says about a student. programme, forms: codes. school, class_name: as the school writes them.

    studies: a value of `Studies`; empty = what class, programme and forms tell.
    has_finished_compulsory_school: None = what the studies tell. languages: codes; empty = not asked. home_places: postcode and
    town, the first that is understood counts and no postcode is kept; what none of them tells is the municipality's middle.
    guardians: pairs of address and name, of a minor; they are asked for consent.
    """

    email: str
    name: str
    birth_date: date
    school: str
    class_name: str
    programme: str = ""
    forms: Sequence[str] = ()
    studies: str = ""
    has_finished_compulsory_school: bool | None = None
    languages: Sequence[str] = ()
    guardians: Sequence[tuple[str, str]] = ()
    home_places: Sequence[str] = ()


@transaction.atomic
def enrol_student(*, actor: User, municipality_code: str, details: EnrolmentDetails) -> tuple[Student, str]:
    """The student of the address, and what was done: created, updated or unchanged.

    A new student gets an account and an invitation. What the student has said stays as it is; only school, class and
    programme follow the school. Raises Invalid with the field that is wrong, NotAllowed, and Conflict
    `student.not_enrollable` for an address whose account the actor must not know more about.
    """
    if not is_coordinator_of(actor, municipality_code):
        raise NotAllowed("municipality.not_coordinator", _("You are not a coordinator of this municipality."))
    _check(details)
    found = find_person_by_email(details.email)
    user = User.objects.select_for_update().get(pk=found.pk) if found else None
    student = Student.objects.select_for_update(of=("self",)).filter(user=user).first() if user else None
    if student is not None:
        return student, _follow_school(actor, student, municipality_code, details)
    # A guardian and a contact of a company may study as well; an account of an office is nobody's pupil.
    if user is not None and user.roles.exists():
        raise _not_enrollable()
    if user is None:
        user = User.objects.create_user(details.email, name=details.name.strip())
    student = _create(actor, user, municipality_code, details)
    for email, name in details.guardians:
        add_guardian(actor=actor, student_id=student.pk, email=email, name=name)
    return student, "created"


def _not_enrollable() -> Conflict:
    """One answer for every reason: it must not tell a colleague's account from a student of another municipality, nor
    either of them from a protected identity.
    """
    return Conflict(
        "student.not_enrollable",
        _("This address belongs to an account that cannot be put on your class list. Check it with the student."),
        field="email",
    )


def _check(details: EnrolmentDetails) -> None:
    if not details.name.strip():
        raise Invalid("profile.no_name", _("Fill in this field."), field="name")
    if len(details.name.strip()) > LONGEST_USER_NAME or len(details.email) > 254:
        raise Invalid("profile.too_long", _("The text is too long."), field="name")
    for field, longest in LONGEST.items():
        if len(getattr(details, field).strip()) > longest:
            raise Invalid("profile.too_long", _("The text is too long."), field=field, data={"longest": longest})
    today = clock.today()
    if not today.year - OLDEST <= details.birth_date.year <= today.year - YOUNGEST:
        raise Invalid("profile.bad_birth_date", _("Check the date of birth."), field="birth_date")
    if details.programme and not Programme.objects.filter(pk=details.programme).exists():
        raise Invalid("profile.unknown_programme", _("Choose a programme from the list."), field="programme")
    if details.studies and details.studies not in Studies.values:
        raise Invalid("profile.unknown_code", _("Choose from the list."), field="studies")
    if set(details.languages) - LANGUAGES.keys():
        raise Invalid("profile.unknown_code", _("Choose from the list."), field="languages")
    if not details.forms:
        raise Invalid("profile.no_form", _("Choose at least one kind of place."), field="forms")


def _follow_school(actor: User, student: Student, municipality_code: str, details: EnrolmentDetails) -> str:
    if student.municipality_id != municipality_code or not may_list(actor).filter(pk=student.pk).exists():
        raise _not_enrollable()
    if student.birth_date != details.birth_date:
        raise Conflict(
            "student.other_birth_date",
            _("The student has given another date of birth. Find out together which one is right."),
            field="birth_date",
        )
    facts = {"school": details.school.strip(), "class_name": details.class_name.strip()}
    if details.programme:
        facts["programme_id"] = details.programme
    if student.position_source == PositionSource.MUNICIPALITY and not student.is_protected:
        facts |= _home(municipality_code, details)
    changed = [name for name, value in facts.items() if getattr(student, name) != value]
    if not changed:
        return "unchanged"
    for name in changed:
        setattr(student, name, facts[name])
    student.save(update_fields=[*changed, "updated_at"])
    log("student.school_changed", student, actor=actor, data={"fields": changed})
    events.record("student.profile_saved", student)
    outbox.wake()
    return "updated"


def _home(municipality_code: str, details: EnrolmentDetails) -> dict[str, Any]:
    """The student's fields about where journeys start, as far as the school knows; {} where it says nothing that is clear."""
    for text in details.home_places:
        try:
            home = locate_home(text, municipality_code)
        except Invalid:
            continue
        return {"lat": home.lat, "lon": home.lon, "home_town": home.town, "position_source": home.source}
    return {}


def _create(actor: User, user: User, municipality_code: str, details: EnrolmentDetails) -> Student:
    municipality = Municipality.objects.get(pk=municipality_code)
    forms = list(PlacementForm.objects.filter(pk__in=details.forms))
    if len(forms) < len(set(details.forms)):
        raise Invalid("profile.unknown_code", _("Choose from the list."), field="forms")
    studies = details.studies or studies_on_class_list(details.class_name, tuple(details.forms), details.programme)
    student = Student.objects.create(
        user=user,
        municipality=municipality,
        school=details.school.strip(),
        class_name=details.class_name.strip(),
        programme_id=details.programme or None,
        birth_date=details.birth_date,
        studies=studies,
        has_finished_compulsory_school=(
            has_finished_compulsory_school(studies, details.birth_date, clock.today())
            if details.has_finished_compulsory_school is None
            else details.has_finished_compulsory_school
        ),
        languages=list(dict.fromkeys(details.languages)),
        **{
            "lat": round(municipality.lat, HOME_DECIMALS),
            "lon": round(municipality.lon, HOME_DECIMALS),
            **_home(municipality_code, details),
        },
    )
    student.forms.set(forms)
    log("student.enrolled", student, actor=actor)
    events.record("student.enrolled", student)
    events.record("student.profile_saved", student)
    outbox.wake()
    return student
