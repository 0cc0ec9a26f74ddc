"""The lists of everyone, students and companies. The page and the API read the same entry.

The rows come from the selector of the list's page, so a file never holds a row that the page would not show.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.applications.board import count_applications
from backend.applications.enums import ApplicationState
from backend.applications.models import Application
from backend.applications.selectors import in_reading_order, list_applications_of, list_applications_to
from backend.common.errors import NotFound
from backend.common.weeks import format_weeks
from backend.exchange.exports.definition import (
    MANY_VALUES,
    Filters,
    ListExport,
    code_of,
    months,
    one_of,
    row_of,
    words,
)
from backend.exchange.tables import Column
from backend.notifications.selectors import list_notifications_for
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferPeriod
from backend.offers.policies import is_own_offer, require
from backend.offers.search import ORDERS, Search
from backend.offers.search_address import LONGEST_TEXT, RADII, read_query
from backend.offers.selectors import search_offers
from backend.organisations.models import Membership, Workplace
from backend.placements.models import Placement
from backend.placements.selectors import list_placements_at
from backend.reference.models import Municipality, OccupationField, PlacementForm, Programme
from backend.students.models import Alert
from backend.suggestions.models import Suggestion
from backend.suggestions.selectors import list_suggestions_for, reasons_texts
from backend.tokens.enums import Scope

MOST_NOTIFICATIONS = 2_000
MOST_SUGGESTIONS = 50
MOST_PLACES = 5_000


def _is_student(user: User) -> bool:
    return hasattr(user, "student")


def _is_employer(user: User) -> bool:
    return user.memberships.exists()


def _organisations(user: User, only: int | None) -> "QuerySet[Membership, Any]":
    own = user.memberships.all() if only is None else user.memberships.filter(organisation=only)
    return own.values("organisation")


def _next_period(offer: Offer) -> OfferPeriod | None:
    return next(iter(offer.periods.all()), None)


def _first_day(offer: Offer) -> object:
    period = _next_period(offer)
    return period.start if period else None


def _last_day(offer: Offer) -> object:
    periods = list(offer.periods.all())
    return max(period.end for period in periods) if periods else None


def _municipality(offer: Offer) -> str:
    place = offer.workplace.municipality
    return place.name if place else gettext("Several municipalities")


OFFER_COLUMNS: list[Column[Offer]] = [
    Column(_("Place"), lambda offer: offer.title),
    Column(_("Organisation"), lambda offer: offer.organisation.name),
    Column(_("Workplace"), lambda offer: offer.workplace.name),
    Column(_("Municipality"), _municipality),
    Column(_("Kind of place"), lambda offer: offer.form.name),
    Column(_("Occupation"), lambda offer: offer.occupation.name if offer.occupation else ""),
    Column(_("First day"), _first_day),
    Column(_("Last day"), _last_day),
    Column(_("Seats"), lambda offer: sum(period.capacity for period in offer.periods.all())),
    Column(_("Free seats"), lambda offer: sum(period.free for period in offer.periods.all())),
    Column(_("Last day to apply"), lambda offer: offer.apply_by),
]


def places_of(search: Search) -> Iterable[Offer]:
    """What a search finds, in its order."""
    return search_offers(search).for_lists()[:MOST_PLACES]


def _searched(user: User, filters: Filters, only: int | None) -> Iterable[Offer]:
    values = {name: text.split(MANY_VALUES) if name in MANY_OF_SEARCH else [text] for name, text in filters.items()}
    return places_of(read_query(values).search)


MANY_OF_SEARCH = ("form", "municipality", "field", "programme", "month")
PLACES = ListExport(
    "places",
    "places",
    [*OFFER_COLUMNS, Column(_("Address"), lambda offer: settings.SITE_URL + reverse("offer", args=[offer.pk]))],
    _searched,
    lambda user: True,
    Scope.EXPORTS_READ,
    is_organisational=True,
    is_personal=False,
    filters={
        "q": words(LONGEST_TEXT),
        "where": words(LONGEST_TEXT),
        "km": one_of(map(str, RADII)),
        "form": code_of(PlacementForm, many=True),
        "municipality": code_of(Municipality, many=True),
        "field": code_of(OccupationField, many=True),
        "programme": code_of(Programme, many=True),
        "month": months(),
        "free": one_of(["1"]),
        "order": one_of(ORDERS),
    },
)


def _suggestion_rows(user: User, filters: Filters, only: int | None) -> list[tuple[Suggestion, list[str]]]:
    found = list_suggestions_for(user.student, limit=MOST_SUGGESTIONS)
    texts = reasons_texts(found)
    return [(row, texts[row.pk]) for row in found]


SUGGESTIONS = ListExport(
    "suggestions",
    "suggestions",
    [
        *(
            Column(column.heading, lambda row, column=column: column.value(row[0].offer))  # type: ignore[misc]
            for column in OFFER_COLUMNS
        ),
        Column(_("Why it fits"), lambda row: "; ".join(row[1])),
    ],
    _suggestion_rows,
    _is_student,
    Scope.PROFILE_READ,
    is_personal=False,
)

ALERTS: ListExport[Alert] = ListExport(
    "alerts",
    "alerts",
    [
        Column(_("Name of the alert"), lambda alert: alert.name),
        Column(_("Words"), lambda alert: alert.text),
        Column(_("Kind of place"), lambda alert: alert.form.name if alert.form else ""),
        Column(_("Occupation"), lambda alert: alert.group.name if alert.group else ""),
        Column(_("Around"), lambda alert: alert.municipality.name if alert.municipality else ""),
        Column(_("Within, km"), lambda alert: alert.radius_km),
        Column(_("Active"), lambda alert: alert.is_active),
    ],
    lambda user, filters, only: Alert.objects.filter(student__user=user).select_related(
        "form", "group", "municipality"
    ),
    _is_student,
    Scope.PROFILE_READ,
    is_personal=False,
)

# A row of `list_notifications_for` has `kind_title`, which no model declares.
NOTIFICATIONS: ListExport[Any] = ListExport(
    "notifications",
    "notifications",
    [
        Column(_("When"), lambda row: row.created_at),
        Column(_("Notification"), lambda row: row.kind_title),
        Column(_("Read"), lambda row: row.read_at),
    ],
    lambda user, filters, only: list_notifications_for(user, size=MOST_NOTIFICATIONS).rows,
    lambda user: True,
    Scope.NOTIFICATIONS_READ,
    is_personal=False,
)


OWN_APPLICATIONS: ListExport[Application] = ListExport(
    "applications",
    "applications",
    [
        Column(_("Place"), lambda row: row.period.offer.title),
        Column(_("Organisation"), lambda row: row.period.offer.organisation.name),
        Column(_("Municipality"), lambda row: _municipality(row.period.offer)),
        Column(_("First day"), lambda row: row.period.start),
        Column(_("Last day"), lambda row: row.period.end),
        Column(_("Applied"), lambda row: row.submitted_at),
        Column(_("State"), lambda row: row.state_label),
        Column(_("Why this place?"), lambda row: row.motivation),
    ],
    lambda user, filters, only: list_applications_of(user),
    _is_student,
    Scope.APPLICATIONS_READ,
    is_personal=False,
)


def _own_offers(user: User, filters: Filters, only: int | None) -> Iterator[tuple[Offer, int, int]]:
    state = filters.get("state", "")
    found = Offer.objects.for_lists().filter(organisation__in=_organisations(user, only)).order_by("-pk")
    offers = list(found.filter(state=state) if state in OfferState.values else found)
    counts = count_applications(offers)
    for offer in offers:
        counted = counts.get(offer.pk)
        yield offer, counted.total if counted else 0, counted.waiting if counted else 0


OWN_OFFERS = ListExport(
    "our-places",
    "our-places",
    [
        *(
            Column(column.heading, lambda row, column=column: column.value(row[0]))  # type: ignore[misc]
            for column in OFFER_COLUMNS
        ),
        Column(_("State"), lambda row: OfferState(row[0].state).label),
        Column(_("Applications"), lambda row: row[1]),
        Column(_("Waiting for an answer"), lambda row: row[2]),
    ],
    _own_offers,
    _is_employer,
    Scope.OFFERS_READ,
    is_organisational=True,
    is_personal=False,
    filters={"state": one_of(OfferState.values)},
)

WORKPLACES: ListExport[Workplace] = ListExport(
    "workplaces",
    "workplaces",
    [
        Column(_("Workplace"), lambda row: row.name),
        Column(_("Organisation"), lambda row: row.organisation.name),
        Column(_("Street address"), lambda row: row.address),
        Column(_("Postcode"), lambda row: row.postcode),
        Column(_("City"), lambda row: row.city),
        Column(_("Municipality"), lambda row: row.municipality.name if row.municipality else ""),
    ],
    lambda user, filters, only: (
        Workplace.objects.filter(organisation__in=_organisations(user, only))
        .select_related("organisation", "municipality")
        .order_by("organisation__name", "name", "pk")
    ),
    _is_employer,
    Scope.OFFERS_READ,
    is_organisational=True,
    is_personal=False,
)


def placement_columns(*, for_employer: bool) -> list[Column[Placement]]:
    def name(row: Placement) -> str:
        return row.student.display_name if for_employer else row.student.user.name

    def contact(row: Placement) -> str:
        return "" if row.student.is_protected else row.student.user.email

    def class_name(row: Placement) -> str:
        return "" if row.student.is_protected else row.student.class_name

    return [
        Column(_("Student"), name),
        Column(_("E-mail address"), contact) if for_employer else Column(_("Class"), class_name),
        Column(_("Place"), lambda row: row.period.offer.title),
        Column(_("Organisation"), lambda row: row.period.offer.organisation.name),
        Column(_("Weeks"), lambda row: format_weeks(row.start, row.end, with_year=True)),
        Column(_("First day"), lambda row: row.start),
        Column(_("Last day"), lambda row: row.end),
        Column(_("Supervisor"), lambda row: row.supervisor_name),
        Column(_("State"), lambda row: row.get_state_display()),
    ]


def _placements_at(user: User, filters: Filters, only: int | None) -> Iterable[Placement]:
    found = list_placements_at(user)
    return found if only is None else found.filter(period__offer__organisation=only)


EMPLOYER_PLACEMENTS = ListExport(
    "placements",
    "placements",
    placement_columns(for_employer=True),
    _placements_at,
    _is_employer,
    Scope.PLACEMENTS_READ,
    is_organisational=True,
)

TEAM: ListExport[Membership] = ListExport(
    "colleagues",
    "colleagues",
    [
        Column(_("Name"), lambda row: row.user.name),
        Column(_("E-mail address"), lambda row: row.user.email),
        Column(_("Organisation"), lambda row: row.organisation.name),
        Column(_("Role"), lambda row: row.get_role_display()),
    ],
    lambda user, filters, only: (
        Membership.objects.filter(organisation__in=_organisations(user, only))
        .select_related("user", "organisation")
        .order_by("organisation__name", "-role", "user__name", "pk")
    ),
    _is_employer,
    None,
)


def own_offer(user: User, offer_id: int, only: int | None = None) -> Offer:
    """A place of the user's organisations. Raises NotFound, and NotAllowed for a published one of somebody else."""
    offer = Offer.objects.for_lists().filter(pk=offer_id).first()
    if offer is None or only not in {None, offer.organisation_id}:
        raise NotFound("offer.unknown", gettext("There is no such place."))
    require(is_own_offer(user, offer), user, offer)
    return offer


