"""What the log and the ledger call what happened, in words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, "str | Promise"] = {
    "offer.created": _("Draft written"),
    "offer.copied": _("Copied from an earlier place"),
    "offer.updated": _("Changed"),
    "offer.submitted": _("Sent in for review"),
    "offer.resubmitted": _("Changed and sent in again"),
    "offer.sent_back": _("Sent back"),
    "offer.published": _("Published"),
    "offer.publication_undone": _("Publication undone"),
    "offer.send_back_undone": _("Sending back undone"),
    "offer.paused": _("Paused"),
    "offer.resumed": _("Opened again"),
    "offer.closed": _("Closed"),
    "application.submitted": _("Applied"),
    "application.waitlisted": _("Put on the waiting list"),
    "application.offered": _("Offered a seat"),
    "application.declined": _("Declined"),
    "application.accepted": _("Said yes to the seat"),
    "application.withdrawn": _("Application withdrawn"),
    "application.lapsed": _("Application lapsed"),
    "application.approved": _("Approved"),
    "application.rejected": _("Rejected"),
    "application.approval_undone": _("Approval undone"),
    "application.rejection_undone": _("Rejection undone"),
    "application.escalated": _("No answer in time"),
    "match.proposed": _("Match to decide"),
    "match.approved": _("Match approved"),
    "match.rejected": _("Match rejected"),
    "match.withdrawn": _("Match withdrawn"),
    "match.approval_undone": _("Approval undone"),
    "match.rejection_undone": _("Rejection undone"),
    "match.grant_needed": _("A grant is needed"),
    "match.suggested": _("A place that fits"),
    "match.suggestion_corrected": _("A place that is not open after all"),
    "protected.viewed": _("Opened the case"),
    "protected.listed": _("Opened the list"),
    "student.protected": _("Protected the identity"),
    "student.unprotected": _("Ended the protection"),
    "placement.created": _("Placement stands"),
    "placement.revoked": _("Placement taken back"),
    "placement.started": _("Placement started"),
    "placement.completed": _("Placement completed"),
    "placement.interrupted": _("Placement interrupted"),
    "placement.cancelled": _("Placement cancelled"),
}


def in_words(action: str) -> "str | Promise":
    """The action of a log row or the kind of a notification; one without words is shown as it is."""
    return WORDS.get(action, action)
