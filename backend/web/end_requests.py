"""Asking the coordinator to end an approved placement, and the coordinator's answer."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import Conflict, DomainError
from backend.placements import end_requests, rest
from backend.placements.enums import Asker
from backend.placements.models import EndRequest, Placement
from backend.placements.selectors import list_placements_coordinated_by
from backend.web.access import coordinator_or_network, employer, logged_in
from backend.web.coordinator_forms import ReasonForm
from backend.web.employer import person
from backend.web.form_errors import add_domain_error, takes_form

BACK = {
    Asker.STUDENT: "student_applications",
    Asker.GUARDIAN: "guardian_home",
    Asker.ORGANISATION: "employer_placements",
}


def open_request(placement: Placement) -> EndRequest | None:
    """What somebody has asked and nobody has answered."""
    return EndRequest.objects.filter(placement=placement, answered_at__isnull=True).select_related("asked_by").first()


def _concerned(user: User, placement_id: int) -> tuple[Placement, Asker]:
    found = (
        Placement.objects.select_related("student__user", "period__offer__organisation").filter(pk=placement_id).first()
    )
    asker = end_requests.asker_of(user, found) if found is not None else None
    if found is None or asker is None:
        raise Http404
    return found, asker


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, placement_id: int) -> HttpResponse:
    """The student, a minor's guardian or the organisation asks to end a placement and says why."""
    user = person(request)
    placement, asker = _concerned(user, placement_id)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            end_requests.ask_to_end(actor=user, placement_id=placement.pk, reason=form.cleaned_data["reason"])
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(
                request, _("The coordinator has your wish and answers soon. The placement stands until then.")
            )
            return redirect("placement_end_ask", placement.pk)
    context = {
        "placement": placement,
        "form": form,
        "back": BACK[asker],
        "asked": open_request(placement),
        "answered": placement.end_requests.filter(answered_at__isnull=False).last(),
        "can_ask": placement.state in end_requests.STANDING and placement.end >= clock.today(),
        "name": "" if asker == Asker.STUDENT else placement.student.display_name,
    }
    return render(request, "pages/placements/end_ask.html", context, status=400 if form.errors else 200)


def _asked(user: User, placement_id: int) -> EndRequest:
    """The open request about a placement of the user. 404 for those of others, Conflict when it has been answered."""
    placement = get_object_or_404(list_placements_coordinated_by(user), pk=placement_id)
    asked = open_request(placement)
    if asked is None:
        raise Conflict("end_request.answered", _("Somebody has answered this already."))
    return asked


@coordinator_or_network
@require_POST
def accept(request: HttpRequest, placement_id: int) -> HttpResponse:
    """One click: the placement ends for the reason that was given."""
    user = person(request)
    try:
        end_requests.accept_end_request(actor=user, request_id=_asked(user, placement_id).pk)
    except Conflict as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The placement is ended, and everybody concerned is told."))
    return redirect("coordinator_placement", placement_id)


@coordinator_or_network
@takes_form(ReasonForm, page="coordinator_placement")
def decline(request: HttpRequest, form: ReasonForm, placement_id: int) -> HttpResponse:
    """The placement stands; the one who asked is told why."""
    user = person(request)
    asked = _asked(user, placement_id)
    end_requests.decline_end_request(actor=user, request_id=asked.pk, answer=form.cleaned_data["reason"])
    messages.success(request, _("The placement stands, and the one who asked is told why."))
    return redirect("coordinator_placement", placement_id)


@employer
@require_POST
def answer_rest(request: HttpRequest, placement_id: int) -> HttpResponse:
    """Whether the organisation takes somebody else for the days that an interrupted placement leaves."""
    takes = request.POST.get("answer") == "yes"
    command = rest.open_rest if takes else rest.decline_rest
    try:
        command(actor=person(request), placement_id=placement_id)
    except DomainError as error:
        if error.status in {403, 404}:
            raise
        messages.error(request, str(error.message))
    else:
        done = (
            _("Thank you. The next in line is offered the days that are left.")
            if takes
            else _("Thank you for the answer.")
        )
        messages.success(request, done)
    return redirect("placement", placement_id)
