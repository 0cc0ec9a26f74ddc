"""Students with protected identity, for the few who have a grant. Each page that is opened is a row in the log."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from backend.accounts.models import User
from backend.accounts.policies import grants_in_force, protected_municipalities_of
from backend.applications.board import students_of
from backend.applications.selectors import ROW
from backend.common import clock
from backend.common.errors import DomainError
from backend.common.weeks import ago
from backend.exchange.words import in_words
from backend.placements import services as placements
from backend.placements.enums import MatchState
from backend.placements.gates import gates_for
from backend.placements.models import Match
from backend.placements.selectors import list_protected_matches
from backend.reference.models import Municipality
from backend.reference.work_rules import age_class, age_on
from backend.rounds.enums import OwnPlaceState
from backend.rounds.selectors import list_protected_appeals, list_protected_own_places
from backend.students import protection
from backend.students.models import Student
from backend.students.policies import is_minor
from backend.students.selectors import consent_is_missing, list_guardianships
from backend.web.access import coordinator
from backend.web.coordinator_queues import until_text
from backend.web.coordinator_rows import gate_lines
from backend.web.cursors import page_of
from backend.web.employer import person
from backend.web.form_errors import add_domain_error, takes_form
from backend.web.numbers import number_in

LOOKS_SHOWN = 50


class WhyForm(forms.Form):
    """Why something about a protected identity is changed; it stays in the log."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Write why.")},
    )


class RejectForm(WhyForm):
    """Why a match is rejected. Each match of the page has one, so the ids carry the match."""

    def __init__(self, match_id: int, data: Any = None) -> None:
        super().__init__(data, auto_id=f"match-{match_id}-%s")
        self.fields["reason"].help_text = _("The student and the organisation will see exactly what you write.")


class ProtectForm(WhyForm):
    alias = forms.CharField(
        label=gettext_lazy("What organisations see"),
        max_length=protection.LONGEST_ALIAS,
        required=False,
        help_text=gettext_lazy("Empty: an alias is drawn, such as Student KXBR."),
    )
    field_order = ("alias", "reason")


