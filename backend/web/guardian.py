"""A guardian's page: give or take back consent, withdraw a child's application. By login or by a link in a mail."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.accounts.models import User
from backend.applications import services as applications
from backend.applications.enums import LIVE_STATES
from backend.applications.models import Application
from backend.common.errors import NotFound
from backend.students import services as students
from backend.students.links import read_guardian_token
from backend.students.models import Guardianship
from backend.students.policies import is_minor
from backend.web.access import guardian, public
from backend.web.student_home import placement_rows, round_lines
from backend.web.weeks import format_weeks


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _child(guardianship: Guardianship) -> dict[str, Any]:
    """What a guardian sees of a child: name, school, consent, applications. Nothing about the other guardian."""
    student = guardianship.student
    live = (
        Application.objects.filter(student=student, state__in=LIVE_STATES)
        .select_related("period__offer__organisation", "match")
        .order_by("-submitted_at", "-pk")
    )
    return {
        "guardianship": guardianship,
        "name": student.user.name,
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
    """Gives consent, or takes it back with `answer=no`."""
    _answer(request, _person(request), guardianship_id, method="login")
    return redirect("guardian_home")


def _answer(request: HttpRequest, person: User, guardianship_id: int, *, method: str) -> None:
    if request.POST.get("answer") == "no":
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
    if request.method == "POST":
        _answer(request, row.guardian, row.pk, method="link")
        return redirect("guardian_link", token)
    response = render(request, "pages/guardian/link.html", {"child": _child(row)})
    response["Cache-Control"] = "no-store, private"
    return response
