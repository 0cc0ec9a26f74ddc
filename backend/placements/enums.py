"""States of matches and placements, each with the one table that says how they change."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.common.transitions import Transition, TransitionTable


class MatchState(models.TextChoices):
    PROPOSED = "proposed", _("Waiting for the coordinator")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class MatchSource(models.TextChoices):
    APPLICATION = "application", _("Application")
    ROUND = "round", _("Round")
    COORDINATOR = "coordinator", _("Placed by the coordinator")


class PlacementState(models.TextChoices):
    UPCOMING = "upcoming", _("Upcoming")
    ONGOING = "ongoing", _("Ongoing")
    COMPLETED = "completed", _("Completed")
    INTERRUPTED = "interrupted", _("Interrupted")
    CANCELLED = "cancelled", _("Cancelled")


class RestState(models.TextChoices):
    """What the organisation says about the days that an interrupted placement leaves."""

    ASKED = "asked", _("The organisation is asked")
    OPENED = "opened", _("Given on")
    DECLINED = "declined", _("Nobody else is taken")


class Asker(models.TextChoices):
    """Who asks the coordinator to end a placement."""

    STUDENT = "student", _("The student")
    GUARDIAN = "guardian", _("A guardian")
    ORGANISATION = "organisation", _("The organisation")


# What comes or goes on, and what ended before its last day.
STANDING_STATES = frozenset({PlacementState.UPCOMING, PlacementState.ONGOING})
ENDED_EARLY_STATES = frozenset({PlacementState.INTERRUPTED, PlacementState.CANCELLED})

M = MatchState
MATCH_TRANSITIONS = TransitionTable(
    subject="match",
    initial=M.PROPOSED,
    moves={
        "match.approved": Transition(
            frozenset({M.PROPOSED}),
            M.APPROVED,
            by="coordinator of the student's municipality, else of the workplace's",
            told="student, organisation, guardian of a minor, the other municipality",
        ),
        "match.rejected": Transition(
            frozenset({M.PROPOSED}), M.REJECTED, by="the same coordinator, with a reason", told="student, organisation"
        ),
        "match.withdrawn": Transition(
            frozenset({M.PROPOSED}),
            M.WITHDRAWN,
            by="student, through the application",
            told="coordinator, organisation where no application tells it",
        ),
        "match.approval_undone": Transition(
            frozenset({M.APPROVED}),
            M.PROPOSED,
            by="the same coordinator, for as long as the municipality allows and nothing has come of it",
            told="student, organisation, guardian of a minor, the other municipality",
        ),
        "match.rejection_undone": Transition(
            frozenset({M.REJECTED}),
            M.PROPOSED,
            by="the same coordinator, for as long as the municipality allows and the seat is free",
            told="student, organisation",
        ),
    },
)

P = PlacementState
PLACEMENT_TRANSITIONS = TransitionTable(
    subject="placement",
    initial=P.UPCOMING,
    moves={
        "placement.started": Transition(frozenset({P.UPCOMING}), P.ONGOING, by="the calendar"),
        "placement.completed": Transition(frozenset({P.ONGOING}), P.COMPLETED, by="the calendar"),
        "placement.interrupted": Transition(
            frozenset({P.ONGOING}),
            P.INTERRUPTED,
            by="coordinator, with a reason",
            told="student, organisation, guardian of a minor, the other municipality",
        ),
        "placement.cancelled": Transition(
            frozenset({P.UPCOMING}),
            P.CANCELLED,
            by="coordinator, with a reason",
            told="student, organisation, guardian of a minor, the other municipality",
        ),
    },
)
