"""What a student answers about an application beside yes: no to a seat, and whether a changed place still fits."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from backend.applications import changes, services
from backend.applications.agreement import open_question, waits_for_student
from backend.applications.models import Application
from backend.common.errors import DomainError
from backend.offers.facts import changes_between, facts_of
from backend.web.access import student
from backend.web.employer import person
from backend.web.form_errors import takes_form
from backend.web.weeks import format_moment


class TurnDownForm(forms.Form):
    """A no to an offered seat; why, if the student likes."""

    reason = forms.CharField(
        label=gettext_lazy("Why not? (optional)"),
        required=False,
        max_length=services.LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The organisation reads it word by word."),
    )


def change_of(application: Application) -> dict[str, Any] | None:
    """The question about a change that waits for the student, old beside new; None when there is none."""
    question = open_question(application)
    if question is None and waits_for_student(application):
        # The place has changed this minute: old and new are true already, the question follows.
        now = changes_between(application.asked_for, facts_of(application.period))
        return {"id": None, "until": "", "rows": now}
    if question is None:
        return None
    return {
        "id": question.pk,
        "until": format_moment(question.due_at),
        "rows": changes_between(question.before, question.after),
    }


@student
@takes_form(TurnDownForm, page="student_application")
def turn_down(request: HttpRequest, form: TurnDownForm, application_id: int) -> HttpResponse:
    """The student says no to an offered seat."""
    reason = form.cleaned_data["reason"]
    services.turn_down_seat(actor=person(request), application_id=application_id, reason=reason)
    messages.success(request, _("You have said no to the seat. The organisation is told."))
    return redirect("student_application", application_id)


@student
@require_POST
def answer_change(request: HttpRequest, application_id: int) -> HttpResponse:
    """Whether the changed place still fits: `fits` is yes or no, `question` the one that was read."""
    fits = request.POST.get("fits") == "yes"
    number = request.POST.get("question", "")
    try:
        changes.answer_change(
            actor=person(request),
            application_id=application_id,
            question_id=int(number) if number.isascii() and number.isdigit() else 0,
            fits=fits,
        )
    except DomainError as error:
        if error.status in {403, 404}:
            raise
        messages.error(request, str(error.message))
    else:
        done = _("Good. Your application goes on.") if fits else _("You have stepped back. The organisation is told.")
        messages.success(request, done)
    return redirect("student_application", application_id)
