"""Addresses of the coordinator's and the network office's pages."""

from django.urls import URLPattern, URLResolver, path

from backend.web import (
    coordinator,
    coordinator_decisions,
    coordinator_ledger,
    coordinator_protected,
    coordinator_queues,
    coordinator_settings,
    coordinator_students,
    network,
    network_effect,
    network_grants,
    network_members,
    network_work,
    person_tasks,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("samordnare/", coordinator.home, name="coordinator_home"),
    path("samordnare/utan-svar/", coordinator.silence, name="coordinator_silence"),
    path("samordnare/platser/", coordinator_queues.offers, name="coordinator_offers"),
    path("samordnare/platser/besluta/", coordinator_queues.decide_offers, name="coordinator_offers_decide"),
    path("samordnare/platser/angra/", coordinator_queues.undo_offers, name="coordinator_offers_undo"),
    path("samordnare/platser/<int:offer_id>/", coordinator_decisions.offer, name="coordinator_offer"),
    path("samordnare/platser/<int:offer_id>/andra/", coordinator_decisions.edit_offer, name="coordinator_offer_edit"),
    path("samordnare/matchningar/", coordinator_queues.matches, name="coordinator_matches"),
    path("samordnare/matchningar/besluta/", coordinator_queues.decide_matches, name="coordinator_matches_decide"),
    path("samordnare/matchningar/angra/", coordinator_queues.undo_matches, name="coordinator_matches_undo"),
    path("samordnare/matchningar/<int:match_id>/", coordinator_decisions.match, name="coordinator_match"),
    path(
        "samordnare/matchningar/<int:match_id>/godkann/",
        coordinator_decisions.approve,
        name="coordinator_match_approve",
    ),
    path("samordnare/elever/", coordinator_students.students, name="coordinator_students"),
    path("samordnare/elever/<int:student_id>/", coordinator_students.student, name="coordinator_student"),
    path(
        "samordnare/elever/<int:student_id>/ansokningar/<int:application_id>/ta-tillbaka/",
        coordinator_students.withdraw,
        name="coordinator_withdraw",
    ),
    path("samordnare/elever/<int:student_id>/skydda/", coordinator_protected.protect, name="coordinator_protect"),
    path("samordnare/skyddade/", coordinator_protected.index, name="coordinator_protected"),
    path("samordnare/skyddade/<int:student_id>/", coordinator_protected.student, name="coordinator_protected_student"),
    path("samordnare/placeringar/", coordinator_students.placements, name="coordinator_placements"),
    path("samordnare/placeringar/<int:placement_id>/", coordinator_students.placement, name="coordinator_placement"),
    path("samordnare/organisationer/", coordinator.organisations, name="coordinator_organisations"),
    path(
        "samordnare/organisationer/<str:municipality_code>/<int:organisation_id>/fortroende/",
        coordinator.trust,
        name="coordinator_trust",
    ),
    path(
        "samordnare/organisationer/<str:municipality_code>/installningar/",
        coordinator_settings.settings,
        name="coordinator_settings",
    ),
    path("uppgifter/", person_tasks.index, name="tasks"),
    path("uppgifter/<int:task_id>/klar/", person_tasks.close, name="task_close"),
    path(
        "samordnare/utskick/<str:subject_type>/<int:subject_id>/", coordinator_ledger.ledger, name="coordinator_ledger"
    ),
    path(
        "samordnare/utskick/<str:subject_type>/<int:subject_id>/<int:delivery_id>/skicka-igen/",
        coordinator_ledger.resend,
        name="coordinator_resend",
    ),
    path("natverket/", network.home, name="network_home"),
    path("natverket/medlemmar/", network_members.members, name="network_members"),
    path("natverket/medlemmar/<int:membership_id>/avsluta/", network_members.end, name="network_member_end"),
    path("natverket/skyddade/", network_grants.grants, name="network_grants"),
    path("natverket/skyddade/<int:grant_id>/ta-tillbaka/", network_grants.revoke, name="network_grant_revoke"),
    path("natverket/effekt/", network_effect.effect, name="network_effect"),
    path("natverket/jobb/", network_work.scheduled, name="network_jobs"),
    path("natverket/kontroller/", network_work.invariants, name="network_invariants"),
    path("natverket/utskick/", network_work.undelivered, name="network_undelivered"),
    path("natverket/utskick/<int:delivery_id>/skicka-igen/", network_work.resend, name="network_resend"),
]
