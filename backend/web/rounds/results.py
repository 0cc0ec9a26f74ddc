"""After the publication: who has answered, messages about results, places students have found, and the second round."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.common import clock
from backend.common.errors import DomainError
from backend.reference.models import HazardFlag
from backend.rounds.enums import ResultState, RoundState
from backend.rounds.models import Appeal, OwnFoundPlace
from backend.rounds.selectors import (
    counts_of,
    get_publication,
    list_appeals,
    list_own_places,
    list_participants,
)
from backend.rounds.services import appeals, lifecycle, own_places, publishing
from backend.web.access import coordinator
from backend.web.coordinator import own_municipalities
from backend.web.cursors import page_of
from backend.web.employer import person
from backend.web.form_errors import add_domain_error, takes_form
from backend.web.forms.reasons import LONGEST, ReasonForm
from backend.web.rounds.coordinator import heading, page_of_participant, round_or_404
from backend.web.rounds.forms import RoundForm, round_initial

MOST_ON_PAPER = 2_000
KEYS = ("need", "student__user__name", "pk")
LABELS = dict(ResultState.choices)
COLORS = {"offered": "info", "accepted": "success", "unplaced": "warning", "declined": "neutral", "lapsed": "warning"}


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=gettext_lazy("Your answer"), max_length=1500, widget=forms.Textarea(attrs={"rows": 3})
    )


@coordinator
@require_safe
def index(request: HttpRequest, round_id: int) -> HttpResponse:
    """Those who need somebody first: without a place, silent, then those who have answered."""
    the_round = round_or_404(request, round_id)
    publication, counts = get_publication(the_round), counts_of(the_round)
    if publication is None:
        return redirect("round_runs", round_id)
    everyone = list_participants(the_round)
    # A list for the wall has everyone on it, not the first page.
    whole = request.GET.get("show") == "all"
    page = page_of(everyone, KEYS, request.GET.get("after", ""), size=MOST_ON_PAPER if whole else 25)
    context = heading(request, the_round) | {
        "publication": publication,
        "page": page,
        "is_whole": not page.next_cursor and not request.GET.get("after"),
        "rows": [
            {
                "participant": each,
                "state": LABELS.get(each.result_state, ""),
                "color": COLORS.get(each.result_state, "neutral"),
            }
            for each in page.rows
        ],
        "figures": [
            {"value": counts.accepted, "label": _("have said yes")},
            {"value": counts.answered, "label": _("have answered")},
            {"value": counts.unplaced, "label": _("without a place"), "mark": counts.unplaced > 0},
        ],
        "counts": counts,
        "can_undo": the_round.state == RoundState.PUBLISHED and not counts.accepted,
    }
    return render(request, "pages/rounds/results.html", context)


@coordinator
@takes_form(ReasonForm, page="round_results")
def undo(request: HttpRequest, form: ReasonForm, round_id: int) -> HttpResponse:
    """Takes the publication back while nobody has said yes."""
    round_or_404(request, round_id)
    publishing.undo_publication(actor=person(request), round_id=round_id, reason=form.cleaned_data["reason"])
    messages.success(request, _("The publication is taken back. Everyone is told."))
    return redirect("round_runs", round_id)


@coordinator
@require_POST
def finish(request: HttpRequest, round_id: int) -> HttpResponse:
    """Ends the round; seats nobody took are free for others."""
    round_or_404(request, round_id)
    lifecycle.finish_round(actor=person(request), round_id=round_id)
    messages.success(request, _("The round is finished. Seats that nobody took are free for others."))
    return redirect("round_results", round_id)


@coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def second(request: HttpRequest, round_id: int) -> HttpResponse:
    """A second round for those left without a place, with the seats that are left."""
    first = round_or_404(request, round_id)
    opens = localtime(clock.now()).replace(hour=8, minute=0) + timedelta(days=1)
    times = {
        "name": _("%(name)s, second round") % {"name": first.name},
        "opens_at": opens,
        "closes_at": opens + timedelta(days=5),
        "publish_on": (opens + timedelta(days=6)).date(),
        "accept_by": opens + timedelta(days=9),
        "employers_answer_by": None,
    }
    form = RoundForm(request.POST or None, leads=own_municipalities(request), initial=round_initial(first) | times)
    if request.method == "POST" and form.is_valid():
        try:
            made = lifecycle.start_second_round(actor=person(request), round_id=round_id, details=form.details())
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("The second round is prepared, with the students and seats that are left."))
            return redirect("round", made.pk)
    context = {"form": form, "round": None, "first": first}
    return render(request, "pages/rounds/edit.html", context, status=400 if form.errors else 200)


@coordinator
@require_safe
def appeal_list(request: HttpRequest, round_id: int) -> HttpResponse:
    """Messages about results, unanswered first."""
    the_round = round_or_404(request, round_id)
    context = heading(request, the_round) | {"appeals": list(list_appeals(the_round))}
    return render(request, "pages/rounds/appeals.html", context)


def _page_of_appeal(request: HttpRequest, appeal_id: int) -> str:
    known = Appeal.objects.select_related("result__participant__student", "result__participant__round")
    return page_of_participant(
        person(request), get_object_or_404(known, pk=appeal_id).result.participant, "round_appeals"
    )


@coordinator
@takes_form(AnswerForm, page=_page_of_appeal)
def appeal_answer(request: HttpRequest, form: AnswerForm, appeal_id: int) -> HttpResponse:
    page = _page_of_appeal(request, appeal_id)
    appeals.answer_appeal(actor=person(request), appeal_id=appeal_id, answer=form.cleaned_data["answer"])
    messages.success(request, _("Your answer is sent."))
    return redirect(page)


@coordinator
@require_safe
def own_place_list(request: HttpRequest, round_id: int) -> HttpResponse:
    """Places students have found, those that wait first."""
    the_round = round_or_404(request, round_id)
    rows = sorted(list_own_places(the_round), key=lambda place: place.state != "submitted")
    context: dict[str, Any] = heading(request, the_round) | {
        "places": rows,
    }
    return render(request, "pages/rounds/own_places.html", context)


class DecisionForm(forms.Form):
    """Yes with the risks at work, or no with a reason. The button decides: `decision` is "no", or else yes."""

    hazards = forms.MultipleChoiceField(
        label=gettext_lazy("Risks at work"),
        choices=lambda: [(each.pk, each.name) for each in HazardFlag.objects.all()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": gettext_lazy("Choose from the list.")},
    )
    reason = forms.CharField(label=gettext_lazy("If no: why?"), max_length=LONGEST, required=False)
    decision = forms.CharField(required=False, widget=forms.HiddenInput)


def _page_of_place(request: HttpRequest, own_place_id: int) -> str:
    known = OwnFoundPlace.objects.select_related("participant__student", "participant__round")
    return page_of_participant(
        person(request), get_object_or_404(known, pk=own_place_id).participant, "round_own_places"
    )


@coordinator
@takes_form(DecisionForm, page=_page_of_place)
def own_place_decide(request: HttpRequest, form: DecisionForm, own_place_id: int) -> HttpResponse:
    """Yes with the risks at work, or no with a reason."""
    user, page, cleaned = person(request), _page_of_place(request, own_place_id), form.cleaned_data
    if cleaned["decision"] == "no":
        own_places.reject_own_place(actor=user, own_place_id=own_place_id, reason=cleaned["reason"])
        messages.success(request, _("The student is told that the place is not possible."))
    else:
        own_places.accept_own_place(actor=user, own_place_id=own_place_id, hazards=tuple(cleaned["hazards"]))
        messages.success(request, _("The place is kept for the student."))
    return redirect(page)
