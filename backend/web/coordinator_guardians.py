"""A coordinator and the guardians of a student: name one, confirm one whom the student has named, remove one."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from backend.common.errors import DomainError
from backend.placements.guardians import confirm_guardian_for_match
from backend.students import guardians
from backend.students.models import Student
from backend.students.services import LONGEST_USER_NAME, add_guardian
from backend.web.access import coordinator, coordinator_or_network
from backend.web.employer import person
from backend.web.form_errors import takes_form


class GuardianForm(forms.Form):
    """Whom to ask for consent. The name stands on our pages; what the account of the address is called is not shown."""

    name = forms.CharField(label=gettext_lazy("The guardian's name"), max_length=LONGEST_USER_NAME)
    email = forms.EmailField(label=gettext_lazy("The guardian's e-mail address"))


def _page_of(student: Student) -> HttpResponse:
    name = "coordinator_protected_student" if student.is_protected else "coordinator_student"
    return redirect(name, student.pk)


@coordinator
@takes_form(GuardianForm, page="coordinator_student")
def add(request: HttpRequest, form: GuardianForm, student_id: int) -> HttpResponse:
    """Names a guardian, who is confirmed with it and asked by mail."""
    made = add_guardian(
        actor=person(request),
        student_id=student_id,
        email=form.cleaned_data["email"],
        name=form.cleaned_data["name"],
    )
    messages.success(request, _("The guardian gets a mail with a link. No account is needed to answer."))
    return _page_of(made.student)


@coordinator
@require_POST
def confirm(request: HttpRequest, guardianship_id: int) -> HttpResponse:
    """Says that whom the student has named is the guardian."""
    row = guardians.confirm_guardian(actor=person(request), guardianship_id=guardianship_id)
    messages.success(request, _("%(name)s is confirmed as a guardian.") % {"name": row.named_as})
    return _page_of(row.student)


@coordinator
@require_POST
def remove(request: HttpRequest, guardianship_id: int) -> HttpResponse:
    """Takes a guardian away; links and consent end with it."""
    student = guardians.remove_guardian(actor=person(request), guardianship_id=guardianship_id)
    messages.success(request, _("The guardian is removed. The student is told."))
    return _page_of(student)


@coordinator_or_network
@require_POST
def confirm_for_match(request: HttpRequest, match_id: int, guardianship_id: int) -> HttpResponse:
    """The same beside a match that waits for it."""
    try:
        row = confirm_guardian_for_match(actor=person(request), match_id=match_id, guardianship_id=guardianship_id)
    except DomainError as error:
        if error.status in {403, 404}:
            raise
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("%(name)s is confirmed as a guardian.") % {"name": row.named_as})
    return redirect("coordinator_match", match_id)
