"""States of an offer and the one table that says how they change."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.common.transitions import Transition, TransitionTable


class OfferState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Waiting for review")
    PUBLISHED = "published", _("Published")
    PAUSED = "paused", _("Paused")
    CLOSED = "closed", _("Closed")


class CloseReason(models.TextChoices):
    BY_HAND = "by_hand", _("Closed by the organisation")
    DEADLINE = "deadline", _("The last day to apply has passed")
    ENDED = "ended", _("All periods have ended")
    SOURCE_REMOVED = "source_removed", _("Removed at the source")


S = OfferState
# by: who may, see policies.py. told: who is notified, see notifications.py and subscriptions of the apps above.
OFFER_TRANSITIONS = TransitionTable(
    subject="offer",
    initial=S.DRAFT,
    moves={
        "offer.submitted": Transition(
            frozenset({S.DRAFT}), S.SUBMITTED, by="organisation", told="coordinators of the workplace"
        ),
        "offer.sent_back": Transition(frozenset({S.SUBMITTED}), S.DRAFT, by="coordinator", told="organisation"),
        "offer.published": Transition(
            frozenset({S.DRAFT, S.SUBMITTED}),
            S.PUBLISHED,
            by="coordinator; the organisation itself when trusted",
            told="organisation (students and alerts it fits, by the suggestions)",
        ),
        "offer.publication_undone": Transition(
            frozenset({S.PUBLISHED}),
            S.SUBMITTED,
            by="coordinator, for as long as the municipality allows and nobody has applied",
            told="organisation (students who were told of the place, by the suggestions)",
        ),
        "offer.send_back_undone": Transition(
            frozenset({S.DRAFT}),
            S.SUBMITTED,
            by="coordinator, for as long as the municipality allows and the organisation has changed nothing",
            told="organisation",
        ),
        "offer.paused": Transition(frozenset({S.PUBLISHED}), S.PAUSED, by="organisation; coordinator"),
        "offer.resumed": Transition(frozenset({S.PAUSED}), S.PUBLISHED, by="organisation; coordinator"),
        "offer.resubmitted": Transition(
            frozenset({S.PUBLISHED, S.PAUSED}),
            S.SUBMITTED,
            by="organisation, by changing what was approved",
            told="coordinators of the workplace",
        ),
        "offer.closed": Transition(
            frozenset({S.DRAFT, S.SUBMITTED, S.PUBLISHED, S.PAUSED}),
            S.CLOSED,
            by="organisation, coordinator, deadline, last period's end",
            told="(applicants without an answer, by their applications)",
        ),
        "offer.reopened": Transition(
            frozenset({S.CLOSED}),
            S.SUBMITTED,
            by="the source it was imported from, with new dates, where the calendar had closed it",
            told="(the importer, by the report; the reviewer finds it in the queue)",
        ),
    },
)
