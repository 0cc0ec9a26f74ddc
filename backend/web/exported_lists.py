"""What each list exports: its columns, and its rows from the same question that the page asks."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils.translation import gettext_lazy as _

from backend.applications.board import count_applications, list_silent_applications
from backend.applications.models import Application
from backend.exchange.tables import Column
from backend.notifications.selectors import list_notifications_for
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferPeriod
from backend.offers.queues import list_offers_to_review
from backend.offers.selectors import search_offers
from backend.organisations.models import Membership, Workplace
from backend.placements.models import Placement
from backend.placements.selectors import list_matches_to_decide, list_placements_at, list_placements_coordinated_by
from backend.students.models import Alert
from backend.suggestions.models import Suggestion
from backend.suggestions.selectors import list_suggestions_for, reasons_texts
from backend.web.access import coordinator, coordinator_or_network, employer, logged_in, public, student
from backend.web.coordinator_rows import MatchRow, match_rows
from backend.web.coordinator_students import ENDABLE
from backend.web.employer import person
from backend.web.exports import TableExport, export_paths, export_view
from backend.web.offer_rows import place_name
from backend.web.search import read_query
from backend.web.student import SUGGESTIONS_SHOWN
from backend.web.weeks import format_weeks

MOST_PLACES = 5_000
MOST_NOTIFICATIONS = 2_000


def _next_period(offer: Offer) -> OfferPeriod | None:
    return next(iter(offer.periods.all()), None)


def _first_day(offer: Offer) -> object:
    period = _next_period(offer)
    return period.start if period else None


def _last_day(offer: Offer) -> object:
    periods = list(offer.periods.all())
    return max(period.end for period in periods) if periods else None


OFFER_COLUMNS: list[Column[Offer]] = [
    Column(_("Place"), lambda offer: offer.title),
    Column(_("Organisation"), lambda offer: offer.organisation.name),
    Column(_("Workplace"), lambda offer: offer.workplace.name),
    Column(_("Municipality"), place_name),
    Column(_("Kind of place"), lambda offer: offer.form.name),
    Column(_("Occupation"), lambda offer: offer.occupation.name if offer.occupation else ""),
    Column(_("First day"), _first_day),
    Column(_("Last day"), _last_day),
    Column(_("Seats"), lambda offer: sum(period.capacity for period in offer.periods.all())),
    Column(_("Free seats"), lambda offer: sum(period.free for period in offer.periods.all())),
    Column(_("Last day to apply"), lambda offer: offer.apply_by),
]
LINK: Column[Offer] = Column(_("Address"), lambda offer: settings.SITE_URL + reverse("offer", args=[offer.pk]))


def _search_rows(request: HttpRequest) -> Iterable[Offer]:
    return search_offers(read_query(request.GET).search).for_lists()[:MOST_PLACES]


SEARCH = TableExport("places", [*OFFER_COLUMNS, LINK], _search_rows, is_personal=False)


def _suggestion_rows(request: HttpRequest) -> Iterable[tuple[Suggestion, list[str]]]:
    found = list_suggestions_for(person(request).student, limit=SUGGESTIONS_SHOWN)
    texts = reasons_texts(found)
    return [(row, texts[row.pk]) for row in found]


SUGGESTIONS = TableExport(
    "suggestions",
    [
        *(
            Column(column.heading, lambda row, column=column: column.value(row[0].offer))  # type: ignore[misc]
            for column in OFFER_COLUMNS
        ),
        Column(_("Why it fits"), lambda row: "; ".join(row[1])),
    ],
    _suggestion_rows,
    is_personal=False,
)

ALERTS: TableExport[Alert] = TableExport(
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
    lambda request: Alert.objects.filter(student__user=person(request)).select_related("form", "group", "municipality"),
    is_personal=False,
)

# A row of `list_notifications_for` has `kind_title`, which no model declares.
NOTIFICATIONS: TableExport[Any] = TableExport(
    "notifications",
    [
        Column(_("When"), lambda row: row.created_at),
        Column(_("Notification"), lambda row: row.kind_title),
        Column(_("Read"), lambda row: row.read_at),
    ],
    lambda request: list_notifications_for(person(request), size=MOST_NOTIFICATIONS).rows,
    is_personal=False,
)


def _own_offers(request: HttpRequest) -> Iterator[tuple[Offer, int, int]]:
    state = request.GET.get("state", "")
    found = Offer.objects.for_lists().filter(organisation__memberships__user=person(request)).order_by("-pk")
    offers = list(found.filter(state=state) if state in OfferState.values else found)
    counts = count_applications(offers)
    for offer in offers:
        counted = counts.get(offer.pk)
        yield offer, counted.total if counted else 0, counted.waiting if counted else 0


EMPLOYER_OFFERS = TableExport(
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
    is_personal=False,
)

WORKPLACES: TableExport[Workplace] = TableExport(
    "workplaces",
    [
        Column(_("Workplace"), lambda row: row.name),
        Column(_("Organisation"), lambda row: row.organisation.name),
        Column(_("Street address"), lambda row: row.address),
        Column(_("Postcode"), lambda row: row.postcode),
        Column(_("City"), lambda row: row.city),
        Column(_("Municipality"), lambda row: row.municipality.name if row.municipality else ""),
    ],
    lambda request: (
        Workplace.objects.filter(organisation__memberships__user=person(request))
        .select_related("organisation", "municipality")
        .order_by("organisation__name", "name", "pk")
    ),
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


EMPLOYER_PLACEMENTS = TableExport(
    "placements", _placement_columns(for_employer=True), lambda request: list_placements_at(person(request))
)

TEAM: TableExport[Membership] = TableExport(
    "colleagues",
    [
        Column(_("Name"), lambda row: row.user.name),
        Column(_("E-mail address"), lambda row: row.user.email),
        Column(_("Organisation"), lambda row: row.organisation.name),
        Column(_("Role"), lambda row: row.get_role_display()),
    ],
    lambda request: (
        Membership.objects.filter(organisation__memberships__user=person(request))
        .select_related("user", "organisation")
        .order_by("organisation__name", "-role", "user__name", "pk")
    ),
)

SILENCE: TableExport[Application] = TableExport(
    "without-an-answer",
    [
        Column(_("Organisation"), lambda row: row.period.offer.organisation.name),
        Column(_("Place"), lambda row: row.period.offer.title),
        Column(_("Student"), lambda row: row.student.user.name),
        Column(_("Class"), lambda row: row.student.class_name),
        Column(_("Applied"), lambda row: row.submitted_at),
        Column(_("Answer was due"), lambda row: row.answer_due_at),
    ],
    lambda request: list_silent_applications(person(request)),
)

REVIEW = TableExport(
    "places-to-review",
    [*OFFER_COLUMNS, Column(_("Sent in"), lambda offer: offer.submitted_at)],
    lambda request: list_offers_to_review(person(request)),
    is_personal=False,
)

MATCHES: TableExport[MatchRow] = TableExport(
    "matches",
    [
        Column(_("Student"), lambda row: row.student),
        Column(_("About"), lambda row: row.line),
        Column(_("Place"), lambda row: row.place),
        Column(_("Weeks"), lambda row: row.weeks),
        Column(_("To mind"), lambda row: "; ".join(line.text for line in row.gates if line.kind != "ok")),
        Column(_("Waited"), lambda row: row.waited),
    ],
    lambda request: match_rows(list(list_matches_to_decide(person(request)))),
)


def _coordinated_placements(request: HttpRequest) -> Any:
    found = list_placements_coordinated_by(person(request)).order_by("start", "pk")
    ended = request.GET.get("show") == "ended"
    return found.exclude(state__in=ENDABLE) if ended else found.filter(state__in=ENDABLE)


COORDINATOR_PLACEMENTS = TableExport("placements", _placement_columns(for_employer=False), _coordinated_placements)

urlpatterns: list[URLPattern] = [
    *export_paths("platser", export_view(SEARCH, door=public), "search"),
    *export_paths("elev/forslag", export_view(SUGGESTIONS, door=student), "suggestions"),
    *export_paths("elev/bevakningar", export_view(ALERTS, door=student), "alerts"),
    *export_paths("aviseringar", export_view(NOTIFICATIONS, door=logged_in), "notifications"),
    *export_paths("foretag/platser", export_view(EMPLOYER_OFFERS, door=employer), "employer_offers"),
    *export_paths("foretag/arbetsplatser", export_view(WORKPLACES, door=employer), "employer_workplaces"),
    *export_paths("foretag/placeringar", export_view(EMPLOYER_PLACEMENTS, door=employer), "employer_placements"),
    *export_paths("foretag/kollegor", export_view(TEAM, door=employer), "employer_team"),
    *export_paths("samordnare/utan-svar", export_view(SILENCE, door=coordinator), "coordinator_silence"),
    *export_paths("samordnare/platser", export_view(REVIEW, door=coordinator_or_network), "coordinator_offers"),
    *export_paths("samordnare/matchningar", export_view(MATCHES, door=coordinator_or_network), "coordinator_matches"),
    *export_paths(
        "samordnare/placeringar",
        export_view(COORDINATOR_PLACEMENTS, door=coordinator_or_network),
        "coordinator_placements",
    ),
]
