"""Commands about exports: ask for one, make its file, forget it.

A file is made in one transaction with everything it says about itself: a worker that is killed leaves nothing, and the
outbox hands the id out again.
"""

from datetime import timedelta
from typing import Any, cast

from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.applications.board import record_export
from backend.common import clock, outbox
from backend.common.errors import Conflict, Invalid, NotAllowed
from backend.common.models import LogEntry, OutboxRow
from backend.exchange.exports.definition import Filters, ListExport
from backend.exchange.exports.registry import EXPORTS
from backend.exchange.models import ExportFile, ExportJob
from backend.exchange.tables import TableFormat, write_table

# Long enough to be fetched after a night, short enough that copies of what people are do not gather.
KEPT_FOR = timedelta(hours=24)
MOST_KEPT = 50


def may_export(export: ListExport[Any], user: User, organisation_id: int | None) -> bool:
    """Whether the list is open to the person, and to the organisation's token that asks for them."""
    if not user.is_active or not export.may(user):
        return False
    if organisation_id is None:
        return True
    return export.is_organisational and user.memberships.filter(organisation=organisation_id).exists()


@transaction.atomic
def request_export(
    *,
    actor: User,
    name: str,
    table_format: str,
    filters: Filters | None = None,
    organisation_id: int | None = None,
) -> ExportJob:
    """A worker makes the list to a file. organisation_id: only that organisation's rows.

    Raises Invalid with field `list`, `format` or `filters`, NotAllowed for a list whose page is closed to the person,
    and Conflict when there are too many.
    """
    export = EXPORTS.get(name)
    if export is None:
        raise Invalid("export.unknown_list", _("Choose from the list."), field="list")
    if table_format not in TableFormat.values:
        raise Invalid("export.unknown_format", _("Choose from the list."), field="format")
    if not may_export(export, actor, organisation_id):
        raise NotAllowed("export.not_yours", _("You may not export this list."))
    chosen = dict(filters or {})
    if refused := export.refused(actor, chosen, organisation_id):
        raise Invalid(
            "export.unknown_filter",
            _("The list has no such filter or value."),
            field="filters",
            data={"names": refused[:5]},
        )
    if missing := export.missing(chosen):
        raise Invalid(
            "export.filter_missing",
            _("Say in the filters whose list it is."),
            field="filters",
            data={"names": missing},
        )
    # The person's row serialises the count.
    User.objects.select_for_update().get(pk=actor.pk)
    if ExportJob.objects.filter(actor=actor).count() >= MOST_KEPT:
        raise Conflict("export.too_many", _("There are 50 exports already. They go after a day."))
    job = ExportJob.objects.create(
        actor=actor,
        organisation_id=organisation_id,
        name=name,
        table_format=table_format,
        filters=chosen,
        expires_at=clock.now() + KEPT_FOR,
    )
    outbox.wake()
    return job


def run_export(job_id: int) -> None:
    """Handles one id from the broker; a doubled one ends at the row."""
    outbox.run_once(ExportJob, job_id, _make)


def _open(job: ExportJob) -> ListExport[Any] | None:
    """The job's list while it is open to the person, with the rows that its filters name.

    Asked again and again: between the wish, the work and the fetching a role may have ended.
    """
    export = EXPORTS.get(job.name)
    if job.is_forgotten or export is None or not may_export(export, job.actor, job.organisation_id):
        return None
    return None if export.refused(job.actor, job.filters, job.organisation_id) else export


def _make(row: OutboxRow) -> None:
    job = cast("ExportJob", row)
    export, actor = _open(job), job.actor
    if export is None:
        job.is_forgotten = True
        job.save(update_fields=["is_forgotten", "updated_at"])
        return
    with translation.override(actor.language):
        rows = list(export.rows(actor, job.filters, job.organisation_id))
        content = write_table(TableFormat(job.table_format), export.columns, rows)
    ExportFile.objects.create(job=job, content=content)
    job.row_count = len(rows)
    job.save(update_fields=["row_count", "updated_at"])
    if export.is_personal:
        record_export(actor=actor, what=export.called(job.filters), rows=len(rows))


def list_exports_of(user: User) -> "QuerySet[ExportJob]":
    """The person's own, newest first."""
    return ExportJob.objects.filter(actor=user, expires_at__gt=clock.now()).order_by("-pk")


def file_of(job: ExportJob) -> bytes:
    """The file. Raises Conflict while there is none, and when it may not be had any more: the list was closed to the
    person, or somebody who may stand in it has got a protected identity since.
    """
    export = _open(job)
    if export is None:
        raise Conflict("export.expired", _("The file is not kept any more. Export the list again."))
    if export.is_personal and LogEntry.objects.filter(action="student.protected", at__gte=job.created_at).exists():
        raise Conflict("export.expired", _("The file is not kept any more. Export the list again."))
    file = ExportFile.objects.filter(pk=job.pk).first()
    if file is None:
        raise Conflict("export.not_ready", _("The file is not ready yet. Ask again in a moment."))
    return bytes(file.content)


def forget_old_exports() -> int:
    """Deletes the exports whose day is over, with their files. Returns how many."""
    gone = ExportJob.objects.filter(expires_at__lte=clock.now())
    count = gone.count()
    gone.delete()
    return count
