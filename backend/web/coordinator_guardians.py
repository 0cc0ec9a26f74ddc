"""A coordinator and the guardians of a student: name one, confirm one whom the student has named, remove one."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from backend.accounts.phones import format_phone
from backend.common.errors import DomainError
from backend.placements.guardians import confirm_guardian_for_match
from backend.students import guardians
from backend.students.models import Guardianship, Student
from backend.students.policies import answers_for
from backend.students.services import LONGEST_USER_NAME, add_guardian
from backend.web.access import coordinator, coordinator_or_network
from backend.web.employer import person
from backend.web.form_errors import takes_form
from backend.web.forms.contacts import phone_field
from backend.web.versions import unchanged, watch


class GuardianForm(forms.Form):
    """Whom to ask for consent. The name stands on our pages; what the account of the address is called is not shown."""

    name = forms.CharField(label=gettext_lazy("The guardian's name"), max_length=LONGEST_USER_NAME)
    email = forms.EmailField(label=gettext_lazy("The guardian's e-mail address"))
    phone = phone_field(gettext_lazy("The guardian's telephone"))


class ContactForm(forms.Form):
    """What a guardian is called on our pages, and the number one calls."""

    name = forms.CharField(label=gettext_lazy("The guardian's name"), max_length=LONGEST_USER_NAME)
    phone = phone_field(gettext_lazy("The guardian's telephone"))


def contact_form(request: HttpRequest, data: Any, auto_id: str, *, guardianship_id: int) -> ContactForm:
    """Says nothing of a guardian whose student the reader does not look after: the command refuses it."""
    row = Guardianship.objects.select_related("student").filter(pk=guardianship_id).first()
    if row is None or not answers_for(person(request), row.student):
        return ContactForm(data, auto_id=auto_id)
    made = _contact_form_of(guardianship_id)
    return watch(request, made(data, auto_id=auto_id), made)


def _contact_form_of(guardianship_id: int) -> Callable[..., ContactForm]:
    def made(data: Any = None, **options: Any) -> ContactForm:
        row = Guardianship.objects.get(pk=guardianship_id)
        return ContactForm(data, initial={"name": row.named_as, "phone": format_phone(row.phone)}, **options)

    return made


def _page_with(request: HttpRequest, guardianship_id: int) -> str:
    row = get_object_or_404(Guardianship.objects.select_related("student"), pk=guardianship_id)
    if not answers_for(person(request), row.student):
        raise Http404
    return _address_of(row.student)


def _address_of(student: Student) -> str:
    name = "coordinator_protected_student" if student.is_protected else "coordinator_student"
    return reverse(name, args=[student.pk])


def _page_of(student: Student) -> HttpResponse:
    return redirect(_address_of(student))


@coordinator
@takes_form(GuardianForm, page="coordinator_student")
def add(request: HttpRequest, form: GuardianForm, student_id: int) -> HttpResponse:
    """Names a guardian, who is confirmed with it and asked by mail."""
    made = add_guardian(
        actor=person(request),
        student_id=student_id,
        email=form.cleaned_data["email"],
        name=form.cleaned_data["name"],
        phone=form.cleaned_data["phone"],
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
@takes_form(contact_form, page=_page_with)
def update(request: HttpRequest, form: ContactForm, guardianship_id: int) -> HttpResponse:
    """Corrects the name or the number."""
    rows = Guardianship.objects.filter(pk=guardianship_id)
    students = Student.objects.filter(pk__in=rows.values("student"))
    with unchanged(request, form, _contact_form_of(guardianship_id), students, rows):
        row = guardians.update_guardian(
            actor=person(request),
            guardianship_id=guardianship_id,
            name=form.cleaned_data["name"],
            phone=form.cleaned_data["phone"],
        )
    messages.success(request, _("Saved."))
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
