"""A guardian's page: say who one is, give or take back consent, withdraw a child's application.

By login, or by a link in a mail. The link alone shows nothing about the child: it asks for a code, see guardian_code.py.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.accounts.models import User
from backend.applications import services as applications
from backend.applications.enums import LIVE_STATES
from backend.applications.models import Application
from backend.common.errors import DomainError, NotFound
from backend.students import guardians
from backend.students import services as students
from backend.students.links import read_guardian_token
from backend.students.models import Guardianship
from backend.students.policies import is_minor
from backend.web import guardian_code
from backend.web.access import guardian, public
from backend.web.form_errors import add_domain_error
from backend.web.student_home import placement_rows, round_lines
from backend.web.weeks import format_weeks


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _child(guardianship: Guardianship) -> dict[str, Any]:
    """What a guardian sees of a child: name, school, consent, applications. Nothing about the other guardian.

    Until they have said that they are the guardian: the name, to know whom it is about.
    """
    student = guardianship.student
    if guardianship.accepted_at is None:
        return {"guardianship": guardianship, "name": student.user.name, "is_accepted": False}
    live = (
        Application.objects.filter(student=student, state__in=LIVE_STATES)
        .select_related("period__offer__organisation", "match")
        .order_by("-submitted_at", "-pk")
    )
    return {
        "guardianship": guardianship,
        "name": student.user.name,
        "is_accepted": True,
        "school": " ".join(part for part in (student.school, student.class_name) if part),
        "consent": guardianship.consents.filter(withdrawn_at__isnull=True).first(),
        "placements": placement_rows(student, "guardian"),
        "rounds": [line.title for line in round_lines(student)],
        "applications": [
            {
                "id": row.pk,
                "title": row.period.offer.title,
                "organisation": row.period.offer.organisation.name,
                "weeks": format_weeks(row.period.start, row.period.end),
                "state": row.get_state_display(),
                "can_withdraw": True,
            }
            for row in live
        ],
    }


@guardian
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The guardian's children who are still minors."""
    rows = Guardianship.objects.filter(guardian=_person(request)).select_related("student__user").order_by("pk")
    children = [_child(row) for row in rows if is_minor(row.student)]
    return render(request, "pages/guardian/home.html", {"children": children})


@guardian
@require_POST
def consent(request: HttpRequest, guardianship_id: int) -> HttpResponse:
    """Gives consent; `answer=no` takes it back, `accept` says who one is and no more, `remove` that it is somebody else."""
    person = _person(request)
    _answer(request, person, guardianship_id, method="login")
    return redirect("guardian_home" if person.guardianships.exists() else "home")


def _answer(request: HttpRequest, person: User, guardianship_id: int, *, method: str) -> None:
    answer = request.POST.get("answer")
    if answer == "accept":
        guardians.accept_guardianship(actor=person, guardianship_id=guardianship_id)
        messages.success(request, _("Thank you. You can answer about consent whenever you like."))
    elif answer == "remove":
        guardians.remove_guardian(actor=person, guardianship_id=guardianship_id)
        messages.success(request, _("You are no longer named as a guardian. The student is told."))
    elif answer == "no":
        students.withdraw_consent(actor=person, guardianship_id=guardianship_id)
        messages.success(request, _("Your consent is taken back."))
    else:
        students.give_consent(actor=person, guardianship_id=guardianship_id, method=method)
        messages.success(request, _("Thank you. Your consent is noted."))


@guardian
@require_POST
def withdraw(request: HttpRequest, application_id: int) -> HttpResponse:
    """Takes a minor's application back."""
    person = _person(request)
    own = Application.objects.filter(pk=application_id, student__guardianships__guardian=person).exists()
    if not own:
        raise NotFound("application.unknown", _("There is no such application."))
    applications.withdraw_application(actor=person, application_id=application_id)
    messages.success(request, _("The application is withdrawn."))
    return redirect("guardian_home")


@public
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The same answer without an account. A GET, also a mail scanner's, only shows."""
    pk = read_guardian_token(token)
    row = Guardianship.objects.select_related("student__user", "guardian").filter(pk=pk).first() if pk else None
    if row is None or not is_minor(row.student):
        text = _(
            "This link is incomplete or no longer valid. Log in with the e-mail address that the mail was sent to."
        )
        raise NotFound("guardian.link", text)
    if request.user == row.guardian and request.method != "POST":
        return redirect("guardian_home")
    if request.method == "POST" and "answer" in request.POST:
        return _answered_by_link(request, row, token)
    form = CodeForm()
    if request.method == "POST" and request.POST.get("action") == "send":
        try:
            guardian_code.send_code(request, row)
        except DomainError as error:
            messages.error(request, str(error.message))
        return redirect("guardian_link", token)
    if request.method == "POST":
        form = CodeForm(request.POST)
        if form.is_valid():
            try:
                guardian_code.prove(request, row, form.cleaned_data["code"])
            except DomainError as error:
                add_domain_error(form, error)
            else:
                return redirect("guardian_link", token)
    is_open = guardian_code.is_open(request, row)
    context = {
        "child": _child(row) if is_open else None,
        "form": form,
        "address": guardian_code.masked(row.guardian.email),
        "is_sent": guardian_code.has_code(request, row),
    }
    response = render(request, "pages/guardian/link.html", context, status=400 if form.errors else 200)
    response["Cache-Control"] = "no-store, private"
    return response


def _answered_by_link(request: HttpRequest, row: Guardianship, token: str) -> HttpResponse:
    """An answer counts when a code was shown; otherwise it is asked for, and nothing has happened."""
    if not guardian_code.is_open(request, row):
        messages.warning(request, _("Your answer is not saved: show first that it is you, then answer again."))
        return redirect("guardian_link", token)
    _answer(request, row.guardian, row.pk, method="link")
    if not Guardianship.objects.filter(pk=row.pk).exists():
        return redirect("home")
    return redirect("guardian_link", token)
