"""A student in a round: which rounds there are, ranking wishes, and the answer with its reasons."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.common import clock
from backend.common.errors import DomainError
from backend.placements.enums import MatchState
from backend.placements.models import Placement
from backend.rounds.enums import OwnPlaceState, RoundState
from backend.rounds.models import Participant, Result
from backend.rounds.selectors import StudentRound, demand_rows, get_result_of, get_student_round, list_rounds
from backend.rounds.services import appeals, own_places, results, wishes
from backend.web.access import student
from backend.web.employer import person
from backend.web.employer_forms import MunicipalityField
from backend.web.form_errors import add_domain_error, shown_on, takes_form
from backend.web.numbers import number_in, numbers_in
from backend.web.weeks import format_weeks

ANSWERED = {RoundState.PUBLISHED, RoundState.FINISHED}


class OwnPlaceForm(forms.Form):
    """A place the student has found."""

    organisation_name = forms.CharField(label=gettext_lazy("Organisation"), max_length=160)
    municipality_code = MunicipalityField()
    address = forms.CharField(label=gettext_lazy("Street address"), max_length=200, required=False)
    contact_name = forms.CharField(label=gettext_lazy("Who did you talk to?"), max_length=120)
    contact_email = forms.EmailField(label=gettext_lazy("Their e-mail address"), max_length=254)
    title = forms.CharField(label=gettext_lazy("What will you be?"), max_length=120)
    tasks = forms.CharField(
        label=gettext_lazy("What will you do there?"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )
    start = forms.DateField(label=gettext_lazy("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    end = forms.DateField(label=gettext_lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"}))


class AppealForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Your message"), max_length=1500, widget=forms.Textarea(attrs={"rows": 4})
    )


@student
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The rounds the student takes part in or may join."""
    own = Participant.objects.filter(student__user=person(request)).annotate(wished=Count("wishes"))
    mine = {row.round_id: row.wished for row in own}
    rows = [
        {
            "round": each,
            "weeks": format_weeks(each.start, each.end, with_year=True),
            "wishes": mine.get(each.pk),
        }
        for each in list_rounds(person(request))
    ]
    return render(request, "pages/rounds/student_index.html", {"rows": rows})


def _page_data(request: HttpRequest, round_id: int) -> StudentRound:
    """404 for a round the student must not know of."""
    found = get_student_round(person(request), round_id)
    if found is None:
        raise Http404
    return found


def _participant(request: HttpRequest, round_id: int) -> Participant:
    """The student in the round. 404 for somebody who is not in it."""
    found = Participant.objects.filter(round=round_id, student__user=person(request)).first()
    if found is None:
        raise Http404
    return found


@student
@require_safe
def one(request: HttpRequest, round_id: int) -> HttpResponse:
    """The wishes while the round is open; then what is being done; then the answer."""
    data = _page_data(request, round_id)
    if data.participant is None:
        return render(request, "pages/rounds/student_join.html", _frame(data))
    return (_answer_page if data.round.state in ANSWERED else _wish_page)(request, data)


def _frame(data: StudentRound) -> dict[str, Any]:
    return {
        "data": data,
        "round": data.round,
        "weeks": format_weeks(data.round.start, data.round.end, with_year=True),
        "is_open": data.can_wish,
        "opens_later": data.round.is_open and clock.now() < data.round.opens_at,
    }


def _wish_page(
    request: HttpRequest, data: StudentRound, *, error: str = "", action: str = "", status: int = 200
) -> HttpResponse:
    """The own list beside the places that are possible, each with how many want it just now. action: the button that was
    pressed, said to those who do not see what it changed."""
    chosen = sorted((row for row in data.seats if row.rank), key=lambda row: row.rank or 0)
    verb, _dash, pk = action.partition("-")
    context = _frame(data) | {
        "chosen": chosen,
        "order": ",".join(str(row.seat.pk) for row in chosen),
        "possible": [row for row in data.seats if not row.rank and not row.problem],
        "impossible": [row for row in data.seats if not row.rank and row.problem],
        "is_full": len(chosen) >= data.round.max_wishes,
        "own_place": data.own_place,
        "error": error,
        "done": verb,
        "moved": next((row for row in data.seats if str(row.seat.pk) == pk), None),
    }
    return render(request, "pages/rounds/wishes.html", context, status=status)


@student
@require_POST
def join(request: HttpRequest, round_id: int) -> HttpResponse:
    try:
        wishes.join_round(actor=person(request), round_id=round_id)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("You take part. Now choose the places you want."))
    return redirect("student_round", round_id)


@student
@require_POST
def leave(request: HttpRequest, round_id: int) -> HttpResponse:
    participant = _participant(request, round_id)
    try:
        wishes.leave_round(actor=person(request), participant_id=participant.pk)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("You have left the round. Your wishes are deleted."))
    return redirect("student_rounds")


