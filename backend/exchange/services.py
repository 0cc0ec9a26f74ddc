"""Commands about imports: upload, say what the columns mean, run, take back."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.applications.models import Application
from backend.common import clock
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import lock, log, move
from backend.exchange import policies, runner
from backend.exchange.enums import IMPORT_TRANSITIONS, ImportKind, ImportState, ImportStep
from backend.exchange.fields import check_mapping, guess_mapping
from backend.exchange.kinds import IMPORTERS, read_table
from backend.exchange.models import ImportFile, ImportJob, ImportRow
from backend.exchange.reading import Sheet
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.reference.models import PlacementForm
from backend.students.models import GroupMembership, Student, StudentGroup

KEPT_FOR = timedelta(days=30)
LONGEST_NAME = 120
MOST_LINES = 10
READABLE = frozenset({ImportState.UPLOADED, ImportState.READY, ImportState.FAULTY})
TAKEN_BACK = (OfferState.DRAFT, OfferState.SUBMITTED)


@transaction.atomic
def upload_import(
    *,
    actor: User,
    kind: str,
    content: bytes,
    file_name: str,
    organisation_id: int | None = None,
    municipality_code: str = "",
    options: Mapping[str, Any] | None = None,
) -> ImportJob:
    """Takes a file in and guesses what its columns mean; nothing is imported yet.

    options: `submit` (places are sent in for review at once), `form` (what a class looks for, a code), `sheet` (its name)
    and `heading_line` (as a person counts) where the guess would be wrong.
    Raises Invalid with field "file" for one that can not be read, NotAllowed for someone else's tenant.
    """
    _authorise(actor, kind, organisation_id, municipality_code)
    chosen = _clean_options(options or {})
    sheet = read_table(kind, content, chosen)
    job = ImportJob.objects.create(
        kind=kind,
        actor=actor,
        organisation_id=organisation_id,
        municipality_id=municipality_code or None,
        file_name=_printable(file_name),
        digest=hashlib.sha256(content).hexdigest(),
        headings=sheet.headings,
        mapping=guess_mapping(sheet.headings, IMPORTERS[kind].fields),
        options={**chosen, **_facts(sheet)},
        row_count=len(sheet.rows),
        expires_at=clock.now() + KEPT_FOR,
    )
    ImportFile.objects.create(job=job, content=content)
    log("import.uploaded", job, actor=actor, data={"kind": kind, "rows": len(sheet.rows)})
    return job


def _facts(sheet: Sheet) -> dict[str, Any]:
    """What was read of the file and what was not: the same is read again later, and pages say it."""
    return {
        "sheet": sheet.name,
        "heading_line": sheet.heading_line,
        "other_sheets": list(sheet.others),
        "hidden_sheets": list(sheet.hidden),
        "has_lines_above": sheet.has_lines_above,
        "repeated": list(sheet.repeated[:MOST_LINES]),
    }


@transaction.atomic
def choose_table(*, actor: User, job_id: int, sheet: str, heading_line: int | None) -> ImportJob:
    """Reads another sheet of the workbook, or takes another line as the headings, and guesses the columns anew.

    heading_line: as a person counts; None = find it. Raises Invalid with the field that is wrong.
    """
    job = _own(actor, job_id)
    _require_file(job)
    if job.state not in READABLE:
        raise Conflict("import.too_late", _("The rows are already being imported."))
    chosen = {**job.options, "sheet": sheet, "heading_line": heading_line}
    table = read_table(job.kind, bytes(job.file.content), chosen)
    job.options = {**chosen, **_facts(table)}
    job.headings = table.headings
    job.mapping = guess_mapping(table.headings, IMPORTERS[job.kind].fields)
    job.row_count = len(table.rows)
    job.save(update_fields=["options", "headings", "mapping", "row_count"])
    log("import.table_chosen", job, actor=actor, data={"rows": len(table.rows)})
    return job


def _authorise(actor: User, kind: str, organisation_id: int | None, municipality_code: str) -> None:
    if kind not in ImportKind.values:
        raise Invalid("import.unknown_kind", _("Choose from the list."), field="kind")
    if kind == ImportKind.OFFERS and organisation_id is not None:
        if policies.can_import_for_organisation(actor, organisation_id):
            return
    elif policies.can_import_for_municipality(actor, municipality_code):
        return
    raise NotAllowed("import.not_yours", _("You may not import here."))


def _printable(name: str) -> str:
    """The last part of the name, without what a page or a log could trip over."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in last if char.isprintable())[-LONGEST_NAME:] or "file"


def _clean_options(options: Mapping[str, Any]) -> dict[str, Any]:
    form = str(options.get("form", "") or "")
    if form and not PlacementForm.objects.filter(pk=form).exists():
        raise Invalid("import.unknown_form", _("Choose a form."), field="form")
    line = options.get("heading_line")
    return {
        "submit": bool(options.get("submit")),
        "form": form,
        "sheet": str(options.get("sheet") or ""),
        "heading_line": int(line) if line else None,
    }


def _own(actor: User, job_id: int) -> ImportJob:
    if not policies.imports_visible_to(actor).filter(pk=job_id).exists():
        raise NotFound("import.unknown", _("There is no such import."))
    return lock(ImportJob.objects.select_related("actor", "organisation"), job_id)


