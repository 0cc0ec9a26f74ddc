"""The steps of the main job, in order."""

from datetime import timedelta

from backend.applications.enums import ApplicationState
from backend.applications.models import Application
from backend.applications.services import (
    accept_seat,
    offer_seat,
    submit_application,
    waitlist_application,
    withdraw_application,
)
from backend.common import clock
from backend.common.invariants import broken
from backend.offers.details import OfferDetails, PeriodDetails
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferPeriod
from backend.offers.services import copy_offer, publish_offer, submit_offer, update_offer
from backend.ops.walkthrough.people import Cast, become_student, people_at
from backend.ops.walkthrough.timeline import NotSeenError, Timeline
from backend.placements.enums import MatchState, PlacementState
from backend.placements.models import Match, Placement
from backend.placements.services import approve_match
from backend.suggestions.models import Suggestion

WORKER = "Is the worker running?"


def walk(place: Offer, timeline: Timeline) -> Placement:
    """Plays the whole job on a copy of `place` with one seat. Raises NotSeenError for the first step that is missing."""
    municipality = place.workplace.municipality
    assert municipality is not None
    origin = f"{place.source} {place.source_ref}" if place.source else "the demo"
    timeline.done(f"the place: {place.title} at {place.organisation.name}, {municipality.name} ({origin})")
    with people_at(place) as cast:
        students = [become_student(user, place) for user in (cast.first, cast.second)]
        timeline.done("two students with a profile that fits")
        offer = _post_and_publish(place, cast, timeline)
        published = timeline.done("the coordinator publishes it")
        for student in students:
            timeline.wait(
                f"suggestion found for {student.user.name}",
                lambda student=student: Suggestion.objects.filter(offer=offer, student=student).first(),  # type: ignore[misc]
                since=published,
                hint=f"{WORKER} Does the place still fit the students?",
            )
        for student in students:
            timeline.wait_for_mail(student.user, "match.suggested", since=published)
        period = OfferPeriod.objects.get(offer=offer)
        second = _first_gets_and_leaves(period, cast, timeline)
        placement = _second_is_placed(second, cast, timeline)
    found = broken()
    if found:
        raise NotSeenError(
            "the database breaks what must hold: " + "; ".join(f"{each.name} {each.count}" for each in found)
        )
    timeline.done("every invariant holds")
    return placement


def _post_and_publish(place: Offer, cast: Cast, timeline: Timeline) -> Offer:
    """The company copies its place, gives it one seat in coming weeks and sends it in."""
    copied = copy_offer(actor=cast.company, offer_id=place.pk)
    monday = clock.today() + timedelta(days=7 - clock.today().weekday(), weeks=8)
    length = timedelta(weeks=10, days=-3)
    update_offer(
        actor=cast.company,
        offer_id=copied.pk,
        details=OfferDetails(
            workplace_id=copied.workplace_id,
            form=copied.form_id,
            title=copied.title,
            tasks=copied.tasks,
            occupation=copied.occupation_id or "",
            requirements=copied.requirements,
            skills=copied.skills,
            languages=copied.languages,
            hazards=tuple(copied.hazards.values_list("pk", flat=True)),
            programmes=tuple(copied.programmes.values_list("pk", flat=True)),
        ),
        periods=[PeriodDetails(monday, monday + length, 1)],
    )
    submit_offer(actor=cast.company, offer_id=copied.pk)
    posted = timeline.done("the company posts it with one seat")
    timeline.see_on_site(cast.coordinator, "offer.submitted", copied.pk, since=posted)
    offer = publish_offer(actor=cast.coordinator, offer_id=copied.pk)
    _must(Offer.objects.filter(pk=offer.pk, state=OfferState.PUBLISHED).exists(), "the offer is published")
    return offer


def _first_gets_and_leaves(period: OfferPeriod, cast: Cast, timeline: Timeline) -> Application:
    """The first gets the only seat and accepts, the second waits; then the first withdraws and the seat moves on."""
    first = submit_application(actor=cast.first, period_id=period.pk, motivation="Jag vill gärna börja.")
    second = submit_application(actor=cast.second, period_id=period.pk, motivation="Det här passar mig.")
    applied = timeline.done("both students apply")
    timeline.wait_for_mail(cast.company, "application.submitted", since=applied)
    offer_seat(actor=cast.company, application_id=first.pk)
    waitlist_application(actor=cast.company, application_id=second.pk)
    answered = timeline.done("the company offers the seat to the first and puts the second on the waiting list")
    timeline.wait_for_mail(cast.first, "application.offered", since=answered)
    timeline.wait_for_mail(cast.second, "application.waitlisted", since=answered)
    accept_seat(actor=cast.first, application_id=first.pk)
    _must(_state(first) == ApplicationState.ACCEPTED, "the first has accepted")
    _must(
        Match.objects.filter(application=first, state=MatchState.PROPOSED).exists(), "a match waits for the coordinator"
    )
    _must(_taken(period) == 1, "the seat is taken")
    timeline.done("the first accepts: the seat is taken, a match waits")
    withdraw_application(actor=cast.first, application_id=first.pk)
    withdrawn = timeline.done("the first withdraws: the seat is free")
    timeline.wait(
        "the second is offered the freed seat",
        lambda: _state(second) == ApplicationState.OFFERED,
        since=withdrawn,
        hint=WORKER,
    )
    _must(_taken(period) == 1, "the seat is taken again, once")
    timeline.wait_for_mail(cast.second, "application.offered", since=withdrawn)
    return second


def _second_is_placed(second: Application, cast: Cast, timeline: Timeline) -> Placement:
    """The second accepts, the coordinator approves, the placement stands."""
    accept_seat(actor=cast.second, application_id=second.pk)
    accepted = timeline.done("the second accepts")
    timeline.wait_for_mail(cast.coordinator, "match.proposed", since=accepted)
    match = Match.objects.get(application=second)
    placement = approve_match(actor=cast.coordinator, match_id=match.pk)
    approved = timeline.done("the coordinator approves the match")
    timeline.wait(
        "the application follows the decision",
        lambda: _state(second) == ApplicationState.APPROVED,
        since=approved,
        hint=WORKER,
    )
    timeline.wait_for_mail(cast.second, "match.approved", since=approved)
    stands = Placement.objects.filter(pk=placement.pk, state=PlacementState.UPCOMING, student=second.student_id)
    _must(stands.exists(), "the placement stands")
    _must(_taken(second.period) == 1, "exactly one seat is taken")
    timeline.done(f"the placement stands: {placement.start} to {placement.end}")
    return placement


def _state(application: Application) -> str:
    return Application.objects.values_list("state", flat=True).get(pk=application.pk)


def _taken(period: OfferPeriod) -> int:
    return OfferPeriod.objects.values_list("taken", flat=True).get(pk=period.pk)


def _must(seen: bool, text: str) -> None:
    if not seen:
        raise NotSeenError(f"not so in the database: {text}")
