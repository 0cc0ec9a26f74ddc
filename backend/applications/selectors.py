"""Questions about applications."""

from django.db.models import Case, IntegerField, QuerySet, Value, When

from backend.accounts.models import User
from backend.applications.enums import ApplicationState
from backend.applications.models import Application
from backend.applications.policies import visible_to
from backend.offers.models import Offer

ROW = (
    "student__user",
    "student__programme",
    "period__offer__organisation",
    "period__offer__workplace__municipality",
    "period__offer__form",
    "match",
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


def count_unanswered(offer_ids: "list[int]") -> int:
    return Application.objects.filter(period__offer__in=offer_ids, state=ApplicationState.SUBMITTED).count()


def list_visible_applications(user: User) -> "QuerySet[Application]":
    """All the user may see, in no order: own ones, those to own organisations, those of coordinated students."""
    return visible_to(user).select_related(*ROW)


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
