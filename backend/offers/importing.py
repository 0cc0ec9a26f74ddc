"""Commands about offers that come from a list or another service.

What a source said last is remembered as a fingerprint in the log. The same row again changes nothing, even when an
organisation has edited or closed its offer since; only news from the source is written over it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import clock, outbox
from backend.common.errors import Conflict, Invalid, NotAllowed
from backend.common.models import LogEntry
from backend.common.transitions import log, move
from backend.offers.demand import AdPrefill, DemandSignal
from backend.offers.details import clean_words
from backend.offers.enums import OFFER_TRANSITIONS, CloseReason, OfferState
from backend.offers.models import Offer, OfferPeriod
from backend.organisations.models import Workplace
from backend.organisations.policies import can_import_places
from backend.reference.models import OccupationGroup

IMPORTED = "offer.imported"
BY_THE_CALENDAR = frozenset({CloseReason.ENDED, CloseReason.DEADLINE})


@dataclass(frozen=True)
class ImportedPeriod:
    """start, end: both days included. They may lie in the past: an imported place is what it is."""

    start: date
    end: date
    seats: int


@dataclass(frozen=True)
class ImportedOffer:
    """A place as its source describes it. source_ref: what identifies it there. occupation: SSYK code, or empty.

    apply_by: the last day to apply, of a place that nobody can begin later than the others.
    """

    source: str
    source_ref: str
    form: str
    title: str
    tasks: str
    periods: Sequence[ImportedPeriod]
    occupation: str = ""
    requirements: str = ""
    skills: Sequence[str] = ()
    apply_by: date | None = None


@dataclass(frozen=True)
class ImportOutcome:
    """what: created, updated, unchanged or skipped. state: of the offer afterwards. note: what the importer should know."""

    offer_id: int
    what: str
    state: str
    note: str = ""


def require_importer(actor: User | None) -> None:
    """The network office imports; no actor means the operator's shell. Raises NotAllowed."""
    if actor is not None and not can_import_places(actor):
        raise NotAllowed("import.not_allowed", _("Only the network office imports places."))


def list_imported(source: str) -> dict[str, tuple[int, str]]:
    """source_ref -> (offer id, fingerprint of what the source said last). Two queries."""
    ids = dict(Offer.objects.filter(source=source).values_list("pk", "source_ref"))
    said = (
        LogEntry.objects.filter(action=IMPORTED, subject_type="offer", subject_id__in=ids)
        .order_by("id")
        .values_list("subject_id", "data__fingerprint")
    )
    newest = {pk: fingerprint for pk, fingerprint in said if fingerprint}
    return {ref: (pk, newest.get(pk, "")) for pk, ref in ids.items()}


