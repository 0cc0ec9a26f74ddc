"""Changes of a stream: new, changed, removed; the cursor; nothing kept of a run that fails."""

import json
from datetime import UTC, datetime

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from backend.exchange.models import StreamCursor
from backend.offers.demand import AdPrefill, DemandSignal
from backend.ops.imports import stream
from backend.ops.imports.files import DamagedFileError
from backend.ops.imports.stream import StreamError, take_changes
from tests.ops.test_import_ads import AD, everything

pytestmark = pytest.mark.django_db
ADDRESS = "https://stream.example.com/stream"
FIRST = AD | {"publication_date": "2026-11-22T10:00:00"}
# Removal events carry the id as a number, ads as a text.
REMOVED = {"id": int(AD["id"]), "removed": True, "removed_date": "2026-11-23T08:30:00"}


class Server:
    """Answers of the address, first to last; what it was asked."""

    def __init__(self, *batches: object) -> None:
        self.batches = list(batches)
        self.asked: list[str] = []

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        return json.dumps(self.batches.pop(0)).encode()


def test_new_changed_and_removed_ads():
    server = Server([FIRST], [FIRST | {"headline": "Svetsare sökes", "timestamp": 1795417200000}], [REMOVED])
    take_changes(actor=None, source=ADDRESS, get=server)
    assert AdPrefill.objects.get().headline == "Svetsare till verkstad"
    take_changes(actor=None, source=ADDRESS, get=server)
    assert AdPrefill.objects.get().headline == "Svetsare sökes"
    take_changes(actor=None, source=ADDRESS, get=server)
    assert DemandSignal.objects.get().removed_at == datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
    assert not AdPrefill.objects.exists()


def test_the_cursor_is_the_newest_change_in_swedish_time():
    server = Server([FIRST], [])
    take_changes(actor=None, source=ADDRESS, get=server)
    assert server.asked == [f"{ADDRESS}?date=2026-11-22T10%3A00%3A00"], "a day back at first"
    assert StreamCursor.objects.get().read_until == datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    taken = take_changes(actor=None, source=ADDRESS, get=server)
    assert server.asked[1].endswith("date=2026-11-22T10%3A00%3A00")
    assert taken.since == taken.until


def test_the_second_version_of_the_stream_is_asked_in_its_own_words():
    server = Server([FIRST | {"publication_date": "2026-11-23T01:00:00"}], [])
    source = "https://stream.example.com/v2/stream?location-concept-id=oLT3_Q9p_3nn"
    take_changes(actor=None, source=source, get=server)
    take_changes(actor=None, source=source, get=server)
    assert server.asked == [
        f"{source}&updated-after=2026-11-22T09%3A00%3A00",
        f"{source}&updated-after=2026-11-23T00%3A00%3A00",
    ]


def test_a_batch_may_have_an_ad_on_each_line(tmp_path):
    path = tmp_path / "batch.jsonl"
    # A line separator of Unicode ends no line of JSON.
    lines = [FIRST, FIRST | {"id": "2", "headline": "Svetsare\u2028sökes"}, REMOVED]
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n", encoding="utf-8")
    taken = take_changes(actor=None, source=str(path))
    assert [row.what for row in taken.report.rows] == ["created", "created", "updated"]
    path.write_text(f"{json.dumps(FIRST)}\n{json.dumps(FIRST)[:-5]}", encoding="utf-8")
    with pytest.raises(DamagedFileError, match="line 2: not valid JSON"):
        take_changes(actor=None, source=str(path))


def test_a_batch_of_one_line_is_a_batch(tmp_path):
    """A quiet hour may hold a single removal."""
    path = tmp_path / "batch.jsonl"
    for entry, what in ((FIRST, "created"), (REMOVED, "updated")):
        path.write_text(json.dumps(entry) + "\n", encoding="utf-8")
        assert [row.what for row in take_changes(actor=None, source=str(path)).report.rows] == [what]


def test_an_answer_of_a_search_is_for_another_command(tmp_path):
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"hits": [FIRST]}, indent=1), encoding="utf-8")
    with pytest.raises(DamagedFileError, match="import_ads"):
        take_changes(actor=None, source=str(path))


def test_no_transaction_is_open_while_the_address_is_asked():
    """An answer may take minutes."""
    server, around = Server([FIRST]), len(connection.savepoint_ids)

    def get(url: str) -> bytes:
        assert len(connection.savepoint_ids) == around, "none but the test's own"
        return server(url)

    take_changes(actor=None, source=ADDRESS, get=get)
    assert server.asked


