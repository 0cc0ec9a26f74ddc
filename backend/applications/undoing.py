"""An organisation takes an offered seat back within minutes: what a wrong click did is undone, and told."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.applications.enums import ApplicationState
from backend.applications.models import Application
from backend.applications.services import _locked, _move, _require_answerer
from backend.common import clock
from backend.common.errors import Conflict
from backend.offers.seats import return_seat


@transaction.atomic
def undo_offered_seat(*, actor: User, application_id: int) -> Application:
    """Takes the offer of a seat back within the municipality's time to undo, unless the student has answered.

    The application is where it was: unanswered, or on the waiting list with its rank. The seat is free and waits for the
    organisation's next click. Raises Conflict `application.undo_late`; `application.wrong_state` after an answer.
    """
    application = _locked(actor, application_id)
    _require_answerer(actor, application)
    if application.state == ApplicationState.OFFERED and (
        application.undo_until is None or application.undo_until <= clock.now()
    ):
        raise Conflict("application.undo_late", _("The time to undo this has passed. Call the student instead."))
    from_list = application.waiting_rank is not None
    application.hold_expires_at = application.offered_at = None
    application.message = ""
    fields = ["hold_expires_at", "offered_at", "message"]
    if not from_list:
        application.answered_at = None
        fields.append("answered_at")
    action = "application.offer_undone_to_list" if from_list else "application.offer_undone"
    _move(application, action, actor=actor, update_fields=fields)
    return_seat(application.period)
    return application