@coordinator
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The protected students of the municipalities the user has a grant for, by alias alone."""
    user = person(request)
    codes = protected_municipalities_of(user)
    page = page_of(protection.protected_students_of(user), ("alias", "pk"), request.GET.get("after", ""))
    if codes:
        protection.record_look(actor=user)
    waiting = [
        {
            "alias": match.student.alias,
            "pk": match.student_id,
            "place": f"{match.period.offer.title}, {match.period.offer.organisation.name}",
            "waited": ago(match.proposed_at),
        }
        for match in list_protected_matches(user)
    ]
    return render(
        request,
        "pages/coordinator/protected.html",
        {
            "has_grant": bool(codes),
            "places": Municipality.objects.filter(pk__in=codes),
            "grants": grants_in_force().filter(user=user, municipality__in=codes).select_related("municipality"),
            "page": page,
            "waiting": waiting,
            "asking": _asking(user),
        },
    )


def _asking(user: User) -> list[dict[str, Any]]:
    """Protected students whose question or found place waits for an answer."""
    asked = list_protected_appeals(user).filter(answered_at=None)
    named = list_protected_own_places(user).filter(state=OwnPlaceState.SUBMITTED)
    rows = [(each.result.participant, _("asks about a result"), each.sent_at) for each in asked]
    rows += [(each.participant, _("has found a place"), each.created_at) for each in named]
    return [
        {"alias": of.student.alias, "pk": of.student_id, "text": text, "waited": ago(since)} for of, text, since in rows
    ]


@coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def student(request: HttpRequest, student_id: int) -> HttpResponse:
    """One protected student. POST `decision`: approve or reject a match, undo it, or clear the protection."""
    user = person(request)
    found = get_object_or_404(
        protection.protected_students_of(user).select_related("user", "programme", "municipality"), pk=student_id
    )
    form = _sent_form(request)
    if request.method == "POST":
        try:
            if answer := _act(request, found, form):
                return answer
        except DomainError as error:
            if error.status in {403, 404}:
                raise
            if form.is_bound:
                add_domain_error(form, error)
            else:
                messages.error(request, str(error.message))
                return redirect("coordinator_protected_student", found.pk)
    protection.record_look(actor=user, student=found)
    return render(
        request,
        "pages/coordinator/protected_student.html",
        _context(user, found, form),
        status=400 if form.errors else 200,
    )


def _sent_form(request: HttpRequest) -> WhyForm:
    """The one form of the page that was filled in; an unbound one when none was."""
    decision = request.POST.get("decision")
    if decision == "reject":
        return RejectForm(number_in(request.POST.get("match", "")) or 0, request.POST)
    return WhyForm(request.POST if decision == "clear" else None, auto_id="clear-%s")


def _act(request: HttpRequest, found: Student, form: WhyForm) -> HttpResponse | None:
    """Does what was asked; None when the form has to be shown again."""
    user, decision = person(request), request.POST.get("decision")
    if form.is_bound and not form.is_valid():
        return None
    if decision == "clear":
        protection.clear_protected_identity(actor=user, student_id=found.pk, reason=form.cleaned_data["reason"])
        messages.success(request, _("The identity is no longer protected."))
        return redirect("coordinator_protected")
    text = request.POST.get("match", "")
    number = number_in(text) or 0
    match = get_object_or_404(found.matches, pk=number)
    if decision == "approve":
        placements.approve_match(actor=user, match_id=match.pk)
        messages.success(request, _("Approved. The placement is confirmed."))
    elif decision == "reject":
        placements.reject_match(actor=user, match_id=match.pk, reason=form.cleaned_data["reason"])
        messages.success(request, _("Rejected. Student and organisation are told why."))
    elif decision == "undo" and match.state == MatchState.REJECTED:
        placements.undo_match_rejection(actor=user, match_id=match.pk)
        messages.success(request, _("Decision undone."))
    elif decision == "undo":
        placements.undo_match_approval(actor=user, match_id=match.pk)
        messages.success(request, _("Decision undone."))
    return redirect("coordinator_protected_student", found.pk)


def _context(user: User, found: Student, form: WhyForm) -> dict[str, Any]:
    today = clock.today()
    return {
        "student": found,
        "form": form,
        "age": age_on(found.birth_date, today),
        "age_class": age_class(found.birth_date, today, found.has_finished_compulsory_school).label,
        "clear_form": WhyForm(auto_id="clear-%s") if isinstance(form, RejectForm) else form,
        "matches": _matches(found, form),
        "applications": found.applications.select_related(*ROW).order_by("-submitted_at", "-pk"),
        "appeals": list_protected_appeals(user).filter(result__participant__student=found),
        "own_places": list_protected_own_places(user).filter(participant__student=found),
        "is_minor": is_minor(found),
        "consent_is_missing": consent_is_missing(found),
        "guardians": list_guardianships(found),
        "looks": [
            {
                "at": each.at,
                "who": each.actor.name if each.actor else "",
                "what": in_words(each.action),
                "why": each.reason,
            }
            for each in protection.looks_at(found)[:LOOKS_SHOWN]
        ],
    }


def _matches(found: Student, form: WhyForm) -> list[dict[str, Any]]:
    rows = list(
        Match.objects.filter(student=found)
        .select_related("student", "period__offer__organisation", "period__offer__form")
        .prefetch_related("period__offer__hazards")
        .order_by("-proposed_at", "-pk")
    )
    gates = gates_for([match for match in rows if match.state == MatchState.PROPOSED])
    now = clock.now()
    listed = []
    for match in rows:
        lines = gate_lines(gates.get(match.pk, []))
        fresh = RejectForm(match.pk)
        listed.append(
            {
                "match": match,
                "reject_form": form if form.auto_id == fresh.auto_id else fresh,
                "gates": lines,
                "is_waiting": match.state == MatchState.PROPOSED,
                "is_blocked": any(line.kind == "stop" for line in lines),
                "undo_until": until_text(match.undo_until) if match.undo_until and match.undo_until > now else "",
            }
        )
    return listed


@coordinator
@takes_form(ProtectForm, page="coordinator_student")
def protect(request: HttpRequest, form: ProtectForm, student_id: int) -> HttpResponse:
    """Hides a student from everyone without a grant. The form stands on the student's page of those who have one."""
    user = person(request)
    found = get_object_or_404(students_of(user), pk=student_id)
    protection.set_protected_identity(
        actor=user, student_id=found.pk, reason=form.cleaned_data["reason"], alias=form.cleaned_data["alias"]
    )
    messages.success(request, _("The identity is protected now. Only those with a grant find the student."))
    return redirect("coordinator_protected_student", found.pk)
