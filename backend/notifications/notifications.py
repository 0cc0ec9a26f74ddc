"""Kinds that belong to no domain: the digest, and the mail a person sends to oneself to see whether mails arrive."""

import contextlib
from collections import defaultdict
from datetime import timedelta
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from backend.accounts.policies import is_network_office, vacant_municipalities
from backend.accounts.selectors import list_network_office
from backend.common.models import PeriodicRun, WorkState
from backend.notifications import links, registry, reminders, summaries
from backend.notifications.effect import own_step
from backend.notifications.enums import Category, ChannelName
from backend.notifications.messages import TEMPLATES, Words, context_from
from backend.notifications.models import Notification, Task
from backend.notifications.registry import Kind
from backend.notifications.selectors import list_undelivered
from backend.notifications.subjects import Subject, while_there
from backend.notifications.summaries import Section

MOST_SHOWN = 20


def broken_things() -> list[Section]:
    """What keeps messages or jobs from going on, for the network office."""
    counted = [
        (
            list_undelivered().count(),
            lambda number: ngettext(
                "%(number)d message could not be delivered", "%(number)d messages could not be delivered", number
            ),
            "/natverket/utskick/",
        ),
        (
            PeriodicRun.objects.filter(state=WorkState.DEAD).count(),
            lambda number: ngettext(
                "%(number)d run of a scheduled job has failed", "%(number)d runs of scheduled jobs have failed", number
            ),
            "/natverket/jobb/",
        ),
        (
            Task.objects.filter(
                Q(municipality__isnull=True) | Q(municipality__in=vacant_municipalities()),
                is_protected=False,
                closed_at__isnull=True,
            ).count(),
            lambda number: ngettext("%(number)d case needs a phone call", "%(number)d cases need a phone call", number),
            "/uppgifter/",
        ),
    ]
    lines = [summaries.Line(words(number) % {"number": number}, link) for number, words, link in counted if number]
    return [summaries.section(_("What needs the network office"), lines, len(lines))] if lines else []


def _network_office_with_work() -> set[int]:
    return {user.pk for user in list_network_office()} if broken_things() else set()


summaries.register(
    summaries.Summary(
        "network",
        _network_office_with_work,
        lambda user: broken_things(),
        concerns=is_network_office,
    )
)


_task: Subject[reminders.TaskLine] = Subject(
    lambda subject_type, ids: reminders.lines_of(list(Task.objects.filter(pk__in=ids)))
)


def _task_closed(notification: Notification) -> str:
    return "already_done" if _task(notification).is_closed else ""


def _task_words(notification: Notification) -> Words:
    return Words(paragraphs=(_task(notification).text,), button=_("See who needs a phone call"))


registry.register(
    Kind(
        name=reminders.TASK_KIND,
        category=Category.REMINDERS,
        title=lambda notification: _task(notification).title,
        context=context_from(_task_words),
        templates=TEMPLATES,
        opt_out=False,
        subject=_task,
        still_relevant=while_there(_task_closed, "already_done"),
        acted=own_step("task.closed"),
    )
)


def _digest_title(notification: Notification) -> "str | Promise":
    return _("News for you on Praktiknavet")


def _digest_items(notification: Notification) -> list[dict[str, Any]]:
    """Title, link and reasons of what still holds, best first, newest first among equals."""
    carried = list(
        Notification.objects.filter(deliveries__carried_by__notification=notification).order_by("-id").distinct()
    )
    weights = _weights(carried)
    carried.sort(key=lambda row: -weights.get(row.pk, 0.0))
    items = []
    for row in carried:
        # What is gone since then drops out; it must not keep the rest from arriving.
        with contextlib.suppress(KeyError, ObjectDoesNotExist):
            kind = registry.get(row.kind)
            if not kind.still_relevant(row):
                context = kind.context(row)
                reasons = context.get("row", {}).get("reasons", [])
                items.append(
                    {"title": str(kind.title(row)), "link": links.absolute(context["link"]), "reasons": reasons}
                )
    return items


def _weights(carried: list[Notification]) -> dict[int, float]:
    """Notification id -> weight; one query a kind that weighs, however many it weighs."""
    by_kind: dict[str, list[Notification]] = defaultdict(list)
    for row in carried:
        by_kind[row.kind].append(row)
    found: dict[int, float] = {}
    for name, rows in by_kind.items():
        with contextlib.suppress(KeyError):
            weigh = registry.get(name).weigh
            if weigh is not None:
                found |= weigh(rows)
    return found


def _digest_sections(notification: Notification) -> list[dict[str, Any]]:
    """What waits for the person now, when the morning's digest was also a summary."""
    if not notification.data.get("summary"):
        return []
    return [
        {
            "title": section.title,
            "lines": [
                {"title": line.title, "note": line.note, "link": links.absolute(line.link)} for line in section.lines
            ],
            "more": section.more,
        }
        for section in summaries.sections_for(notification.recipient)
    ]


def _list_page(notification: Notification) -> str:
    return links.NOTIFICATIONS_PATH


def _digest_context(notification: Notification) -> dict[str, Any]:
    """sections: of _digest_sections. items: the first of _digest_items; more: how many are left out."""
    items = _digest_items(notification)
    return {
        "sections": _digest_sections(notification),
        "items": items[:MOST_SHOWN],
        "more": max(0, len(items) - MOST_SHOWN),
        "link": _list_page(notification),
    }


def _digest_relevance(notification: Notification) -> str:
    return "" if _digest_items(notification) or _digest_sections(notification) else "nothing_left"


registry.register(
    Kind(
        name="notifications.digest",
        category=Category.DIGESTS,
        channels=(ChannelName.EMAIL,),
        title=_digest_title,
        context=_digest_context,
        page=_list_page,
        still_relevant=_digest_relevance,
        expires_after=timedelta(days=1),
    )
)


def _several_title(notification: Notification) -> "str | Promise":
    kind = registry.find(notification.data.get("kind", ""))
    if kind is None or kind.several is None:
        return _digest_title(notification)
    return kind.several(
        Notification.objects.filter(deliveries__carried_by__notification=notification).distinct().count()
    )


registry.register(
    Kind(
        # In the place of as many mails as one piece of work would have been; see digest_runs.in_one_mail.
        name="notifications.several",
        category=Category.ACCOUNT,
        channels=(ChannelName.EMAIL,),
        title=_several_title,
        context=_digest_context,
        page=_list_page,
        templates="emails/notifications/digest",
        opt_out=False,
        resend_when_uncertain=True,
        still_relevant=_digest_relevance,
        expires_after=timedelta(days=7),
    )
)


def _trial_title(notification: Notification) -> "str | Promise":
    return _("A trial message: your notifications arrive")


def _settings_page(notification: Notification) -> str:
    return links.SETTINGS_PATH


def _trial_context(notification: Notification) -> dict[str, Any]:
    return {"link": _settings_page(notification)}


registry.register(
    Kind(
        name="notifications.trial",
        category=Category.ACCOUNT,
        title=_trial_title,
        context=_trial_context,
        page=_settings_page,
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
        page=_settings_page,
        templates=TEMPLATES,
        opt_out=False,
        expires_after=timedelta(days=30),
    )
)
