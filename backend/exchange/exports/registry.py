"""Every list that can be had as a file, by its name in the API. Pages and API read these entries and no others."""

from typing import Any

from backend.exchange.exports import desks, lists, network
from backend.exchange.exports.definition import ListExport

EXPORTS: dict[str, ListExport[Any]] = {
    export.name: export
    for export in (
        lists.PLACES,
        lists.SUGGESTIONS,
        lists.ALERTS,
        lists.NOTIFICATIONS,
        lists.OWN_APPLICATIONS,
        lists.OWN_OFFERS,
        lists.WORKPLACES,
        lists.APPLICANTS,
        lists.EMPLOYER_PLACEMENTS,
        lists.TEAM,
        desks.STUDENTS,
        desks.MATCHES,
        desks.COORDINATED_PLACEMENTS,
        desks.REVIEW,
        desks.SILENCE,
        desks.TASKS,
        desks.ORGANISATIONS,
        desks.PARTICIPANTS,
        desks.RESULTS,
        network.MUNICIPALITIES,
        network.MEMBERS,
        network.JOBS,
        network.EFFECT,
        network.UNDELIVERED,
    )
}
