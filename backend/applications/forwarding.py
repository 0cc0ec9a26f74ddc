"""Asking a colleague at the same organisation to look at an applicant."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.applications import policies
from backend.common import events, outbox
from backend.common.errors import Invalid, NotFound
from backend.common.transitions import log
from backend.notifications.services import notify
from backend.organisations.selectors import list_member_users


@transaction.atomic
def ask_colleague(*, actor: User, application_id: int, colleague_id: int) -> None:
    """Someone who may answer an application asks a colleague, who may answer it too, to do so.

    Raises NotFound for an application of others, Invalid for a colleague of others or the actor alone.
    """
    application = policies.visible_to(actor).select_related("period__offer").filter(pk=application_id).first()
    if application is None or not policies.can_answer(actor, application):
        raise NotFound("application.unknown", _("There is no such application."))
    colleagues = {user.pk: user for user in list_member_users(application.period.offer.organisation_id)}
    colleague = colleagues.get(colleague_id)
    if colleague is None or colleague == actor:
        raise Invalid("colleague.unknown", _("Choose one of your colleagues."), field="colleague")
    log("application.colleague_asked", application, actor=actor, data={"colleague": colleague.pk})
    event = events.record("application.colleague_asked", application, {"asker": actor.pk})
    notify(
        event=event,
        recipients=[colleague],
        kind="application.colleague_asked",
        subject=application,
        data={"asker": actor.pk},
    )
    outbox.wake()
