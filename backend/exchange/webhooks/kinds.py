"""Which events a webhook can carry, whom they concern, and what is said of them: ids and a link, never a person.

An event about a student with protected identity is nobody's to hear: it is found out here, when the delivery is written,
and asked again before each call.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backend.applications.models import Application
from backend.common.models import DomainEvent
from backend.offers.models import Offer
from backend.placements.models import Match, Placement


@dataclass(frozen=True)
class Concerned:
    """Whose event it is: organisation ids and municipality codes. is_silent: nobody may be told."""

    organisations: frozenset[int]
    municipalities: frozenset[str]
    ids: dict[str, Any]
    is_silent: bool = False


NOBODY = Concerned(frozenset(), frozenset(), {}, is_silent=True)


def _offer(pk: int) -> Concerned:
    offer = Offer.objects.select_related("workplace").filter(pk=pk).first()
    if offer is None:
        return NOBODY
    code = offer.municipality_code
    # A draft that was never sent in is the organisation's own business.
    codes = {code} if code and offer.submitted_at is not None else set()
    return Concerned(frozenset({offer.organisation_id}), frozenset(codes), {"offer": offer.pk})


def _application(pk: int) -> Concerned:
    row = Application.objects.select_related("student", "period__offer__workplace").filter(pk=pk).first()
    if row is None or row.student.is_protected:
        return NOBODY
    offer = row.period.offer
    codes = {row.student.municipality_id} - {None}
    ids = {"application": row.pk, "offer": offer.pk, "period": row.period_id}
    return Concerned(frozenset({offer.organisation_id}), frozenset(str(code) for code in codes), ids)


def _match(pk: int) -> Concerned:
    row = Match.objects.select_related("student", "period__offer").filter(pk=pk).first()
    if row is None or row.student.is_protected:
        return NOBODY
    codes = {row.deciding_municipality_id} - {None}
    ids = {"match": row.pk, "offer": row.period.offer_id, "period": row.period_id}
    return Concerned(frozenset({row.period.offer.organisation_id}), frozenset(str(code) for code in codes), ids)


def _placement(pk: int) -> Concerned:
    row = Placement.objects.filter(pk=pk).first()
    if row is None:
        return NOBODY
    found = _match(row.match_id)
    return Concerned(found.organisations, found.municipalities, {"placement": row.pk, **found.ids}, found.is_silent)


SUBJECTS: dict[str, Callable[[int], Concerned]] = {
    "offer": _offer,
    "application": _application,
    "match": _match,
    "placement": _placement,
}

KINDS: dict[str, "str | Promise"] = {
    "offer.submitted": _("A place is sent in for review"),
    "offer.published": _("A place is published"),
    "offer.updated": _("A place is changed"),
    "offer.paused": _("A place is paused"),
    "offer.resumed": _("A place takes applications again"),
    "offer.closed": _("A place is closed"),
    "application.submitted": _("Someone applies"),
    "application.offered": _("A seat is offered"),
    "application.accepted": _("A seat is accepted"),
    "application.declined": _("An application is declined"),
    "application.withdrawn": _("An application is withdrawn"),
    "application.lapsed": _("An application lapses"),
    "match.approved": _("A match is approved"),
    "match.rejected": _("A match is rejected"),
    "placement.started": _("A placement begins"),
    "placement.completed": _("A placement is completed"),
    "placement.interrupted": _("A placement is interrupted"),
    "placement.cancelled": _("A placement is cancelled"),
    "webhook.trial": _("A trial message"),
}
TRIAL = "webhook.trial"


def concerned_by(event: DomainEvent) -> Concerned:
    """Whose event it is, asked of the rows as they are now."""
    if event.kind == TRIAL:
        return Concerned(frozenset(), frozenset(), {"webhook": event.subject_id})
    find = SUBJECTS.get(event.subject_type)
    return find(event.subject_id) if find else NOBODY


def payload_of(event: DomainEvent, concerned: Concerned) -> dict[str, Any]:
    """What is sent: kind, moment, ids, and the address where someone who may can read more."""
    site: str = settings.SITE_URL
    return {
        "type": event.kind,
        "timestamp": event.at.isoformat(),
        "data": {**concerned.ids, "link": f"{site.rstrip('/')}/till/{event.subject_type}/{event.subject_id}/"},
    }
