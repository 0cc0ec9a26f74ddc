"""Commands about offers: write, review, publish, pause, close. Each authorises, locks, changes, logs and tells."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.contacts import clean_contact
from backend.accounts.models import User
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import lock, log, move
from backend.offers import policies
from backend.offers.details import OfferDetails, PeriodDetails, check_details, check_periods, clean_words
from backend.offers.enums import OFFER_TRANSITIONS, CloseReason, OfferState
from backend.offers.facts import Facts as PlaceFacts
from backend.offers.facts import approved_facts, is_worth_asking, place_facts
from backend.offers.models import Offer, OfferPeriod
from backend.offers.notifications import tell, tell_of_change
from backend.offers.school_weeks import next_time
from backend.organisations.models import Organisation, Workplace
from backend.organisations.municipality_settings import settings_of
from backend.organisations.policies import has_people, require_member
from backend.reference.models import HazardFlag, OccupationGroup, PlacementForm, Programme

M = TypeVar("M", bound=models.Model)
Facts = tuple[str, int, frozenset[str], dict[tuple[date, date], int]]


def _locked(pk: int) -> Offer:
    try:
        return lock(Offer.objects.select_related("organisation", "workplace", "form"), pk)
    except Offer.DoesNotExist as error:
        raise NotFound("offer.unknown", _("There is no such place.")) from error


@transaction.atomic
def create_offer(
    *, actor: User, organisation: Organisation, details: OfferDetails, periods: Sequence[PeriodDetails]
) -> Offer:
    """A draft of the organisation. Raises Invalid with the field that is wrong; nothing is saved then."""
    require_member(actor, organisation)
    offer = Offer(organisation=organisation)
    _write(offer, details, periods)
    log("offer.created", offer, actor=actor)
    return offer


@transaction.atomic
def post_offer_for(*, actor: User, workplace_id: int, details: OfferDetails, periods: Sequence[PeriodDetails]) -> Offer:
    """A coordinator posts a place at a workplace of the own municipality on the organisation's behalf.

    It stands in the queue for review at once, where the organisation sees it too; the log says who posted it.
    Raises NotAllowed for a workplace elsewhere, otherwise what `create_offer` raises.
    """
    workplace = Workplace.objects.select_related("organisation").filter(pk=workplace_id).first()
    if workplace is None or not policies.can_post_for(actor, workplace):
        raise NotAllowed("offer.not_your_municipality", _("The workplace is not in your municipality."))
    offer = Offer(organisation=workplace.organisation)
    _write(offer, details, periods)
    log("offer.created", offer, actor=actor, data={"on_behalf": True})
    return _send_in(_locked(offer.pk), actor)


@transaction.atomic
def update_offer(*, actor: User, offer_id: int, details: OfferDetails, periods: Sequence[PeriodDetails]) -> Offer:
    """Changes an offer that is not closed.

    A published offer whose approved facts change (form, workplace, dates, risks, more seats) goes back to review. Whoever
    has applied is asked whether the new form, workplace, dates or risks still fit, see applications/changes.py. Raises
    Invalid for wrong input and for seats below those taken, Conflict `offer.placed` and `offer.in_round` where a round or
    a placement stands on what would change.
    """
    offer = _locked(offer_id)
    policies.require(policies.can_edit_offer(actor, offer), actor, offer)
    if offer.state == OfferState.CLOSED:
        raise Conflict("offer.closed", _("The place is closed. Copy it to post it again."))
    before, place_before = _approved_facts(offer), place_facts(offer)
    # Whoever undoes a decision must find what was decided about.
    offer.undo_until = None
    _write(offer, details, periods)
    if is_worth_asking(place_before, place_facts(offer)):
        _require_nobody_placed(offer, place_before)
    log("offer.updated", offer, actor=actor)
    event = events.record("offer.updated", offer)
    if not policies.is_own_offer(actor, offer):
        tell_of_change(event, offer)
    needs_review = offer.state in {OfferState.PUBLISHED, OfferState.PAUSED} and _goes_beyond(
        before, _approved_facts(offer)
    )
    if needs_review and not policies.can_publish_offer(actor, offer):
        offer.submitted_at = clock.now()
        event = move(offer, OFFER_TRANSITIONS, "offer.resubmitted", actor=actor, update_fields=["submitted_at"])
        tell(event, offer)
    outbox.wake()
    return offer


def _require_nobody_placed(offer: Offer, before: PlaceFacts) -> None:
    """Placements that stand, and rounds, were decided for the place as it is; nobody there can be asked one by one.

    A new risk is written down all the same where somebody is placed: hiding it would harm, and it goes to review.
    """
    periods = OfferPeriod.objects.filter(offer=offer)
    if (
        periods.filter(round_seats__held__gt=0).exists()
        or periods.filter(matches__state="proposed", matches__application__isnull=True).exists()
    ):
        raise Conflict(
            "offer.in_round",
            _(
                "The place is part of a round, so its form, workplace and risks cannot change now. Post a new place, or "
                "talk to the coordinator."
            ),
        )
    after = place_facts(offer)
    stands = periods.filter(placements__state__in=["upcoming", "ongoing"])
    if any(before[name] != after[name] for name in ("form", "workplace")) and stands.exists():
        raise Conflict(
            "offer.placed",
            _("Somebody is placed here. Post a new place for another form or workplace, and leave this one as it is."),
        )


def _approved_facts(offer: Offer) -> Facts:
    periods = {(period.start, period.end): period.capacity for period in offer.periods.all()}
    return offer.form_id, offer.workplace_id, frozenset(offer.hazards.values_list("pk", flat=True)), periods


def _goes_beyond(
    before: Facts,
    after: Facts,
) -> bool:
    """Whether something was added that nobody has approved. Fewer risks or seats need no new look."""
    more_seats = any(seats > before[3].get(dates, 0) for dates, seats in after[3].items())
    return before[:2] != after[:2] or not after[2] <= before[2] or more_seats


def _write(offer: Offer, details: OfferDetails, periods: Sequence[PeriodDetails]) -> None:
    form = PlacementForm.objects.filter(pk=details.form).first()
    if form is None:
        raise Invalid("offer.unknown_form", _("Choose a form."), field="form")
    check_details(details, periods)
    check_periods(periods, details.form)
    workplace = Workplace.objects.filter(pk=details.workplace_id, organisation=offer.organisation_id).first()
    if workplace is None:
        raise Invalid("offer.unknown_workplace", _("Choose one of the organisation's workplaces."), field="workplace")
    if details.occupation and not OccupationGroup.objects.filter(pk=details.occupation).exists():
        raise Invalid("offer.unknown_occupation", _("Choose an occupation from the list."), field="occupation")
    programmes = _known(Programme, details.programmes, "programmes")
    hazards = _known(HazardFlag, details.hazards, "hazards")
    offer.workplace, offer.form = workplace, form
    offer.occupation_id = details.occupation or None
    offer.title, offer.tasks = details.title.strip(), details.tasks.strip()
    offer.requirements = details.requirements.strip()
    offer.skills, offer.languages = clean_words(details.skills), list(details.languages)
    offer.apply_by = details.apply_by
    supervisor = clean_contact(
        details.supervisor_name, details.supervisor_email, details.supervisor_phone, prefix="supervisor_"
    )
    offer.supervisor_name = supervisor.name
    offer.supervisor_email, offer.supervisor_phone = supervisor.email, supervisor.phone
    offer.risk_assessed_on = details.risk_assessed_on
    offer.is_remote = details.is_remote
    offer.save()
    offer.programmes.set(programmes)
    offer.hazards.set(hazards)
    _write_periods(offer, periods)


def _known(model: type[M], codes: Sequence[str], field: str) -> list[M]:
    known = {row.pk: row for row in model._default_manager.filter(pk__in=codes)}
    if unknown := sorted(set(codes) - known.keys()):
        raise Invalid("offer.unknown_code", _("Choose from the list."), field=field, data={"codes": unknown[:5]})
    return list(known.values())


def _write_periods(offer: Offer, periods: Sequence[PeriodDetails]) -> None:
    """Changes, adds and removes periods. Seats cannot go below those taken; a period someone holds cannot go."""
    existing = {period.pk: period for period in offer.periods.select_for_update()}
    kept = {details.pk for details in periods if details.pk}
    if unknown := kept - existing.keys():
        raise Invalid(
            "period.unknown", _("The period belongs to another place."), field="periods", data={"ids": sorted(unknown)}
        )
    for pk, period in existing.items():
        if pk in kept:
            continue
        if period.taken or period.applications.exists():
            raise Conflict(
                "period.in_use", _("Someone has applied for this period, so it cannot be removed."), field="periods"
            )
        period.delete()
    written: list[OfferPeriod] = []
    for number, details in enumerate(periods):
        period = existing[details.pk] if details.pk else OfferPeriod(offer=offer)
        if details.seats < period.taken:
            raise Invalid(
                "period.seats_below_taken",
                _("%(taken)d seats are taken already, so there cannot be fewer.") % {"taken": period.taken},
                field=f"periods-{number}-seats",
                data={"taken": period.taken},
            )
        if period.pk and period.taken and (period.start, period.end) != (details.start, details.end):
            raise Conflict(
                "period.dates_taken",
                _("Someone has a seat in these dates. Add a new period instead."),
                field=f"periods-{number}-start",
            )
        if period.pk and (period.start, period.end) != (details.start, details.end):
            # Periods may change places: the dates someone else still has must not stand in the way meanwhile.
            parked = date.max - timedelta(days=number)
            OfferPeriod.objects.filter(pk=period.pk).update(start=parked, end=parked)
        period.start, period.end, period.capacity = details.start, details.end, details.seats
        written.append(period)
    for period in written:
        if period.pk:
            period.save(update_fields=["start", "end", "capacity"])
        else:
            period.save()


@transaction.atomic
def submit_offer(*, actor: User, offer_id: int) -> Offer:
    """The organisation asks for review; a trusted one publishes at once."""
    offer = _locked(offer_id)
    policies.require(policies.is_own_offer(actor, offer), actor, offer)
    if policies.can_publish_offer(actor, offer):
        _require_upcoming_period(offer)
        return _publish(offer, actor)
    return _send_in(offer, actor)


def _send_in(offer: Offer, actor: User) -> Offer:
    """A draft goes to the coordinators' queue."""
    _require_upcoming_period(offer)
    offer.submitted_at, offer.sent_back_reason, offer.undo_until = clock.now(), "", None
    event = move(
        offer,
        OFFER_TRANSITIONS,
        "offer.submitted",
        actor=actor,
        update_fields=["submitted_at", "sent_back_reason", "undo_until"],
    )
    tell(event, offer)
    outbox.wake()
    return offer


