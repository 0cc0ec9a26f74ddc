"""Files that something happened to on the way: refused or read, never a crash, never half an import.

A few are tried in the suite; MUTATED_FILES=10000 tries as many as the release asks for.
"""

import contextlib
import io
import os
import random
import zipfile
from functools import cache

import pytest

from backend.common.errors import DomainError, Invalid
from backend.exchange import services
from backend.exchange.enums import ImportState
from backend.exchange.models import ImportJob
from backend.exchange.reading import read_sheet
from backend.offers.models import Offer
from backend.students.models import Student
from tests.exchange.files import CLASS_HEADINGS, CLASS_ROW, OFFER_HEADINGS, OFFER_ROW, csv_file, work, xlsx_file
from tests.factories import CoordinatorFactory, MembershipFactory, WorkplaceFactory

FILES = int(os.environ.get("MUTATED_FILES", "60"))
OFFERS = [OFFER_HEADINGS, *[[f"A{n}", *OFFER_ROW[1:]] for n in range(3)]]
CLASS = [CLASS_HEADINGS, *[[f"elev{n}@skola.example", *CLASS_ROW[1:]] for n in range(3)]]
NASTY = [
    b"\0", b"\xff", b"\xc3", b'"', b";", b",", b"\t", b"\r", b"\n", b"'=1+1", b"9" * 40, b"-1", b"\xe2\x80\xae", b"2027-02-30",
    b"1e400", b"\xf0\x9f\x98\x80", b"NaN", b"<!DOCTYPE", b"PK\x03\x04", "١٢".encode(), b"0000-00-00", b"9999-12-31",
    b"2027-W54", b"x" * 6_000,
]  # fmt: skip


def mutated(content: bytes, chance: random.Random) -> bytes:
    """One to six changes: bytes flipped, cut, doubled, moved, or replaced by something nasty."""
    data = bytearray(content)
    for _change in range(chance.randint(1, 6)):
        at, upto = sorted(chance.randrange(len(data) + 1) for _edge in range(2))
        kind = chance.randrange(6)
        if kind == 0 and data:
            data[min(at, len(data) - 1)] = chance.randrange(256)
        elif kind == 1:
            del data[at : at + chance.randrange(40)]
        elif kind == 2:
            data[at:at] = chance.choice(NASTY)
        elif kind == 3:
            data[at:at] = data[at : at + chance.randrange(60)]
        elif kind == 4:
            data[at : at + chance.randrange(1, 12)] = chance.choice(NASTY)
        else:
            del data[max(upto, 1) :]
    return bytes(data)


def mutated_inside(content: bytes, chance: random.Random) -> bytes:
    """A workbook whose zip is whole and one of whose parts is not: what a checksum does not catch."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        names = old.namelist()
        chosen = chance.choice(names + [name for name in names if name.startswith("xl/")] * 3)
        for name in names:
            part = old.read(name)
            new.writestr(name, mutated(part, chance) if name == chosen else part)
    return file.getvalue()


@cache
def originals() -> list[tuple[str, bytes]]:
    return [
        (kind, make(rows))
        for kind, rows in (("offers", OFFERS), ("class_list", CLASS))
        for make in (csv_file, xlsx_file)
    ]


def test_reading_answers_or_refuses():
    chance = random.Random(7)
    for _number in range(FILES):
        for _kind, content in originals():
            with contextlib.suppress(Invalid):
                assert read_sheet(mutated(content, chance)).rows
            if content.startswith(b"PK"):
                with contextlib.suppress(Invalid):
                    assert read_sheet(mutated_inside(content, chance)).rows


def gained(before: tuple[int, int]) -> int:
    return Offer.objects.count() + Student.objects.count() - sum(before)


@pytest.mark.django_db
def test_an_import_is_whole_or_nothing_or_the_right_rows_alone():
    owner = MembershipFactory(organisation=WorkplaceFactory().organisation).user
    coordinator = CoordinatorFactory()
    organisation_id = owner.memberships.get().organisation_id
    chance = random.Random(11)
    tried = {"refused": 0, "faulty": 0, "in part": 0}
    for number in range(FILES):
        kind, content = originals()[number % 4]
        whose = {"organisation_id": organisation_id} if kind == "offers" else {"municipality_code": "0562"}
        actor = owner if kind == "offers" else coordinator
        before = (Offer.objects.count(), Student.objects.count())
        inside = content.startswith(b"PK") and number % 8 > 3
        changed = mutated_inside(content, chance) if inside else mutated(content, chance)
        try:
            job = services.upload_import(actor=actor, kind=kind, content=changed, file_name="fil", **whose)
            services.check_import(actor=actor, job_id=job.pk, mapping=job.mapping)
        except DomainError:
            tried["refused"] += 1
            continue
        if work(job).state == ImportState.READY:
            services.run_import(actor=actor, job_id=job.pk)
            job = work(job)
        assert job.state in {ImportState.FAULTY, ImportState.DONE}
        skipped = 0
        if job.state == ImportState.FAULTY:
            tried["faulty"] += 1
            assert gained(before) == 0
            if not job.right_count:
                continue
            skipped = job.row_count - job.right_count
            services.run_import(actor=actor, job_id=job.pk, skip_faulty=True)
            job = work(job)
            tried["in part"] += 1
        assert job.state == ImportState.DONE
        assert gained(before) == job.created_count
        assert job.created_count + job.updated_count + job.unchanged_count + skipped == job.row_count
    assert all(tried.values()), tried
    assert not ImportJob.objects.filter(state__in=["checking", "running"]).exists()
