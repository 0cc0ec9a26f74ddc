"""A person's calendar as iCalendar (RFC 5545): own placements, held seats, answers that are due.

The address is signed and names a generation of the person's feed; a new generation ends the old address.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Count, F, Min, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from icalendar import Calendar, Event

from backend.accounts.models import User
from backend.accounts.policies import municipalities_coordinated_by
from backend.applications.enums import ApplicationState
from backend.applications.models import Application
from backend.common import clock
from backend.common.transitions import log
from backend.exchange.feeds.texts import plain
from backend.exchange.models import CalendarFeed, CalendarRevision
from backend.placements.enums import PlacementState
from backend.placements.models import Placement
from backend.students.policies import is_minor

SALT = "exchange.calendar"
SHOWN = (PlacementState.UPCOMING, PlacementState.ONGOING, PlacementState.COMPLETED)
LOOKING_BACK = timedelta(days=180)
DEADLINE_LENGTH = timedelta(minutes=15)
# Before it nothing of ours was in any calendar; counted in seconds from here, 32 bits last for 68 years.
FIRST_CHANGE = datetime(2026, 1, 1, tzinfo=UTC)


def token_of(feed: CalendarFeed) -> str:
    return signing.Signer(salt=SALT).sign(f"{feed.pk}-{feed.generation}").replace(":", ".")


def read_token(token: str) -> CalendarFeed | None:
    """The feed of the address, unless it was revoked or never ours."""
    value, _dot, signature = token.partition(".")
    try:
        known = signing.Signer(salt=SALT).unsign(f"{value}:{signature}")
    except signing.BadSignature:
        return None
    pk, _dash, generation = known.partition("-")
    return (
        CalendarFeed.objects.select_related("user")
        .filter(pk=int(pk), generation=int(generation), is_active=True, user__is_active=True)
        .first()
    )


@transaction.atomic
def subscribe(*, actor: User) -> CalendarFeed:
    """The person's own address; asked for again, a new one that ends the old."""
    feed, created = CalendarFeed.objects.select_for_update().get_or_create(user=actor)
    if not created:
        feed.generation += 1
        feed.is_active = True
        feed.save(update_fields=["generation", "is_active", "updated_at"])
    log("calendar.subscribed", actor, actor=actor)
    return feed


@transaction.atomic
def revoke(*, actor: User) -> None:
    """The address answers nobody any more. Harmless when there is none."""
    if CalendarFeed.objects.filter(user=actor, is_active=True).update(is_active=False, generation=F("generation") + 1):
        log("calendar.revoked", actor, actor=actor)


def note_read(feed: CalendarFeed) -> None:
    """The day it was read last, so that a person sees whether anybody reads it. One write a day."""
    today = clock.today()
    CalendarFeed.objects.filter(pk=feed.pk).exclude(last_read_on=today).update(last_read_on=today)


def calendar_of(user: User) -> bytes:
    """The whole file, in the person's language. The same rows make the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", "-//Praktiknavet//sv")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Praktiknavet")
    calendar.add("refresh-interval", timedelta(hours=6), parameters={"value": "DURATION"})
    for event in _numbered(user, list(_events(user))):
        calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


@transaction.atomic
def _numbered(user: User, events: list[Event]) -> list[Event]:
    """Each event with the number and moment of the last change of what it shows, whatever row the change was made in.

    Whether something changed is asked of what was shown last: a workplace that moves, applicants that step back or a
    name that is corrected touch other rows than the one the event stands for.
    """
    now = clock.now().replace(microsecond=0)
    # As high as it would have been counted from the moments of rows, which calendars have been told before.
    counted = max(0, int((now - FIRST_CHANGE).total_seconds()))
    known = {row.uid: row for row in CalendarRevision.objects.select_for_update().filter(user=user)}
    fresh, changed = [], []
    for event in events:
        uid, digest = str(event["uid"]), hashlib.sha256(event.to_ical()).hexdigest()[:32]
        row = known.get(uid)
        if row is None:
            row = CalendarRevision(user=user, uid=uid, digest=digest, sequence=counted, changed_at=now)
            fresh.append(row)
        elif row.digest != digest:
            row.digest, row.sequence = digest, max(row.sequence + 1, counted)
            row.changed_at = max(now, row.changed_at + timedelta(seconds=1))
            changed.append(row)
        moment = row.changed_at.astimezone(UTC)
        event.add("dtstamp", moment)
        event.add("last-modified", moment)
        event.add("sequence", row.sequence)
    CalendarRevision.objects.bulk_create(fresh, ignore_conflicts=True)
    CalendarRevision.objects.bulk_update(changed, ["digest", "sequence", "changed_at"])
    return events


def _events(user: User) -> Iterator[Event]:
    if hasattr(user, "student"):
        yield from _of_student(user)
    if user.guardianships.exists():
        yield from _of_guardian(user)
    if user.memberships.exists():
        yield from _of_employer(user)
    if codes := municipalities_coordinated_by(user):
        yield from _of_coordinator(codes)


def _since() -> date:
    return clock.today() - LOOKING_BACK


def _of_student(user: User) -> Iterator[Event]:
    rows = _placements().filter(student__user=user)
    for row in rows.order_by("start", "pk"):
        yield _placement_days(row)
    offered = Application.objects.filter(student__user=user, state=ApplicationState.OFFERED).select_related(
        "period__offer"
    )
    for held in offered.order_by("hold_expires_at", "pk"):
        if held.hold_expires_at:
            text = _("Answer the seat at %(place)s") % {"place": held.period.offer.title}
            yield _moment(f"seat-{held.pk}", text, held.hold_expires_at, "application", held.pk)


def _placements() -> "QuerySet[Placement]":
    return Placement.objects.filter(state__in=SHOWN, end__gte=_since()).select_related(
        "student", "period__offer__organisation", "period__offer__workplace"
    )


def _placement_days(row: Placement) -> Event:
    """Title, organisation and place; nobody's name."""
    offer = row.period.offer
    where = ", ".join(filter(None, [offer.workplace.name, offer.workplace.address, offer.workplace.city]))
    return _days(f"placement-{row.pk}", f"{offer.title}, {offer.organisation.name}", row.start, row.end, where)