@transaction.atomic
def publish_offer(*, actor: User, offer_id: int, seen: datetime | None = None) -> Offer:
    """A coordinator of the workplace's municipality lets a submitted offer out.

    seen: `updated_at` of what was read. Raises Conflict when the place was changed after that: nobody has approved the new
    words.
    """
    offer = _locked(offer_id)
    policies.require(policies.can_publish_offer(actor, offer), actor, offer)
    if seen is not None and offer.updated_at != seen:
        raise Conflict("offer.changed", _("The place was changed after you opened it. Read it once more, then decide."))
    if offer.state == OfferState.DRAFT and not policies.is_own_offer(actor, offer):
        raise Conflict("offer.not_submitted", _("The organisation has not submitted the place yet."))
    _require_upcoming_period(offer)
    return _publish(offer, actor)


def _publish(offer: Offer, actor: User) -> Offer:
    # Only what was submitted for review can go back to it.
    offer.undo_until = _undo_until(offer) if offer.state == OfferState.SUBMITTED else None
    offer.published_at, offer.sent_back_reason = clock.now(), ""
    offer.approved = approved_facts(offer)
    event = move(
        offer,
        OFFER_TRANSITIONS,
        "offer.published",
        actor=actor,
        update_fields=["published_at", "sent_back_reason", "undo_until", "approved"],
    )
    tell(event, offer)
    outbox.wake()
    return offer


