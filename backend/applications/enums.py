"""States of an application and the one table that says how they change."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.common.transitions import Transition, TransitionTable


class ApplicationState(models.TextChoices):
    SUBMITTED = "submitted", _("Waiting for an answer")
    WAITLISTED = "waitlisted", _("On the waiting list")
    OFFERED = "offered", _("Seat offered")
    ACCEPTED = "accepted", _("Accepted, waiting for the coordinator")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Lapsed")
    REJECTED = "rejected", _("Rejected by the coordinator")
    TURNED_DOWN = "turned_down", _("The student said no to the seat")


class DeclineReason(models.TextChoices):
    """Structured, so that each becomes a polite text and a useful figure."""

    FILLED = "filled", _("All seats are taken")
    PROGRAMME = "programme", _("We need someone from another programme")
    AGE = "age", _("The work is not allowed at this age")
    DATES = "dates", _("The dates do not work for us")
    NO_SUPERVISOR = "no_supervisor", _("We have no supervisor in these weeks")
    OTHER = "other", _("Another reason")


class ReleaseReason(models.TextChoices):
    """Why an application ended without the employer's no."""

    BY_STUDENT = "by_student", _("Withdrawn by the student")
    BY_GUARDIAN = "by_guardian", _("Withdrawn by a guardian")
    BY_COORDINATOR = "by_coordinator", _("Withdrawn by the coordinator")
    PLACED_ELSEWHERE = "placed_elsewhere", _("Got another place in the same weeks")
    NOT_ANSWERED = "not_answered", _("The student did not answer in time")
    OFFER_CLOSED = "offer_closed", _("The place was closed")
    CHANGED = "changed", _("The place was changed, and the student stepped back")
    CHANGE_NOT_ANSWERED = "change_unanswered", _("The place was changed, and the student did not answer in time")


class ChangeAnswer(models.TextChoices):
    """What became of the question whether a changed place still fits."""

    YES = "yes", _("It still fits")
    NO = "no", _("The student stepped back")
    LAPSED = "lapsed", _("Not answered in time")
    CHANGED_BACK = "changed_back", _("The place was changed back")
    ENDED = "ended", _("The application ended in another way")


S = ApplicationState
LIVE_STATES = frozenset({S.SUBMITTED, S.WAITLISTED, S.OFFERED, S.ACCEPTED})
HOLDING_STATES = frozenset({S.OFFERED, S.ACCEPTED, S.APPROVED})
UNANSWERED_STATES = frozenset({S.SUBMITTED, S.WAITLISTED})

APPLICATION_TRANSITIONS = TransitionTable(
    subject="application",
    initial=S.SUBMITTED,
    moves={
        "application.waitlisted": Transition(frozenset({S.SUBMITTED}), S.WAITLISTED, by="organisation", told="student"),
        "application.offered": Transition(
            frozenset({S.SUBMITTED, S.WAITLISTED}), S.OFFERED, by="organisation; the waiting list", told="student"
        ),
        "application.declined": Transition(
            frozenset({S.SUBMITTED, S.WAITLISTED}), S.DECLINED, by="organisation, with a reason", told="student"
        ),
        "application.accepted": Transition(
            frozenset({S.OFFERED}), S.ACCEPTED, by="student", told="organisation (deciding coordinator, by the match)"
        ),
        "application.withdrawn": Transition(
            frozenset({S.SUBMITTED, S.WAITLISTED, S.OFFERED, S.ACCEPTED}),
            S.WITHDRAWN,
            by="student; guardian of a minor; coordinator; another place in the same weeks",
            told="student, organisation",
        ),
        "application.turned_down": Transition(
            frozenset({S.OFFERED}),
            S.TURNED_DOWN,
            by="student; guardian of a minor; with a reason if they like",
            told="organisation",
        ),
        "application.offer_undone": Transition(
            frozenset({S.OFFERED}),
            S.SUBMITTED,
            by="organisation, for as long as the municipality allows and nobody has answered",
            told="student",
        ),
        "application.offer_undone_to_list": Transition(
            frozenset({S.OFFERED}),
            S.WAITLISTED,
            by="the same, where the seat was offered from the waiting list",
            told="student",
        ),
        "application.lapsed": Transition(
            frozenset({S.SUBMITTED, S.WAITLISTED, S.OFFERED, S.ACCEPTED}),
            S.LAPSED,
            by="the hold's end; the offer's closing; silence about a change",
            told="student, organisation when a seat was held",
        ),
        "application.approved": Transition(frozenset({S.ACCEPTED}), S.APPROVED, by="the match's approval"),
        "application.rejected": Transition(frozenset({S.ACCEPTED}), S.REJECTED, by="the match's rejection"),
        "application.approval_undone": Transition(frozenset({S.APPROVED}), S.ACCEPTED, by="the undone approval"),
        "application.rejection_undone": Transition(frozenset({S.REJECTED}), S.ACCEPTED, by="the undone rejection"),
    },
)
