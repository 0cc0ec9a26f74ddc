"""The page of a placement: where, when, whom to meet, what to bring, where it stands and what comes next.

One page for the student, a minor's guardian and the workplace; a coordinator is led to the page where it is looked after.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from backend.accounts.contacts import LONGEST_NAME, Contact
from backend.accounts.models import User
from backend.accounts.phones import format_phone
from backend.common import clock
from backend.placements.enums import PlacementState, RestState
from backend.placements.models import Placement
from backend.placements.policies import role_in
from backend.placements.rest import days_left
from backend.placements.selectors import get_own_placement, list_placements_coordinated_by
from backend.placements.services import set_first_day
from backend.placements.supervisors import replace_supervisor, supervisor_of
from backend.web.access import employer_or_coordinator, logged_in
from backend.web.employer import person
from backend.web.employer_rows import student_line
from backend.web.form_errors import takes_form
from backend.web.forms.contacts import phone_field
from backend.web.placement_rows import STATE_COLORS, address_lines, contacts_for, map_url, next_step, steps_of
from backend.web.ruler import Period, build_ruler
from backend.web.versions import unchanged, watch

LAYOUTS = {"employer": "pages/coordinator/desk.html"}
RULER_MARGIN = timedelta(weeks=3)


class FirstDayForm(forms.Form):
    """What the workplace tells the student before the first day."""

    first_day = forms.CharField(
        label=gettext_lazy("When and where to come on the first day"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("For example: 07.00 at the gate. Ask for the foreman."),
    )
    bring = forms.CharField(
        label=gettext_lazy("What to bring"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "For example: packed lunch, padlock. Say what you lend out too, such as shoes and work clothes."
        ),
    )


@logged_in
@require_safe
def placement(request: HttpRequest, placement_id: int) -> HttpResponse:
    """404 for everybody who is no part of it."""
    user = person(request)
    found = get_own_placement(user, placement_id)
    if found is None:
        if list_placements_coordinated_by(user).filter(pk=placement_id).exists():
            return redirect("coordinator_placement", placement_id)
        raise Http404
    return render(request, "pages/placement.html", placement_page(found, user))


def _first_day_form(request: HttpRequest, data: Any, auto_id: str, placement_id: int) -> FirstDayForm:
    """With what is written already, for those who may know."""
    user = person(request)
    known = get_own_placement(user, placement_id)
    known = known or list_placements_coordinated_by(user).filter(pk=placement_id).first()
    if known is None:
        return FirstDayForm(data, auto_id=auto_id)
    made = _first_day_form_of(placement_id)
    return watch(request, made(data, auto_id=auto_id), made)


def _first_day_form_of(placement_id: int) -> Callable[..., FirstDayForm]:
    def made(data: Any = None, **options: Any) -> FirstDayForm:
        now = Placement.objects.get(pk=placement_id)
        return FirstDayForm(data, initial={"first_day": now.first_day, "bring": now.bring}, **options)

    return made


@employer_or_coordinator
@takes_form(_first_day_form, page="placement")
def first_day(request: HttpRequest, form: FirstDayForm, placement_id: int) -> HttpResponse:
    """The workplace, or the coordinator, writes what the student needs to know."""
    rows = Placement.objects.filter(pk=placement_id)
    with unchanged(request, form, _first_day_form_of(placement_id), rows):
        set_first_day(actor=person(request), placement_id=placement_id, **form.cleaned_data)
    messages.success(request, _("Saved. The student is told."))
    return redirect("placement", placement_id)


class SupervisorForm(forms.Form):
    """Who meets the student from now on."""

    name = forms.CharField(label=gettext_lazy("Supervisor"), max_length=LONGEST_NAME)
    email = forms.EmailField(label=gettext_lazy("The supervisor's e-mail address"), max_length=254, required=False)
    phone = phone_field(gettext_lazy("The supervisor's telephone"))


def _supervisor_form(request: HttpRequest, data: Any, auto_id: str, placement_id: int) -> SupervisorForm:
    """With who it is today, for those who may know."""
    user = person(request)
    known = get_own_placement(user, placement_id)
    known = known or list_placements_coordinated_by(user).filter(pk=placement_id).first()
    if known is None:
        return SupervisorForm(data, auto_id=auto_id)
    made = _supervisor_form_of(placement_id)
    return watch(request, made(data, auto_id=auto_id), made)


def _supervisor_form_of(placement_id: int) -> Callable[..., SupervisorForm]:
    def made(data: Any = None, **options: Any) -> SupervisorForm:
        now = supervisor_of(Placement.objects.get(pk=placement_id))
        initial = {"name": now.name, "email": now.email, "phone": format_phone(now.phone) if now.phone else ""}
        return SupervisorForm(data, initial=initial, **options)

    return made


@employer_or_coordinator
@takes_form(_supervisor_form, page="placement")
def supervisor(request: HttpRequest, form: SupervisorForm, placement_id: int) -> HttpResponse:
    """Somebody else at the workplace meets the student. Everybody concerned is told."""
    rows = Placement.objects.filter(pk=placement_id)
    with unchanged(request, form, _supervisor_form_of(placement_id), rows):
        replace_supervisor(actor=person(request), placement_id=placement_id, supervisor=Contact(**form.cleaned_data))
    messages.success(request, _("Saved. The student and everybody else concerned has been notified."))
    return redirect("placement", placement_id)


def placement_page(found: Placement, user: User) -> dict[str, Any]:
    """Everything the page shows this reader. The workplace sees the alias of a protected student, and nothing else of them."""
    role, student, offer = role_in(user, found), found.student, found.period.offer
    name = student.display_name if role == "employer" else student.user.name
    return {
        "placement": found,
        "layout": LAYOUTS.get(role, "layouts/page.html"),
        "role": role,
        "title": offer.title if role == "student" else name,
        "lead": offer.organisation.name if role == "student" else f"{offer.title}, {offer.organisation.name}",
        "name": name,
        "color": STATE_COLORS[PlacementState(found.state)],
        "steps": steps_of(found),
        "next_step": next_step(found, role, name),
        "ruler": build_ruler(
            min(clock.today(), found.start) if found.stands else found.start,
            found.end + RULER_MARGIN,
            [Period(found.start, found.end, "main", offer.title)],
            today=clock.today(),
        ),
        "offer": offer,
        "offer_url": offer_url(found, role),
        "address": address_lines(offer.workplace),
        "map_url": map_url(offer.workplace),
        "contacts": contacts_for(found, role),
        "is_coming": found.stands,
        "ended_early": found.ended_early,
        "rest": days_left(found) if role == "employer" and found.rest == RestState.ASKED else None,
        "student_line": student_line(student) if role == "employer" else "",
        "student_email": "" if student.is_protected or role != "employer" else student.user.email,
    }


def offer_url(found: Placement, role: str) -> str:
    """The workplace's own page of it; for the others the public one, while that is open."""
    offer = found.period.offer
    if role == "employer":
        return reverse("employer_offer", args=[offer.pk])
    return reverse("offer", args=[offer.pk]) if offer.is_open else ""
