"""Kinds that belong to no domain: the digest, and the mail a person sends to oneself to see whether mails arrive."""

import contextlib
from datetime import timedelta
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backend.notifications import links, registry
from backend.notifications.enums import Category, ChannelName
from backend.notifications.models import Notification
from backend.notifications.registry import Kind

MOST_SHOWN = 20


def _digest_title(notification: Notification) -> "str | Promise":
    return _("News for you on Praktiknavet")


def _digest_items(notification: Notification) -> list[dict[str, str]]:
    """Title and link of what still holds, best first (`score` in the data), newest first among equals."""
    carried = list(
        Notification.objects.filter(deliveries__carried_by__notification=notification).order_by("-id").distinct()
    )
    carried.sort(key=lambda row: -float(row.data.get("score", 0)))
    items = []
    for row in carried:
        # What is gone since then drops out; it must not keep the rest from arriving.
        with contextlib.suppress(KeyError, ObjectDoesNotExist):
            kind = registry.get(row.kind)
            if not kind.still_relevant(row):
                items.append({"title": str(kind.title(row)), "link": links.absolute(kind.context(row)["link"])})
    return items


def _digest_context(notification: Notification) -> dict[str, Any]:
    """items: the first of _digest_items; more: how many are left out."""
    items = _digest_items(notification)
    return {
        "items": items[:MOST_SHOWN],
        "more": max(0, len(items) - MOST_SHOWN),
        "link": links.NOTIFICATIONS_PATH,
    }


def _digest_relevance(notification: Notification) -> str:
    return "" if _digest_items(notification) else "nothing_left"


registry.register(
    Kind(
        name="notifications.digest",
        category=Category.DIGESTS,
        channels=(ChannelName.EMAIL,),
        title=_digest_title,
        context=_digest_context,
        still_relevant=_digest_relevance,
        expires_after=timedelta(days=1),
    )
)


def _trial_title(notification: Notification) -> "str | Promise":
    return _("A trial message: your notifications arrive")


def _trial_context(notification: Notification) -> dict[str, Any]:
    return {"link": links.SETTINGS_PATH}


registry.register(
    Kind(
        name="notifications.trial",
        category=Category.ACCOUNT,
        title=_trial_title,
        context=_trial_context,
        opt_out=False,
        at_any_hour=True,
        expires_after=timedelta(hours=1),
    )
)


def _bounced_title(notification: Notification) -> "str | Promise":
    if notification.data.get("channel") == ChannelName.SMS:
        return _("Text messages to you do not arrive")
    return _("Mails to you come back")


registry.register(
    Kind(
        # Written by provider_reports when a provider says that the address does not exist.
        name="notifications.address_bounced",
        category=Category.ACCOUNT,
        channels=(ChannelName.IN_APP,),
        title=_bounced_title,
        context=_trial_context,
        opt_out=False,
        expires_after=timedelta(days=30),
    )
)
