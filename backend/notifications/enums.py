"""The words of notifications, and what can happen to a delivery, on one screen."""

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.common.transitions import Transition, TransitionTable

if TYPE_CHECKING:
    from backend.notifications.models import Delivery


class Category(models.TextChoices):
    """What a person chooses about. A kind of notification belongs to one."""

    APPLICATIONS = "applications", _("Applications")
    SUGGESTIONS = "suggestions", _("Places that fit")
    OFFERS = "offers", _("Places posted")
    MATCHES = "matches", _("Matches")
    PLACEMENTS = "placements", _("Placements")
    ROUNDS = "rounds", _("Allocation rounds")
    ORGANISATIONS = "organisations", _("Organisations and colleagues")
    REMINDERS = "reminders", _("Reminders")
    ACCOUNT = "account", _("Your account")
    SUMMARIES = "summaries", _("What waits for you")
    DIGESTS = "digests", _("Digest mails")


class ChannelName(models.TextChoices):
    IN_APP = "in_app", _("On the site")
    EMAIL = "email", _("E-mail")
    PUSH = "push", _("Phone and computer")
    SMS = "sms", _("Text message")


class Slot(models.TextChoices):
    """When a person wants to hear about a category on a channel."""

    NOW = "now", _("At once")
    DAILY = "daily", _("Once a day")
    WEEKLY = "weekly", _("Once a week")
    NEVER = "never", _("Never")


class Urgency(models.TextChoices):
    """An immediate kind goes out at once; a digestible one may wait for a person's daily or weekly mail."""

    IMMEDIATE = "immediate", _("At once")
    DIGESTIBLE = "digestible", _("May wait for a digest")


class DeliveryState(models.TextChoices):
    PENDING = "pending", _("Waiting")
    QUEUED = "queued", _("In the queue")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    BOUNCED = "bounced", _("Returned")
    COMPLAINED = "complained", _("Reported as unwanted")
    UNCERTAIN = "uncertain", _("Uncertain")
    SUPPRESSED = "suppressed", _("Not wanted")
    CANCELLED = "cancelled", _("No longer relevant")
    EXPIRED = "expired", _("Too late")
    DEAD = "dead", _("Could not be sent")


class Outcome(models.TextChoices):
    """What one attempt came to. Decides the next state."""

    SENT = "sent", _("Accepted by the provider")
    RETRY = "retry", _("Not sent, will be tried again")
    PERMANENT = "permanent", _("Refused for good")
    CONFIGURATION = "configuration", _("The service is set up wrongly or its quota is used up")
    AMBIGUOUS = "ambiguous", _("Perhaps sent: the answer was lost")
    LOST = "lost", _("The worker stopped before it called the provider")


S = DeliveryState
_WAITING = frozenset({S.PENDING, S.QUEUED, S.SENDING})

DELIVERY = TransitionTable(
    subject="delivery",
    initial=S.PENDING,
    moves={
        "delivery.queued": Transition(frozenset({S.PENDING}), S.QUEUED, by="dispatcher"),
        "delivery.requeued": Transition(frozenset({S.QUEUED}), S.PENDING, by="sweeper, dispatcher"),
        "delivery.claimed": Transition(frozenset({S.QUEUED}), S.SENDING, by="worker"),
        "delivery.sent": Transition(frozenset({S.SENDING}), S.SENT, by="worker"),
        # The answer came after the lease, and nobody had taken the row since.
        "delivery.confirmed": Transition(frozenset({S.UNCERTAIN, S.PENDING, S.QUEUED}), S.SENT, by="worker"),
        "delivery.postponed": Transition(frozenset({S.SENDING}), S.PENDING, by="worker, sweeper"),
        "delivery.uncertain": Transition(frozenset({S.SENDING}), S.UNCERTAIN, by="worker, sweeper"),
        "delivery.suppressed": Transition(_WAITING, S.SUPPRESSED, by="worker, digest"),
        "delivery.cancelled": Transition(_WAITING, S.CANCELLED, by="worker"),
        "delivery.expired": Transition(frozenset({S.PENDING, S.SENDING}), S.EXPIRED, by="worker, job"),
        "delivery.died": Transition(_WAITING, S.DEAD, by="worker"),
        "delivery.delivered": Transition(frozenset({S.SENT, S.UNCERTAIN}), S.DELIVERED, by="provider"),
        "delivery.bounced": Transition(frozenset({S.SENT, S.DELIVERED, S.UNCERTAIN}), S.BOUNCED, by="provider"),
        "delivery.complained": Transition(frozenset({S.SENT, S.DELIVERED, S.UNCERTAIN}), S.COMPLAINED, by="provider"),
        "delivery.resent": Transition(
            frozenset({S.UNCERTAIN, S.DEAD, S.EXPIRED, S.BOUNCED, S.SUPPRESSED}), S.PENDING, by="operator, logged"
        ),
    },
)
TERMINAL = frozenset(
    {S.DELIVERED, S.BOUNCED, S.COMPLAINED, S.UNCERTAIN, S.SUPPRESSED, S.CANCELLED, S.EXPIRED, S.DEAD, S.SENT}
)
NEEDS_ACTION = frozenset({S.UNCERTAIN, S.DEAD, S.BOUNCED})
RESENDABLE = DELIVERY.moves["delivery.resent"].sources
# Why something was not sent that can be mended. What the person refused, or what went another way, is not sent again.
MENDABLE = frozenset({"address_bounced", "unreachable", "not_set_up", "phone_invalid"})


def is_resendable(delivery: "Delivery") -> bool:
    """Whether a person may send it again: it ended badly, and not because somebody wanted it so."""
    if delivery.state == S.SUPPRESSED:
        return delivery.reason in MENDABLE
    return delivery.state in RESENDABLE
