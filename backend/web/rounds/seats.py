"""The seats a round gives out: every place that could be in it, with a number beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from backend.common.errors import DomainError
from backend.offers.models import OfferPeriod
from backend.rounds.models import Round, RoundSeat
from backend.rounds.selectors import list_seats
from backend.rounds.selectors.choosing import list_periods_for
from backend.rounds.services.runs import set_seat_excluded
from backend.rounds.services.setup import SeatDetails, set_seats
from backend.web.access import coordinator
from backend.web.employer import person
from backend.web.form_errors import add_domain_error, takes_form
from backend.web.forms.reasons import LONGEST
from backend.web.numbers import number_in
from backend.web.rounds.coordinator import heading, round_or_404
from backend.web.versions import unchanged, watch
from backend.web.weeks import format_weeks

MOST_ROWS = 2_000
MOST_SEATS = 500


@dataclass(frozen=True)
class Row:
    """One period with its fields, for the template; an empty number of seats leaves the period out."""

    period: OfferPeriod
    weeks: str
    free: int
    seats: BoundField
    minimum: BoundField
    reserves: BoundField


class SeatsForm(forms.Form):
    """Every period with its seats, the students it needs and what is reserved: `seats-7`, `minimum-7`, `reserves-7`."""

    def __init__(
        self, data: Any, *, periods: Sequence[OfferPeriod], known: dict[int, RoundSeat], is_open: bool
    ) -> None:
        super().__init__(data)
        self.periods, self.known = periods, known
        self.chosen: list[SeatDetails] = []
        for period in periods:
            seat, title = known.get(period.pk), period.offer.title
            self._number(f"seats-{period.pk}", _("Seats in the round: %(title)s") % {"title": title})
            self._number(f"minimum-{period.pk}", _("Students at least: %(title)s") % {"title": title})
            self.fields[f"reserves-{period.pk}"] = forms.CharField(
                label=_("Reserved for groups: %(title)s") % {"title": title}, required=False, max_length=200
            )
            if seat is not None:
                saved: dict[str, Any] = {
                    f"seats-{period.pk}": seat.seats,
                    f"minimum-{period.pk}": seat.minimum or None,
                    f"reserves-{period.pk}": ", ".join(f"{each.group} {each.seats}" for each in seat.reserves.all()),
                }
                self.initial.update(saved)
            elif not known and period.free:
                # A full period starts empty, which leaves it out: no round takes a row of no seats.
                self.initial[f"seats-{period.pk}"] = min(period.free, MOST_SEATS)

        if not is_open:
            for field in self.fields.values():
                field.widget.attrs["disabled"] = True

    def _number(self, name: str, label: str) -> None:
        self.fields[name] = forms.IntegerField(
            label=label,
            required=False,
            max_value=MOST_SEATS,
            widget=forms.TextInput(attrs={"inputmode": "numeric"}),
            error_messages={"invalid": _("Enter a whole number.")},
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for period in self.periods:
            seats, minimum = cleaned.get(f"seats-{period.pk}"), cleaned.get(f"minimum-{period.pk}")
            try:
                reserves = _reserves(cleaned.get(f"reserves-{period.pk}", ""))
            except ValueError:
                self.add_error(f"reserves-{period.pk}", _("Write a group and its seats, such as: new in Sweden 2"))
                continue
            if seats is not None:
                self.chosen.append(SeatDetails(period.pk, seats, minimum or 0, reserves))
            elif f"seats-{period.pk}" not in self.errors and (minimum or reserves):
                self.add_error(f"seats-{period.pk}", _("Enter the seats, or leave the whole row empty."))
        return cleaned

    def rows(self) -> list[Row]:
        """The rows for the template."""
        found = []
        for period in self.periods:
            seat = self.known.get(period.pk)
            fields = (self[f"{name}-{period.pk}"] for name in ("seats", "minimum", "reserves"))
            weeks = format_weeks(period.start, period.end)
            found.append(Row(period, weeks, period.free + (seat.held if seat else 0), *fields))
        return found

    def field_of(self, name: str) -> str:
        """The command counts chosen periods, the page names them."""
        word, _dash, number = name.partition("-")
        is_row = word == "seats" and number.isdigit() and int(number) < len(self.chosen)
        return f"seats-{self.chosen[int(number)].period_id}" if is_row else name


def _reserves(text: str) -> dict[str, int]:
    """ "new in Sweden 2, others 1" as numbers by group. Raises ValueError for what is not so."""
    found = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        group, _space, number = part.rpartition(" ")
        seats = number_in(number)
        if seats is None or not group.strip() or len(number) > 4:
            raise ValueError(part)
        found[group.strip()] = seats
    return found


@coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, round_id: int) -> HttpResponse:
    """One table, one button. Nothing is saved while a row is wrong, and nothing typed is lost."""
    found = round_or_404(request, round_id)
    periods = list(list_periods_for(found)[:MOST_ROWS])
    frame = heading(request, found)
    can_change = found.state in {"draft", "open"}

    def made(data: Any = None) -> SeatsForm:
        now = {seat.period_id: seat for seat in found.seats.filter(is_own_place=False).prefetch_related("reserves")}
        return SeatsForm(data, periods=periods, known=now, is_open=can_change and frame["can_manage"])

    form = watch(request, made(request.POST if request.method == "POST" else None), made)
    if form.is_bound and form.is_valid():
        try:
            with unchanged(request, form, made, Round.objects.filter(pk=round_id)):
                set_seats(actor=person(request), round_id=round_id, seats=form.chosen)
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("The seats of the round are saved."))
            return redirect("round" if found.participants.exists() else "round_participants", round_id)
    context: dict[str, Any] = frame | {
        "form": form,
        "rows": form.rows(),
        "can_change": can_change,
        "kept": list(list_seats(found)) if found.state in {"open", "closed"} else [],
    }
    return render(request, "pages/rounds/seats.html", context, status=400 if form.errors else 200)


class ExcludeForm(forms.Form):
    """Leaving a place out needs a reason, taking it back in does not."""

    exclude = forms.CharField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(label=gettext_lazy("Why?"), max_length=LONGEST, required=False)


def _round_of(request: HttpRequest, seat_id: int) -> int:
    seat = get_object_or_404(RoundSeat, pk=seat_id)
    return round_or_404(request, seat.round_id).pk


@coordinator
@takes_form(ExcludeForm, page=lambda request, seat_id: reverse("round_seats", args=[_round_of(request, seat_id)]))
def exclude(request: HttpRequest, form: ExcludeForm, seat_id: int) -> HttpResponse:
    """Leaves a place out of the coming runs, because too few want it say, or takes it back in."""
    round_id = _round_of(request, seat_id)
    set_seat_excluded(
        actor=person(request),
        seat_id=seat_id,
        is_excluded=form.cleaned_data["exclude"] == "yes",
        reason=form.cleaned_data["reason"],
    )
    messages.success(request, _("Saved."))
    return redirect("round_seats", round_id)
