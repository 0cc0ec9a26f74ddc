"""The seats a round gives out: every place that could be in it, with a number beside it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backend.common.errors import DomainError
from backend.offers.models import OfferPeriod
from backend.rounds.models import RoundSeat
from backend.rounds.selectors import list_seats
from backend.rounds.selectors.choosing import list_periods_for
from backend.rounds.services.runs import set_seat_excluded
from backend.rounds.services.setup import SeatDetails, set_seats
from backend.web.access import coordinator
from backend.web.employer import person
from backend.web.rounds.coordinator import heading, round_or_404
from backend.web.weeks import format_weeks

MOST_ROWS = 2_000


@dataclass
class Row:
    """One period. seats, minimum, reserves: as typed or as saved; an empty number leaves the period out."""

    period: OfferPeriod
    weeks: str
    free: int
    seats: str = ""
    minimum: str = ""
    reserves: str = ""
    error: str = ""

    def details(self) -> SeatDetails | None:
        """None when the period is left out. Raises ValueError for what is no number."""
        if not self.seats.strip():
            return None
        reserves = {}
        for part in filter(None, (each.strip() for each in self.reserves.split(","))):
            group, _space, number = part.rpartition(" ")
            reserves[group.strip()] = int(number)
        return SeatDetails(self.period.pk, int(self.seats), int(self.minimum or 0), reserves)


def _rows(request: HttpRequest, periods: list[OfferPeriod], known: dict[int, RoundSeat]) -> list[Row]:
    rows = []
    for period in periods:
        seat = known.get(period.pk)
        row = Row(period, format_weeks(period.start, period.end), period.free + (seat.held if seat else 0))
        if request.method == "POST":
            row.seats, row.minimum, row.reserves = (
                request.POST.get(f"{name}-{period.pk}", "")[:200] for name in ("seats", "minimum", "reserves")
            )
        elif seat is not None:
            row.seats, row.minimum = str(seat.seats), str(seat.minimum or "")
            row.reserves = ", ".join(f"{each.group} {each.seats}" for each in seat.reserves.all())
        rows.append(row)
    return rows


@coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, round_id: int) -> HttpResponse:
    """One table, one button. Nothing is saved while a row is wrong, and nothing typed is lost."""
    found = round_or_404(request, round_id)
    known = {seat.period_id: seat for seat in found.seats.filter(is_own_place=False).prefetch_related("reserves")}
    rows = _rows(request, list(list_periods_for(found)[:MOST_ROWS]), known)
    status, failure = 200, ""
    if request.method == "POST":
        failure = _save(request, round_id, rows)
        if not failure:
            messages.success(request, _("The seats of the round are saved."))
            return redirect("round" if found.participants.exists() else "round_participants", round_id)
        status = 400
    context: dict[str, Any] = heading(request, found) | {
        "rows": rows,
        "failure": failure,
        "can_change": found.state in {"draft", "open"},
        "is_fresh": not known and request.method != "POST",
        "kept": list(list_seats(found)) if found.state in {"open", "closed"} else [],
    }
    return render(request, "pages/rounds/seats.html", context, status=status)


def _save(request: HttpRequest, round_id: int, rows: list[Row]) -> str:
    """What went wrong, as a sentence above the table; the row it belongs to says it as well. Empty when all went well."""
    chosen: list[tuple[Row, SeatDetails]] = []
    for row in rows:
        try:
            details = row.details()
        except ValueError:
            row.error = _("Enter whole numbers; reserved seats as: group 2, other group 1")
        else:
            if details is not None:
                chosen.append((row, details))
    if any(row.error for row in rows):
        return _("Nothing is saved yet. Check the rows that are marked.")
    try:
        set_seats(actor=person(request), round_id=round_id, seats=[details for _row, details in chosen])
    except DomainError as error:
        name, _dash, number = error.field.partition("-")
        if name == "seats" and number.isdigit():
            chosen[int(number)][0].error = str(error.message)
        return str(error.message)
    return ""


@coordinator
@require_POST
def exclude(request: HttpRequest, seat_id: int) -> HttpResponse:
    """Leaves a place out of the coming runs, because too few want it say, or takes it back in."""
    seat = RoundSeat.objects.filter(pk=seat_id).first()
    if seat is None:
        raise Http404
    found = round_or_404(request, seat.round_id)
    try:
        set_seat_excluded(
            actor=person(request),
            seat_id=seat_id,
            is_excluded=request.POST.get("exclude") == "yes",
            reason=request.POST.get("reason", "")[:500],
        )
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("Saved."))
    return redirect("round_seats", found.pk)
