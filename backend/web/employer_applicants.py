"""Applicants: one-click answers, the structured no with its preview, and the list as a file."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from backend.accounts.models import User
from backend.applications import services, undoing
from backend.applications.agreement import waits_for_student
from backend.applications.enums import ApplicationState
from backend.applications.models import Application
from backend.applications.policies import can_answer
from backend.applications.selectors import get_application, in_reading_order, list_applications_to
from backend.common import clock
from backend.common.errors import DomainError
from backend.organisations.selectors import list_member_users
from backend.rounds.selectors import mark_kept
from backend.web.access import employer
from backend.web.employer import person
from backend.web.employer_forms import DeclineForm
from backend.web.employer_letters import decline_letter
from backend.web.employer_offers import own_offer
from backend.web.employer_rows import applicant_row, applicant_rows, due_text
from backend.web.form_errors import embedded, takes_form

ENDED = {
    ApplicationState.DECLINED,
    ApplicationState.WITHDRAWN,
    ApplicationState.LAPSED,
    ApplicationState.REJECTED,
    ApplicationState.TURNED_DOWN,
}


def is_over(application: Application) -> bool:
    """Whether nothing comes of it any more; so too where the placement it led to has ended early."""
    return application.state in ENDED or application.ended_placement is not None


def own_application(user: User, application_id: int) -> Application:
    """404 unless it is an application to one of the user's organisations."""
    application = get_application(user, application_id)
    if application is None or not can_answer(user, application):
        raise Http404
    return application


@employer
@require_safe
def applicants(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Everyone who applied for a place. Opening the list is reading the applications: the students see that."""
    user = person(request)
    offer = own_offer(user, offer_id)
    mark_kept([offer])
    services.mark_offer_read(actor=user, offer_id=offer.pk)
    applications = list(in_reading_order(list_applications_to(offer)))
    waiting = [each for each in applications if each.state == ApplicationState.SUBMITTED]
    return render(
        request,
        "pages/employer/applicants.html",
        {
            "offer": offer,
            "open": applicant_rows(each for each in applications if not is_over(each)),
            "ended": applicant_rows(each for each in applications if is_over(each)),
            "waiting": len(waiting),
            "due": due_text(min(each.answer_due_at for each in waiting)) if waiting else "",
            "periods": list(offer.periods.all()),
        },
    )


@employer
@require_safe
def application(request: HttpRequest, application_id: int) -> HttpResponse:
    """One applicant, with room to say no and see what the student will read."""
    user = person(request)
    found = own_application(user, application_id)
    services.mark_read(actor=user, application_id=found.pk)
    form = embedded(request, "employer_application_decline", {"application_id": application_id}, is_drawn=False).form
    reason, message = form["reason"].value() or "", form["message"].value() or ""
    return render(
        request,
        "pages/employer/application.html",
        {
            "application": found,
            "row": applicant_row(found),
            "waits_for_student": waits_for_student(found),
            "undo_until": found.undo_until if found.undo_until and found.undo_until > clock.now() else None,
            # Whoever comes by "Decline" finds it open; whoever looks at the applicant meets the offer first.
            "show_decline": "decline" in request.GET or bool(reason or message or form.errors),
            "letter": decline_letter(str(reason), str(message)),
            "first_name": found.student.display_name.split(" ")[0],
            "colleagues": [
                each
                for each in list_member_users(found.period.offer.organisation_id)
                if each != request.user and found.state in {ApplicationState.SUBMITTED, ApplicationState.WAITLISTED}
            ],
        },
    )


@employer
@require_POST
def offer_seat(request: HttpRequest, application_id: int) -> HttpResponse:
    """One click: a seat is offered and held."""
    user = person(request)
    found = own_application(user, application_id)
    try:
        services.offer_seat(actor=user, application_id=found.pk)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("%(name)s is offered a seat.") % {"name": found.student.display_name})
    return redirect("employer_applicants", found.period.offer_id)


@employer
@require_POST
def undo_offer(request: HttpRequest, application_id: int) -> HttpResponse:
    """Takes an offered seat back within minutes; the student is told that it was a mistake."""
    user = person(request)
    found = own_application(user, application_id)
    try:
        undoing.undo_offered_seat(actor=user, application_id=found.pk)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        text = _("The offer to %(name)s is taken back, and %(name)s is told.")
        messages.success(request, text % {"name": found.student.display_name})
    return redirect("employer_applicants", found.period.offer_id)


@employer
@require_POST
def waitlist(request: HttpRequest, application_id: int) -> HttpResponse:
    """One click: last on the waiting list, which refills by itself."""
    user = person(request)
    found = own_application(user, application_id)
    try:
        services.waitlist_application(actor=user, application_id=found.pk)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("%(name)s is on the waiting list.") % {"name": found.student.display_name})
    return redirect("employer_applicants", found.period.offer_id)


def _decline_form(request: HttpRequest, data: Any, auto_id: str, application_id: int) -> DeclineForm:
    """The button "preview" only shows what the student would read; nothing is decided by it."""
    if data and "preview" in data:
        return DeclineForm(auto_id=auto_id, initial={name: data.get(name, "") for name in ("reason", "message")})
    return DeclineForm(data, auto_id=auto_id)


@employer
@takes_form(_decline_form, page="employer_application")
def decline(request: HttpRequest, form: DeclineForm, application_id: int) -> HttpResponse:
    """No, with a reason."""
    user = person(request)
    found = own_application(user, application_id)
    services.decline_application(
        actor=user, application_id=found.pk, reason=form.cleaned_data["reason"], message=form.cleaned_data["message"]
    )
    messages.success(request, _("%(name)s has your answer.") % {"name": found.student.display_name})
    return redirect("employer_applicants", found.period.offer_id)
