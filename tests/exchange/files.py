"""Files for imports, and a worker that works at once."""

import io
from collections.abc import Sequence

from openpyxl import Workbook

from backend.common.clock import DbNow
from backend.exchange import runner
from backend.exchange.models import ImportJob, ImportWork

OFFER_HEADINGS = [
    "Referens",
    "Arbetsplats",
    "Praktikform",
    "Rubrik",
    "Arbetsuppgifter",
    "Startdatum",
    "Slutdatum",
    "Platser",
]
OFFER_ROW = ["A1", "Verkstaden", "APL", "Svetsa i rostfritt", "Du svetsar.", "2027-01-25", "2027-02-19", "2"]
CLASS_HEADINGS = ["E-post", "Namn", "Klass", "Skola", "Födelsedatum"]
CLASS_ROW = ["maja@skola.example", "Maja Lind", "8B", "Bergska skolan", "2012-05-01"]


def csv_file(rows: Sequence[Sequence[str]], *, delimiter: str = ";", encoding: str = "utf-8-sig") -> bytes:
    return "\r\n".join(delimiter.join(row) for row in rows).encode(encoding)


def xlsx_file(rows: Sequence[Sequence[object]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def work(job: ImportJob) -> ImportJob:
    """What dispatcher and worker do with the job's due work."""
    ImportWork.objects.filter(pk=job.pk, state="pending").update(state="queued", queued_until=DbNow())
    runner.run_import(job.pk)
    job.refresh_from_db()
    return job
