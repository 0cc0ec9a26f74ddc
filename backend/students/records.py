"""What a school corrects about a student that it knows: school, class, programme, studies, and the date of birth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import clock, events, outbox
from backend.common.errors import Invalid, NotFound
from backend.common.transitions import log
from backend.reference.models import PlacementForm, Programme
from backend.students.enums import Studies
from backend.students.models import Student
from backend.students.notifications import tell_of_correction
from backend.students.policies import may_list
from backend.students.services import LONGEST, OLDEST, YOUNGEST
from backend.students.studies import has_finished_compulsory_school


@dataclass(frozen=True)
class SchoolFacts:
    """What the school answers for. programme, forms: codes. studies: a value of `Studies`, empty = not known."""

    birth_date: date
    school: str = ""
    class_name: str = ""
    programme: str = ""
    studies: str = ""
    forms: Sequence[str] = ()


@transaction.atomic
def correct_student(*, actor: User, student_id: int, facts: SchoolFacts) -> Student:
    """A coordinator corrects a student of the own municipality. The student is told what it was and what it is now.

    Raises Invalid with the field that is wrong, NotFound for a student the actor does not look after. Nothing happens when
    everything is as it was.
    """
    student = may_list(actor).select_for_update(of=("self",)).select_related("user").filter(pk=student_id).first()
    if student is None:
        raise NotFound("student.unknown", _("There is no such student."))
    _check(facts)
    forms = {form.pk: form for form in PlacementForm.objects.filter(pk__in=facts.forms)}
    new = {
        "birth_date": facts.birth_date,
        "school": facts.school.strip(),
        "class_name": facts.class_name.strip(),
        "programme_id": facts.programme or None,
        "studies": facts.studies,
    }
    old = {name: getattr(student, name) for name in new}
    changed = [name for name, value in new.items() if old[name] != value]
    if set(forms) != set(student.forms.values_list("pk", flat=True)):
        student.forms.set(forms.values())
        changed.append("forms")
    if not changed:
        return student
    for name, value in new.items():
        setattr(student, name, value)
    if facts.studies and {"studies", "birth_date"}.intersection(changed):
        student.has_finished_compulsory_school = has_finished_compulsory_school(
            facts.studies, facts.birth_date, clock.today()
        )
    student.save()
    names = [name.removesuffix("_id") for name in changed]
    data: dict[str, object] = {"fields": names}
    if "birth_date" in changed:
        data |= {"old": f"{old['birth_date']}", "new": f"{facts.birth_date}"}
    log("student.corrected", student, actor=actor, data=data)
    told = {key: value for key, value in data.items() if key != "fields"}
    tell_of_correction(events.record("student.corrected", student, {"fields": names, **told}), student)
    events.record("student.profile_saved", student)
    outbox.wake()
    return student


def _check(facts: SchoolFacts) -> None:
    for field, longest in LONGEST.items():
        if len(getattr(facts, field).strip()) > longest:
            raise Invalid("profile.too_long", _("The text is too long."), field=field, data={"longest": longest})
    today = clock.today()
    if not today.year - OLDEST <= facts.birth_date.year <= today.year - YOUNGEST:
        raise Invalid("profile.bad_birth_date", _("Check the date of birth."), field="birth_date")
    if facts.programme and not Programme.objects.filter(pk=facts.programme).exists():
        raise Invalid("profile.unknown_programme", _("Choose a programme from the list."), field="programme")
    if facts.studies and facts.studies not in Studies.values:
        raise Invalid("profile.unknown_code", _("Choose from the list."), field="studies")
    if not facts.forms:
        raise Invalid("profile.no_form", _("Choose at least one kind of place."), field="forms")
    if PlacementForm.objects.filter(pk__in=facts.forms).count() < len(set(facts.forms)):
        raise Invalid("profile.unknown_code", _("Choose from the list."), field="forms")
