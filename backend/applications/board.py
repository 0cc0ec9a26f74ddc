"""The guarantee board: who of a municipality's students has a place, who is at risk, who has none, and since when."""

import re
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.db import models, transaction
from django.db.models import Case, Count, Exists, F, IntegerField, Max, Min, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.policies import acted_for, municipalities_coordinated_by
from backend.applications.enums import LIVE_STATES, ApplicationState
from backend.applications.guarantee import with_guarantee, without_those_who_left
from backend.applications.models import Application
from backend.applications.policies import unanswered_by_anybody
from backend.common import clock
from backend.common.transitions import log
from backend.offers.models import Offer
from backend.placements.enums import MatchState
from backend.placements.models import Match
from backend.students.models import Student
from backend.students.school_years import dates_of, school_year_on


class Standing(models.TextChoices):
    """Where a student stands, the most urgent first."""

    UNPLACED = "unplaced", _("Without a place")
    AT_RISK = "at_risk", _("Not settled yet")
    PARTLY = "partly", _("Has a part of it")
    PLACED = "placed", _("Has a place")


# A Student with `standing` and `rank`, and after `with_story` with its columns: the type checker knows no such model.
BoardStudent = Any
ENDED = sorted(set(ApplicationState.values) - {str(state) for state in LIVE_STATES})


def students_of(user: User) -> "QuerySet[BoardStudent]":
    """The students of the municipalities the user coordinates; never those with protected identity.

    Each has `standing` and `rank` (0 = without a place), measured by what the form requires in this school year.
    """
    return with_standing(Student.objects.unprotected().filter(municipality__in=municipalities_coordinated_by(user)))


def with_standing(students: "QuerySet[Student]") -> "QuerySet[BoardStudent]":
    """Adds `standing` and `rank`, and what they are measured by."""
    decided_soon = Match.objects.filter(student=OuterRef("pk"), state=MatchState.PROPOSED)
    live = Application.objects.filter(student=OuterRef("pk"), state__in=LIVE_STATES)
    return with_guarantee(students).annotate(
        rank=Case(
            When(has_place=True, required_days__isnull=True, then=Value(3)),
            When(placed_days__gte=F("required_days"), then=Value(3)),
            When(placed_days__gt=0, then=Value(2)),
            When(Exists(live) | Exists(decided_soon), then=Value(1)),
            default=Value(0),
            output_field=IntegerField(),
        ),
        standing=Case(
            When(rank=3, then=Value(Standing.PLACED.value)),
            When(rank=2, then=Value(Standing.PARTLY.value)),
            When(rank=1, then=Value(Standing.AT_RISK.value)),
            default=Value(Standing.UNPLACED.value),
        ),
    )


def counted_students_of(user: User) -> "QuerySet[BoardStudent]":
    """Those of `students_of` whom the schools count this year: not those who have left their class lists."""
    return without_those_who_left(students_of(user))


def with_story(students: "QuerySet[BoardStudent]") -> "QuerySet[BoardStudent]":
    """Adds what a row needs to name the next step: counts of applications by outcome, the moments that
    matter, and the match that waits (`deciding`, its id).
    """
    of = "applications"
    return students.select_related("user", "programme", "municipality").annotate(
        # Nobody has waited longer than the school year is old.
        since=Greatest(
            Coalesce(Max(f"{of}__updated_at", filter=Q(applications__state__in=ENDED)), F("created_at")),
            Value(_start_of_school_year()),
        ),
        sent=Count(of, distinct=True),
        declined=Count(of, filter=Q(applications__state=ApplicationState.DECLINED), distinct=True),
        waiting=Count(of, filter=Q(applications__state=ApplicationState.SUBMITTED), distinct=True),
        waiting_since=Min(f"{of}__submitted_at", filter=Q(applications__state=ApplicationState.SUBMITTED)),
        escalated=Count(
            of,
            filter=Q(applications__state=ApplicationState.SUBMITTED, applications__escalated_at__isnull=False),
            distinct=True,
        ),
        waitlisted=Count(of, filter=Q(applications__state=ApplicationState.WAITLISTED), distinct=True),
        offered=Count(of, filter=Q(applications__state=ApplicationState.OFFERED), distinct=True),
        hold_until=Min(f"{of}__hold_expires_at", filter=Q(applications__state=ApplicationState.OFFERED)),
        deciding=Min(f"{of}__match", filter=Q(applications__state=ApplicationState.ACCEPTED)),
    )


