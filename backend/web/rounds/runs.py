"""Trying out how seats can be given: runs, two of them side by side, moving a student by hand, publishing."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.common.errors import DomainError
from backend.rounds.enums import RUN_BUSY, Method, RoundState, RunState
from backend.rounds.models import LockedPair, Outcome, RoundSeat, Run
from backend.rounds.selectors import (
    Group,
    RunFigures,
    compare_runs,
    example_messages,
    figures_of,
    get_publication,
    get_run,
    list_outcomes,
    list_runs,
    list_seats,
    snapshot_of,
)
from backend.rounds.services import publishing, runs
from backend.web.access import coordinator
from backend.web.cursors import page_of
from backend.web.employer import person
from backend.web.form_errors import add_domain_error, takes_form
from backend.web.rounds.coordinator import heading, round_or_404
from backend.web.rounds.run_forms import MethodForm, MoveForm, PublishForm

OUTCOME_KEYS = ("participant__student__user__name", "pk")
RANKS = (
    (1, gettext_lazy("First wish")),
    (2, gettext_lazy("Second wish")),
    (3, gettext_lazy("Third wish")),
)
MEANINGS = {
    Method.STABLE: gettext_lazy(
        "No student loses a place to someone with lower priority. Can be explained to each one."
    ),
    Method.OPTIMAL: gettext_lazy(
        "The wishes of all together are met as well as possible, even where someone with lower priority goes first."
    ),
}


@dataclass(frozen=True)
class Bar:
    """A line of the chart: the label and a number for each run."""

    label: str
    numbers: list[int]
    sides: list[RunFigures]

    @property
    def cells(self) -> list[tuple[int, RunFigures]]:
        return list(zip(self.numbers, self.sides, strict=True))


def run_or_404(request: HttpRequest, run_id: int) -> Run:
    found = get_run(person(request), run_id)
    if found is None:
        raise Http404
    return found


@coordinator
@require_safe
def index(request: HttpRequest, round_id: int) -> HttpResponse:
    """All runs, newest first; two finished ones side by side; while one works the list refreshes itself."""
    the_round = round_or_404(request, round_id)
    found = list(list_runs(the_round))
    done = [run for run in found if run.state == RunState.DONE]
    chosen = _chosen(request, done)
    publication = get_publication(the_round)
    context = heading(request, the_round) | {
        "runs": [{"run": run, "share": run.progress / 100, "figures": figures_of(run)} for run in found],
        "is_busy": any(run.state in RUN_BUSY for run in found),
        "can_run": the_round.state == RoundState.CLOSED,
        "done": done,
        "chosen": chosen,
        "sides": [],
        "published_run": publication.run_id if publication else None,
    }
    if len(chosen) == 2:
        comparison = compare_runs(person(request), chosen[0].pk, chosen[1].pk)
        if comparison is not None:
            sides = [comparison.first, comparison.second]
            context |= {
                "comparison": comparison,
                "sides": _sides(sides),
                "bars": bars(sides),
                "lines": _lines(sides),
                "facts": facts(sides),
                "fair_runs": [side.run for side in sides],
            }
    response = render(request, "pages/rounds/runs.html", context)
    if request.htmx and not context["is_busy"]:  # type: ignore[attr-defined]
        # The last run has ended: the whole page is drawn anew, with the comparison that is possible now.
        response["HX-Refresh"] = "true"
    return response


def _chosen(request: HttpRequest, done: list[Run]) -> list[Run]:
    """The two runs asked for; else the newest of each method; else the two newest."""
    asked = [run for run in done if str(run.pk) in request.GET.getlist("run")][:2]
    if len(asked) == 2:
        return sorted(asked, key=lambda run: run.number)
    newest = {run.method: run for run in reversed(done)}
    return sorted(newest.values() if len(newest) == 2 else done[:2], key=lambda run: run.number)


def _sides(sides: list[RunFigures]) -> list[dict[str, Any]]:
    return [
        {"run": side.run, "kind": kind, "meaning": MEANINGS[Method(side.run.method)], "figures": headline(side)}
        for side, kind in zip(sides, "ab", strict=False)
    ]


def headline(side: RunFigures) -> list[dict[str, Any]]:
    """The three numbers one decides by."""
    return [
        {"value": side.placed, "label": _("get a place")},
        {"value": side.first, "label": _("their first wish")},
        {"value": side.passed_over, "label": _("students passed over"), "mark": side.passed_over > 0},
    ]


def bars(sides: list[RunFigures]) -> list[Bar]:
    """How many got which wish."""
    lines = [(str(label), [side.rank_profile.get(rank, 0) for side in sides]) for rank, label in RANKS]
    lines.append((_("Fourth wish or later"), [side.later for side in sides]))
    lines.append((_("No place"), [side.unplaced for side in sides]))
    return [Bar(label, numbers, sides) for label, numbers in lines]


def facts(sides: list[RunFigures]) -> list[dict[str, Any]]:
    """What else tells two runs apart: empty seats, journeys, places below their minimum."""
    return [
        {"label": label, "cells": list(zip(values, (side.run for side in sides), strict=True))}
        for label, values in (
            (_("Seats that stay empty"), [side.unused_seats for side in sides]),
            (_("Mean journey, km"), ["–" if each.mean_km is None else round(each.mean_km) for each in sides]),
            (_("Places with fewer students than they need"), [len(side.short) for side in sides]),
        )
    ]


def _lines(sides: list[RunFigures]) -> list[dict[str, Any]]:
    """Schools, groups, sexes and long journeys in one table, a line for what every run knows."""
    lines: dict[str, list[Group | None]] = {}
    for number, side in enumerate(sides):
        for group in _groups(side):
            lines.setdefault(group.name, [None] * len(sides))[number] = group
    runs_shown = [side.run for side in sides]
    return [
        {"name": name, "groups": groups, "cells": list(zip(runs_shown, groups, strict=True))}
        for name, groups in lines.items()
        if all(groups)
    ]


def _groups(side: RunFigures) -> list[Group]:
    labels = {"woman": _("Girls"), "man": _("Boys")}
    sexes = [Group(labels[g.name], g.students, g.placed, g.first, g.top) for g in side.sexes if g.name in labels]
    far = side.far and Group(_("Longest journeys"), side.far.students, side.far.placed, side.far.first, side.far.top)
    return [*side.schools, *side.groups, *sexes, *([far] if far else [])]


@coordinator
@takes_form(MethodForm.of_round, page="round_runs")
def start(request: HttpRequest, form: MethodForm, round_id: int) -> HttpResponse:
    round_or_404(request, round_id)
    runs.start_run(actor=person(request), round_id=round_id, method=form.cleaned_data["method"])
    messages.success(request, _("The run has started. You can leave this page meanwhile."))
    return redirect("round_runs", round_id)


@coordinator
@require_POST
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    run = run_or_404(request, run_id)
    runs.cancel_run(actor=person(request), run_id=run.pk)
    messages.success(request, _("The run is cancelled."))
    return redirect("round_runs", run.round_id)


@coordinator
@require_safe
def one(request: HttpRequest, run_id: int) -> HttpResponse:
    """One finished run: figures, fairness, certificate, what people would read, and publishing it."""
    run = run_or_404(request, run_id)
    the_round = round_or_404(request, run.round_id)
    figures = figures_of(run)
    if figures is None:
        return redirect("round_runs", run.round_id)
    short = {row["seat"] for row in figures.short if "seat" in row}
    context = heading(request, the_round) | {
        "run": run,
        "figures": figures,
        "headline": headline(figures),
        "meaning": MEANINGS[Method(run.method)],
        "bars": bars([figures]),
        "lines": _lines([figures]),
        "fair_runs": [run],
        "short": list(list_seats(the_round).filter(pk__in=short)),
        "examples": example_messages(run),
        "can_publish": the_round.state == RoundState.CLOSED,
        "adjustments": list(
            run.adjustments.filter(participant__student__is_protected=False).select_related(
                "participant__student__user", "to_seat__period__offer", "from_seat__period__offer", "made_by"
            )
        ),
    }
    return render(request, "pages/rounds/run.html", context)


@coordinator
@require_safe
def snapshot(request: HttpRequest, run_id: int) -> HttpResponse:
    """The frozen input, numbers only, with which anybody can compute the run again."""
    run = run_or_404(request, run_id)
    response = HttpResponse(snapshot_of(run), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="run-{run.pk}-{run.digest[:12]}.json"'
    return response


@coordinator
@require_safe
def board(request: HttpRequest, run_id: int) -> HttpResponse:
    """Every student with the seat of the run. Dragging one onto a place, or the button, asks before anything changes."""
    run = run_or_404(request, run_id)
    the_round = round_or_404(request, run.round_id)
    if run.state != RunState.DONE:
        return redirect("round_runs", run.round_id)
    rows = list_outcomes(run)
    if request.GET.get("show") == "unplaced":
        rows = rows.filter(seat=None)
    page = page_of(rows, OUTCOME_KEYS, request.GET.get("after", ""))
    filled = {row.seat_id: row for row in run.seats.all()}
    context = heading(request, the_round) | {
        "run": run,
        "page": page,
        "unplaced_only": request.GET.get("show") == "unplaced",
        "locked": set(LockedPair.objects.filter(participant__round=the_round).values_list("participant", flat=True)),
        "places": [
            {"seat": seat, "filled": filled[seat.pk].filled, "capacity": filled[seat.pk].capacity}
            for seat in list_seats(the_round)
            if seat.pk in filled
        ],
        "can_adjust": the_round.state == RoundState.CLOSED,
    }
    return render(request, "pages/rounds/board.html", context)


@coordinator
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, run_id: int, participant_id: int) -> HttpResponse:
    """Move one student: what it goes against is named, and overridden with a reason or not at all."""
    run = run_or_404(request, run_id)
    the_round = round_or_404(request, run.round_id)
    outcome = list_outcomes(run).filter(participant=participant_id).first()
    if outcome is None:
        raise Http404
    asked = (request.POST if request.method == "POST" else request.GET).get("seat", "")
    seats = list(list_seats(the_round))
    seat = next((each for each in seats if str(each.pk) == asked), None)
    is_choice = seat is not None or asked == "none"
    warnings = (
        runs.warnings_for(run, outcome.participant, seat)
        if is_choice and (seat.pk if seat else None) != outcome.seat_id
        else []
    )
    form = MoveForm(
        request.POST if request.method == "POST" else None,
        seats=[str(each.pk) for each in seats],
        warnings=[(each.code, str(each.text)) for each in warnings],
        initial={"seat": asked},
    )
    if form.is_bound and form.is_valid():
        try:
            _move(request, run, outcome, seat, form)
        except DomainError as error:
            if error.status not in {400, 409}:
                raise
            add_domain_error(form, error)
        else:
            messages.success(request, _("The student is moved."))
            return redirect("round_board", run.pk)
    wishes = {wish.seat_id: wish.rank for wish in outcome.participant.wishes.all()}
    context = heading(request, the_round) | {
        "run": run,
        "outcome": outcome,
        "asked": asked if is_choice else "",
        "warnings": warnings,
        "form": form,
        "options": sorted(
            ({"seat": each, "rank": wishes.get(each.pk)} for each in seats),
            key=lambda row: (row["rank"] is None, row["rank"] or 0),
        ),
    }
    return render(request, "pages/rounds/move.html", context, status=409 if form.errors else 200)


def _move(request: HttpRequest, run: Run, outcome: Outcome, seat: RoundSeat | None, form: MoveForm) -> None:
    cleaned, user = form.cleaned_data, person(request)
    if seat is not None and cleaned["lock"]:
        runs.move_and_lock(
            actor=user,
            run_id=run.pk,
            participant_id=outcome.participant_id,
            seat_id=seat.pk,
            overridden=cleaned["overridden"],
            reason=cleaned["reason"],
        )
    else:
        runs.adjust(
            actor=user,
            run_id=run.pk,
            participant_id=outcome.participant_id,
            seat_id=seat.pk if seat else None,
            overridden=cleaned["overridden"],
            reason=cleaned["reason"],
        )


@coordinator
@require_POST
def unlock(request: HttpRequest, run_id: int, participant_id: int) -> HttpResponse:
    """Later runs decide about the student again."""
    run = run_or_404(request, run_id)
    locked = LockedPair.objects.filter(participant=participant_id, participant__round=run.round_id).first()
    if locked is None:
        raise Http404
    runs.unlock_pair(actor=person(request), lock_id=locked.pk)
    messages.success(request, _("Later runs decide about the student again."))
    return redirect("round_board", run.pk)


@coordinator
@takes_form(PublishForm, page="round_run")
def publish(request: HttpRequest, form: PublishForm, run_id: int) -> HttpResponse:
    """The decision. Everyone is told at once, or nothing has happened."""
    run = run_or_404(request, run_id)
    publishing.publish_round(actor=person(request), run_id=run.pk, reason=form.cleaned_data["reason"])
    messages.success(request, _("The round is published. Everyone is being told."))
    return redirect("round_results", run.round_id)
