"""Commands about copies of data: ask for one, fetch it, forget it."""

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import clock, outbox
from backend.common.errors import Conflict, NotFound
from backend.common.transitions import log
from backend.privacy.models import KEPT_FOR, DataCopy, DataCopyFile
from backend.privacy.policies import can_copy_child, may_have
from backend.privacy.selectors import list_copies_of
from backend.students.models import Student

MOST_KEPT = 10


@transaction.atomic
def request_data_copy(*, actor: User, child_id: int | None = None) -> DataCopy:
    """A worker makes a copy of all that is kept about the person, or for a guardian about the child.

    One that is being made is given again. Raises NotFound for a child that is not the actor's, and Conflict when there are
    too many.
    """
    # The person's row serialises the count.
    User.objects.select_for_update().get(pk=actor.pk)
    child = None
    if child_id is not None:
        child = Student.objects.filter(pk=child_id).first()
        if child is None or not can_copy_child(actor, child):
            raise NotFound("data_copy.not_yours", _("There is no such person among your children."))
    rows = DataCopy.objects.filter(asker=actor)
    if waiting := rows.filter(child=child, state__in=["pending", "queued"], is_withdrawn=False).first():
        return waiting
    if rows.count() >= MOST_KEPT:
        raise Conflict("data_copy.too_many", _("You have ten copies already. Each goes after a week."))
    copy = DataCopy.objects.create(
        asker=actor,
        child=child,
        language=translation.get_language() or actor.language,
        expires_at=clock.now() + KEPT_FOR,
    )
    log("data_copy.requested", copy, actor=actor)
    outbox.wake()
    return copy


@transaction.atomic
def fetch_data_copy(*, actor: User, copy_id: int) -> bytes:
    """The zip file, for the asker alone. Raises NotFound for somebody else's or an expired one, Conflict while there is no file."""
    copy = list_copies_of(actor).filter(pk=copy_id).first()
    if copy is None or not may_have(copy):
        raise NotFound("data_copy.not_found", _("There is no such copy. It may have expired: ask for another one."))
    file = DataCopyFile.objects.filter(pk=copy.pk).first()
    if file is None:
        raise Conflict("data_copy.not_ready", _("The copy is not ready yet. It takes a few minutes."))
    log("data_copy.fetched", copy, actor=actor)
    return bytes(file.content)


def forget_old_copies() -> int:
    """Deletes the copies whose week is over, with their files. Returns how many."""
    gone = DataCopy.objects.filter(expires_at__lte=clock.now())
    count = gone.count()
    gone.delete()
    return count
