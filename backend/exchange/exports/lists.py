"""What can be exported: columns, rows and who may have them, as data. The page and the API read the same entry.

The rows come from the selector of the list's page, so a file never holds a row that the page would not show.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.policies import is_coordinator, is_network_office
from backend.applications.board import count_applications, list_silent_applications
from backend.applications.models import Application
from backend.common.weeks import format_weeks
from backend.exchange.tables import Column
from backend.notifications.selectors import list_notifications_for
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferPeriod
from backend.offers.queues import list_offers_to_review
from backend.organisations.models import Membership, Workplace
from backend.placements.enums import PlacementState
from backend.placements.models import Placement
from backend.placements.selectors import list_placements_at, list_placements_coordinated_by, search_placements
from backend.students.models import Alert
from backend.suggestions.models import Suggestion
from backend.suggestions.selectors import list_suggestions_for, reasons_texts
from backend.tokens.enums import Scope

Row = TypeVar("Row")
Filters = Mapping[str, str]
MOST_NOTIFICATIONS = 2_000
MOST_SUGGESTIONS = 50
NOT_ENDED = (PlacementState.UPCOMING, PlacementState.ONGOING)


@dataclass(frozen=True)
class ListExport(Generic[Row]):
    """One list.

    name: in the API. file_name: without ending. rows(person, filters, organisation id or None for all of the person's).
    may(person): whether the list's page is open to them. scope: what a token needs to hold; None = no token has it.
    is_organisational: an organisation's token may have it, with that organisation's rows. filters: name -> its values.
    is_personal: other people stand in it, so that taking it is logged with the number of rows.
    """

    name: str
    file_name: str
    columns: Sequence[Column[Row]]
    rows: Callable[[User, Filters, int | None], Iterable[Row]]
    may: Callable[[User], bool]
    scope: Scope | None
    is_organisational: bool = False
    is_personal: bool = True
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)


def _is_student(user: User) -> bool:
    return hasattr(user, "student")


def _is_employer(user: User) -> bool:
    return user.memberships.exists()


def _is_office(user: User) -> bool:
    return is_coordinator(user) or is_network_office(user)


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
    return place.name if place else _now("Several municipalities")


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
    filters={"state": OfferState.values},
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


def _placement_columns(*, for_employer: bool) -> list[Column[Placement]]:
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
    _placement_columns(for_employer=True),
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

SILENCE: ListExport[Application] = ListExport(
    "without-an-answer",
    "without-an-answer",
    [
        Column(_("Organisation"), lambda row: row.period.offer.organisation.name),
        Column(_("Place"), lambda row: row.period.offer.title),
        Column(_("Student"), lambda row: row.student.user.name),
        Column(_("Class"), lambda row: row.student.class_name),
        Column(_("Applied"), lambda row: row.submitted_at),
        Column(_("Answer was due"), lambda row: row.answer_due_at),
    ],
    lambda user, filters, only: list_silent_applications(user),
    is_coordinator,
    Scope.APPLICATIONS_READ,
)

REVIEW = ListExport(
    "places-to-review",
    "places-to-review",
    [*OFFER_COLUMNS, Column(_("Sent in"), lambda offer: offer.submitted_at)],
    lambda user, filters, only: list_offers_to_review(user),
    _is_office,
    Scope.OFFERS_READ,
    is_personal=False,
)


def _coordinated_placements(user: User, filters: Filters, only: int | None) -> Iterable[Placement]:
    found = search_placements(list_placements_coordinated_by(user), filters.get("q", "")).order_by("start", "pk")
    ended = filters.get("show") == "ended"
    return found.exclude(state__in=NOT_ENDED) if ended else found.filter(state__in=NOT_ENDED)


COORDINATED_PLACEMENTS = ListExport(
    "coordinated-placements",
    "placements",
    _placement_columns(for_employer=False),
    _coordinated_placements,
    _is_office,
    Scope.PLACEMENTS_READ,
    filters={"show": ("ended",)},
)

EXPORTS: dict[str, ListExport[Any]] = {
    export.name: export
    for export in (
        SUGGESTIONS,
        ALERTS,
        NOTIFICATIONS,
        OWN_OFFERS,
        WORKPLACES,
        EMPLOYER_PLACEMENTS,
        TEAM,
        SILENCE,
        REVIEW,
        COORDINATED_PLACEMENTS,
    )
}
