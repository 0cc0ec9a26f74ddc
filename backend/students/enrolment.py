"""Students whom their school knows before they know the service: a coordinator enrols them from a class list."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import Role, User
from backend.accounts.policies import is_coordinator_of
from backend.accounts.selectors import find_people_by_email
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, DomainError, Invalid, NotAllowed
from backend.common.text import clean_address
from backend.common.transitions import log_each
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
    guardians: address, name and telephone of each, of a minor; they are asked for consent.
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
    guardians: Sequence[tuple[str, str, str]] = ()
    home_places: Sequence[str] = ()


Enrolled = tuple[Student, str]
# What follows the school.
FOLLOWED = (
    *("school", "class_name", "programme", "updated_at"),
    *("lat", "lon", "home_town", "position_source"),
)


@transaction.atomic
def enrol_student(*, actor: User, municipality_code: str, details: EnrolmentDetails) -> Enrolled:
    """The student of the address, and what was done: created, updated or unchanged.

    A new student gets an account and an invitation. What the student has said stays as it is; only school, class and
    programme follow the school. Raises Invalid with the field that is wrong, NotAllowed, and Conflict
    `student.not_enrollable` for an address whose account the actor must not know more about.
    """
    (result,) = enrol_students(actor=actor, municipality_code=municipality_code, rows=[details])
    if isinstance(result, DomainError):
        raise result
    return result


@transaction.atomic
def enrol_students(
    *, actor: User, municipality_code: str, rows: Sequence[EnrolmentDetails]
) -> list[Enrolled | DomainError]:
    """The same for several, each with its result or with what stands in its way; the others are enrolled all the same.
    The number of queries does not depend on the number of rows, save for guardians. Raises NotAllowed, and for the whole call
    what `add_guardian` raises.
    """
    if not is_coordinator_of(actor, municipality_code):
        raise NotAllowed("municipality.not_coordinator", _("You are not a coordinator of this municipality."))
    desk = _Desk(actor, municipality_code, rows)
    results: list[Enrolled | DomainError | None] = []
    for details in rows:
        try:
            results.append(desk.take(details))
        except DomainError as error:
            results.append(error)
    made = iter(desk.write())
    return [next(made) if result is None else result for result in results]


class _Desk:
    """Enrols the rows of one call: everything is looked up and locked first, then decided row by row, then written."""

    def __init__(self, actor: User, municipality_code: str, rows: Sequence[EnrolmentDetails]) -> None:
        self.actor = actor
        self.municipality = Municipality.objects.get(pk=municipality_code)
        codes = {details.programme for details in rows if details.programme}
        self.programmes = set(Programme.objects.filter(pk__in=codes).values_list("pk", flat=True)) if codes else set()
        self.forms = {form.pk for form in PlacementForm.objects.all()}
        found = find_people_by_email(details.email for details in rows)
        locked = User.objects.select_for_update().filter(pk__in=[user.pk for user in found.values()]).order_by("pk")
        users = {user.pk: user for user in locked} if found else {}
        self.users = {address: users[user.pk] for address, user in found.items()}
        students = Student.objects.select_for_update(of=("self",)).filter(user__in=users).order_by("pk")
        self.students = {student.user_id: student for student in students} if users else {}
        known = [student.pk for student in self.students.values()]
        self.listable = set(may_list(actor).filter(pk__in=known).values_list("pk", flat=True)) if known else set()
        others = users.keys() - self.students.keys()
        # A guardian and a contact of a company may study as well; an account of an office is nobody's pupil.
        self.of_an_office = (
            set(Role.objects.filter(user__in=others).values_list("user", flat=True)) if others else set()
        )
        self.taken: set[str] = set()
        self.coming: list[EnrolmentDetails] = []
        self.changed: list[tuple[Student, list[str]]] = []

    def take(self, details: EnrolmentDetails) -> Enrolled | None:
        """The student who is there already, after the school's news; None for one whom `write` makes."""
        _check(details, self.programmes)
        address = clean_address(details.email)
        if address in self.taken:
            raise Invalid("student.twice", _("Another row has the same address."), field="email")
        user = self.users.get(address)
        student = self.students.get(user.pk) if user else None
        if student is not None:
            outcome = self._follow_school(student, details)
            self.taken.add(address)
            return student, outcome
        if user is not None and user.pk in self.of_an_office:
            raise _not_enrollable()
        if set(details.forms) - self.forms:
            raise Invalid("profile.unknown_code", _("Choose from the list."), field="forms")
        self.taken.add(address)
        self.coming.append(details)
        return None

    def _follow_school(self, student: Student, details: EnrolmentDetails) -> str:
        if student.municipality_id != self.municipality.pk or student.pk not in self.listable:
            raise _not_enrollable()
        if student.birth_date != details.birth_date:
            raise Conflict(
                "student.other_birth_date",
                _("The student has given another date of birth. Find out together which one is right."),
                field="birth_date",
            )
        facts: dict[str, Any] = {"school": details.school.strip(), "class_name": details.class_name.strip()}
        if details.programme:
            facts["programme_id"] = details.programme
        has_told = bool(student.home_town) or student.position_source != PositionSource.MUNICIPALITY
        if not has_told and not student.is_protected:
            facts |= _home(self.municipality.pk, details)
        changed = [name for name, value in facts.items() if getattr(student, name) != value]
        for name in changed:
            setattr(student, name, facts[name])
        if changed:
            self.changed.append((student, changed))
        return "updated" if changed else "unchanged"

    def write(self) -> list[Enrolled]:
        """Writes what was decided. Returns the new students in the order in which they were taken."""
        made = self._create() if self.coming else []
        followed = [student for student, _changed in self.changed]
        if followed:
            now = clock.now()
            for student in followed:
                student.updated_at = now
            Student.objects.bulk_update(followed, FOLLOWED)
            rows = [(student, {"fields": changed}) for student, changed in self.changed]
            log_each("student.school_changed", rows, actor=self.actor)
        if made:
            log_each("student.enrolled", [(student, {}) for student in made], actor=self.actor)
            events.record_each("student.enrolled", made)
        if saved := [*followed, *made]:
            events.record_each("student.profile_saved", saved)
            outbox.wake()
        for student, details in zip(made, self.coming, strict=True):
            for email, name, phone in details.guardians:
                add_guardian(actor=self.actor, student_id=student.pk, email=email, name=name, phone=phone)
        return [(student, "created") for student in made]

    def _create(self) -> list[Student]:
        new = [details for details in self.coming if clean_address(details.email) not in self.users]
        created = User.objects.create_users((details.email, {"name": details.name.strip()}) for details in new)
        users = self.users | {user.email: user for user in created}
        made = Student.objects.bulk_create(
            self._student(users[clean_address(details.email)], details) for details in self.coming
        )
        looks_for = Student.forms.through
        looks_for.objects.bulk_create(
            looks_for(student=student, placementform_id=code)
            for student, details in zip(made, self.coming, strict=True)
            for code in dict.fromkeys(details.forms)
        )
        return made

    def _student(self, user: User, details: EnrolmentDetails) -> Student:
        studies = details.studies or studies_on_class_list(details.class_name, tuple(details.forms), details.programme)
        return Student(
            user=user,
            municipality=self.municipality,
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
                "lat": round(self.municipality.lat, HOME_DECIMALS),
                "lon": round(self.municipality.lon, HOME_DECIMALS),
                **_home(self.municipality.pk, details),
            },
        )


