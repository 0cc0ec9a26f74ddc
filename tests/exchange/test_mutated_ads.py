"""Batches of advertisements that something happened to: refused or taken in, never a crash, never half a batch.

A few are tried in the suite; MUTATED_ADS=10000 tries as many as the release asks for.
"""

import copy
import json
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from backend.exchange.models import StreamCursor
from backend.offers.demand import DemandSignal
from backend.ops.imports.files import DamagedFileError
from backend.ops.imports.stream import take_changes
from tests.ops.test_import_ads import AD

BATCHES = int(os.environ.get("MUTATED_ADS", "120"))
BATCH: list[dict[str, Any]] = [
    AD | {"publication_date": "2026-11-22T10:00:00"},
    AD | {"id": "2", "timestamp": 1795417200000},
    {"id": 3, "removed": True, "removed_date": "2026-11-23T08:30:00"},
]
VALUES: list[Any] = [
    None, True, -1, 0, 10**30, 10**50, 1.5, float("inf"), float("nan"), "", "\0", "\ud800", "x" * 30_000, [], {}, [[]],
    "2026-02-30T99:99", "0001-01-01", "9999-12-31T23:59:59", "2026-11-22T10:00:00+23:59", "1280", "0", "１２８０",
    {"a": 1}, [{"municipality_code": 1}], "Anna Berg " * 2_000, " " * 30_000,
]  # fmt: skip
TEXTS = ["", "\0", "{", "[", "9" * 5_000, "\\u0000", "\\ud800", "\ufeff", "NaN"]


def places_in(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every address of a value inside."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*place, key)
        yield from places_in(each, (*place, key))


def mutated(chance: random.Random) -> str:
    """One or two values replaced or taken away, and now and then something in the text itself."""
    batch: Any = copy.deepcopy(BATCH)
    for _change in range(chance.randint(1, 2)):
        *way, last = chance.choice(list(places_in(batch)))
        inner = batch
        for key in way:
            inner = inner[key]
        if isinstance(inner, dict) and chance.random() < 0.15:
            del inner[last]
        else:
            inner[last] = chance.choice(VALUES)
    text = json.dumps(batch)
    if chance.random() < 0.2:
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice(TEXTS) + text[at + chance.randrange(5) :]
    return text


@pytest.mark.django_db
def test_a_batch_is_taken_in_whole_or_refused(tmp_path):
    chance = random.Random(5)
    path = tmp_path / "batch.json"
    tried = {"taken": 0, "refused": 0}
    for _number in range(BATCHES):
        path.write_text(mutated(chance), encoding="utf-8", errors="surrogatepass")
        with transaction.atomic():
            try:
                taken = take_changes(actor=None, source=str(path))
            except DamagedFileError:
                tried["refused"] += 1
                assert not DemandSignal.objects.exists()
                assert not StreamCursor.objects.exists()
            else:
                tried["taken"] += 1
                assert DemandSignal.objects.count() == taken.report.count("created")
            transaction.set_rollback(True)
    assert all(tried.values()), tried