@transaction.atomic
def check_import(*, actor: User, job_id: int, mapping: Mapping[str, int]) -> ImportJob:
    """Says which column each field stands in (numbers from 0) and has every row checked, without importing any.

    Raises BadMapping with the fields whose columns are missing or taken.
    """
    return _begin(actor, job_id, mapping, "import.check_wanted", ImportStep.CHECK)


@transaction.atomic
def import_at_once(*, actor: User, job_id: int, mapping: Mapping[str, int]) -> ImportJob:
    """The same, and imports every row when none is wrong; otherwise none, and the rows say why."""
    return _begin(actor, job_id, mapping, "import.wanted_at_once", ImportStep.RUN)


def _begin(actor: User, job_id: int, mapping: Mapping[str, int], action: str, step: str) -> ImportJob:
    job = _own(actor, job_id)
    wanted = {each.name: int(mapping[each.name]) for each in IMPORTERS[job.kind].fields if each.name in mapping}
    check_mapping(wanted, job.headings, IMPORTERS[job.kind].fields)
    _require_file(job)
    job.mapping = wanted
    move(job, IMPORT_TRANSITIONS, action, actor=actor, update_fields=["mapping"])
    runner.want(job, step)
    return job


@transaction.atomic
def run_import(*, actor: User, job_id: int) -> ImportJob:
    """Has a checked file imported by a worker: every row or none. Asking twice asks once."""
    job = _own(actor, job_id)
    if job.state in {ImportState.RUNNING, ImportState.DONE}:
        return job
    _require_file(job)
    move(job, IMPORT_TRANSITIONS, "import.wanted", actor=actor)
    runner.want(job, ImportStep.RUN)
    return job


def _require_file(job: ImportJob) -> None:
    if not ImportFile.objects.filter(pk=job.pk).exists():
        raise Conflict("import.file_gone", _("The file has been deleted after 30 days. Upload it again."))


@transaction.atomic
def discard_import(*, actor: User, job_id: int) -> ImportJob:
    """Throws a file away that has not been imported, with everything that was read from it."""
    job = _own(actor, job_id)
    move(job, IMPORT_TRANSITIONS, "import.discarded", actor=actor)
    _forget(job.pk)
    return job


@transaction.atomic
def undo_import(*, actor: User, job_id: int) -> ImportJob:
    """Takes away what an import made, as long as nothing depends on it.

    Raises Conflict `import.undo_changed` when it changed rows that were there before, `import.undo_depends` when
    somebody has already done something with what it made. Then nothing is taken away.
    """
    job = _own(actor, job_id)
    if job.state == ImportState.UNDONE:
        return job
    if job.updated_count and job.kind == ImportKind.OFFERS:
        raise Conflict(
            "import.undo_changed",
            _("The import changed places that were there before, so it can not be undone. Correct them one by one."),
        )
    made = [row.made for row in ImportRow.objects.filter(job=job).exclude(made={})]
    try:
        with transaction.atomic():
            if job.kind == ImportKind.OFFERS:
                _take_back_offers({each["offer"] for each in made if "offer" in each})
            else:
                _take_back_students(made)
    except (ProtectedError, RestrictedError) as error:
        raise _depends() from error
    move(job, IMPORT_TRANSITIONS, "import.undone", actor=actor, data={"rows": len(made)})
    return job


def _depends() -> Conflict:
    return Conflict(
        "import.undo_depends",
        _("Somebody has already done something with what was imported, so it can not be undone."),
    )


def _take_back_offers(ids: set[int]) -> None:
    offers = list(Offer.objects.select_for_update(of=("self",)).filter(pk__in=ids))
    used = Application.objects.filter(period__offer__in=ids).exists()
    if used or len(offers) < len(ids) or any(offer.state not in TAKEN_BACK for offer in offers):
        raise _depends()
    Offer.objects.filter(pk__in=ids).delete()


def _take_back_students(made: list[dict[str, int]]) -> None:
    students = {each["student"] for each in made if "student" in each}
    found = Student.objects.select_for_update(of=("self",)).filter(pk__in=students).select_related("user")
    for student in found:
        started = student.user.last_login is not None or student.applications.exists() or student.alerts.exists()
        if started or student.guardianships.exists() or student.is_protected:
            raise _depends()
    GroupMembership.objects.filter(pk__in=[each["membership"] for each in made if "membership" in each]).delete()
    groups = [each["group"] for each in made if "group" in each]
    StudentGroup.objects.filter(pk__in=groups, memberships__isnull=True).delete()
    users = [student.user_id for student in found]
    Student.objects.filter(pk__in=students).delete()
    User.objects.filter(pk__in=users).delete()


def forget_old_imports() -> int:
    """Deletes the files and rows of imports whose time is over; the counts stay. Returns how many files went."""
    due = ImportFile.objects.filter(job__expires_at__lte=clock.now())
    ids = list(due.values_list("pk", flat=True))
    for pk in ids:
        _forget(pk)
    return len(ids)


def _forget(job_id: int) -> None:
    ImportFile.objects.filter(pk=job_id).delete()
    ImportRow.objects.filter(job=job_id).delete()
