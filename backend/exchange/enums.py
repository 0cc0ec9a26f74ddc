"""States of imports and webhooks, and the tables that say how they change."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.common.transitions import Transition, TransitionTable


class ImportKind(models.TextChoices):
    OFFERS = "offers", _("Places")
    CLASS_LIST = "class_list", _("Class lists")


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", _("Columns to be confirmed")
    CHECKING = "checking", _("Being checked")
    READY = "ready", _("Ready to be imported")
    FAULTY = "faulty", _("Rows to be corrected")
    RUNNING = "running", _("Being imported")
    DONE = "done", _("Imported")
    UNDONE = "undone", _("Undone")
    DISCARDED = "discarded", _("Discarded")


S = ImportState
IMPORT_TRANSITIONS = TransitionTable(
    subject="import",
    initial=S.UPLOADED,
    moves={
        "import.check_wanted": Transition(
            frozenset({S.UPLOADED, S.READY, S.FAULTY}), S.CHECKING, by="whoever uploaded it"
        ),
        "import.checked": Transition(frozenset({S.CHECKING}), S.READY, by="worker: every row can be imported"),
        "import.refused": Transition(
            frozenset({S.CHECKING, S.RUNNING}),
            S.FAULTY,
            by="worker: a row cannot be imported, so none is",
        ),
        "import.wanted": Transition(frozenset({S.READY}), S.RUNNING, by="whoever uploaded it"),
        "import.wanted_in_part": Transition(
            frozenset({S.FAULTY}), S.RUNNING, by="whoever uploaded it, without the rows that are wrong"
        ),
        "import.wanted_at_once": Transition(
            frozenset({S.UPLOADED, S.READY, S.FAULTY}), S.RUNNING, by="whoever uploaded it, without looking first"
        ),
        "import.done": Transition(frozenset({S.RUNNING}), S.DONE, by="worker", told="whoever uploaded it"),
        "import.undone": Transition(
            frozenset({S.DONE}), S.UNDONE, by="whoever uploaded it, while nothing depends on it"
        ),
        "import.discarded": Transition(
            frozenset({S.UPLOADED, S.READY, S.FAULTY}), S.DISCARDED, by="whoever uploaded it"
        ),
    },
)
WORKING = frozenset({S.CHECKING, S.RUNNING})


class ImportStep(models.TextChoices):
    """A check does everything a run does and rolls it back."""

    CHECK = "check", _("Check the file")
    RUN = "run", _("Bring the rows in")


class RowOutcome(models.TextChoices):
    CREATED = "created", _("New")
    UPDATED = "updated", _("Changed")
    UNCHANGED = "unchanged", _("Unchanged")
    FAULTY = "faulty", _("Cannot be imported")


class EndpointState(models.TextChoices):
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    DISABLED = "disabled", _("Switched off after failures")
    DELETED = "deleted", _("Removed")


E = EndpointState


class DisabledReason(models.TextChoices):
    SILENT = "silent", _("It has not answered for five days")
    GONE = "gone", _("It answered that it is gone for good (410)")


ENDPOINT_TRANSITIONS = TransitionTable(
    subject="webhook",
    initial=E.ACTIVE,
    moves={
        "webhook.paused": Transition(frozenset({E.ACTIVE}), E.PAUSED, by="whoever may manage it"),
        "webhook.resumed": Transition(frozenset({E.PAUSED, E.DISABLED}), E.ACTIVE, by="whoever may manage it"),
        "webhook.disabled": Transition(
            frozenset({E.ACTIVE}),
            E.DISABLED,
            by="job, after days without a single answer, or an answer 410",
            told="who manages it",
        ),
        "webhook.deleted": Transition(
            frozenset({E.ACTIVE, E.PAUSED, E.DISABLED}), E.DELETED, by="whoever may manage it"
        ),
    },
)


class WebhookDeliveryState(models.TextChoices):
    PENDING = "pending", _("Waiting")
    QUEUED = "queued", _("In the queue")
    SENDING = "sending", _("Being sent")
    DONE = "done", _("Received")
    DEAD = "dead", _("Given up")
