"""Mails from templates, strictly: a variable that is missing is an error, never an empty place in a person's mail."""

import hashlib
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.signals import setting_changed
from django.db import DatabaseError
from django.template import Context
from django.template.backends.django import DjangoTemplates
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backend.notifications import links
from backend.notifications.channels import Undeliverable
from backend.notifications.enums import Category
from backend.notifications.models import Notification
from backend.notifications.registry import Kind

if TYPE_CHECKING:
    from backend.accounts.models import User

PARTS = ("subject.txt", "body.txt", "body.html")


ANY_NEWS = _("There is news for you.")
BRIEFS: "dict[str, str | Promise]" = {
    Category.APPLICATIONS: _("There is news about an application."),
    Category.SUGGESTIONS: _("There is a new place that may fit you."),
    Category.OFFERS: _("There is news about a place."),
    Category.MATCHES: _("There is news about a match."),
    Category.PLACEMENTS: _("There is news about a placement."),
    Category.ROUNDS: _("There is news about an allocation round."),
    Category.ORGANISATIONS: _("There is news about your organisation."),
    Category.REMINDERS: _("Something is waiting for your answer."),
    Category.ACCOUNT: _("There is news about your account."),
}


@dataclass(frozen=True)
class RenderedMail:
    """version: changes when one of the three templates does."""

    subject: str
    text: str
    html: str
    version: str


class _Missing(str):
    """What the template engine shows for a missing variable: formatting it raises."""

    __slots__ = ()

    def __mod__(self, name: object) -> str:
        raise LookupError(f"undefined template variable: {name}")

    def __contains__(self, item: object) -> bool:
        return item == "%s"


@lru_cache(maxsize=1)
def _engine() -> DjangoTemplates:
    config: dict[str, Any] = deepcopy(settings.TEMPLATES[0])
    options = {**config["OPTIONS"], "string_if_invalid": _Missing("%s"), "context_processors": []}
    return DjangoTemplates({"NAME": "mail", "DIRS": config["DIRS"], "APP_DIRS": False, "OPTIONS": options})


def _forget_engine(*, setting: str, **_: Any) -> None:
    if setting in {"TEMPLATES", "SITE_URL"}:
        _engine.cache_clear()
        template_version.cache_clear()


setting_changed.connect(_forget_engine)


def render_mail(
    notification: Notification, kind: Kind, recipient: "User", *, unsubscribe_url: str = ""
) -> RenderedMail:
    """The three parts in the recipient's language.

    Raises Undeliverable `template_failed:<error>` when a template or the kind's context fails; a database that is away
    is not the template's fault and passes through.
    """
    with translation.override(recipient.language):
        try:
            context = mail_context(notification, kind, recipient, unsubscribe_url)
            subject, text, html = (_render(kind, part, context) for part in PARTS)
        except DatabaseError:
            raise
        except Exception as error:
            raise Undeliverable(f"template_failed:{type(error).__name__}") from error
    return RenderedMail(" ".join(subject.split()), text.strip() + "\n", html, template_version(kind.template_folder))


@dataclass(frozen=True)
class Brief:
    """text: one sentence without names, for the screen of a phone. path: the page of this site it leads to."""

    text: str
    path: str


def render_brief(notification: Notification, kind: Kind, recipient: "User") -> Brief:
    """What a phone shows while it lies on a table: that something happened, not what happened to whom.

    Raises Undeliverable `template_failed:<error>` when the kind's texts fail; a database that is away passes through.
    """
    with translation.override(recipient.language):
        try:
            found = kind.brief(notification) if kind.brief else BRIEFS.get(kind.category, ANY_NEWS)
            text, path = " ".join(str(found).split()), kind.context(notification)["link"]
            links.absolute(path)
        except DatabaseError:
            raise
        except Exception as error:
            raise Undeliverable(f"template_failed:{type(error).__name__}") from error
    return Brief(text, path)


def mail_context(
    notification: Notification, kind: Kind, recipient: "User", unsubscribe_url: str = ""
) -> dict[str, Any]:
    """Variables of every mail: recipient_name, title, link, site_url, settings_url, unsubscribe_url ("" when the kind
    has no opt-out), category_label, language; and what the kind's own context adds."""
    own = dict(kind.context(notification))
    path = own.pop("link")
    return {
        "recipient_name": recipient.name,
        "title": str(kind.title(notification)),
        "site_url": settings.SITE_URL.rstrip("/"),
        "settings_url": links.absolute(links.SETTINGS_PATH),
        "unsubscribe_url": unsubscribe_url,
        "category_label": Category(kind.category).label,
        "language": recipient.language,
        **own,
        "link": links.absolute(path),
    }


def _render(kind: Kind, part: str, context: dict[str, Any]) -> str:
    template = _engine().get_template(f"{kind.template_folder}/{part}")
    # Text parts are not HTML: without this "Börje & Söner" would read "Börje &amp; Söner".
    if part.endswith(".txt"):
        return str(template.template.render(Context(context, autoescape=False)))
    return str(template.render(context))


@lru_cache(maxsize=256)
def template_version(folder: str) -> str:
    """The first 12 hex digits over the three sources."""
    digest = hashlib.sha256()
    for part in PARTS:
        digest.update(_engine().get_template(f"{folder}/{part}").template.source.encode())
    return digest.hexdigest()[:12]
