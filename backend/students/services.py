"""Commands about profiles, alerts, guardians and consents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.phones import parse_number
from backend.accounts.selectors import find_person_by_email
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.models import LogEntry
from backend.common.text import clean_line
from backend.common.transitions import log
from backend.reference.enums import PositionSource
from backend.reference.models import Municipality, OccupationGroup, PlacementForm, Programme
from backend.reference.positions import HOME_DECIMALS, locate_home
from backend.students import policies
from backend.students.enums import Confirmation, NamedBy, Studies
from backend.students.guardians import confirm, keep_contact, make_way, note_acceptance, own_guardianship
from backend.students.models import Alert, Availability, GuardianConsent, Guardianship, Student
from backend.students.notifications import tell_guardian, tell_school, tell_student
from backend.students.studies import has_finished_compulsory_school, usual_forms

CONSENT_TEXT_VERSION = "2026-1"
MAX_GUARDIANS = 2
# Each is a mail to somebody who has not asked for it: a slip of the pen or two, and no more.
MOST_NAMED_A_DAY = 5
MAX_ALERTS = 20
YOUNGEST, OLDEST = 12, 80
LONGEST = {"school": 120, "class_name": 20}
LONGEST_LANGUAGE = 5
LONGEST_OF_ALERT = 80
LONGEST_USER_NAME = 120

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class ProfileDetails:
    """What a student says. Codes are those of the reference tables; availability as pairs of first and last day.

    lat, lon: where journeys start, degrees; home_place: the town or postcode instead, "" = the municipality's centre. None of
    the three: it stays, or is the municipality's centre where nothing else was told. max_distance_km: empty = no limit.
    studies: a value of `Studies`; it decides has_finished_compulsory_school, and the forms where none are named. Without
    it has_finished_compulsory_school counts as it is told.
    """

    birth_date: date
    municipality_code: str = ""
    school: str = ""
    class_name: str = ""
    programme: str = ""
    studies: str = ""
    has_finished_compulsory_school: bool = False
    forms: Sequence[str] = ()
    interests: Sequence[str] = ()
    skills: Sequence[str] = ()
    languages: Sequence[str] = ()
    availability: Sequence[tuple[date, date]] = ()
    lat: float | None = None
    lon: float | None = None
    home_place: str | None = None
    max_distance_km: int | None = None
    wants_suggestions: bool = True


@transaction.atomic
def save_profile(*, actor: User, details: ProfileDetails, name: str = "") -> Student:
    """Creates or changes the actor's own profile. Raises Invalid with the field that is wrong."""
    _check_profile(details)
    name = clean_line(name)
    if len(name.strip()) > LONGEST_USER_NAME:
        raise Invalid("profile.too_long", _("The text is too long."), field="name")
    # The user's row serialises two first saves, which have no student to lock yet.
    User.objects.select_for_update().get(pk=actor.pk)
    student = Student.objects.select_for_update(of=("self",)).filter(user=actor).first() or Student(user=actor)
    forms = _known(PlacementForm, details.forms or usual_forms(details.studies, details.programme), "forms")
    interests = _known(OccupationGroup, details.interests, "interests")
    municipality = Municipality.objects.filter(pk=details.municipality_code).first()
    if details.municipality_code and municipality is None:
        raise Invalid("municipality.unknown", _("There is no municipality with this code."), field="municipality")
    if details.programme and not Programme.objects.filter(pk=details.programme).exists():
        raise Invalid("profile.unknown_programme", _("Choose a programme from the list."), field="programme")
    if name.strip() and name.strip() != actor.name:
        actor.name = name.strip()
        actor.save(update_fields=["name"])
    _set_home(student, municipality, details)
    student.birth_date = details.birth_date
    student.municipality = municipality
    student.school, student.class_name = details.school.strip(), details.class_name.strip()
    student.programme_id = details.programme or None
    student.studies = details.studies
    student.has_finished_compulsory_school = (
        has_finished_compulsory_school(details.studies, details.birth_date, clock.today())
        if details.studies
        else details.has_finished_compulsory_school
    )
    student.skills = list(dict.fromkeys(word.strip().lower()[:40] for word in details.skills if word.strip()))[:20]
    student.languages = list(dict.fromkeys(details.languages))
    student.max_distance_km = details.max_distance_km
    student.wants_suggestions = details.wants_suggestions
    student.save()
    student.forms.set(forms)
    student.interests.set(interests)
    student.availabilities.all().delete()
    Availability.objects.bulk_create(Availability(student=student, start=a, end=b) for a, b in details.availability)
    log("student.profile_saved", student, actor=actor)
    events.record("student.profile_saved", student)
    outbox.wake()
    return student


