"""Rounds as an organisation sees them: its places in each, and putting those who wish for one in order."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import DomainError
from backend.rounds.enums import RoundState
from backend.rounds.models import RoundSeat
from backend.rounds.selectors import Applicant, list_applicants
from backend.rounds.services.wishes import rank_applicants
from backend.web.access import employer
from backend.web.cursors import page_of
from backend.web.employer import person
from backend.web.form_errors import add_domain_error
from backend.web.versions import unchanged, watch
from backend.web.weeks import format_weeks

MOST_RANKS = 9_999
KEYS = ("-round__closes_at", "-pk")


def _own_seats(user: User) -> "QuerySet[RoundSeat]":
    """The rows of seats of the user's organisations in rounds that have opened."""
    return (
        RoundSeat.objects.filter(period__offer__organisation__memberships__user=user, round__opened_at__isnull=False)
        .exclude(round__state=RoundState.DRAFT)
        .select_related("round", "period__offer")
        .annotate(wish_count=Count("wishes"))
    )


def _can_rank(seat: RoundSeat) -> bool:
    until = seat.round.employers_answer_by
    return seat.round.state == RoundState.CLOSED and until is not None and clock.now() <= until


class RankForm(forms.Form):
    """A number beside each applicant, `rank-7`; none leaves the applicant to the lottery."""

    def __init__(self, data: Any, *, applicants: Iterable[Applicant], is_open: bool) -> None:
        super().__init__(data)
        self.applicants = list(applicants)
        for each in self.applicants:
            self.fields[f"rank-{each.participant_id}"] = forms.IntegerField(
                label=_("Order of %(name)s") % {"name": each.name},
                required=False,
                min_value=1,
                max_value=MOST_RANKS,
                initial=each.rank,
                widget=forms.TextInput(attrs={"inputmode": "numeric", "disabled": not is_open}),
                error_messages=dict.fromkeys(
                    ("invalid", "min_value", "max_value"), _("Enter whole numbers from 1, or leave the field empty.")
                ),
            )

    def rows(self) -> list[dict[str, Any]]:
        """For the template."""
        return [{"applicant": each, "field": self[f"rank-{each.participant_id}"]} for each in self.applicants]

    def ranking(self) -> list[list[int]]:
        """Those with a number, best first, equals together. Call it on a valid form."""
        found = ((self.cleaned_data[f"rank-{each.participant_id}"], each.participant_id) for each in self.applicants)
        ordered = sorted((number, pk) for number, pk in found if number is not None)
        return [[pk for _number, pk in group] for _number, group in groupby(ordered, key=lambda pair: pair[0])]


@employer
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The own places in rounds, the newest round first."""
    page = page_of(_own_seats(person(request)), KEYS, request.GET.get("after", ""))
    rows = [
        {
            "seat": seat,
            "weeks": format_weeks(seat.period.start, seat.period.end, with_year=True),
            "can_rank": _can_rank(seat) and seat.wish_count > 0,
        }
        for seat in page.rows
    ]
    return render(request, "pages/rounds/employer_index.html", {"rows": rows, "next_cursor": page.next_cursor})


@employer
@require_http_methods(["GET", "HEAD", "POST"])
def rank(request: HttpRequest, seat_id: int) -> HttpResponse:
    """A number beside each: 1 is wanted most, the same number is equal, none leaves it to the lottery."""
    seat = _own_seats(person(request)).filter(pk=seat_id).first()
    if seat is None or seat.round.employers_answer_by is None or seat.round.state == RoundState.OPEN:
        raise Http404
    can_rank = _can_rank(seat)

    def made(data: Any = None) -> RankForm:
        return RankForm(data, applicants=list_applicants(seat), is_open=can_rank)

    form = watch(request, made(request.POST if request.method == "POST" else None), made)
    if form.is_bound and form.is_valid():
        try:
            with unchanged(request, form, made, RoundSeat.objects.filter(pk=seat.pk)):
                rank_applicants(actor=person(request), seat_id=seat.pk, ranking=form.ranking())
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("Your order is saved. You can change it until the time is over."))
            return redirect("employer_rounds")
    context = {
        "seat": seat,
        "form": form,
        "rows": form.rows(),
        "weeks": format_weeks(seat.period.start, seat.period.end, with_year=True),
        "can_rank": can_rank,
    }
    return render(request, "pages/rounds/rank.html", context, status=400 if form.errors else 200)
