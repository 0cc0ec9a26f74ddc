"""A student, or a minor's guardian, asks the coordinator to look again; a person answers."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, Invalid, NotFound
from backend.common.transitions import log
from backend.rounds import policies
from backend.rounds.enums import ResultState
from backend.rounds.models import Appeal, Result
from backend.rounds.notifications import tell_appeal
from backend.rounds.services.setup import SAME_CLICK

LONGEST = 1_500
RELATED = ("result__participant__student__user", "result__participant__round")


@transaction.atomic
def appeal_result(*, actor: User, result_id: int, text: str) -> Appeal:
    """Raises Conflict `appeal.waiting` while an earlier message has no answer. The same words once more within a minute are a
    double click: there is one message."""
    result = (
        Result.objects.select_related("participant__student__user", "participant__round").filter(pk=result_id).first()
    )
    if result is None or not policies.can_decline(actor, result) or result.state == ResultState.TAKEN_BACK:
        raise NotFound("result.unknown", _("There is no such result."))
    _check(text)
    try:
        with transaction.atomic():
            appeal = Appeal.objects.create(result=result, sent_by=actor, text=text.strip(), sent_at=clock.now())
    except IntegrityError as error:
        waiting = result.appeals.filter(answered_at=None, sent_by=actor, text=text.strip())
        if same := waiting.filter(sent_at__gte=clock.now() - SAME_CLICK).first():
            return same
        raise Conflict("appeal.waiting", _("Your earlier message has not been answered yet.")) from error
    log("appeal.sent", appeal, actor=actor, data={"result": result.pk})
    tell_appeal(events.record("appeal.sent", appeal, {"result": result.pk}), appeal)
    outbox.wake()
    return appeal


@transaction.atomic
def answer_appeal(*, actor: User, appeal_id: int, answer: str) -> Appeal:
    """The coordinator answers in words; what shall change is done with the ordinary commands."""
    appeal = Appeal.objects.select_related(*RELATED).select_for_update(of=("self",)).filter(pk=appeal_id).first()
    if appeal is None or not policies.knows_participant(actor, appeal.result.participant):
        raise NotFound("appeal.unknown", _("There is no such message."))
    policies.require_answerer(actor, appeal.result.participant)
    if appeal.answered_at is not None:
        raise Conflict("appeal.answered", _("The message has been answered already."))
    _check(answer)
    appeal.answer, appeal.answered_by, appeal.answered_at = answer.strip(), actor, clock.now()
    appeal.save(update_fields=["answer", "answered_by", "answered_at"])
    log("appeal.answered", appeal, actor=actor)
    tell_appeal(events.record("appeal.answered", appeal, {"result": appeal.result_id}), appeal)
    outbox.wake()
    return appeal


def _check(text: str) -> None:
    if not text.strip():
        raise Invalid("appeal.empty", _("Write a message."), field="text")
    if len(text.strip()) > LONGEST:
        raise Invalid("appeal.too_long", _("The text is too long."), field="text")
