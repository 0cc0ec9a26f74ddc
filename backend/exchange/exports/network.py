"""The lists of the network office: figures and the machinery. Counts of people below five are not told."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.policies import is_network_office
from backend.exchange.exports.definition import Filter, Filters, ListExport, one_of
from backend.exchange.network_figures import at_least_five, job_figures, municipality_figures
from backend.exchange.tables import Column, number_if_one
from backend.exchange.words import in_words
from backend.notifications.enums import Category, ChannelName
from backend.notifications.measuring import PERIODS, KindEffect, effects
from backend.notifications.models import Delivery
from backend.notifications.selectors import (
    UNDELIVERED_STATES,
    narrowed_undelivered,
    reason_label,
    reasons_of_undelivered,
    state_label,
)
from backend.reference.models import NetworkMembership
from backend.tokens.enums import Scope

MOST_DELIVERIES = 5_000

MUNICIPALITIES: ListExport[dict[str, Any]] = ListExport(
    "municipalities",
    "municipalities",
    [
        Column(_("Code"), lambda row: row["code"]),
        Column(_("Municipality"), lambda row: row["name"]),
        Column(_("County"), lambda row: row["county"]),
        Column(_("Membership"), lambda row: row["membership"]),
        Column(_("Coordinators"), lambda row: row["coordinators"]),
        Column(_("Published places"), lambda row: row["offers"]),
        Column(_("Free seats"), lambda row: row["seats"]),
        Column(_("Students"), lambda row: number_if_one(row["students"])),
        Column(_("Placed"), lambda row: number_if_one(row["placed"])),
    ],
    lambda user, filters, only: municipality_figures(),
    is_network_office,
    Scope.EXPORTS_READ,
    is_personal=False,
)

MEMBERS: ListExport[NetworkMembership] = ListExport(
    "members",
    "members",
    [
        Column(_("Code"), lambda row: row.municipality_id),
        Column(_("Municipality"), lambda row: row.municipality.name),
        Column(_("From"), lambda row: row.valid_from),
        Column(_("To"), lambda row: row.valid_to),
        Column(_("Evidence"), lambda row: row.get_evidence_display()),
        Column(_("Source"), lambda row: row.source),
        Column(_("Note"), lambda row: row.evidence_note),
    ],
    lambda user, filters, only: NetworkMembership.objects.select_related("municipality"),
    is_network_office,
    Scope.EXPORTS_READ,
    is_personal=False,
)

JOBS: ListExport[dict[str, Any]] = ListExport(
    "scheduled-jobs",
    "scheduled-jobs",
    [
        Column(_("Job"), lambda row: row["name"]),
        Column(_("Last run"), lambda row: row["last"]),
        Column(_("Rows"), lambda row: row["handled"]),
        Column(_("Next run"), lambda row: row["next"]),
        Column(_("Late"), lambda row: row["is_late"]),
        Column(_("Error"), lambda row: row["error"]),
    ],
    lambda user, filters, only: job_figures(),
    is_network_office,
    Scope.EXPORTS_READ,
    is_personal=False,
)


def chosen_days(filters: Filters) -> int:
    """The chosen period in days, the shortest when it is none of them."""
    text = filters.get("days", "")
    return next((days for days in PERIODS if text == str(days)), PERIODS[0])


def _shown(number: int | None) -> object:
    return None if number is None else at_least_five(number)


EFFECT: ListExport[KindEffect] = ListExport(
    "effect",
    "effect",
    [
        Column(_("Message"), lambda row: in_words(row.kind.name)),
        Column(_("Category"), lambda row: Category(row.kind.category).label),
        Column(_("Told"), lambda row: _shown(row.told)),
        Column(_("Sent"), lambda row: _shown(row.sent)),
        Column(_("Read within 48 hours"), lambda row: _shown(row.read)),
        Column(_("Acted within 48 hours"), lambda row: _shown(row.acted)),
    ],
    lambda user, filters, only: effects(chosen_days(filters)),
    is_network_office,
    Scope.EXPORTS_READ,
    is_personal=False,
    filters={"days": one_of(map(str, PERIODS))},
)


def _undelivered(user: User, filters: Filters, only: int | None) -> Iterable[Delivery]:
    return narrowed_undelivered(filters)[0][:MOST_DELIVERIES]


UNDELIVERED: ListExport[Delivery] = ListExport(
    "undelivered",
    "undelivered",
    [
        Column(_("When"), lambda row: row.notification.created_at),
        Column(_("About"), lambda row: in_words(row.notification.kind)),
        Column(_("How"), lambda row: row.get_channel_display()),
        Column(_("State"), state_label),
        Column(_("Reason"), lambda row: reason_label(row.reason) if row.reason else ""),
        Column(_("Answer of the provider"), lambda row: row.provider_answer),
        Column(_("Attempts"), lambda row: row.attempts),
    ],
    _undelivered,
    is_network_office,
    None,
    is_personal=False,
    filters={
        "state": one_of(UNDELIVERED_STATES),
        "channel": one_of(ChannelName.values),
        "reason": Filter(lambda _user, value, _only: value in dict(reasons_of_undelivered())),
    },
)