def _require_upcoming_period(offer: Offer) -> None:
    if offer.apply_by is not None and offer.apply_by < clock.today():
        raise Invalid("offer.deadline_passed", _("The last day to apply has already passed."), field="apply_by")
    if not offer.periods.filter(end__gte=clock.today()).exists():
        raise Invalid("offer.no_period", _("Add at least one period with dates and seats."), field="periods")


@transaction.atomic
def send_back_offer(*, actor: User, offer_id: int, reason: str) -> Offer:
    """A coordinator asks for changes and says which."""
    offer = _locked(offer_id)
    policies.require(policies.can_review_offer(actor, offer), actor, offer)
    if not reason.strip():
        raise Invalid("offer.no_reason", _("Write what should be changed."), field="reason")
    offer.sent_back_reason, offer.undo_until = reason.strip(), _undo_until(offer)
    event = move(
        offer,
        OFFER_TRANSITIONS,
        "offer.sent_back",
        actor=actor,
        reason=reason,
        update_fields=["sent_back_reason", "undo_until"],
    )
    tell(event, offer)
    outbox.wake()
    return offer


def _undo_until(offer: Offer) -> datetime | None:
    minutes = settings_of(offer.municipality_code).undo_minutes
    return clock.now() + timedelta(minutes=minutes) if minutes else None


def _decided_offer(actor: User, offer_id: int) -> Offer:
    offer = _locked(offer_id)
    policies.require(policies.can_review_offer(actor, offer), actor, offer)
    decided = offer.state in {OfferState.PUBLISHED, OfferState.DRAFT}
    if decided and (offer.undo_until is None or offer.undo_until <= clock.now()):
        raise Conflict(
            "offer.undo_late", _("This decision can no longer be undone: the time has passed, or it was changed.")
        )
    offer.undo_until = None
    return offer