def moved(order: list[int], action: str) -> list[int]:
    """The list after one button: "add-12", "up-12", "down-12", "remove-12"; anything else leaves it as it is."""
    verb, _dash, text = action.partition("-")
    pk, new = number_in(text), list(order)
    if pk is None:
        return order
    if verb == "add":
        return new if pk in new else [*new, pk]
    if pk not in new:
        return new
    at = new.index(pk)
    new.remove(pk)
    if verb != "remove":
        new.insert(max(0, at + (-1 if verb == "up" else 1)), pk)
    return new


@student
@shown_on("student_round")
@require_POST
def wish(request: HttpRequest, round_id: int) -> HttpResponse:
    """A button changes the list as it stands now, whatever an old page shows. Dragging sends the whole new order, and is
    refused when the list has changed since the page was drawn."""
    participant = _participant(request, round_id)
    action, at = request.POST.get("action", ""), ""
    if action:
        seen = list(participant.wishes.order_by("rank").values_list("seat", flat=True))
        order = moved(seen, action)
        at = f"#wish-{action.partition('-')[2]}"
    else:
        seen, order = (numbers_in(request.POST.get(name, "").split(",")) for name in ("seen", "order"))
    error = ""
    try:
        wishes.set_wishes(actor=person(request), participant_id=participant.pk, seat_ids=order, seen=seen)
    except DomainError as refusal:
        error = str(refusal.message)
    if request.htmx:  # type: ignore[attr-defined]
        # Shown also when it was refused: htmx puts no answer of another status on the page.
        return _wish_page(request, _page_data(request, round_id), error=error, action=action)
    if error:
        return _wish_page(request, _page_data(request, round_id), error=error, status=409)
    return redirect(reverse("student_round", args=[round_id]) + at)


@student
@require_safe
def demand(request: HttpRequest, round_id: int) -> HttpResponse:
    """How many want each place just now: what the page of wishes asks for while it is open."""
    participant = _participant(request, round_id)
    return render(request, "pages/rounds/_demand_now.html", {"rows": demand_rows(participant.round)})


def _answer_page(request: HttpRequest, data: StudentRound) -> HttpResponse:
    """What the student got, and why, per wish, in one plain sentence."""
    seat = data.result.seat if data.result else None
    context = _frame(data) | {
        "result": data.result,
        "place_weeks": format_weeks(seat.period.start, seat.period.end) if seat else "",
        "placement": _placement_of(data.result),
    }
    return render(request, "pages/rounds/answer.html", context)


def _placement_of(result: Result | None) -> Placement | None:
    return Placement.objects.filter(match=result.match).first() if result and result.match else None


def _result(request: HttpRequest, round_id: int) -> Result:
    """The student's result that counts. 404 while there is none."""
    found = get_result_of(_participant(request, round_id))
    if found is None:
        raise Http404
    return found


@student
@require_POST
def answer(request: HttpRequest, round_id: int) -> HttpResponse:
    """Yes or no to the place."""
    result = _result(request, round_id)
    try:
        if request.POST.get("answer") == "no":
            results.decline_result(actor=person(request), result_id=result.pk)
            messages.success(request, _("You have said no. The place goes to the next student."))
        else:
            accepted = results.accept_result(actor=person(request), result_id=result.pk)
            assert accepted.match is not None
            waits = accepted.match.state == MatchState.PROPOSED
            messages.success(
                request,
                _("You have said yes. A coordinator approves it.")
                if waits
                else _("You have said yes. The place is yours."),
            )
    except DomainError as error:
        messages.error(request, str(error.message))
    return redirect("student_round", round_id)


@student
@takes_form(AppealForm, page="student_round")
def appeal(request: HttpRequest, form: AppealForm, round_id: int) -> HttpResponse:
    """A message to the coordinator about the result."""
    appeals.appeal_result(
        actor=person(request), result_id=_result(request, round_id).pk, text=form.cleaned_data["text"]
    )
    messages.success(request, _("Your message is sent. A coordinator answers you."))
    return redirect("student_round", round_id)


@student
@require_http_methods(["GET", "HEAD", "POST"])
def own_place(request: HttpRequest, round_id: int) -> HttpResponse:
    """Name a place one has found."""
    data = _page_data(request, round_id)
    participant = _participant(request, round_id)
    standing = participant.own_places.exclude(state=OwnPlaceState.REJECTED).first()
    form = OwnPlaceForm(request.POST or None, initial={"start": data.round.start, "end": data.round.end})
    if request.method == "POST" and form.is_valid():
        try:
            own_places.submit_own_place(
                actor=person(request),
                participant_id=participant.pk,
                details=own_places.OwnPlaceDetails(**form.cleaned_data),
            )
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("Thank you. The coordinator contacts the workplace and tells you."))
            return redirect("student_round", round_id)
    context = _frame(data) | {"form": form, "own_place": standing}
    return render(request, "pages/rounds/own_place.html", context, status=400 if form.errors else 200)
