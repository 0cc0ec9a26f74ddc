"""What is true for a student just now, the most important first: the placement, what waits for an answer, what is under way.

One reading for the student's home; the guardian's page shows the same facts of a child.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.common import clock
from backend.placements.enums import MatchState, PlacementState
from backend.placements.models import Placement
from backend.placements.selectors import ROW
from backend.rounds.enums import ResultState, RoundState
from backend.rounds.models import Participant, Result, Round
from backend.rounds.policies import rounds_visible_to
from backend.students.models import Student
from backend.web.placement_rows import STATE_COLORS, next_step
from backend.web.weeks import format_moment, format_weeks


@dataclass(frozen=True)
class Line:
    """One true sentence with the page where it is dealt with. must_act: it waits for the student, until a moment."""

    title: str
    text: str
    url: str
    action: str
    must_act: bool = False


def placement_rows(student: Student, role: str = "student") -> list[dict[str, Any]]:
    """Those that come or go on, and those that ended early while their weeks are not over yet, the first to begin first."""
    today = clock.today()
    found = (
        Placement.objects.filter(student=student, end__gte=today)
        .exclude(state=PlacementState.COMPLETED)
        .select_related("match", *ROW)
        .order_by("start", "pk")
    )
    return [
        {
            "url": reverse("placement", args=[row.pk]),
            "title": row.period.offer.title,
            "organisation": row.period.offer.organisation.name,
            "weeks": format_weeks(row.start, row.end, with_year=True),
            "state": row.get_state_display(),
            "color": STATE_COLORS[PlacementState(row.state)],
            "text": next_step(row, role, row.student.user.name),
            "stands": row.stands,
        }
        for row in found
    ]


def round_lines(student: Student) -> list[Line]:
    """The rounds the student is in, or may join: a seat to answer first, then wishes to make, then what is being done."""
    mine = list(
        Participant.objects.filter(student=student, is_live=True)
        .select_related("round")
        .annotate(wished=Count("wishes"))
        .order_by("round__closes_at", "pk")
    )
    results = {
        row.participant_id: row
        for row in Result.objects.filter(participant__in=mine, publication__undone_at=None).select_related(
            "match", "seat__period__offer__organisation"
        )
    }
    found = [line for row in mine if (line := _line_of(row, results.get(row.pk)))]
    known = [row.round_id for row in mine]
    joinable = (
        rounds_visible_to(student.user)
        .filter(state=RoundState.OPEN, is_joinable=True, opens_at__lte=clock.now(), closes_at__gt=clock.now())
        .filter(municipalities=student.municipality_id, form__in=student.forms.values("pk"))
        .exclude(Q(pk__in=known) | Q(participants__student=student))
        .distinct()
        .order_by("closes_at", "pk")
        if student.municipality_id
        else ()
    )
    found += [_wish_line(each, 0, is_in=False) for each in joinable]
    return sorted(found, key=lambda line: not line.must_act)


def _line_of(row: Participant, result: Result | None) -> Line | None:
    the_round = row.round
    if the_round.state == RoundState.OPEN and the_round.opens_at <= clock.now() < the_round.closes_at:
        return _wish_line(the_round, row.wished, is_in=True)  # type: ignore[attr-defined]
    if the_round.state in {RoundState.PUBLISHED, RoundState.FINISHED}:
        return _result_line(the_round, result) if result else None
    words = {"round": the_round.name}
    if the_round.state in {RoundState.OPEN, RoundState.CLOSED}:
        text = _("The places are being given out. You will be told when it is done.")
        if the_round.state == RoundState.OPEN and clock.now() < the_round.opens_at:
            text = _("You can rank places from %(moment)s.") % {"moment": format_moment(the_round.opens_at)}
        return Line(_("You take part in %(round)s") % words, text, _page(the_round), _("See the round"))
    return None


def _wish_line(the_round: Round, wished: int, *, is_in: bool) -> Line:
    words = {"round": the_round.name, "moment": format_moment(the_round.closes_at)}
    if wished:
        text = ngettext("You have ranked %(number)d place.", "You have ranked %(number)d places.", wished) % {
            "number": wished
        }
        change = _("You can change your list until %(moment)s.") % words
        title = _("You take part in %(round)s") % words
        return Line(title, f"{text} {change}", _page(the_round), _("See your list"))
    if is_in:
        title = _("Rank your places in %(round)s by %(moment)s") % words
        return Line(
            title, _("Put the place you want most first."), _page(the_round), _("Rank your places"), must_act=True
        )
    title = _("You can take part in %(round)s") % words
    text = _("Places are given out by what students ask for. Join and rank yours by %(moment)s.") % words
    return Line(title, text, _page(the_round), _("See the round"))


def _result_line(the_round: Round, result: Result) -> Line | None:
    words = {"round": the_round.name}
    if result.seat is not None:
        offer = result.seat.period.offer
        words |= {"place": offer.title, "organisation": offer.organisation.name}
    if result.state == ResultState.OFFERED and result.answer_by and result.answer_by > clock.now():
        title = _("Answer %(organisation)s by %(moment)s") % {**words, "moment": format_moment(result.answer_by)}
        text = _("%(round)s gave you “%(place)s”. The place is kept for you until then.") % words
        return Line(title, text, _page(the_round), _("Say yes or no"), must_act=True)
    if result.state == ResultState.ACCEPTED and result.match and result.match.state == MatchState.PROPOSED:
        title = _("You have said yes to “%(place)s”") % words
        return Line(
            title, _("A coordinator has to approve it. You will be told."), _page(the_round), _("See the answer")
        )
    if result.state in {ResultState.UNPLACED, ResultState.FELL}:
        title = _("No place yet in %(round)s") % words
        return Line(title, _("See why, and what happens next."), _page(the_round), _("See the answer"))
    return None


def _page(the_round: Round) -> str:
    return reverse("student_round", args=[the_round.pk])