def _of_guardian(user: User) -> Iterator[Event]:
    """The placements of children who are minors still."""
    mine = user.guardianships.filter(accepted_at__isnull=False).values("student")
    for row in _placements().filter(student__in=mine).order_by("start", "pk"):
        if is_minor(row.student):
            yield _placement_days(row)


def _of_employer(user: User) -> Iterator[Event]:
    """How many come to a place, and how many wait for an answer: many of them are minors, so no names."""
    mine = user.memberships.values("organisation")
    comes = (
        Placement.objects.filter(period__offer__organisation__in=mine, state__in=SHOWN, end__gte=_since())
        .order_by()
        .values("period", "period__offer__title", "start", "end")
        .annotate(number=Count("pk"))
        .order_by("start", "period", "end")
    )
    for group in comes:
        text = ngettext("%(number)d student", "%(number)d students", group["number"]) % {"number": group["number"]}
        uid = f"comes-{group['period']}-{group['start']}-{group['end']}"
        yield _days(uid, f"{text}: {group['period__offer__title']}", group["start"], group["end"], "")
    waiting = (
        Application.objects.filter(period__offer__organisation__in=mine, state=ApplicationState.SUBMITTED)
        .order_by()
        .values("period__offer", "period__offer__title")
        .annotate(number=Count("pk"), due=Min("answer_due_at"))
        .order_by("due", "period__offer")
    )
    for asked in waiting:
        text = ngettext("Answer %(number)d applicant", "Answer %(number)d applicants", asked["number"])
        title = f"{text % {'number': asked['number']}}: {asked['period__offer__title']}"
        pk = asked["period__offer"]
        yield _moment(f"answer-{pk}", title, asked["due"], "offer", pk)


def _of_coordinator(codes: set[str]) -> Iterator[Event]:
    """How many begin on a day: a coordinator's calendar, which often lies with another company, holds no names."""
    begins = (
        Placement.objects.filter(
            student__municipality__in=codes, student__is_protected=False, state__in=SHOWN, start__gte=_since()
        )
        .order_by()
        .values("start")
        .annotate(number=Count("pk"))
        .order_by("start")
    )
    for day in begins:
        text = ngettext("%(number)d placement begins", "%(number)d placements begin", day["number"])
        uid = f"begins-{'-'.join(sorted(codes))}-{day['start']}"
        yield _days(uid, text % {"number": day["number"]}, day["start"], day["start"], "")


def _event(uid: str, title: str) -> Event:
    event = Event()
    event.add("uid", f"{uid}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("summary", plain(title))
    return event


def _days(uid: str, title: str, first: date, last: date, where: str) -> Event:
    """Whole days; the end of an iCalendar event is the day after the last."""
    event = _event(uid, title)
    event.add("dtstart", first)
    event.add("dtend", last + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    if where:
        event.add("location", plain(where))
    return event


def _moment(uid: str, title: str, at: datetime, subject: str, pk: int) -> Event:
    event = _event(uid, title)
    event.add("dtstart", at - DEADLINE_LENGTH)
    event.add("dtend", at)
    event.add("url", f"{settings.SITE_URL}/till/{subject}/{pk}/")
    return event
