"""Rounds as a coordinator sees them: the list, one round with its next step, and what moves it on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import DomainError
from backend.rounds import policies
from backend.rounds.enums import RoundState
from backend.rounds.models import Participant, Round
from backend.rounds.selectors import counts_of, get_round, list_rounds
from backend.rounds.services import lifecycle, setup
from backend.web.access import coordinator
from backend.web.coordinator import own_municipalities
from backend.web.cursors import page_of
from backend.web.drafts import keeps_drafts, restore
from backend.web.employer import person
from backend.web.form_errors import add_domain_error, takes_form
from backend.web.forms.reasons import ReasonForm
from backend.web.rounds.forms import ReopenForm, RoundForm, round_initial
from backend.web.versions import unchanged, watch
from backend.web.weeks import format_weeks

KEYS = ("-opens_at", "-pk")
STEPS = [
    ({RoundState.DRAFT}, gettext_lazy("Prepare")),
    ({RoundState.OPEN}, gettext_lazy("Wishes")),
    ({RoundState.CLOSED}, gettext_lazy("Allocate")),
    ({RoundState.PUBLISHED}, gettext_lazy("Answers")),
    ({RoundState.FINISHED}, gettext_lazy("Finished")),
]
COLORS = {
    RoundState.DRAFT: "neutral",
    RoundState.OPEN: "success",
    RoundState.CLOSED: "warning",
    RoundState.PUBLISHED: "info",
    RoundState.FINISHED: "neutral",
    RoundState.CANCELLED: "neutral",
}


def page_of_participant(user: User, participant: Participant, page: str) -> str:
    """Where coordinators answer what a participant asks and names: this page of the round, for a protected identity the
    student's own. 404 for those who must not know of the student."""
    if not policies.knows_participant(user, participant):
        raise Http404
    if participant.student.is_protected:
        return reverse("coordinator_protected_student", args=[participant.student_id])
    return reverse(page, args=[participant.round_id])


def round_or_404(request: HttpRequest, round_id: int) -> Round:
    """A round of the user's municipalities."""
    found = get_round(person(request), round_id)
    if found is None or not policies.can_watch_round(person(request), found):
        raise Http404
    return found


TABS = {
    "round": "overview",
    "round_seats": "places",
    "round_participants": "students",
    "round_participant": "students",
    "round_own_places": "places",
    "round_runs": "runs",
    "round_run": "runs",
    "round_board": "runs",
    "round_move": "runs",
    "round_results": "results",
    "round_appeals": "results",
}


def heading(request: HttpRequest, the_round: Round) -> dict[str, Any]:
    """What every page of a round shows above its own."""
    names = [step for _states, step in STEPS]
    here = next((n for n, (states, _name) in enumerate(STEPS) if the_round.state in states), len(STEPS))
    return {
        "round": the_round,
        "weeks": format_weeks(the_round.start, the_round.end, with_year=True),
        "color": COLORS[RoundState(the_round.state)],
        "can_manage": policies.can_manage_round(person(request), the_round),
        "tab": TABS.get(getattr(request.resolver_match, "url_name", None) or "", ""),
        "steps": [
            {"text": name, "state": "done" if n < here else "here" if n == here else "next"}
            for n, name in enumerate(names)
        ],
    }