def test_a_run_beside_another_one_adds_nothing_and_never_goes_back():
    """Both have asked from the same moment; one was quicker and came further."""
    later = FIRST | {"id": "2", "publication_date": "2026-11-23T08:00:00"}
    quick = Server([FIRST, later])

    def slow(url: str) -> bytes:
        take_changes(actor=None, source=ADDRESS, get=quick)
        return json.dumps([FIRST]).encode()

    taken = take_changes(actor=None, source=ADDRESS, get=slow)
    assert [row.what for row in taken.report.rows] == ["unchanged"]
    assert StreamCursor.objects.get().read_until == datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


def test_the_second_run_changes_nothing():
    server = Server([FIRST, REMOVED], [FIRST, REMOVED])
    take_changes(actor=None, source=ADDRESS, get=server)
    before = everything(), StreamCursor.objects.values().get()
    take_changes(actor=None, source=ADDRESS, get=server)
    assert (everything(), StreamCursor.objects.values().get()) == before


def test_a_damaged_batch_keeps_nothing_and_the_cursor_stays():
    server = Server([FIRST], [FIRST | {"id": "2"}, FIRST | {"id": "3", "headline": ""}])
    take_changes(actor=None, source=ADDRESS, get=server)
    before = everything(), StreamCursor.objects.values().get()
    with pytest.raises(DamagedFileError):
        take_changes(actor=None, source=ADDRESS, get=server)
    assert (everything(), StreamCursor.objects.values().get()) == before


def test_a_moment_in_the_future_does_not_move_the_cursor_past_now():
    planned = FIRST | {"last_publication_date_changed": "2027-01-01T00:00:00"}
    taken = take_changes(actor=None, source=ADDRESS, get=Server([planned]))
    assert taken.until == datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def test_a_file_twice(tmp_path, capsys):
    path = tmp_path / "batch.json"
    path.write_text(json.dumps([FIRST]), encoding="utf-8")
    call_command("import_stream", str(path), "--dry-run")
    assert "nothing was changed" in capsys.readouterr().out
    assert not DemandSignal.objects.exists()
    assert not StreamCursor.objects.exists()
    call_command("import_stream", str(path))
    before = everything()
    call_command("import_stream", str(path))
    assert everything() == before
    assert "no news since" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["missing.json"], ["http://stream.example.com/"], ["x.json", "--since", "soon"]])
def test_what_can_not_be_read_is_said(arguments):
    with pytest.raises(CommandError):
        call_command("import_stream", *arguments)
    assert not StreamCursor.objects.exists()


def answering(monkeypatch, status: int = 200, content: bytes = b"[]") -> list[httpx.Request]:
    """Puts an answer behind every address. Returns what was asked."""
    real, asked = httpx.Client, []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, headers={"location": "https://x.example/"}, content=content)

    monkeypatch.setattr(
        stream.httpx, "Client", lambda **options: real(transport=httpx.MockTransport(handle), **options)
    )
    return asked


def public(host: str, port: int) -> list[str]:
    return ["93.184.216.34"]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_only_a_plain_answer_is_read(monkeypatch, status):
    asked = answering(monkeypatch, status)
    with pytest.raises(StreamError, match=str(status)):
        stream.fetch(ADDRESS, look_up=public)
    assert len(asked) == 1


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch):
    asked = answering(monkeypatch)
    assert stream.fetch(f"{ADDRESS}?date=2026-11-22", look_up=public) == b"[]"
    (request,) = asked
    assert str(request.url) == "https://93.184.216.34/stream?date=2026-11-22"
    assert request.headers["host"] == request.extensions["sni_hostname"] == "stream.example.com"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (ADDRESS, ["127.0.0.1"]),
        (ADDRESS, ["93.184.216.34", "10.0.0.8"]),
        (ADDRESS, ["169.254.169.254"]),
        (ADDRESS, []),
        ("https://[::1]/stream", ["::1"]),
        ("http://stream.example.com/stream", ["93.184.216.34"]),
        ("file:///etc/passwd", ["93.184.216.34"]),
    ],
)
def test_nothing_inside_anybodys_network_is_asked(monkeypatch, url, found):
    asked = answering(monkeypatch)
    with pytest.raises(StreamError):
        stream.fetch(url, look_up=lambda host, port: found)
    assert not asked


def test_an_answer_without_end_is_cut_off(monkeypatch):
    answering(monkeypatch, content=b"x" * 2_000)
    monkeypatch.setattr(stream, "MOST_BYTES", 1_000)
    with pytest.raises(StreamError, match="larger"):
        stream.fetch(ADDRESS, look_up=public)
    monkeypatch.setattr(stream, "LONGEST_FETCH_SECONDS", -1.0)
    monkeypatch.setattr(stream, "MOST_BYTES", 10_000)
    with pytest.raises(StreamError, match="longer"):
        stream.fetch(ADDRESS, look_up=public)
