"""Changes of a stream of advertisements (JobStream): new, changed and removed ones since the last time.

The cursor is the moment of the newest change that was taken in, kept with the import in one transaction: a run that fails
asks for the same changes again, and a run without news changes nothing.
"""

import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from django.db import transaction

from backend.accounts.models import User
from backend.common import clock
from backend.exchange.models import StreamCursor
from backend.exchange.webhooks.addresses import Resolve, UnreachableError, resolve, target_of
from backend.offers.importing import require_importer
from backend.ops.imports.ads import SWEDEN, Wrong, local_time, save_ads
from backend.ops.imports.files import DamagedFileError, Problem, read_json_or_lines
from backend.ops.imports.report import Report

MOST_BYTES = 300 * 1024 * 1024
CHUNK = 64 * 1024
TIMEOUT = httpx.Timeout(120.0, connect=10.0)
# For the whole answer, so that one that trickles ends too.
LONGEST_FETCH_SECONDS = 900.0
REASONS = {
    "address_refused": "the address must begin with https:// and lead to the open internet",
    "name_unknown": "there is nothing by the name of the address",
}
# How far back the first run looks.
FIRST_LOOK = timedelta(days=1)
# What an advertisement says about its latest change, newest wins. Moments without offset are Swedish local time.
MOMENTS = ("removed_date", "publication_date", "last_publication_date_changed")

Fetch = Callable[[str], bytes]


@dataclass(frozen=True)
class Taken:
    """since, until: the cursor before and after. Both may be the same: there was no news."""

    report: Report
    since: datetime | None
    until: datetime


class StreamError(Exception):
    """The address did not give a batch. `str(error)` says why."""


def is_address(source: str) -> bool:
    return "://" in source


def fetch(url: str, *, look_up: Resolve = resolve) -> bytes:
    """The answer of an address, up to a bound. Raises StreamError.

    As with webhooks: over TLS to the open internet only, to the very address that was checked, without proxies and
    without following it elsewhere. Whoever needs a proxy fetches the batch with it and imports the file.
    """
    try:
        target = target_of(url, look_up=look_up)
    except UnreachableError as error:
        raise StreamError(REASONS.get(error.reason, error.reason)) from error
    began = time.monotonic()
    found = bytearray()
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as http,
            http.stream(
                "GET",
                target.url,
                headers={**target.headers, "accept": "application/json"},
                extensions=target.extensions,
            ) as response,
        ):
            if response.status_code != 200:
                raise StreamError(f"the address answered with status {response.status_code}")
            for chunk in response.iter_bytes(CHUNK):
                found += chunk
                if len(found) > MOST_BYTES:
                    raise StreamError("the answer is larger than 300 MB; ask for a shorter time with --since")
                if time.monotonic() - began > LONGEST_FETCH_SECONDS:
                    raise StreamError("the answer took longer than a quarter of an hour")
    except httpx.HTTPError as error:
        raise StreamError(f"the address did not answer: {type(error).__name__}") from error
    return bytes(found)


def address_since(source: str, since: datetime) -> str:
    """The stream's address for changes since a moment.

    Its first version calls that `date` and takes Swedish local time. The second calls it `updated-after` and does not say
    which time: UTC is never later, so nothing is missed, and what comes twice changes nothing.
    """
    parts = urlsplit(source)
    name, zone = ("updated-after", UTC) if "/v2/" in parts.path else ("date", SWEDEN)
    joint = "&" if parts.query else "?"
    return f"{source}{joint}{urlencode({name: since.astimezone(zone).strftime('%Y-%m-%dT%H:%M:%S')})}"


def take_changes(
    *, actor: User | None, source: str, since: datetime | None = None, get: Fetch = fetch, dry_run: bool = False
) -> Taken:
    """Takes in what has changed at an address since the cursor, or everything in a file.

    since: overrides the cursor of an address. Raises DamagedFileError, StreamError, NotAllowed; nothing is kept then, and
    nothing of a dry run.
    """
    require_importer(actor)
    key = source[:200]
    cursor = StreamCursor.objects.filter(pk=key).first()
    begin = since or (cursor.read_until if cursor else clock.now() - FIRST_LOOK)
    # Before the transaction: an answer may take minutes.
    path, entries = _read(source, begin, get)
    with transaction.atomic():
        # Two runs at once wait for each other here; what the second has asked for too changes nothing more.
        locked, is_new = StreamCursor.objects.select_for_update().get_or_create(pk=key, defaults={"read_until": begin})
        before = None if is_new else locked.read_until
        report = save_ads(actor=actor, path=path, value=entries)
        nothing_named = begin if is_address(source) else clock.now()
        until = max(filter(None, [before, newest_change(entries)]), default=nothing_named)
        if until != locked.read_until:
            StreamCursor.objects.filter(pk=key).update(read_until=until)
        if dry_run:
            transaction.set_rollback(True)
    return Taken(report, before, until)


def _read(source: str, begin: datetime, get: Fetch) -> tuple[Path, list[Any]]:
    """What to call the batch in a message, and its entries."""
    if not is_address(source):
        path = Path(source)
        return path, _entries(path)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream.json"
        path.write_bytes(get(address_since(source, begin)) or b"[]")
        return path, _entries(path)


def _entries(path: Path) -> list[Any]:
    entries = read_json_or_lines(path)
    if isinstance(entries, dict) and "id" in entries:
        # One line is a list of one: a quiet hour's batch may hold a single removal.
        return [entries]
    if not isinstance(entries, list):
        raise DamagedFileError(
            path, [Problem(0, "a list of ads is expected; an answer of JobSearch is for import_ads")]
        )
    return entries


def newest_change(entries: Iterable[Any]) -> datetime | None:
    """The latest moment any entry names; one in the future, such as a planned publication, does not count."""
    now = clock.now()
    found = [moment for entry in entries if isinstance(entry, dict) for moment in _moments(entry) if moment <= now]
    return max(found, default=None)


def _moments(entry: dict[str, Any]) -> Iterable[datetime]:
    stamp = entry.get("timestamp")
    if isinstance(stamp, int) and not isinstance(stamp, bool) and 0 < stamp < 10**13:
        yield datetime.fromtimestamp(stamp / 1000, tz=UTC)
    for name in MOMENTS:
        if entry.get(name):
            try:
                yield local_time(entry[name], name)
            except Wrong:
                continue


def describe(taken: Taken) -> str:
    """One line about the cursor, for the operator."""
    until = taken.until.astimezone(SWEDEN).isoformat(timespec="seconds")
    return f"read until {until}" if taken.until != taken.since else f"no news since {until}"


def parse_since(text: str) -> datetime:
    """An ISO moment of the operator, Swedish local time without offset. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=SWEDEN)
