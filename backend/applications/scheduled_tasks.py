"""What time does to applications: holds that end, answers that do not come."""

from datetime import timedelta

from backend.applications import changes, services
from backend.applications.enums import UNANSWERED_STATES, ApplicationState
from backend.applications.models import Application, ChangeQuestion
from backend.common import clock
from backend.common.schedule import periodic


@periodic("applications.lapse_holds", every=timedelta(minutes=1))
def lapse_holds() -> int:
    due = Application.objects.filter(state=ApplicationState.OFFERED, hold_expires_at__lte=clock.now())
    return sum(services.lapse_hold(application_id=pk) for pk in due.values_list("pk", flat=True))


@periodic("applications.escalate_silence", every=timedelta(minutes=10))
def escalate_silence() -> int:
    due = Application.objects.filter(
        state=ApplicationState.SUBMITTED, escalated_at__isnull=True, answer_due_at__lte=clock.now()
    )
    return sum(services.escalate_silence(application_id=pk) for pk in due.values_list("pk", flat=True))


@periodic("applications.lapse_changes", every=timedelta(minutes=10))
def lapse_changes() -> int:
    """Who does not say in time whether a changed place still fits has stepped back."""
    due = ChangeQuestion.objects.filter(answer="", due_at__lte=clock.now()).order_by("pk")
    return sum(changes.lapse_change(question_id=pk) for pk in due.values_list("pk", flat=True))


@periodic("applications.lapse_ended", every=timedelta(hours=1))
def lapse_ended() -> int:
    """A deadline closes an offer and leaves its applications to be answered; the last day of the period ends that."""
    late = Application.objects.filter(state__in=UNANSWERED_STATES, period__end__lt=clock.today())
    return sum(services.lapse_ended(application_id=pk) for pk in late.values_list("pk", flat=True))