def fingerprint_of(row: object) -> str:
    """Of the source's own words (any value JSON can hold), so that dates counted from today do not make news of an old row."""
    text = json.dumps(row, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@transaction.atomic
def save_imported_offer(
    *,
    actor: User | None,
    workplace: Workplace,
    details: ImportedOffer,
    fingerprint: str,
    known: tuple[int, str] | None,
) -> ImportOutcome:
    """Creates or updates the offer of a source.

    With an actor of the network office a place whose period is not over is published, which the office answers for.
    Without an actor it waits for review like any other. A place whose periods are over, or whose last day to apply has
    passed, is closed. One that the calendar had closed is opened again, first for review, when the source gives it dates ahead;
    not when somebody has closed it, and nothing of it is changed when somebody had applied: `note` says so.
    known: the source_ref's entry in `list_imported`. Raises NotAllowed, Invalid for seats below 1, reversed dates or
    seats below those taken, Conflict for other dates of a period that somebody has applied for.
    """
    require_importer(actor)
    for period in details.periods:
        if period.seats < 1:
            raise Invalid("period.no_seats", _("At least one seat is needed."), field="seats")
        if period.end < period.start:
            raise Invalid("period.reversed", _("The last day is before the first."), field="end")
    if known is not None and known[1] == fingerprint:
        state = Offer.objects.values_list("state", flat=True).get(pk=known[0])
        return ImportOutcome(known[0], "unchanged", state)
    offer = Offer.objects.select_for_update(of=("self",)).get(pk=known[0]) if known else Offer()
    today = clock.today()
    is_late = details.apply_by is not None and details.apply_by < today
    is_ahead = not is_late and any(period.end >= today for period in details.periods)
    over = known is None and not is_ahead
    comes_back, note = False, ""
    if known and offer.state == OfferState.CLOSED and is_ahead:
        if offer.close_reason not in BY_THE_CALENDAR:
            note = "stays closed: somebody has closed it"
        elif offer.periods.filter(applications__isnull=False).exists():
            note = "stays closed with its former dates: somebody has applied for them"
            return ImportOutcome(offer.pk, "skipped", offer.state, note)
        else:
            comes_back = True
    if over:
        # It comes into the world closed: nobody can be waiting for it, so no worker has to hear of its closing.
        offer.state, offer.closed_at, offer.close_reason = OfferState.CLOSED, clock.now(), CloseReason.ENDED
    _write(offer, workplace, details)
    log(IMPORTED, offer, actor=actor, data={"fingerprint": fingerprint, "source": details.source})
    if comes_back:
        _reopen(offer, actor)
    elif (known is None and not over) or offer.state in {OfferState.SUBMITTED, OfferState.PUBLISHED, OfferState.PAUSED}:
        _settle(offer, actor, is_new=known is None)
    outbox.wake()
    return ImportOutcome(offer.pk, "updated" if known else "created", offer.state, note)


def _write(offer: Offer, workplace: Workplace, details: ImportedOffer) -> None:
    if details.occupation and not OccupationGroup.objects.filter(pk=details.occupation).exists():
        raise Invalid("offer.unknown_occupation", _("Choose an occupation from the list."), field="occupation")
    offer.organisation_id, offer.workplace = workplace.organisation_id, workplace
    offer.form_id, offer.occupation_id = details.form, details.occupation or None
    offer.title, offer.tasks = details.title[:120], details.tasks[:4000]
    offer.requirements, offer.skills = details.requirements[:2000], clean_words(details.skills)
    offer.apply_by = details.apply_by
    offer.source, offer.source_ref = details.source, details.source_ref
    offer.save()
    existing = list(offer.periods.select_for_update())
    for number, wanted in enumerate(details.periods):
        period = existing[number] if number < len(existing) else OfferPeriod(offer=offer)
        if wanted.seats < period.taken:
            raise Invalid(
                "period.seats_below_taken",
                _("%(taken)d seats are taken already, so there cannot be fewer.") % {"taken": period.taken},
                field="seats",
            )
        moved = period.pk is not None and (period.start, period.end) != (wanted.start, wanted.end)
        if moved and period.applications.exists():
            raise Conflict("period.dates_taken", _("Someone has applied for these dates."), field="start")
        period.start, period.end, period.capacity = wanted.start, wanted.end, wanted.seats
        period.save()


def _reopen(offer: Offer, actor: User | None) -> None:
    """Back into the queue, and on from there where the network office imports, as a new one would be."""
    offer.submitted_at, offer.closed_at, offer.close_reason = clock.now(), None, ""
    move(
        offer,
        OFFER_TRANSITIONS,
        "offer.reopened",
        actor=actor,
        data={"imported": True},
        update_fields=["submitted_at", "closed_at", "close_reason"],
    )
    if actor is not None:
        _settle(offer, actor, is_new=True)


def _settle(offer: Offer, actor: User | None, *, is_new: bool) -> None:
    """The state that follows from the dates and from who imports."""
    now = clock.now()
    is_late = offer.apply_by is not None and offer.apply_by < clock.today()
    if is_late or not offer.periods.filter(end__gte=clock.today()).exists():
        offer.closed_at, offer.close_reason = now, CloseReason.ENDED
        move(
            offer,
            OFFER_TRANSITIONS,
            "offer.closed",
            actor=actor,
            data={"close_reason": str(CloseReason.ENDED)},
            update_fields=["closed_at", "close_reason"],
        )
    elif is_new and actor is not None:
        offer.submitted_at = offer.published_at = now
        move(
            offer,
            OFFER_TRANSITIONS,
            "offer.published",
            actor=actor,
            data={"imported": True},
            update_fields=["submitted_at", "published_at"],
        )
    elif is_new:
        offer.submitted_at = now
        # Nobody is mailed: hundreds of imported places are one piece of news, which the importer's report tells.
        move(
            offer,
            OFFER_TRANSITIONS,
            "offer.submitted",
            actor=None,
            data={"imported": True},
            update_fields=["submitted_at"],
        )


@dataclass(frozen=True)
class ImportedAd:
    """An advertisement without persons: the caller has removed names, addresses and numbers from every text.

    municipality_code, group: codes of the reference tables, empty where the advertisement does not say.
    """

    source: str
    source_ref: str
    headline: str
    text: str
    employer_name: str
    municipality_code: str
    group: str
    vacancies: int
    published_on: date


@transaction.atomic
def save_ad(*, actor: User | None, details: ImportedAd) -> str:
    """Stores the demand and the prefill of an advertisement. Returns created, updated or unchanged.

    One that the source has removed stays removed, whatever an older file says. Raises NotAllowed.
    """
    require_importer(actor)
    signal = (
        DemandSignal.objects.select_for_update(of=("self",))
        .filter(source=details.source, source_ref=details.source_ref)
        .first()
    )
    if signal is not None and signal.removed_at is not None:
        return "unchanged"
    is_new = signal is None
    signal = signal or DemandSignal(source=details.source, source_ref=details.source_ref)
    facts = {
        "municipality_id": details.municipality_code or None,
        "group_id": details.group or None,
        "vacancies": details.vacancies,
        "published_on": details.published_on,
    }
    words = {
        "headline": details.headline[:200],
        "text": details.text[:4000],
        "employer_name": details.employer_name[:160],
    }
    prefill = AdPrefill.objects.filter(signal=signal.pk).first() if signal.pk else None
    if prefill and _is_same(signal, facts) and _is_same(prefill, words):
        return "unchanged"
    for name, value in facts.items():
        setattr(signal, name, value)
    signal.save()
    AdPrefill.objects.update_or_create(signal=signal, defaults=words)
    return "created" if is_new else "updated"


def _is_same(row: models.Model, values: Mapping[str, object]) -> bool:
    return all(getattr(row, name) == value for name, value in values.items())


@transaction.atomic
def remove_ad(*, actor: User | None, source: str, source_ref: str, at: datetime) -> str:
    """The source has taken an advertisement away: its demand is over and its words go. Returns updated, unchanged or unknown."""
    require_importer(actor)
    signal = DemandSignal.objects.select_for_update().filter(source=source, source_ref=source_ref).first()
    if signal is None:
        return "unknown"
    if signal.removed_at is not None:
        return "unchanged"
    signal.removed_at = at
    signal.save(update_fields=["removed_at", "updated_at"])
    AdPrefill.objects.filter(signal=signal).delete()
    return "updated"