@transaction.atomic
def undo_offer_publication(*, actor: User, offer_id: int) -> Offer:
    """Takes a publication back within the municipality's time, unless someone has applied: it waits for review again.

    Raises Conflict `offer.undo_late` or `offer.undo_depends`. The organisation and those who heard of it are told.
    """
    offer = _decided_offer(actor, offer_id)
    # The rows serialise with those who take a seat.
    periods = list(offer.periods.select_for_update())
    if any(period.taken or period.applications.exists() for period in periods):
        raise Conflict("offer.undo_depends", _("Someone has already applied. Close the place instead."))
    offer.published_at, offer.approved = None, {}
    event = move(
        offer,
        OFFER_TRANSITIONS,
        "offer.publication_undone",
        actor=actor,
        update_fields=["published_at", "undo_until", "approved"],
    )
    tell(event, offer)
    outbox.wake()
    return offer


@transaction.atomic
def undo_send_back(*, actor: User, offer_id: int) -> Offer:
    """Takes a sending back back, unless the organisation has begun to change the place. The organisation is told."""
    offer = _decided_offer(actor, offer_id)
    offer.sent_back_reason = ""
    event = move(
        offer,
        OFFER_TRANSITIONS,
        "offer.send_back_undone",
        actor=actor,
        update_fields=["sent_back_reason", "undo_until"],
    )
    tell(event, offer)
    outbox.wake()
    return offer


@transaction.atomic
def pause_offer(*, actor: User, offer_id: int) -> Offer:
    """No new applications for a while; those who applied keep their place."""
    offer = _locked(offer_id)
    policies.require(policies.can_edit_offer(actor, offer), actor, offer)
    move(offer, OFFER_TRANSITIONS, "offer.paused", actor=actor)
    return offer


@transaction.atomic
def resume_offer(*, actor: User, offer_id: int) -> Offer:
    offer = _locked(offer_id)
    policies.require(policies.can_edit_offer(actor, offer), actor, offer)
    _require_upcoming_period(offer)
    move(offer, OFFER_TRANSITIONS, "offer.resumed", actor=actor)
    outbox.wake()
    return offer


@transaction.atomic
def close_offer(*, actor: User, offer_id: int) -> Offer:
    """Closed by hand. Applicants without an answer are told."""
    offer = _locked(offer_id)
    policies.require(policies.can_close_offer(actor, offer), actor, offer)
    _close(offer, actor, CloseReason.BY_HAND)
    return offer


def _close(offer: Offer, actor: User | None, reason: CloseReason) -> None:
    offer.closed_at, offer.close_reason = clock.now(), reason
    move(
        offer,
        OFFER_TRANSITIONS,
        "offer.closed",
        actor=actor,
        data={"close_reason": str(reason)},
        update_fields=["closed_at", "close_reason"],
    )
    outbox.wake()


@transaction.atomic
def close_overdue_offer(*, offer_id: int) -> bool:
    """The calendar closes an offer whose last day to apply or last period has passed. False when neither is so.

    After the deadline those who applied in time still get their answers; after the last period nothing can come of them.
    One that waits for review is sent back for new dates instead, unless it was imported for an organisation that nobody
    here belongs to: then nobody could give them.
    """
    offer = _locked(offer_id)
    if offer.state == OfferState.SUBMITTED:
        if has_people(offer.organisation_id):
            return False
    elif offer.state not in {OfferState.PUBLISHED, OfferState.PAUSED}:
        return False
    if not offer.periods.filter(end__gte=clock.today()).exists():
        _close(offer, None, CloseReason.ENDED)
        return True
    if offer.apply_by is not None and offer.apply_by < clock.today():
        _close(offer, None, CloseReason.DEADLINE)
        return True
    return False


@transaction.atomic
def copy_offer(*, actor: User, offer_id: int) -> Offer:
    """An earlier offer as a new draft: the same texts, each period in the same ISO weeks of the next year in which it lies
    ahead, see school_weeks.py."""
    source = _locked(offer_id)
    policies.require(policies.is_own_offer(actor, source), actor, source)
    copied = Offer.objects.get(pk=source.pk)
    copied.pk = None
    copied._state.adding = True  # noqa: SLF001 - Django's documented way to copy a row
    copied.state = OfferState.DRAFT
    copied.source = copied.source_ref = copied.close_reason = copied.sent_back_reason = ""
    copied.submitted_at = copied.published_at = copied.closed_at = copied.apply_by = copied.undo_until = None
    copied.save()
    copied.programmes.set(source.programmes.all())
    copied.hazards.set(source.hazards.all())
    for period in source.periods.all():
        start, end = next_time(period.start, period.end, clock.today())
        # The same weeks of two years fall on the same dates now: one period is what next year needs.
        if not copied.periods.filter(start=start, end=end).exists():
            OfferPeriod.objects.create(offer=copied, start=start, end=end, capacity=period.capacity)
    log("offer.copied", copied, actor=actor, data={"from_offer": source.pk})
    return copied
