"""Which list stands at which address as a file. What programs may have too is defined in `exchange.exports.lists`."""

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils.translation import gettext_lazy as _

from backend.exchange.exports import lists
from backend.exchange.exports.lists import OFFER_COLUMNS
from backend.exchange.tables import Column
from backend.offers.models import Offer
from backend.offers.selectors import search_offers
from backend.placements.selectors import list_matches_to_decide
from backend.web.access import coordinator, coordinator_or_network, employer, logged_in, public, student
from backend.web.coordinator_rows import MatchRow, match_rows
from backend.web.employer import person
from backend.web.exports import TableExport, as_table, export_paths, export_view
from backend.web.search import read_query

MOST_PLACES = 5_000


LINK: Column[Offer] = Column(_("Address"), lambda offer: settings.SITE_URL + reverse("offer", args=[offer.pk]))


def _search_rows(request: HttpRequest) -> Iterable[Offer]:
    return search_offers(read_query(request.GET).search).for_lists()[:MOST_PLACES]


SEARCH = TableExport("places", [*OFFER_COLUMNS, LINK], _search_rows, is_personal=False)


SUGGESTIONS = as_table(lists.SUGGESTIONS)
ALERTS = as_table(lists.ALERTS)
NOTIFICATIONS = as_table(lists.NOTIFICATIONS)
EMPLOYER_OFFERS = as_table(lists.OWN_OFFERS)
WORKPLACES = as_table(lists.WORKPLACES)
EMPLOYER_PLACEMENTS = as_table(lists.EMPLOYER_PLACEMENTS)
TEAM = as_table(lists.TEAM)
SILENCE = as_table(lists.SILENCE)
REVIEW = as_table(lists.REVIEW)
COORDINATOR_PLACEMENTS = as_table(lists.COORDINATED_PLACEMENTS)

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
