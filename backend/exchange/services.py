"""Commands about imports: upload, say what the columns mean, run, take back."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, ProtectedError, RestrictedError
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common import clock
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.transitions import lock, log, move
from backend.exchange import policies, runner, undo
from backend.exchange.dates import has_personal_number
from backend.exchange.enums import IMPORT_TRANSITIONS, WORKING, ImportKind, ImportState, ImportStep
from backend.exchange.fields import check_mapping, guess_mapping
from backend.exchange.kinds import IMPORTERS, read_table
from backend.exchange.models import ImportFile, ImportJob, ImportRow
from backend.exchange.reading import Sheet
from backend.reference.models import PlacementForm

# What was read of a file stays so long, to be looked at and taken back. The file itself goes as soon as it is imported.
KEPT_FOR = timedelta(days=30)
# A file that nobody imports, and one in which personal identity numbers stand.
FILE_KEPT_FOR = timedelta(days=7)
NUMBERS_KEPT_FOR = timedelta(hours=1)
LONGEST_NAME = 120
MOST_LINES = 10
ANSWERS = ("same", "new")
READABLE = frozenset({ImportState.UPLOADED, ImportState.READY, ImportState.FAULTY})


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
    Raises Invalid with field "file" for one that cannot be read, NotAllowed for someone else's tenant.
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
    has_numbers = any(has_personal_number(cell) for row in sheet.rows for cell in row.cells)
    kept_until = clock.now() + (NUMBERS_KEPT_FOR if has_numbers else FILE_KEPT_FOR)
    ImportFile.objects.create(job=job, content=content, kept_until=kept_until)
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
    kept = {name: job.options.get(name) for name in ("submit", "form")}
    chosen = {**kept, "sheet": sheet, "heading_line": heading_line}
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
def check_import(
    *, actor: User, job_id: int, mapping: Mapping[str, int], answers: Mapping[int, str] | None = None
) -> ImportJob:
    """Says which column each field stands in (numbers from 0) and has every row checked, without importing any.

    answers: line -> "same" or "new", where the check asked whether a row is about a student who is there already.
    Raises BadMapping with the fields whose columns are missing or taken.
    """
    job = _begin(actor, job_id, mapping, "import.check_wanted", ImportStep.CHECK)
    if answers:
        said = {str(line): answer for line, answer in answers.items() if answer in ANSWERS}
        job.options["answers"] = {**job.options.get("answers", {}), **said}
        job.save(update_fields=["options"])
    return job


@transaction.atomic
def import_at_once(*, actor: User, job_id: int, mapping: Mapping[str, int], skip_faulty: bool = False) -> ImportJob:
    """The same, and imports every row when none is wrong; otherwise none, or with `skip_faulty` those that are right. The
    rows say why.
    """
    job = _begin(actor, job_id, mapping, "import.wanted_at_once", ImportStep.RUN)
    job.options["skip_faulty"] = skip_faulty
    job.save(update_fields=["options"])
    return job


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
def run_import(*, actor: User, job_id: int, left: Sequence[int] = (), skip_faulty: bool = False) -> ImportJob:
    """Has a checked file imported by a worker: every row or none. Asking twice asks once.

    left: students whom the check missed in the file and who have left their class; others are disregarded.
    skip_faulty: the rows that are right are imported, the others are left out and kept with their reasons.
    Raises Conflict `import.no_right_row` when there is nothing to import.
    """
    job = _own(actor, job_id)
    if job.state in {ImportState.RUNNING, ImportState.DONE}:
        return job
    _require_file(job)
    missing = {student for _group, student in job.options.get("missing", [])}
    job.options["left"] = sorted(missing & set(left))
    job.options["skip_faulty"] = skip_faulty
    in_part = skip_faulty and job.state == ImportState.FAULTY
    if in_part and not job.right_count:
        raise Conflict("import.no_right_row", _("There is no row that can be imported."))
    action = "import.wanted_in_part" if in_part else "import.wanted"
    move(job, IMPORT_TRANSITIONS, action, actor=actor, update_fields=["options"])
    runner.want(job, ImportStep.RUN)
    return job


def _require_file(job: ImportJob) -> None:
    if not ImportFile.objects.filter(pk=job.pk).exists():
        raise Conflict("import.file_gone", _("The file has been deleted. Upload it again."))


@transaction.atomic
def discard_import(*, actor: User, job_id: int) -> ImportJob:
    """Throws a file away that has not been imported, with everything that was read from it."""
    job = _own(actor, job_id)
    move(job, IMPORT_TRANSITIONS, "import.discarded", actor=actor)
    _forget(job.pk)
    return job


@transaction.atomic
def undo_import(*, actor: User, job_id: int, only_unused: bool = False) -> ImportJob:
    """Takes away what an import made, as long as nothing depends on it.

    only_unused: of a class list take away the students that nobody has used, and leave the others.
    Raises Conflict `import.undo_changed` when it changed places that were there before, `import.undo_depends` when
    somebody has already done something with what it made: then nothing is taken away.
    """
    job = _own(actor, job_id)
    if job.state == ImportState.UNDONE:
        return job
    if job.updated_count and job.kind == ImportKind.OFFERS:
        raise Conflict(
            "import.undo_changed",
            _("The import changed places that were there before, so it cannot be undone. Correct them one by one."),
        )
    made = undo.rows_made(job).count()
    stay: list[int] = []
    try:
        with transaction.atomic():
            if job.kind == ImportKind.OFFERS:
                undo.take_back_offers(job)
            else:
                stay = undo.take_back_students(job, actor, only_unused=only_unused)
    except (ProtectedError, RestrictedError) as error:
        raise undo.depends([]) from error
    move(job, IMPORT_TRANSITIONS, "import.undone", actor=actor, data={"rows": made - len(stay), "stay": len(stay)})
    return job


def forget_old_imports() -> int:
    """Deletes files, and later what was read of them; the counts stay. Returns how many files and imports went.

    A file that a worker is reading stays until the worker is done.
    """
    now = clock.now()
    files = ImportFile.objects.filter(kept_until__lte=now).exclude(job__state__in=WORKING)
    gone = files.delete()[0]
    over = ImportJob.objects.filter(Exists(ImportRow.objects.filter(job=OuterRef("pk"))), expires_at__lte=now)
    ids = list(over.values_list("pk", flat=True))
    for pk in ids:
        _forget(pk)
    return gone + len(ids)


def _forget(job_id: int) -> None:
    ImportFile.objects.filter(pk=job_id).delete()
    ImportRow.objects.filter(job=job_id).delete()
