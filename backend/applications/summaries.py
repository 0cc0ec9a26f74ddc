"""The mornings of those who answer and decide: unanswered applicants for employers, the queues for coordinators."""

from collections.abc import Callable

from django.db.models import Exists, OuterRef
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.accounts.enums import RoleKind
from backend.accounts.models import Role, User
from backend.accounts.policies import is_coordinator, is_network_office
from backend.accounts.selectors import list_network_office
from backend.applications.board import (
    Standing,
    counted_students_of,
    list_silent_applications,
    list_waiting_for,
    with_standing,
)
from backend.applications.enums import ApplicationState
from backend.applications.guarantee import without_those_who_left
from backend.applications.models import Application
from backend.notifications.reminders import list_open_tasks
from backend.notifications.summaries import MOST_LINES, Line, Section, Summary, register, section
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.offers.queues import list_offers_to_review
from backend.organisations.models import Membership
from backend.placements.enums import MatchState
from backend.placements.models import Match
from backend.placements.selectors import list_matches_to_decide
from backend.students.models import Student


def employers_with_applicants() -> set[int]:
    """Members of organisations that owe somebody an answer. One query."""
    waiting = Application.objects.filter(
        state=ApplicationState.SUBMITTED, period__offer__organisation=OuterRef("organisation")
    )
    return set(Membership.objects.filter(Exists(waiting)).values_list("user_id", flat=True))


def applicants(user: User) -> list[Section]:
    """Applicants without an answer, oldest first, each with its own link."""
    waiting = list_waiting_for(user)
    lines = [
        Line(
            title=f"{row.student.display_name}: {row.period.offer.title}",
            link=f"/till/application/{row.pk}/",
            note=_("Answer by %(date)s") % {"date": date_format(localtime(row.answer_due_at), "DATE_FORMAT")},
        )
        for row in waiting[:MOST_LINES]
    ]
    return [section(_("Applicants who wait for your answer"), lines, waiting.count())] if lines else []


def coordinators_with_work() -> set[int]:
    """Coordinators of municipalities where something waits. A constant number of queries."""
    codes: set[str | None] = set()
    codes |= set(
        Offer.objects.filter(state=OfferState.SUBMITTED).values_list("workplace__municipality", flat=True).distinct()
    )
    # A protected identity wakes nobody: a summary for one student alone would say that there is one.
    open_matches = Match.objects.filter(state=MatchState.PROPOSED, student__is_protected=False)
    codes |= set(open_matches.values_list("deciding_municipality", flat=True).distinct())
    silent = Application.objects.filter(
        state=ApplicationState.SUBMITTED, escalated_at__isnull=False, student__is_protected=False
    )
    codes |= set(silent.values_list("student__municipality", flat=True).distinct())
    unplaced = without_those_who_left(with_standing(Student.objects.unprotected())).filter(rank=0)
    codes |= set(unplaced.values_list("municipality", flat=True).distinct())
    roles = Role.objects.in_force().filter(kind=RoleKind.COORDINATOR, municipality__in=codes - {None})
    return set(roles.values_list("user_id", flat=True))


Counted = list[tuple[int, Callable[[int], str], str]]


def _waiting(user: User) -> Counted:
    """What waits for a decision or a call, the most urgent first: its number, its words, its page."""
    return [
        (
            list_silent_applications(user).count(),
            lambda number: ngettext(
                "%(number)d application has not been answered in time",
                "%(number)d applications have not been answered in time",
                number,
            ),
            "/samordnare/utan-svar/",
        ),
        (
            list_open_tasks(user).count(),
            lambda number: ngettext("%(number)d case needs a phone call", "%(number)d cases need a phone call", number),
            "/uppgifter/",
        ),
        (
            list_matches_to_decide(user).count(),
            lambda number: ngettext(
                "%(number)d match waits for your decision", "%(number)d matches wait for your decision", number
            ),
            "/samordnare/matchningar/",
        ),
        (
            list_offers_to_review(user).count(),
            lambda number: ngettext("%(number)d place to review", "%(number)d places to review", number),
            "/samordnare/platser/",
        ),
    ]


def _section(title: str, counted: Counted) -> list[Section]:
    lines = [Line(words(number) % {"number": number}, link) for number, words, link in counted if number]
    return [section(title, lines, len(lines))]


def count_waiting(user: User) -> int:
    """How many matters wait for a coordinator or the network office, students without a place aside."""
    return sum(number for number, _words, _link in _waiting(user))


def queues(user: User) -> list[Section]:
    """How much waits in each queue, the most urgent first."""
    unplaced = counted_students_of(user).filter(standing=Standing.UNPLACED).count()
    return _section(
        _("What needs you"),
        [
            *_waiting(user),
            (
                unplaced,
                lambda number: ngettext(
                    "%(number)d student is without a place", "%(number)d students are without a place", number
                ),
                f"/samordnare/elever/?standing={Standing.UNPLACED.value}",
            ),
        ],
    )


def office_with_work() -> set[int]:
    """The network office, when something waits where no coordinator works. A constant number of queries."""
    office = list_network_office()
    # Everybody there sees the same: one of them answers for all.
    waits = bool(office) and any(number for number, _words, link in _waiting(office[0]) if link != "/uppgifter/")
    return {user.pk for user in office} if waits else set()


def office_queues(user: User) -> list[Section]:
    """Tasks stand in the office's own part already."""
    counted = [row for row in _waiting(user) if row[2] != "/uppgifter/"]
    return _section(_("What lacks a coordinator"), counted) if any(number for number, *_rest in counted) else []


register(Summary("employer", employers_with_applicants, applicants, concerns=lambda user: user.memberships.exists()))
register(Summary("coordinator", coordinators_with_work, queues, concerns=is_coordinator))
register(Summary("office", office_with_work, office_queues, concerns=is_network_office))
