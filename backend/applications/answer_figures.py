"""How an organisation answers: how soon, how often in time, and how full its places are."""

from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from django.db.models import Count, F, Q, QuerySet, Sum

from backend.accounts.models import User
from backend.applications.models import Application
from backend.common import clock
from backend.offers.enums import OfferState
from backend.offers.models import OfferPeriod

LOOK_BACK = timedelta(days=180)
# A share of fewer says little.
FEWEST_ANSWERS = 10


def _settled() -> "QuerySet[Application]":
    """The last half year's applications that are answered or should have been. Those without an answer count as late."""
    over = Q(answered_at__isnull=False) | Q(answer_due_at__lt=clock.now())
    return Application.objects.filter(over, submitted_at__gte=clock.now() - LOOK_BACK)


IN_TIME = Q(answered_at__lte=F("answer_due_at"))


def answered_share() -> float | None:
    """The part (0 to 1) of everybody's applications that were answered in time; None below ten.

    Everyone reads it, so it counts as the open figures do: without protected identities.
    """
    counts = (
        _settled().filter(student__is_protected=False).aggregate(all=Count("pk"), in_time=Count("pk", filter=IN_TIME))
    )
    return counts["in_time"] / counts["all"] if counts["all"] >= FEWEST_ANSWERS else None


@dataclass(frozen=True)
class AnswerFigures:
    """Of the last half year. settled: answered, or late without an answer. in_time: answered before the time was over.

    median_days: from the application to the answer, None where nothing was answered. seats, taken: of published places
    that have not ended.
    """

    settled: int
    in_time: int
    median_days: float | None
    seats: int
    taken: int


def answer_figures(user: User) -> AnswerFigures:
    """Of all organisations the user belongs to. Two queries."""
    own = _settled().filter(period__offer__organisation__memberships__user=user)
    times = list(own.values_list("submitted_at", "answered_at", "answer_due_at"))
    waits = [answered - submitted for submitted, answered, _due in times if answered is not None]
    seats = OfferPeriod.objects.filter(
        offer__organisation__memberships__user=user, offer__state=OfferState.PUBLISHED, end__gte=clock.today()
    ).aggregate(all=Sum("capacity", default=0), taken=Sum("taken", default=0))
    return AnswerFigures(
        settled=len(times),
        in_time=sum(answered is not None and due is not None and answered <= due for _from, answered, due in times),
        median_days=median(wait / timedelta(days=1) for wait in waits) if waits else None,
        seats=seats["all"],
        taken=seats["taken"],
    )
