"""The network office's figures: municipalities without persons, and whether scheduled jobs run. Page and file read them here."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max, Min, Q, Sum
from django.utils.translation import gettext as _

from backend.accounts.enums import RoleKind
from backend.accounts.models import Role
from backend.applications.guarantee import STANDING
from backend.common import clock
from backend.common.models import PeriodicRun, WorkState
from backend.common.schedule import Job, jobs, slot_at
from backend.offers.models import OfferPeriod
from backend.offers.selectors import open_offers
from backend.placements.models import Placement
from backend.reference.enums import EvidenceGrade
from backend.reference.models import Municipality, NetworkMembership
from backend.students.models import Student

LATE_AFTER = 2
LOOK_BACK = timedelta(days=7)
FEWEST_SHOWN = 5


def suppressed(number: int, *, of: int | None = None) -> str:
    """A count of people as text; below five somebody could be picked out of it.

    0 reads the same as 1 to 4: that nobody of a known group is placed says something about every one of them. Only
    where the group itself is empty is 0 about nobody, and then it stands there. of: the size of that group with
    everyone in it, protected ones too, so that nobody can be seen to leave it by being protected.
    """
    if of == 0:
        return "0"
    return str(number) if number >= FEWEST_SHOWN else _("under 5")


def at_least_five(number: int) -> object:
    """A count of people, or "<5": below five somebody could be picked out of it."""
    return number if number >= FEWEST_SHOWN else f"<{FEWEST_SHOWN}"


def municipality_figures() -> list[dict[str, Any]]:
    """Every municipality that is a member, has a coordinator or has published places, with its figures."""
    today = clock.today()
    memberships = {each.municipality_id: each for each in NetworkMembership.objects.active(today)}
    coordinators = _by_code(
        Role.objects.in_force().filter(kind=RoleKind.COORDINATOR), "municipality", Count("user", distinct=True)
    )
    offers = _by_code(open_offers(), "workplace__municipality", Count("pk"))
    seats = _by_code(
        OfferPeriod.objects.filter(offer__in=open_offers().order_by().values("pk"), end__gte=today),
        "offer__workplace__municipality",
        Sum(F("capacity") - F("taken")),
    )
    everyone = _by_code(Student.objects.all(), "municipality", Count("pk"))
    students = _by_code(Student.objects.unprotected(), "municipality", Count("pk"))
    placed = _by_code(
        Placement.objects.filter(student__is_protected=False, state__in=STANDING),
        "student__municipality",
        Count("student", distinct=True),
    )
    codes = set(memberships) | set(coordinators) | set(offers)
    return [
        {
            "name": place.name,
            "county": place.county.name,
            "membership": memberships[place.pk].get_evidence_display() if place.pk in memberships else "",
            "since": memberships[place.pk].valid_from if place.pk in memberships else None,
            "coordinators": coordinators.get(place.pk, 0),
            "offers": offers.get(place.pk, 0),
            "seats": seats.get(place.pk, 0),
            "students": suppressed(students.get(place.pk, 0), of=everyone.get(place.pk, 0)),
            "is_confirmed": place.pk in memberships and memberships[place.pk].evidence == EvidenceGrade.CONFIRMED,
            "code": place.pk,
            "placed": suppressed(placed.get(place.pk, 0), of=everyone.get(place.pk, 0)),
        }
        for place in Municipality.objects.filter(pk__in=codes).select_related("county")
    ]


def _by_code(queryset: Any, field: str, aggregate: Any) -> dict[str, int]:
    """Figures per municipality code, in one query."""
    rows = queryset.filter(~Q(**{field: None})).order_by().values_list(field).annotate(number=aggregate)
    return {code: number or 0 for code, number in rows}


def job_figures() -> list[dict[str, Any]]:
    """Each scheduled job with its last finished run, its next slot, and its last week. Three queries.

    Late: the last finished slot lies more than two intervals back, or there is none although slots were written.
    missed: slots of the week that were never written because nothing ran then; the next run handled what they left.
    """
    now = clock.now()
    newest = PeriodicRun.objects.order_by("name", "-slot").distinct("name")
    finished = {run.name: run for run in newest.filter(state=WorkState.DONE)}
    last = {run.name: run for run in newest}
    week: dict[str, dict[str, Any]] = {
        row["name"]: dict(row)
        for row in PeriodicRun.objects.filter(slot__gt=now - LOOK_BACK)
        .values("name")
        .annotate(
            runs=Count("pk"),
            rows=Sum("handled"),
            failed=Count("pk", filter=Q(state=WorkState.DEAD)),
            first=Min("slot"),
            latest=Max("slot"),
        )
        .order_by()
    }
    return [_figures_of(job, finished.get(job.name), last.get(job.name), week.get(job.name), now) for job in jobs()]


def _figures_of(
    job: Job, finished: PeriodicRun | None, last: PeriodicRun | None, week: dict[str, Any] | None, now: datetime
) -> dict[str, Any]:
    slot = slot_at(job, now)
    late = finished is None or finished.slot < slot - LATE_AFTER * job.every
    missed = (week["latest"] - week["first"]) // job.every + 1 - week["runs"] if week else 0
    return {
        "name": job.name,
        "every": job.every,
        "last": finished.started_at if finished else None,
        "handled": finished.handled if finished else None,
        "next": slot + job.every,
        "error": last.last_error if last else "",
        "state": last.state if last else "",
        "is_late": late,
        "rows": (week["rows"] or 0) if week else 0,
        "failed": week["failed"] if week else 0,
        "missed": max(missed, 0),
    }
