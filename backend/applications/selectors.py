"""Questions about applications."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.applications.enums import LIVE_STATES, ApplicationState
from backend.applications.models import Application
from backend.applications.policies import visible_to
from backend.common import clock
from backend.common.errors import Conflict
from backend.common.weeks import format_day
from backend.offers.models import Offer, OfferPeriod
from backend.placements.enums import ENDED_EARLY_STATES
from backend.reference.models import PlacementFormVersion
from backend.students.models import Student

# An application that the student ends may be sent again, but an organisation is not written to time and again.
MOST_TRIES = 3
ROW = (
    "student__user",
    "student__programme",
    "period__offer__organisation",
    "period__offer__workplace__municipality",
    "period__offer__form",
    "match__placement",
)


def list_applications_of(user: User) -> "QuerySet[Application]":
    """A student's own, newest first."""
    return Application.objects.filter(student__user=user).select_related(*ROW).order_by("-submitted_at", "-pk")


def list_applications_to(offer: Offer) -> "QuerySet[Application]":
    """Everyone who applied for an offer: those who wait for an answer first, oldest first."""
    return Application.objects.filter(period__offer=offer).select_related(*ROW).order_by("period", "submitted_at", "pk")


def get_application(user: User, application_id: int) -> Application | None:
    """The application when the user may see it."""
    return visible_to(user).select_related(*ROW).filter(pk=application_id).first()


def under_way(applications: "QuerySet[Application]") -> "QuerySet[Application]":
    """Those that may lead to a place, or have led to one that was not cancelled or interrupted since."""
    return applications.filter(state__in=[*LIVE_STATES, ApplicationState.APPROVED]).exclude(
        match__placement__state__in=ENDED_EARLY_STATES
    )


def count_unanswered(offer_ids: "list[int]") -> int:
    return Application.objects.filter(period__offer__in=offer_ids, state=ApplicationState.SUBMITTED).count()


def list_visible_applications(user: User) -> "QuerySet[Application]":
    """All the user may see, in no order: own ones, those to own organisations, those of coordinated students."""
    return visible_to(user).select_related(*ROW).prefetch_related("change_questions")


def in_reading_order(applications: "QuerySet[Application]") -> "QuerySet[Application]":
    """Those who wait first and oldest first, then the waiting list by rank, then the answered ones."""
    order = [
        ApplicationState.SUBMITTED,
        ApplicationState.WAITLISTED,
        ApplicationState.OFFERED,
        ApplicationState.ACCEPTED,
    ]
    cases = [When(state=state, then=Value(number)) for number, state in enumerate(order)]
    return applications.annotate(reading=Case(*cases, default=Value(len(order)), output_field=IntegerField())).order_by(
        "reading", "waiting_rank", "submitted_at", "pk"
    )


@dataclass(frozen=True)
class Applicants:
    """Who has applied and has no final answer: the number, and the names that the reader may know."""

    number: int
    names: list[str]

    @property
    def others(self) -> int:
        return self.number - len(self.names)


def applicants_known_to(user: User, offer: Offer) -> Applicants:
    """Those of one offer, for whoever reviews it. Names only of students whose applications the reader may see."""
    live = Application.objects.filter(period__offer=offer, state__in=LIVE_STATES)
    own = visible_to(user).filter(pk__in=live.values("pk")).select_related("student__user").order_by("pk")
    return Applicants(live.count(), [row.student.display_name for row in own])


def require_may_try_again(student: Student, period: OfferPeriod, rules: PlacementFormVersion) -> None:
    """Raises Conflict `application.answered_no` for as long after the organisation's no as the form says, and
    `application.too_often` when the student has applied for the period, and ended it, MOST_TRIES times.
    """
    ended = list(
        Application.objects.filter(student=student, period=period)
        .exclude(state__in=LIVE_STATES)
        .values_list("state", "answered_at")
    )
    noes = [answered for state, answered in ended if state == ApplicationState.DECLINED and answered]
    if noes and rules.reapply_after_days is None:
        raise Conflict(
            "application.answered_no",
            _("The organisation has said no for this period. There are other places, and other periods."),
        )
    if noes:
        again = max(noes) + timedelta(days=rules.reapply_after_days or 0)
        if clock.now() < again:
            raise Conflict(
                "application.answered_no",
                _("The organisation has said no. You may apply for this period again from %(day)s.")
                % {"day": format_day(again)},
            )
    if len(ended) - len(noes) >= MOST_TRIES:
        raise Conflict(
            "application.too_often",
            _("You have applied for this period %(number)d times. Talk to the coordinator if you want it after all.")
            % {"number": MOST_TRIES},
        )