def _set_home(student: Student, municipality: Municipality | None, details: ProfileDetails) -> None:
    """Where journeys start, about a kilometre exact: enough for a distance, too coarse for an address.

    Called before the student's municipality changes: its centre follows it, a town or a point of one's own does not.
    """
    text = clean_line(details.home_place) if details.home_place is not None else None
    if text and text != student.home_town:
        home = locate_home(text, municipality.pk if municipality else "")
        student.lat, student.lon, student.home_town = home.lat, home.lon, home.town
        student.position_source = home.source
    elif details.lat is not None and details.lon is not None:
        point = round(details.lat, HOME_DECIMALS), round(details.lon, HOME_DECIMALS)
        if point != (student.lat, student.lon):
            (student.lat, student.lon), student.home_town = point, ""
            student.position_source = PositionSource.PIN
    elif (
        (text == "" and student.home_town)
        or student.lat is None
        or (student.position_source == PositionSource.MUNICIPALITY and not student.home_town)
    ):
        _start_from_centre(student, municipality)


def _start_from_centre(student: Student, municipality: Municipality | None) -> None:
    student.home_town, student.position_source = "", PositionSource.MUNICIPALITY
    student.lat = round(municipality.lat, HOME_DECIMALS) if municipality else None
    student.lon = round(municipality.lon, HOME_DECIMALS) if municipality else None


def _known(model: type[M], codes: Sequence[str], field: str) -> list[M]:
    known = {row.pk: row for row in model._default_manager.filter(pk__in=codes)}
    if unknown := sorted(set(codes) - known.keys()):
        raise Invalid("profile.unknown_code", _("Choose from the list."), field=field, data={"codes": unknown[:5]})
    return list(known.values())


def _check_profile(details: ProfileDetails) -> None:
    today = clock.today()
    if not today.year - OLDEST <= details.birth_date.year <= today.year - YOUNGEST:
        raise Invalid("profile.bad_birth_date", _("Check the date of birth."), field="birth_date")
    if details.studies and details.studies not in Studies.values:
        raise Invalid("profile.unknown_code", _("Choose from the list."), field="studies")
    if not details.forms and not details.studies:
        raise Invalid("profile.no_form", _("Choose at least one kind of place."), field="forms")
    for first, last in details.availability:
        if last < first:
            raise Invalid("profile.reversed", _("The last day is before the first."), field="availability")
    if details.max_distance_km is not None and not 1 <= details.max_distance_km <= 2000:
        raise Invalid("profile.bad_distance", _("Enter a distance between 1 and 2,000 km."), field="max_distance_km")
    for field, longest in LONGEST.items():
        if len(getattr(details, field).strip()) > longest:
            raise Invalid("profile.too_long", _("The text is too long."), field=field, data={"longest": longest})
    if any(not code or len(code) > LONGEST_LANGUAGE for code in details.languages):
        raise Invalid("profile.unknown_code", _("Choose from the list."), field="languages")
    # Written so that it is also wrong for "not a number", which no distance survives.
    if not (-90 <= (details.lat or 0) <= 90 and -180 <= (details.lon or 0) <= 180):
        raise Invalid("profile.bad_position", _("Check the position."), field="lat")


@dataclass(frozen=True)
class AlertDetails:
    """A saved search. Empty fields do not restrict; a radius needs a municipality to start from."""

    name: str
    text: str = ""
    form: str = ""
    group: str = ""
    municipality_code: str = ""
    radius_km: int | None = None


@transaction.atomic
def save_alert(*, actor: User, details: AlertDetails, alert_id: int | None = None) -> Alert:
    """Creates an alert of the actor, or changes one. Raises Invalid, or NotFound for someone else's."""
    student = _own_student(actor)
    # The student's row serialises the count of alerts.
    Student.objects.select_for_update(of=("self",)).get(pk=student.pk)
    alert = Alert(student=student)
    if alert_id is not None:
        alert = _own_alert(student, alert_id)
    elif student.alerts.count() >= MAX_ALERTS:
        raise Conflict("alert.too_many", _("You have 20 alerts already. Remove one first."))
    if not details.name.strip():
        raise Invalid("alert.no_name", _("Give the alert a name."), field="name")
    for field in ("name", "text"):
        if len(getattr(details, field).strip()) > LONGEST_OF_ALERT:
            raise Invalid("alert.too_long", _("The text is too long."), field=field)
    if details.radius_km is not None and not details.municipality_code:
        raise Invalid("alert.no_place", _("Choose a place to measure the distance from."), field="municipality")
    if details.radius_km is not None and not 1 <= details.radius_km <= 2000:
        raise Invalid("alert.bad_radius", _("Enter a distance between 1 and 2,000 km."), field="radius_km")
    if details.municipality_code and not Municipality.objects.filter(pk=details.municipality_code).exists():
        raise Invalid("municipality.unknown", _("There is no municipality with this code."), field="municipality")
    if details.form and not PlacementForm.objects.filter(pk=details.form).exists():
        raise Invalid("alert.unknown_form", _("Choose from the list."), field="form")
    if details.group and not OccupationGroup.objects.filter(pk=details.group).exists():
        raise Invalid("alert.unknown_group", _("Choose from the list."), field="group")
    alert.name, alert.text = details.name.strip(), details.text.strip()
    alert.form_id, alert.group_id = details.form or None, details.group or None
    alert.municipality_id, alert.radius_km = details.municipality_code or None, details.radius_km
    alert.is_active = True
    alert.save()
    log("alert.saved", alert, actor=actor)
    events.record("alert.saved", alert)
    return alert


