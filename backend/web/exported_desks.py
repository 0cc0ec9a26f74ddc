"""What the lists of coordinators' and the network's desks export, beside `exported_lists`: organisations, what needs a
call, rounds, members, municipalities and scheduled jobs.
"""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _

from backend.exchange.tables import Column
from backend.notifications.models import Task
from backend.notifications.reminders import TaskLine, lines_of, list_open_tasks
from backend.reference.models import NetworkMembership
from backend.rounds.selectors import list_participants
from backend.web import network, network_work
from backend.web.access import coordinator, coordinator_or_network
from backend.web.access import network as network_office
from backend.web.coordinator import listed_organisations
from backend.web.employer import person
from backend.web.exports import TableExport, export_paths, export_view
from backend.web.rounds.coordinator import round_or_404
from backend.web.rounds.results import LABELS

ORGANISATIONS: TableExport[Any] = TableExport(
    "organisations",
    [
        Column(_("Organisation"), lambda row: row.name),
        Column(_("Kind"), lambda row: row.get_kind_display()),
        Column(_("Organisation number"), lambda row: row.registration_number_label),
        Column(_("Trusted"), lambda row: row.is_trusted),
    ],
    lambda request: listed_organisations(request)[1],
    is_personal=False,
)


def _task_rows(request: HttpRequest) -> Iterable[tuple[Task, TaskLine]]:
    tasks = list(list_open_tasks(person(request)))
    lines = lines_of(tasks)
    return [(task, lines[task.pk]) for task in tasks]


TASKS: TableExport[tuple[Task, TaskLine]] = TableExport(
    "needs-a-call",
    [
        Column(_("What"), lambda row: row[1].title),
        Column(_("More"), lambda row: row[1].text),
        Column(_("Since"), lambda row: row[0].opened_at),
    ],
    _task_rows,
)

_STUDENT: list[Column[Any]] = [
    Column(_("Student"), lambda row: row.student.display_name),
    Column(_("Class"), lambda row: row.student.class_name),
    Column(_("School"), lambda row: row.student.school),
]


def _participants(request: HttpRequest, round_id: int) -> Any:
    found = list_participants(round_or_404(request, round_id))
    return found.filter(wished_at=None) if request.GET.get("show") == "silent" else found


PARTICIPANTS: TableExport[Any] = TableExport(
    "round-students",
    [
        *_STUDENT,
        Column(_("Wishes"), lambda row: row.wished),
        Column(_("Last changed"), lambda row: row.wished_at),
    ],
    _participants,
)

RESULTS: TableExport[Any] = TableExport(
    "round-results",
    [*_STUDENT, Column(_("State"), lambda row: str(LABELS.get(row.result_state, "")))],
    lambda request, round_id: list_participants(round_or_404(request, round_id)),
)

MUNICIPALITIES: TableExport[dict[str, Any]] = TableExport(
    "municipalities",
    [
        Column(_("Code"), lambda row: row["code"]),
        Column(_("Municipality"), lambda row: row["name"]),
        Column(_("County"), lambda row: row["county"]),
        Column(_("Membership"), lambda row: row["membership"]),
        Column(_("Coordinators"), lambda row: row["coordinators"]),
        Column(_("Published places"), lambda row: row["offers"]),
        Column(_("Free seats"), lambda row: row["seats"]),
        Column(_("Students"), lambda row: row["students"]),
        Column(_("Placed"), lambda row: row["placed"]),
    ],
    lambda request: network.municipality_rows(),
    is_personal=False,
)

MEMBERS: TableExport[NetworkMembership] = TableExport(
    "members",
    [
        Column(_("Code"), lambda row: row.municipality_id),
        Column(_("Municipality"), lambda row: row.municipality.name),
        Column(_("From"), lambda row: row.valid_from),
        Column(_("To"), lambda row: row.valid_to),
        Column(_("Evidence"), lambda row: row.get_evidence_display()),
        Column(_("Source"), lambda row: row.source),
        Column(_("Note"), lambda row: row.evidence_note),
    ],
    lambda request: NetworkMembership.objects.select_related("municipality"),
    is_personal=False,
)

JOBS: TableExport[dict[str, Any]] = TableExport(
    "scheduled-jobs",
    [
        Column(_("Job"), lambda row: row["name"]),
        Column(_("Last run"), lambda row: row["last"]),
        Column(_("Rows"), lambda row: row["handled"]),
        Column(_("Next run"), lambda row: row["next"]),
        Column(_("Late"), lambda row: row["is_late"]),
        Column(_("Error"), lambda row: row["error"]),
    ],
    lambda request: network_work.job_rows(),
    is_personal=False,
)

urlpatterns: list[URLPattern] = [
    *export_paths(
        "samordnare/organisationer", export_view(ORGANISATIONS, door=coordinator), "coordinator_organisations"
    ),
    *export_paths("uppgifter", export_view(TASKS, door=coordinator_or_network), "tasks"),
    *export_paths(
        "samordnare/omgangar/<int:round_id>/elever",
        export_view(PARTICIPANTS, door=coordinator),
        "round_participants",
    ),
    *export_paths(
        "samordnare/omgangar/<int:round_id>/resultat", export_view(RESULTS, door=coordinator), "round_results"
    ),
    *export_paths("natverket/kommuner", export_view(MUNICIPALITIES, door=network_office), "network_home"),
    *export_paths("natverket/medlemmar", export_view(MEMBERS, door=network_office), "network_members"),
    *export_paths("natverket/jobb", export_view(JOBS, door=network_office), "network_jobs"),
]
