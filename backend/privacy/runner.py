"""Makes the file of a copy, in a worker."""

from typing import cast

from django.utils import translation

from backend.common import clock, events, outbox
from backend.common.models import OutboxRow
from backend.privacy.gathering import gather, uploads_of
from backend.privacy.models import KEPT_FOR, DataCopy, DataCopyFile
from backend.privacy.packing import pack
from backend.privacy.policies import may_have


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