@transaction.atomic
def set_alert_active(*, actor: User, alert_id: int, is_active: bool) -> Alert:
    alert = _own_alert(_own_student(actor), alert_id)
    alert.is_active = is_active
    alert.save(update_fields=["is_active"])
    log("alert.resumed" if is_active else "alert.paused", alert, actor=actor)
    events.record("alert.saved", alert)
    return alert


@transaction.atomic
def delete_alert(*, actor: User, alert_id: int) -> None:
    alert = _own_alert(_own_student(actor), alert_id)
    log("alert.deleted", alert, actor=actor)
    events.record("alert.deleted", alert)
    alert.delete()


def _own_student(actor: User) -> Student:
    student = Student.objects.filter(user=actor).first()
    if student is None:
        raise NotAllowed("student.no_profile", _("Fill in your profile first."))
    return student


def _own_alert(student: Student, alert_id: int) -> Alert:
    alert = student.alerts.select_for_update().filter(pk=alert_id).first()
    if alert is None:
        raise NotFound("alert.unknown", _("There is no such alert."))
    return alert


@transaction.atomic
def add_guardian(*, actor: User, student_id: int, email: str, name: str, phone: str = "") -> Guardianship:
    """The student or the coordinator names a guardian, who is asked for consent by mail. Two at most.

    phone: as people write it. Whom the school names is confirmed, also when the student has named them before; a number that
    the school gives is kept in the place of an older one. Where the student has named two and
    one of them has not answered, that one makes way for the school's.
    """
    student = Student.objects.select_for_update().filter(pk=student_id).first()
    if student is None or not (policies.is_self(actor, student) or policies.can_coordinate(actor, student)):
        raise NotFound("student.unknown", _("There is no such student."))
    if not policies.is_minor(student):
        raise Conflict("guardian.adult", _("Someone who is 18 decides for themselves."))
    known = find_person_by_email(email)
    if known is not None and known.pk == student.user_id:
        raise Invalid("guardian.self", _("Enter the guardian's address, not your own."), field="email")
    by_school = not policies.is_self(actor, student)
    number = parse_number(phone)
    if known is not None and (standing := student.guardianships.filter(guardian=known).first()):
        if by_school:
            confirm(standing, actor, Confirmation.SCHOOL)
            keep_contact(standing, actor, standing.named_as, number or standing.phone)
        return standing
    try:
        validate_email(email.strip())
    except ValidationError as error:
        raise Invalid("guardian.bad_email", _("Enter an e-mail address."), field="email") from error
    full = student.guardianships.count() >= MAX_GUARDIANS
    if full and not (by_school and make_way(student, actor)):
        raise Conflict("guardian.too_many", _("There are two guardians already."))
    if not by_school:
        day_ago = clock.now() - timedelta(days=1)
        named = LogEntry.objects.filter(
            action="guardian.added", subject_type="student", subject_id=student.pk, at__gt=day_ago
        )
        if named.count() >= MOST_NAMED_A_DAY:
            raise Conflict("guardian.too_many_today", _("You have named several today. Name another one tomorrow."))
    named_as = (clean_line(name).strip() or email.strip().split("@")[0])[:LONGEST_USER_NAME]
    guardian = known or User.objects.create_user(email, name=named_as)
    how = {"confirmation": Confirmation.SCHOOL, "confirmed_at": clock.now(), "confirmed_by": actor} if by_school else {}
    guardianship = Guardianship.objects.create(
        student=student,
        guardian=guardian,
        named_as=named_as,
        phone=number,
        named_by=NamedBy.SCHOOL if by_school else NamedBy.STUDENT,
        **how,
    )
    log("guardian.added", student, actor=actor, data={"guardian": guardian.pk})
    tell_guardian(events.record("guardian.added", guardianship, {"student": student.pk}), guardianship)
    outbox.wake()
    return guardianship


@transaction.atomic
def give_consent(*, actor: User, guardianship_id: int, method: str = "link") -> GuardianConsent:
    """A guardian says yes to placements, and with it that they are the guardian. Saying it twice changes nothing."""
    guardianship = own_guardianship(actor, guardianship_id)
    note_acceptance(guardianship, actor)
    consent, created = GuardianConsent.objects.get_or_create(
        guardianship=guardianship,
        withdrawn_at=None,
        defaults={"text_version": CONSENT_TEXT_VERSION, "method": method, "given_at": clock.now()},
    )
    if created:
        log("consent.given", guardianship, actor=actor)
        tell_student(events.record("consent.given", guardianship, {"student": guardianship.student_id}), guardianship)
        outbox.wake()
    return consent


@transaction.atomic
def withdraw_consent(*, actor: User, guardianship_id: int) -> None:
    """A guardian takes the yes back. The student and the coordinator are told: placements that stand are theirs to talk
    about."""
    guardianship = own_guardianship(actor, guardianship_id)
    if guardianship.consents.filter(withdrawn_at__isnull=True).update(withdrawn_at=clock.now()):
        log("consent.withdrawn", guardianship, actor=actor)
        event = events.record("consent.withdrawn", guardianship, {"student": guardianship.student_id})
        tell_student(event, guardianship)
        tell_school(event, guardianship)
        outbox.wake()
