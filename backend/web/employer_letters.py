"""What a student will read, shown before it is sent."""

from django.utils.translation import gettext as _

from backend.applications.enums import DeclineReason


def decline_letter(reason: str, message: str) -> list[str]:
    """The paragraphs of the answer no, in the order of the notification. An unknown reason gives none for it."""
    label = DeclineReason(reason).label if reason in DeclineReason.values else ""
    paragraphs = [
        _("Thank you for applying. This time it was not possible."),
        _("Reason: %(reason)s.") % {"reason": label} if label else "",
        message.strip(),
        _("There are more places that may fit you."),
    ]
    return [text for text in paragraphs if text]