def _not_enrollable() -> Conflict:
    """One answer for every reason: it must not tell a colleague's account from a student of another municipality, nor
    either of them from a protected identity.
    """
    return Conflict(
        "student.not_enrollable",
        _("This address belongs to an account that cannot be put on your class list. Check it with the student."),
        field="email",
    )


def _check(details: EnrolmentDetails, programmes: Collection[str]) -> None:
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
    if details.programme and details.programme not in programmes:
        raise Invalid("profile.unknown_programme", _("Choose a programme from the list."), field="programme")
    if details.studies and details.studies not in Studies.values:
        raise Invalid("profile.unknown_code", _("Choose from the list."), field="studies")
    if set(details.languages) - LANGUAGES.keys():
        raise Invalid("profile.unknown_code", _("Choose from the list."), field="languages")
    if not details.forms:
        raise Invalid("profile.no_form", _("Choose at least one kind of place."), field="forms")


def _home(municipality_code: str, details: EnrolmentDetails) -> dict[str, Any]:
    """The student's fields about where journeys start, as far as the school knows; {} where it says nothing that is clear."""
    for text in details.home_places:
        try:
            home = locate_home(text, municipality_code)
        except Invalid:
            continue
        return {"lat": home.lat, "lon": home.lon, "home_town": home.town, "position_source": home.source}
    return {}
