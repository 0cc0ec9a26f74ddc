"""The lists of the coordinators' desks. Those of students with protected identity are in none of them.

A file with people in it is for coordinators alone: the network office, which decides what belongs to no municipality,
reads these lists on their pages, and takes away figures.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.policies import is_coordinator, is_network_office, municipalities_coordinated_by
from backend.applications.board import BoardStudent, Standing, list_silent_applications
from backend.applications.board_query import NAMES, SORTS, read_board
from backend.applications.board_story import story_of
from backend.applications.models import Application
from backend.common.errors import NotFound
from backend.common.weeks import format_weeks, local_date
from backend.exchange.exports.definition import Filter, Filters, ListExport, one_of, row_of, words
from backend.exchange.exports.lists import OFFER_COLUMNS, placement_columns
from backend.exchange.tables import Column
from backend.notifications.models import Task
from backend.notifications.reminders import TaskLine, lines_of, list_open_tasks
from backend.offers.queues import list_offers_to_review
from backend.organisations.models import Organisation
from backend.organisations.selectors import list_organisations_in
from backend.placements.enums import PlacementState
from backend.placements.gates import Gate, gates_for
from backend.placements.models import Match, Placement
from backend.placements.selectors import list_matches_to_decide, list_placements_coordinated_by, search_placements
from backend.reference.models import Municipality
from backend.reference.work_rules import age_on
from backend.rounds.enums import ResultState
from backend.rounds.models import Round
from backend.rounds.policies import can_watch_round
from backend.rounds.selectors import get_round, list_participants
from backend.tokens.enums import Scope

NOT_ENDED = (PlacementState.UPCOMING, PlacementState.ONGOING)
RESULT_LABELS = dict(ResultState.choices)


def _is_office(user: User) -> bool:
    return is_coordinator(user) or is_network_office(user)


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
    placement_columns(for_employer=False),
    _coordinated_placements,
    is_coordinator,
    Scope.PLACEMENTS_READ,
    filters={"show": one_of(["ended"]), "q": words(120)},
)


def _match_rows(user: User, filters: Filters, only: int | None) -> Iterable[tuple[Match, list[Gate]]]:
    matches = list(list_matches_to_decide(user))
    gates = gates_for(matches)
    return [(match, gates[match.pk]) for match in matches]


def about_student(match: Match) -> str:
    """Class and age on the first day."""
    years = gettext("%(age)d years") % {"age": age_on(match.student.birth_date, match.start)}
    return ", ".join(filter(None, [match.student.class_name, years]))


MATCHES = ListExport(
    "matches",
    "matches",
    [
        Column(_("Student"), lambda row: row[0].student.user.name),
        Column(_("About"), lambda row: about_student(row[0])),
        Column(_("Place"), lambda row: f"{row[0].period.offer.title}, {row[0].period.offer.organisation.name}"),
        Column(_("Weeks"), lambda row: format_weeks(row[0].start, row[0].end, with_year=True)),
        Column(_("First day"), lambda row: row[0].start),
        Column(_("Last day"), lambda row: row[0].end),
        Column(_("To mind"), lambda row: "; ".join(str(gate.text) for gate in row[1] if not gate.is_open)),
        # The day, where the page says how many days ago: a file is read later.
        Column(_("Since"), lambda row: local_date(row[0].proposed_at)),
    ],
    _match_rows,
    is_coordinator,
    Scope.PLACEMENTS_READ,
)


def _board_rows(user: User, filters: Filters, only: int | None) -> Iterable[BoardStudent]:
    board = read_board(user, filters)
    return board.rows.order_by(*board.keys)


STUDENTS: ListExport[BoardStudent] = ListExport(
    "students",
    "students",
    [
        Column(_("Name"), lambda row: row.user.name),
        Column(_("Class"), lambda row: row.class_name),
        Column(_("Programme"), lambda row: row.programme.name if row.programme else ""),
        Column(_("School"), lambda row: row.school),
        Column(_("State"), lambda row: Standing(row.standing).label),
        Column(_("Since"), lambda row: local_date(row.since) if row.standing == Standing.UNPLACED else ""),
        Column(_("What has happened"), lambda row: story_of(row)[1]),
    ],
    _board_rows,
    is_coordinator,
    None,
    filters={
        **{name: words(120) for name in NAMES if name not in {"standing", "long"}},
        "standing": one_of(Standing.values),
        "long": one_of(["1"]),
        "sort": one_of(sort for sort in SORTS if sort),
    },
)


def organisations_of(user: User, code: str, text: str = "") -> "tuple[str, QuerySet[Organisation]]":
    """The code of the chosen one of the own municipalities, the first when it is none of them, and the organisations
    with a workplace there that the text finds.
    """
    codes = municipalities_coordinated_by(user)
    own = Municipality.objects.filter(pk__in=codes).values_list("pk", flat=True)
    chosen = code if code in codes else own[0]
    return chosen, list_organisations_in(chosen, text)


ORGANISATIONS: ListExport[Any] = ListExport(
    "organisations",
    "organisations",
    [
        Column(_("Organisation"), lambda row: row.name),
        Column(_("Kind"), lambda row: row.get_kind_display()),
        Column(_("Organisation number"), lambda row: row.registration_number_label),
        Column(_("Trusted"), lambda row: row.is_trusted),
    ],
    lambda user, filters, only: organisations_of(user, filters.get("municipality", ""), filters.get("q", ""))[1],
    is_coordinator,
    Scope.OFFERS_READ,
    is_personal=False,
    filters={
        "municipality": Filter(lambda user, value, _only: value in municipalities_coordinated_by(user)),
        "q": words(120),
    },
)


def _task_rows(user: User, filters: Filters, only: int | None) -> Iterable[tuple[Task, TaskLine]]:
    tasks = list(list_open_tasks(user))
    lines = lines_of(tasks)
    return [(task, lines[task.pk]) for task in tasks]


TASKS = ListExport(
    "needs-a-call",
    "needs-a-call",
    [
        Column(_("What"), lambda row: row[1].title),
        Column(_("More"), lambda row: row[1].text),
        Column(_("Since"), lambda row: row[0].opened_at),
    ],
    _task_rows,
    is_coordinator,
    None,
)

_STUDENT: list[Column[Any]] = [
    Column(_("Student"), lambda row: row.student.display_name),
    Column(_("Class"), lambda row: row.student.class_name),
    Column(_("School"), lambda row: row.student.school),
]


def _watched(user: User, round_id: int, only: int | None = None) -> Round | None:
    found = get_round(user, round_id)
    return found if found is not None and can_watch_round(user, found) else None


def _participants(user: User, filters: Filters, only: int | None) -> Any:
    the_round = _watched(user, int(filters["round"]))
    if the_round is None:
        raise NotFound("round.unknown", _("There is no such round."))
    found = list_participants(the_round)
    return found.filter(wished_at=None) if filters.get("show") == "silent" else found


PARTICIPANTS: ListExport[Any] = ListExport(
    "round-students",
    "round-students",
    [
        *_STUDENT,
        Column(_("Wishes"), lambda row: row.wished),
        Column(_("Last changed"), lambda row: row.wished_at),
    ],
    _participants,
    is_coordinator,
    None,
    filters={"round": row_of(_watched), "show": one_of(["silent"])},
)

RESULTS: ListExport[Any] = ListExport(
    "round-results",
    "round-results",
    [*_STUDENT, Column(_("State"), lambda row: str(RESULT_LABELS.get(row.result_state, "")))],
    _participants,
    is_coordinator,
    None,
    filters={"round": row_of(_watched)},
)
