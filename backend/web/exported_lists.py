"""Which list stands at which address as a file. What each holds is defined in `exchange.exports`, for programs too."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import URLPattern

from backend.exchange.exports import desks, lists, network
from backend.exchange.exports.definition import ListExport
from backend.web import access
from backend.web.exports import export_paths, export_view

View = Callable[..., HttpResponse]


def _at(route: str, export: ListExport[Any], door: Callable[[View], View], name: str) -> list[URLPattern]:
    return export_paths(route, export_view(export, door=door), name)


urlpatterns: list[URLPattern] = [
    *_at("platser", lists.PLACES, access.public, "search"),
    *_at("aviseringar", lists.NOTIFICATIONS, access.logged_in, "notifications"),
    *_at("elev/forslag", lists.SUGGESTIONS, access.student, "suggestions"),
    *_at("elev/bevakningar", lists.ALERTS, access.student, "alerts"),
    *_at("elev/ansokningar", lists.OWN_APPLICATIONS, access.student, "student_applications"),
    *_at("foretag/platser", lists.OWN_OFFERS, access.employer, "employer_offers"),
    *_at("foretag/platser/<int:offer_id>/sokande", lists.APPLICANTS, access.employer, "employer_applicants"),
    *_at("foretag/arbetsplatser", lists.WORKPLACES, access.employer, "employer_workplaces"),
    *_at("foretag/placeringar", lists.EMPLOYER_PLACEMENTS, access.employer, "employer_placements"),
    *_at("foretag/kollegor", lists.TEAM, access.employer, "employer_team"),
    *_at("samordnare/elever", desks.STUDENTS, access.coordinator, "coordinator_students"),
    *_at("samordnare/utan-svar", desks.SILENCE, access.coordinator, "coordinator_silence"),
    *_at("samordnare/platser", desks.REVIEW, access.coordinator_or_network, "coordinator_offers"),
    *_at("samordnare/matchningar", desks.MATCHES, access.coordinator, "coordinator_matches"),
    *_at("samordnare/placeringar", desks.COORDINATED_PLACEMENTS, access.coordinator, "coordinator_placements"),
    *_at("samordnare/organisationer", desks.ORGANISATIONS, access.coordinator, "coordinator_organisations"),
    *_at("uppgifter", desks.TASKS, access.coordinator, "tasks"),
    *_at("samordnare/omgangar/<int:round_id>/elever", desks.PARTICIPANTS, access.coordinator, "round_participants"),
    *_at("samordnare/omgangar/<int:round_id>/resultat", desks.RESULTS, access.coordinator, "round_results"),
    *_at("natverket/kommuner", network.MUNICIPALITIES, access.network, "network_home"),
    *_at("natverket/medlemmar", network.MEMBERS, access.network, "network_members"),
    *_at("natverket/jobb", network.JOBS, access.network, "network_jobs"),
    *_at("natverket/effekt", network.EFFECT, access.network, "network_effect"),
    *_at("natverket/utskick", network.UNDELIVERED, access.network, "network_undelivered"),
]
