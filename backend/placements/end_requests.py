"""Asking to end an approved placement: whoever it concerns asks and says why, the coordinator answers with one click."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import log
from backend.organisations.policies import is_member
from backend.placements import policies
from backend.placements.enums import Asker, PlacementState
from backend.placements.models import EndRequest, Placement
from backend.placements.notifications import tell_end_request
from backend.placements.services import end_placement
from backend.students.policies import is_guardian_of, is_self

LONGEST = 1_000
STANDING = frozenset({PlacementState.UPCOMING, PlacementState.ONGOING})


def asker_of(user: User, placement: Placement) -> Asker | None:
    """As whom the user may ask to end the placement; None = not at all."""
    if is_self(user, placement.student):
        return Asker.STUDENT
    if is_guardian_of(user, placement.student):
        return Asker.GUARDIAN
    if is_member(user, placement.period.offer.organisation_id):
        return Asker.ORGANISATION
    return None


@transaction.atomic
def ask_to_end(*, actor: User, placement_id: int, reason: str) -> EndRequest:
    """The student, a minor's guardian or the organisation asks; the placement stands until the coordinator answers.

    Raises NotFound for others, Invalid without a reason, Conflict `placement.over` when it does not stand any more and
    `end_request.twice` when somebody has asked already.
    """
    placement = (
        Placement.objects.select_related("student__user", "period__offer", "match")
        .select_for_update(of=("self",))
        .filter(pk=placement_id)
        .first()
    )
    asker = asker_of(actor, placement) if placement is not None else None
    if placement is None or asker is None:
        raise NotFound("placement.unknown", _("There is no such placement."))
    if not reason.strip():
        raise Invalid("end_request.no_reason", _("Write why, so that the coordinator understands."), field="reason")
    if len(reason.strip()) > LONGEST:
        raise Invalid("end_request.reason_long", _("The text is too long."), field="reason")
    if placement.state not in STANDING or placement.end < clock.today():
        raise Conflict("placement.over", _("The last day has passed: there is nothing left to end."))
    try:
        with transaction.atomic():
            asked = EndRequest.objects.create(
                placement=placement, asked_by=actor, asked_as=asker, reason=reason.strip(), asked_at=clock.now()
            )
    except IntegrityError as error:
        raise Conflict(
            "end_request.twice", _("Somebody has asked for this already. The coordinator answers soon.")
        ) from error
    log("placement.end_asked", placement, actor=actor, reason=reason, data={"request": asked.pk, "as": str(asker)})
    tell_end_request(events.record("placement.end_asked", placement, {"request": asked.pk}), asked)
    outbox.wake()
    return asked


def _open(actor: User, request_id: int) -> EndRequest:
    pk = EndRequest.objects.filter(pk=request_id).values_list("placement", flat=True).first()
    placement = Placement.objects.select_for_update().filter(pk=pk).first() if pk is not None else None
    asked = EndRequest.objects.select_related("placement__match__student").filter(pk=request_id).first()
    if placement is None or asked is None or not policies.may_know_match(actor, asked.placement.match):
        raise NotFound("end_request.unknown", _("There is no such request."))
    if not policies.can_decide_match(actor, asked.placement.match):
        raise NotAllowed("placement.not_allowed", _("Another municipality looks after this placement."))
    if asked.answered_at is not None:
        raise Conflict("end_request.answered", _("Somebody has answered this already."))
    return asked


@transaction.atomic
def accept_end_request(*, actor: User, request_id: int) -> Placement:
    """One click: the placement ends for the reason that was given, and everybody it concerns is told."""
    asked = _open(actor, request_id)
    asked.is_accepted, asked.answered_at, asked.answered_by = True, clock.now(), actor
    asked.save(update_fields=["is_accepted", "answered_at", "answered_by"])
    return end_placement(actor=actor, placement_id=asked.placement_id, reason=asked.reason)


@transaction.atomic
def decline_end_request(*, actor: User, request_id: int, answer: str) -> EndRequest:
    """The placement stands, and the one who asked is told why."""
    asked = _open(actor, request_id)
    if not answer.strip():
        raise Invalid("end_request.no_answer", _("Write why, so that everyone understands."), field="reason")
    asked.is_accepted, asked.answered_at, asked.answered_by = False, clock.now(), actor
    asked.answer = answer.strip()[:LONGEST]
    asked.save(update_fields=["is_accepted", "answered_at", "answered_by", "answer"])
    log("placement.end_declined", asked.placement, actor=actor, reason=answer, data={"request": asked.pk})
    tell_end_request(events.record("placement.end_declined", asked.placement, {"request": asked.pk}), asked)
    outbox.wake()
    return asked