def _start_of_school_year() -> datetime:
    first, _last = dates_of(school_year_on(clock.today()))
    return timezone.make_aware(datetime.combine(first, time.min))


@dataclass(frozen=True)
class ClassRow:
    """One class of one school and how many of its students stand where."""

    school: str
    class_name: str
    placed: int
    partly: int
    at_risk: int
    unplaced: int

    @property
    def total(self) -> int:
        return self.placed + self.partly + self.at_risk + self.unplaced


def classes_of(user: User) -> list[ClassRow]:
    """The classes of the user's municipalities by name; two schools may each have their 9A, and those without a class are
    one row of each school. One query."""
    counted: dict[tuple[str, str], dict[str, int]] = {}
    rows = counted_students_of(user).order_by().values("school", "class_name", "standing").annotate(number=Count("pk"))
    for row in rows:
        counted.setdefault((row["class_name"], row["school"]), {})[row["standing"]] = row["number"]
    return [
        ClassRow(
            school,
            name,
            numbers.get(Standing.PLACED, 0),
            numbers.get(Standing.PARTLY, 0),
            numbers.get(Standing.AT_RISK, 0),
            numbers.get(Standing.UNPLACED, 0),
        )
        for (name, school), numbers in sorted(counted.items(), key=lambda item: (_year_first(item[0][0]), item[0][1]))
    ]


def _year_first(name: str) -> tuple[bool, int, str]:
    """8A before 9A before 10A before NA25; last those without a class."""
    year = re.match(r"\d{1,4}", name, re.ASCII)
    return (not name, int(year[0]) if year else 10_000, name)


def list_silent_applications(user: User) -> "QuerySet[Application]":
    """Applications of the user's students whose answer time has passed without an answer, oldest first."""
    return (
        Application.objects.filter(
            acted_for(user, "student__municipality"),
            student__is_protected=False,
            state=ApplicationState.SUBMITTED,
            escalated_at__isnull=False,
        )
        .select_related(
            "student__user", "student__programme", "period__offer__organisation", "period__offer__workplace"
        )
        .order_by("answer_due_at", "pk")
    )


def list_unclaimed_applications(user: User) -> "QuerySet[Application]":
    """Unanswered applications to organisations nobody here belongs to, where the user stands in; longest waiting first."""
    return (
        Application.objects.filter(unanswered_by_anybody(user), state=ApplicationState.SUBMITTED)
        .select_related("student__user", "period__offer__organisation", "period__offer__workplace")
        .order_by("submitted_at", "pk")
    )


@dataclass(frozen=True)
class OfferCounts:
    """How many applications of an offer stand where, and when the first answer is due."""

    waiting: int
    total: int
    next_due: datetime | None


def count_applications(offers: "list[Offer]") -> dict[int, OfferCounts]:
    """Per offer id. One query."""
    rows = (
        Application.objects.filter(period__offer__in=[offer.pk for offer in offers])
        .order_by()
        .values("period__offer")
        .annotate(
            waiting=Count("pk", filter=Q(state=ApplicationState.SUBMITTED)),
            total=Count("pk"),
            next_due=Min("answer_due_at", filter=Q(state=ApplicationState.SUBMITTED)),
        )
    )
    return {row["period__offer"]: OfferCounts(row["waiting"], row["total"], row["next_due"]) for row in rows}


def list_waiting_for(user: User) -> "QuerySet[Application]":
    """Applications to the user's organisations without an answer, oldest first."""
    return (
        Application.objects.filter(
            period__offer__organisation__memberships__user=user, state=ApplicationState.SUBMITTED
        )
        .select_related("student__user", "student__programme", "period__offer__workplace")
        .order_by("submitted_at", "pk")
    )


@transaction.atomic
def record_export(*, actor: User, what: str, rows: int) -> None:
    """Notes that someone took a copy of personal data out of the service."""
    log("export.taken", actor, actor=actor, data={"what": what, "rows": rows})
