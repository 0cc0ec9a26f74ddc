"""The ordinary notification: a title, a paragraph or two, some facts and one link.

Most kinds say no more than that; they share one set of templates, `emails/message/`, and bring only their words.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from backend.notifications.models import Notification

Text = "str | Promise"
TEMPLATES = "emails/message"


def page_of(notification: "Notification") -> str:
    """The address that leads each reader to their own page about the subject."""
    return f"/till/{notification.subject_type}/{notification.subject_id}/"


@dataclass(frozen=True)
class Words:
    """paragraphs: whole sentences. facts: pairs of name and value. button: what one does on the page."""

    paragraphs: tuple[Any, ...]
    facts: tuple[tuple[Any, Any], ...] = ()
    button: Any = ""


def context_from(words: Callable[["Notification"], Words]) -> Callable[["Notification"], dict[str, Any]]:
    """The template context of an ordinary notification, from a function that finds its words."""

    def context(notification: "Notification") -> dict[str, Any]:
        found = words(notification)
        return {
            "link": page_of(notification),
            "paragraphs": [str(paragraph) for paragraph in found.paragraphs if paragraph],
            "facts": [(str(name), str(value)) for name, value in found.facts if value],
            "button": str(found.button) if found.button else _("Open the page"),
        }

    return context