def _is_own(user: User, offer_id: int, only: int | None) -> bool:
    found = Offer.objects.filter(pk=offer_id, organisation__in=_organisations(user, only))
    return found.exists()


APPLICANTS: ListExport[Application] = ListExport(
    "applicants",
    "applicants",
    [
        Column(_("Name"), lambda row: row.student.display_name),
        Column(_("Programme"), lambda row: row.student.programme.name if row.student.programme else ""),
        Column(_("Class"), lambda row: "" if row.student.is_protected else row.student.class_name),
        Column(_("School"), lambda row: "" if row.student.is_protected else row.student.school),
        Column(_("Weeks"), lambda row: format_weeks(row.period.start, row.period.end, with_year=True)),
        Column(_("First day"), lambda row: row.period.start),
        Column(_("Last day"), lambda row: row.period.end),
        Column(_("State"), lambda row: ApplicationState(row.state).label),
        Column(_("Applied"), lambda row: row.submitted_at),
        Column(_("Why"), lambda row: row.motivation),
    ],
    lambda user, filters, only: in_reading_order(list_applications_to(own_offer(user, int(filters["offer"]), only))),
    _is_employer,
    Scope.APPLICATIONS_READ,
    is_organisational=True,
    filters={"offer": row_of(_is_own)},
)
