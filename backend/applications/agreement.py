"""Whether a period is still what a student asked for. Asked by every command that leads towards a placement."""

from django.utils.translation import gettext_lazy as _

from backend.applications.models import Application, ChangeQuestion
from backend.common.errors import Conflict
from backend.offers.facts import facts_of, is_worth_asking


def waits_for_student(application: Application) -> bool:
    """Whether the place differs from what the student asked for, so that nothing goes on before an answer."""
    return is_worth_asking(application.asked_for, facts_of(application.period))


def require_as_asked_for(application: Application) -> None:
    """Raises Conflict `application.change_unanswered` while the student has not said whether the change fits."""
    if waits_for_student(application):
        raise Conflict(
            "application.change_unanswered",
            _("The place has changed since the application. The student is asked first whether it still fits."),
        )


def open_question(application: Application) -> ChangeQuestion | None:
    return ChangeQuestion.objects.filter(application=application, answer="").first()
