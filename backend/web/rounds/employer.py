"""Rounds as an organisation sees them: its places in each, and putting those who wish for one in order."""

from itertools import groupby
from typing import Any

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
from backend.rounds.selectors import list_applicants
from backend.rounds.services.wishes import rank_applicants
from backend.web.access import employer
from backend.web.cursors import page_of
from backend.web.employer import person
from backend.web.weeks import format_weeks

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
    rows: list[dict[str, Any]] = [{"applicant": each, "rank": str(each.rank or "")} for each in list_applicants(seat)]
    failure = ""
    if request.method == "POST":
        for row in rows:
            row["rank"] = request.POST.get(f"rank-{row['applicant'].participant_id}", "").strip()[:4]
        failure = _save(request, seat, rows)
        if not failure:
            messages.success(request, _("Your order is saved. You can change it until the time is over."))
            return redirect("employer_rounds")
    context = {
        "seat": seat,
        "rows": rows,
        "weeks": format_weeks(seat.period.start, seat.period.end, with_year=True),
        "can_rank": _can_rank(seat),
        "failure": failure,
    }
    return render(request, "pages/rounds/rank.html", context, status=400 if failure else 200)


def _save(request: HttpRequest, seat: RoundSeat, rows: list[dict[str, Any]]) -> str:
    """What went wrong, as a sentence. Empty when the order is saved."""
    typed = [(row["rank"], row["applicant"].participant_id) for row in rows if row["rank"]]
    if not all(text.isascii() and text.isdigit() and int(text) > 0 for text, _pk in typed):
        return _("Enter whole numbers from 1, or leave the field empty.")
    ordered = sorted((int(text), pk) for text, pk in typed)
    ranking = [[pk for _number, pk in group] for _number, group in groupby(ordered, key=lambda pair: pair[0])]
    try:
        rank_applicants(actor=person(request), seat_id=seat.pk, ranking=ranking)
    except DomainError as error:
        return str(error.message)
    return ""
