"""States of a round, of its runs and of its results, each with the one table that says how they change."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.common.models import WorkState
from backend.common.transitions import Transition, TransitionTable


class RoundState(models.TextChoices):
    DRAFT = "draft", _("Being prepared")
    OPEN = "open", _("Open for wishes")
    CLOSED = "closed", _("Closed, being allocated")
    PUBLISHED = "published", _("Published")
    FINISHED = "finished", _("Finished")
    CANCELLED = "cancelled", _("Cancelled")


class Method(models.TextChoices):
    """STABLE: nobody is passed over by someone with lower priority. OPTIMAL: the best sum of wishes for all together."""

    STABLE = "stable", _("Stable: nobody is passed over")
    OPTIMAL = "optimal", _("Most wishes fulfilled")


class UnplacedPolicy(models.TextChoices):
    """What happens with those for whom no seat is left."""

    SECOND_ROUND = "second_round", _("A second round with the seats that are left")
    OPEN_MARKET = "open_market", _("They apply for other places themselves")
    PERSON = "person", _("A coordinator finds a place for each of them")


class Sex(models.TextChoices):
    """Where the school has said it; used for fairness figures only, never to decide."""

    WOMAN = "woman", _("Girls")
    MAN = "man", _("Boys")


class RunState(models.TextChoices):
    PENDING = WorkState.PENDING.value, _("Waiting")
    QUEUED = WorkState.QUEUED.value, _("On its way")
    WORKING = "working", _("Computing")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class RunFailure(models.TextChoices):
    """Why a run has failed, in words for whoever started it."""

    NOT_INSTALLED = "not_installed", _("A part of the service that this method needs is missing. Tell the operator.")
    BAD_INPUT = "bad_input", _("The round's wishes and seats contradict each other.")
    COMBINATION = "combination", _("This method cannot do everything that the round asks for. Choose the other one.")
    NO_SOLUTION = "no_solution", _("No distribution was found. Try the other method, or change seats or rules.")
    WORKER_LOST = "worker_lost", _("The computation was interrupted several times. Start it again.")
    OTHER = "other", _("The computation failed. Start it again; if it fails again, tell the operator.")


class ResultState(models.TextChoices):
    OFFERED = "offered", _("Waiting for the student's answer")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    LAPSED = "lapsed", _("Not answered in time")
    FELL = "fell", _("Came to nothing after the yes")
    UNPLACED = "unplaced", _("Without a place")
    TAKEN_BACK = "taken_back", _("Taken back")


class OwnPlaceState(models.TextChoices):
    SUBMITTED = "submitted", _("Waiting for the coordinator")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Not possible")


R = RoundState
ROUND_TRANSITIONS = TransitionTable(
    subject="round",
    initial=R.DRAFT,
    moves={
        "round.opened": Transition(frozenset({R.DRAFT}), R.OPEN, by="coordinator", told="participants"),
        "round.closed": Transition(
            frozenset({R.OPEN}),
            R.CLOSED,
            by="coordinator; the calendar",
            told="organisations that may rank",
        ),
        "round.reopened": Transition(frozenset({R.CLOSED}), R.OPEN, by="coordinator, with a reason"),
        "round.published": Transition(
            frozenset({R.CLOSED}),
            R.PUBLISHED,
            by="coordinator, who answers for the choice of a run",
            told="participants, organisations with a student",
        ),
        "round.unpublished": Transition(
            frozenset({R.PUBLISHED}),
            R.CLOSED,
            by="coordinator, until the first student has said yes",
            told="participants, organisations with a place",
        ),
        "round.finished": Transition(frozenset({R.PUBLISHED}), R.FINISHED, by="coordinator; the calendar"),
        "round.cancelled": Transition(
            frozenset({R.DRAFT, R.OPEN, R.CLOSED}),
            R.CANCELLED,
            by="coordinator, with a reason",
            told="participants, organisations with a place",
        ),
    },
)

S = ResultState
RESULT_TRANSITIONS = TransitionTable(
    subject="result",
    initial=S.OFFERED,
    moves={
        "result.accepted": Transition(
            frozenset({S.OFFERED}), S.ACCEPTED, by="student", told="(organisation, by the match)"
        ),
        "result.declined": Transition(
            frozenset({S.OFFERED}), S.DECLINED, by="student; guardian of a minor; another place in the same weeks"
        ),
        "result.stepped_back": Transition(
            frozenset({S.ACCEPTED}),
            S.DECLINED,
            by="student; guardian of a minor; until a coordinator has approved",
            told="(organisation and coordinator, by the match)",
        ),
        "result.fell_through": Transition(
            frozenset({S.ACCEPTED}),
            S.FELL,
            by="the coordinator's no to the match, or a placement cancelled before it began",
            told="(student and organisation, by the match)",
        ),
        "result.lapsed": Transition(frozenset({S.OFFERED}), S.LAPSED, by="the last day to answer", told="student"),
        "result.offered": Transition(
            frozenset({S.UNPLACED}), S.OFFERED, by="the round's order, when a seat is given back", told="student"
        ),
        "result.taken_back": Transition(
            frozenset({S.OFFERED, S.UNPLACED, S.DECLINED, S.LAPSED}), S.TAKEN_BACK, by="the publication's undoing"
        ),
    },
)

WITHOUT_A_PLACE = frozenset({S.UNPLACED, S.LAPSED, S.DECLINED, S.FELL})

RUN_WAITING = frozenset({RunState.PENDING, RunState.QUEUED})
RUN_BUSY = RUN_WAITING | {RunState.WORKING}
PARTICIPANT_LIVE = frozenset({R.DRAFT, R.OPEN, R.CLOSED, R.PUBLISHED})