@coordinator
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The rounds of the own municipalities, newest first."""
    page = page_of(list_rounds(person(request)), KEYS, request.GET.get("after", ""))
    rows = [
        {
            "round": each,
            "weeks": format_weeks(each.start, each.end, with_year=True),
            "color": COLORS[RoundState(each.state)],
        }
        for each in page.rows
    ]
    return render(request, "pages/rounds/index.html", {"rows": rows, "next_cursor": page.next_cursor})


@keeps_drafts
@coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, round_id: int | None = None) -> HttpResponse:
    """A new round, or a draft that is changed."""
    user = person(request)
    known = None if round_id is None else round_or_404(request, round_id)
    if known is not None and known.state != RoundState.DRAFT:
        messages.info(request, _("The round has opened. What students have seen is not changed any more."))
        return redirect("round", known.pk)
    rows = Round.objects.filter(pk=round_id or 0)

    def made(data: Any = None) -> RoundForm:
        now = rows.first()
        initial = round_initial(now) if now else _suggested_times()
        return RoundForm(data, leads=own_municipalities(request), initial=initial)

    form = made(request.POST or None)
    if known is not None:
        watch(request, form, made)
    if request.method == "POST" and form.is_valid():
        try:
            if known is None:
                saved = setup.create_round_once(actor=user, details=form.details())
            else:
                with unchanged(request, form, made, rows):
                    saved = setup.update_round(actor=user, round_id=known.pk, details=form.details())
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("The round is saved. Now choose the places it gives out."))
            return redirect("round_seats" if known is None else "round", saved.pk)
    context = {"form": form, "round": known, "draft_kept_at": restore(request, form), "keeps": True}
    return render(request, "pages/rounds/edit.html", context, status=400 if form.errors else 200)


def _suggested_times() -> dict[str, Any]:
    """Two weeks to wish, a week for the organisations, a week to answer: starting tomorrow."""
    opens = localtime(clock.now()).replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=1)
    closes = (opens + timedelta(days=14)).replace(hour=16)
    return {
        "opens_at": opens,
        "closes_at": closes,
        "publish_on": (closes + timedelta(days=8)).date(),
        "accept_by": closes + timedelta(days=15),
        "method": "stable",
        "max_wishes": 6,
        "unplaced_policy": "person",
        "is_joinable": True,
    }


@coordinator
@require_safe
def overview(request: HttpRequest, round_id: int) -> HttpResponse:
    """Where the round stands and what comes next."""
    found = round_or_404(request, round_id)
    counts = counts_of(found)
    context = heading(request, found) | {
        "municipalities": list(found.municipalities.all()),
        "caps": list(found.region_caps.select_related("municipality")),
        "counts": counts,
        "figures": [
            {"value": counts.students, "label": _("students")},
            {"value": counts.wishing, "label": _("have wished")},
            {
                "value": counts.seats,
                "label": ngettext("seats at %(number)d place", "seats at %(number)d places", counts.places)
                % {"number": counts.places},
            },
        ],
    }
    return render(request, "pages/rounds/overview.html", context)


def _moves(request: HttpRequest, round_id: int, done: str, command: Callable[[], object]) -> HttpResponse:
    """Runs a command and says what happened, on the round's page."""
    round_or_404(request, round_id)
    command()
    messages.success(request, done)
    return redirect("round", round_id)


@coordinator
@require_POST
def open_it(request: HttpRequest, round_id: int) -> HttpResponse:
    user = person(request)
    done = _("The round is open. Everyone who takes part is told.")
    return _moves(request, round_id, done, lambda: lifecycle.open_round(actor=user, round_id=round_id))


@coordinator
@require_POST
def close_it(request: HttpRequest, round_id: int) -> HttpResponse:
    user = person(request)
    done = _("The round is closed. Wishes can no longer be changed.")
    return _moves(request, round_id, done, lambda: lifecycle.close_round(actor=user, round_id=round_id))


@coordinator
@takes_form(ReopenForm, page="round")
def reopen(request: HttpRequest, form: ReopenForm, round_id: int) -> HttpResponse:
    user = person(request)
    closes_at, reason = form.cleaned_data["closes_at"], form.cleaned_data["reason"]
    return _moves(
        request,
        round_id,
        _("Students can wish again."),
        lambda: lifecycle.reopen_round(actor=user, round_id=round_id, closes_at=closes_at, reason=reason),
    )


@coordinator
@takes_form(ReasonForm, page="round")
def cancel(request: HttpRequest, form: ReasonForm, round_id: int) -> HttpResponse:
    user, reason = person(request), form.cleaned_data["reason"]
    done = _("The round is cancelled. Its seats are free again, and everyone is told.")
    return _moves(request, round_id, done, lambda: lifecycle.cancel_round(actor=user, round_id=round_id, reason=reason))
