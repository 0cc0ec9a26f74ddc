"""Commands about copies of data: ask for one, make its file, fetch it, forget it."""

from datetime import timedelta
from typing import cast

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, NotFound
from backend.common.models import OutboxRow
from backend.common.transitions import log
from backend.privacy.gathering import gather, uploads_of
from backend.privacy.models import DataCopy, DataCopyFile
from backend.privacy.packing import pack
from backend.privacy.policies import can_copy_child, may_have
from backend.privacy.selectors import list_copies_of
from backend.students.models import Student

# A week: long enough for whoever reads mail seldom, short enough that copies do not gather.
KEPT_FOR = timedelta(days=7)
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


def run_data_copy(copy_id: int) -> None:
    """Handles one id from the broker; a doubled one ends at the row."""
    outbox.run_once(DataCopy, copy_id, _make)


def _make(row: OutboxRow) -> None:
    copy = cast("DataCopy", row)
    if not may_have(copy):
        copy.is_withdrawn = True
        copy.save(update_fields=["is_withdrawn", "updated_at"])
        return
    with translation.override(copy.language):
        if copy.child is None:
            sections, uploads, whose = gather(person=copy.asker), list(uploads_of(copy.asker)), copy.asker.name
        else:
            sections, uploads, whose = gather(child=copy.child), [], copy.child.user.name
        content = pack(sections, uploads, whose=whose, language=copy.language)
    DataCopyFile.objects.create(copy=copy, content=content)
    copy.row_count = sum(len(each.rows) for each in sections)
    copy.expires_at = clock.now() + KEPT_FOR
    copy.save(update_fields=["row_count", "expires_at", "updated_at"])
    events.record("data_copy.ready", copy)


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
