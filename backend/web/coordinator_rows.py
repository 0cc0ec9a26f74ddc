"""What the coordinator's pages show: the day's tasks, matches with their gates, students with their next step."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.applications.board import Standing
from backend.applications.board_story import Event, story_of
from backend.common.weeks import ago, days_since, format_day, format_weeks
from backend.exchange.exports.desks import about_student
from backend.offers.models import Offer
from backend.offers.review import ReviewFacts, review_facts
from backend.organisations.confirmation import unconfirmed_text
from backend.placements.gates import Gate, gates_for
from backend.placements.models import Match
from backend.web.employer_rows import period_weeks

STANDING_COLORS = {
    Standing.PLACED: "success",
    Standing.PARTLY: "info",
    Standing.AT_RISK: "warning",
    Standing.UNPLACED: "danger",
}


@dataclass(frozen=True)
class GateLine:
    """One condition in words: ok = fulfilled, mind = to be minded, stop = the approval is refused."""

    text: str
    kind: str


@dataclass(frozen=True)
class MatchRow:
    """A match that waits, with everything that decides it."""

    pk: int
    student: str
    student_id: int
    line: str
    place: str
    weeks: str
    gates: Sequence[GateLine]
    is_blocked: bool
    is_clear: bool
    waited: str
    url: str


def gate_lines(gates: Iterable[Gate]) -> list[GateLine]:
    """In words, with the kind that chooses icon and colour."""
    kinds = {True: "ok"}
    return [GateLine(str(gate.text), kinds.get(gate.is_open, "stop" if gate.is_blocking else "mind")) for gate in gates]


@dataclass(frozen=True)
class OfferRow:
    """A place that waits for review, with what decides it. value: see `seen_value`."""

    value: str
    title: str
    organisation: str
    municipality: str
    form: str
    weeks: str
    seats: int
    lines: Sequence[GateLine]
    is_clear: bool
    waited: str
    url: str


def seen_value(offer: Offer) -> str:
    """The id with the last change that stands on the page: what is changed after that has been read by nobody."""
    return f"{offer.pk}@{offer.updated_at.isoformat()}"


def offer_rows(offers: Sequence[Offer]) -> list[OfferRow]:
    """Rows in a constant number of queries. The offers come from `for_lists()` with their hazards."""
    facts = review_facts(offers)
    rows = []
    for offer in offers:
        lines = review_lines(offer, facts[offer.pk])
        periods = list(offer.periods.all())
        place = offer.workplace.municipality
        rows.append(
            OfferRow(
                value=seen_value(offer),
                title=offer.title,
                organisation=offer.organisation.name,
                municipality=place.name if place else _("Several municipalities"),
                form=offer.form.name,
                weeks=period_weeks(periods),
                seats=sum(period.capacity for period in periods),
                lines=lines,
                is_clear=all(line.kind == "ok" for line in lines),
                waited=ago(offer.submitted_at) if offer.submitted_at else "",
                url=reverse("coordinator_offer", args=[offer.pk]),
            )
        )
    return rows


def review_lines(offer: Offer, facts: ReviewFacts) -> list[GateLine]:
    """What to mind before a place is published; what speaks for it last."""
    lines = []
    if not offer.organisation.is_confirmed:
        lines.append(GateLine(unconfirmed_text(offer.organisation), "mind"))
    if facts.excluded:
        classes = ", ".join(str(each.label) for each in facts.excluded)
        lines.append(GateLine(_("Risks: not for %(classes)s") % {"classes": classes.lower()}, "mind"))
    if facts.supervised:
        classes = ", ".join(str(each.label) for each in facts.supervised)
        lines.append(GateLine(_("Supervisor at hand for %(classes)s") % {"classes": classes.lower()}, "mind"))
    if facts.needs_assessment:
        text = _("Risk assessment is older than a year") if offer.risk_assessed_on else _("No risk assessment is dated")
        lines.append(GateLine(text, "mind"))
    if not offer.supervisor_name:
        lines.append(GateLine(_("No supervisor is named"), "mind"))
    if facts.is_trusted:
        lines.append(GateLine(_("Trusted organisation"), "ok"))
    if facts.earlier:
        text = ngettext("%(number)d place published before", "%(number)d places published before", facts.earlier)
        lines.append(GateLine(text % {"number": facts.earlier}, "ok"))
    else:
        lines.append(GateLine(_("The organisation’s first place"), "mind"))
    return lines


def match_rows(matches: Sequence[Match]) -> list[MatchRow]:
    """Rows with their gates, in a constant number of queries. The matches come with their related rows."""
    gates = gates_for(matches)
    rows = []
    for match in matches:
        lines = gate_lines(gates[match.pk])
        student, offer = match.student, match.period.offer
        rows.append(
            MatchRow(
                pk=match.pk,
                student=student.user.name,
                student_id=student.pk,
                line=about_student(match),
                place=f"{offer.title}, {offer.organisation.name}",
                weeks=format_weeks(match.start, match.end),
                gates=lines,
                is_blocked=any(line.kind == "stop" for line in lines),
                is_clear=all(line.kind == "ok" for line in lines),
                waited=ago(match.proposed_at),
                url=reverse("coordinator_match", args=[match.pk]),
            )
        )
    return rows


@dataclass(frozen=True)
class StudentRow:
    """A student on the guarantee board: what happened, and what to do next."""

    pk: int
    name: str
    line: str
    standing: str
    color: str
    since: str
    story: str
    action: str
    url: str
    action_url: str


def student_row(student: Any) -> StudentRow:
    """The student comes from `with_story(students_of(user))`."""
    standing = Standing(student.standing)
    event, story = story_of(student)
    action, action_url = _next_step(student, event)
    url = reverse("coordinator_student", args=[student.pk])
    return StudentRow(
        pk=student.pk,
        name=student.user.name,
        line=", ".join(filter(None, [student.class_name, student.school or getattr(student.programme, "name", "")])),
        standing=str(standing.label),
        color=STANDING_COLORS[standing],
        since=ago(student.since) if standing == Standing.UNPLACED else "",
        story=story,
        action=action,
        url=url,
        action_url=action_url or url,
    )


def _mail_to(student: Any, subject: str) -> str:
    return f"mailto:{quote(student.user.email, safe='@')}?{urlencode({'subject': subject}, quote_via=quote)}"


def _places_near(student: Any) -> str:
    where = student.municipality.name if student.municipality else ""
    return f"{reverse('search')}?{urlencode({'where': where})}"


def _next_step(student: Any, event: Event) -> tuple[str, str]:
    """The next step, and where it is taken ("" = on the student's page)."""
    match event:
        case Event.PLACED:
            return "", ""
        case Event.NOTHING_SENT:
            return _("Book a meeting"), _mail_to(student, _("A meeting about your placement"))
        case Event.DECLINED | Event.ENDED | Event.PARTLY:
            return _("Look for a place together"), _places_near(student)
        case Event.ACCEPTED:
            return _("Decide the match"), reverse("coordinator_match", args=[student.deciding])
        case Event.OFFERED:
            return _("Remind the student"), _mail_to(student, _("Your seat is held for a little while"))
        case Event.SILENCE:
            return _("Call the organisation"), reverse("coordinator_silence")
        case Event.WAITING:
            return _("Wait"), ""
        case Event.WAITLISTED:
            return _("Look for a second place"), _places_near(student)
        case Event.PROPOSED:
            return _("Decide the match"), reverse("coordinator_matches")


def oldest_text(moment: datetime | None) -> str:
    """ "The oldest has waited since Monday 16 Nov." """
    if moment is None:
        return ""
    if days_since(moment) <= 0:
        return _("The oldest came today.")
    return _("The oldest has waited since %(day)s") % {"day": format_day(moment)}
