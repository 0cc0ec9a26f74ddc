"""How long a match may wait for its decision: the coordinators are reminded, then the network office calls them."""

from collections.abc import Collection
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backend.accounts.selectors import has_coordinator, list_network_office
from backend.common import clock
from backend.common.models import DomainEvent
from backend.notifications.reminders import Matter, Owner, TaskLine, plan, register, settle
from backend.placements.enums import MatchState
from backend.placements.models import Match
from backend.students.protection import deciders_for

UNDECIDED = "match.undecided"
FIRST, SECOND, TASK = timedelta(days=2), timedelta(days=4), timedelta(days=6)


def follow(event: DomainEvent, match: Match) -> None:
    """Starts and settles the timer of a match, in the transaction of its transition."""
    if event.kind == "match.proposed":
        now = clock.now()
        # Where the network office decides itself there is nobody above it to take the matter in hand.
        task = now + TASK if has_coordinator(match.deciding_municipality_id) else None
        plan(UNDECIDED, match, first=now + FIRST, second=now + SECOND, task=task)
    elif match.state != MatchState.PROPOSED:
        settle(match, UNDECIDED)


def _load(pk: int) -> Match | None:
    return (
        Match.objects.select_related("student__user", "period__offer__organisation", "period__offer__workplace")
        .filter(pk=pk)
        .first()
    )


def _lines(ids: Collection[int]) -> dict[int, TaskLine]:
    """The municipality and nothing about the student: the network office calls the coordinator, no more."""
    rows = Match.objects.select_related("deciding_municipality__settings").in_bulk(ids)
    asked = {pk: getattr(row.deciding_municipality, "settings", None) for pk, row in rows.items()}
    return {
        pk: TaskLine(
            phone=chosen.help_phone if (chosen := asked[pk]) else "",
            email=chosen.help_email if chosen else "",
            title=_("A match in %(municipality)s has not been decided")
            % {"municipality": row.deciding_municipality.name if row.deciding_municipality else ""},
            text=_("Two reminders have not helped. Call the coordinator."),
        )
        for pk, row in rows.items()
    }


register(
    Matter(
        name=UNDECIDED,
        kind="match.decision_wanted",
        title=gettext_lazy("Matches without a decision"),
        load=_load,
        is_open=lambda match: match.state == MatchState.PROPOSED,
        remind=lambda match: deciders_for(match.student, match.deciding_municipality_id),
        owner=lambda match: Owner(None, list_network_office(), match.student.is_protected),
        lines=_lines,
    )
)
