"""The guarantee board student by student, and the placements that came of it."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.accounts.policies import is_coordinator, protected_municipalities_of
from backend.applications.board import Standing, classes_of, students_of, with_story
from backend.applications.board_query import read_board
from backend.applications.board_story import amount_of
from backend.applications.enums import LIVE_STATES
from backend.applications.selectors import ROW
from backend.applications.services import withdraw_application
from backend.common import clock
from backend.common.errors import DomainError, NotFound
from backend.placements.enums import PlacementState
from backend.placements.models import Placement
from backend.placements.selectors import list_placements_coordinated_by, search_placements
from backend.placements.services import end_placement
from backend.reference.work_rules import age_class, age_on
from backend.students.policies import can_protect, is_minor
from backend.students.selectors import consent_is_missing, list_guardianships
from backend.web.access import coordinator, coordinator_or_network
from backend.web.coordinator import class_rows, figures
from backend.web.coordinator_board import filter_fields, sort_options
from backend.web.coordinator_forms import ReasonForm
from backend.web.coordinator_rows import STANDING_COLORS, student_row
from backend.web.cursors import page_of
from backend.web.employer import person
from backend.web.end_requests import open_request
from backend.web.form_errors import add_domain_error

PLACEMENT_KEYS = ("start", "pk")
ENDABLE = {PlacementState.UPCOMING, PlacementState.ONGOING}


@coordinator
@require_safe
def students(request: HttpRequest) -> HttpResponse:
    """Those without a place first, with the next step; narrowed and ordered as the address says."""
    board = read_board(person(request), request.GET.dict())
    classes = classes_of(person(request))
    page = page_of(board.rows, board.keys, request.GET.get("after", ""))
    kept = request.GET.copy()
    kept.pop("after", None)
    others = [(name, value) for name, value in kept.items() if value and name != "q"]
    return render(
        request,
        "pages/coordinator/students.html",
        {
            "rows": [student_row(student) for student in page.rows],
            "next_cursor": page.next_cursor,
            "query": kept.urlencode(),
            "text": board.values["q"],
            "kept": others,
            "without_text": urlencode(others),
            "sort": request.GET.get("sort", ""),
            "sorts": sort_options(request),
            "fields": filter_fields(request, board),
            "standing_options": _options(
                ((each.value, each.label, board.totals[each.value]) for each in Standing), request, "standing"
            ),
            "long_options": [
                {
                    "value": "1",
                    "label": _("More than %(days)d days") % {"days": board.days},
                    "count": None,
                    "checked": bool(board.values["long"]),
                }
            ],
            "chosen": board.chosen,
            "figures": figures(board.totals),
            "classes": class_rows(classes),
            "knows_protected": bool(protected_municipalities_of(person(request))),
        },
    )


def _options(rows: Iterable[tuple[str, Any, int]], request: HttpRequest, name: str) -> list[dict[str, Any]]:
    """Radio options of a facet, "all" first."""
    chosen = request.GET.get(name, "")
    options = [{"value": "", "label": _("All"), "count": None, "checked": not chosen}]
    return options + [
        {"value": value, "label": label, "count": count, "checked": value == chosen}
        for value, label, count in rows
        if value
    ]


@coordinator
@require_safe
def student(request: HttpRequest, student_id: int) -> HttpResponse:
    """One student: where things stand, applications, placements, guardians and consent."""
    found = get_object_or_404(with_story(students_of(person(request))), pk=student_id)
    today = clock.today()
    standing = Standing(found.standing)
    return render(
        request,
        "pages/coordinator/student.html",
        {
            "student": found,
            "row": student_row(found),
            "about": [*filter(None, [found.class_name, getattr(found.programme, "name", ""), found.school])],
            "amount": amount_of(found) if found.required_days else "",
            "can_protect": can_protect(person(request), found),
            "standing": standing.label,
            "color": STANDING_COLORS[standing],
            "age": age_on(found.birth_date, today),
            "age_class": age_class(found.birth_date, today, found.has_finished_compulsory_school).label,
            "applications": [
                {"row": each, "can_withdraw": each.state in LIVE_STATES}
                for each in found.applications.select_related(*ROW).order_by("-submitted_at", "-pk")
            ],
            "placements": found.placements.select_related("period__offer__organisation").order_by("-start", "-pk"),
            "is_minor": is_minor(found),
            "consent_is_missing": consent_is_missing(found),
            "guardians": list_guardianships(found),
        },
    )


@coordinator
@require_POST
def withdraw(request: HttpRequest, student_id: int, application_id: int) -> HttpResponse:
    """Takes an application back on the student's behalf; logged with the coordinator's name."""
    found = get_object_or_404(students_of(person(request)), pk=student_id)
    get_object_or_404(found.applications, pk=application_id)
    try:
        withdraw_application(actor=person(request), application_id=application_id)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The application is withdrawn. The student and the organisation are told."))
    return redirect("coordinator_student", found.pk)


@coordinator_or_network
@require_safe
def placements(request: HttpRequest) -> HttpResponse:
    """Placements the municipality answers for, the next to start first; ended ones and a search on request."""
    ended, text = request.GET.get("show") == "ended", request.GET.get("q", "").strip()[:120]
    found = search_placements(list_placements_coordinated_by(person(request)), text)
    found = found.exclude(state__in=ENDABLE) if ended else found.filter(state__in=ENDABLE)
    page = page_of(found, PLACEMENT_KEYS, request.GET.get("after", ""))
    kept = {name: value for name, value in (("show", "ended" if ended else ""), ("q", text)) if value}
    context = {
        "page": page,
        "ended": ended,
        "text": text,
        "query": urlencode(kept),
        "is_coordinator": is_coordinator(person(request)),
    }
    return render(request, "pages/coordinator/placements.html", context)


@coordinator_or_network
@require_http_methods(["GET", "HEAD", "POST"])
def placement(request: HttpRequest, placement_id: int) -> HttpResponse:
    """One placement; POST ends it with a reason: cancelled before the first day, interrupted after."""
    user = person(request)
    found = get_object_or_404(list_placements_coordinated_by(user), pk=placement_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            ended: Placement = end_placement(actor=user, placement_id=found.pk, reason=form.cleaned_data["reason"])
        except NotFound:
            raise
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(
                request,
                _("The placement is ended: %(state)s.") % {"state": PlacementState(ended.state).label.lower()},
            )
            return redirect("coordinator_placements")
    return render(
        request,
        "pages/coordinator/placement.html",
        {
            "placement": found,
            "form": form,
            "can_end": found.state in ENDABLE,
            "asked": open_request(found),
            "is_upcoming": found.state == PlacementState.UPCOMING,
        },
        status=400 if form.errors else 200,
    )
