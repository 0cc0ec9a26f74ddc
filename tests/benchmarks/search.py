"""The search page over a hundred thousand published places, beside the query one would write first."""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlencode

from backend.ops.embedded.temporary import TemporaryStack
from tests.benchmarks.report import Report, Timing

SECTION = "Search"
OFFERS, REQUESTS = 100_000, 300
TOWNS = (
    "Stockholm",
    "Finspång",
    "Norrköping",
    "Östersund",
    "Ludvika",
    "Trollhättan",
    "Malmö",
    "Sandviken",
    "Olofström",
)
WORDS = ("svets", "maskinoperatör", "elektriker", "lager", "robot", "mätteknik", "undersköterska", "kock", "plåtarbete")
MISSPELT = ("svetsre", "elktriker", "ostersund", "maskinoperatr", "lagr")
FORMS = ("apl", "lia", "prao", "feriejobb", "praktik")
# What one writes first: every table joined, every text searched with ILIKE, and the same once more for each counter.
NAIVE = """
SELECT {what} FROM offers_offer offer
JOIN organisations_organisation organisation ON organisation.id = offer.organisation_id
JOIN organisations_workplace site ON site.id = offer.workplace_id
LEFT JOIN reference_municipality town ON town.code = site.municipality_id
LEFT JOIN reference_occupationgroup occupation ON occupation.ssyk4 = offer.occupation_id
WHERE offer.state = 'published' AND (offer.apply_by IS NULL OR offer.apply_by >= %(today)s)
AND EXISTS (SELECT FROM offers_offerperiod period WHERE period.offer_id = offer.id AND period."end" >= %(today)s)
AND (offer.title ILIKE %(like)s OR offer.tasks ILIKE %(like)s OR organisation.name ILIKE %(like)s
    OR town.name ILIKE %(like)s OR occupation.name_sv ILIKE %(like)s)
{rest}
"""
NAIVE_COUNTERS = ("offer.form_id", "site.municipality_id", "occupation.field_id")


def run(report: Report) -> None:
    with django_on_throw_away_servers():
        from tests.benchmarks.search_world import NOW, World

        started = time.perf_counter()
        World(OFFERS).load()
        report.note(SECTION, f"{OFFERS} places loaded and indexed in {time.perf_counter() - started:.0f} s.")
        import time_machine

        with time_machine.travel(NOW, tick=True):
            _pages(report)
            _beside_naive(report)


@contextlib.contextmanager
def django_on_throw_away_servers() -> Iterator[None]:
    with TemporaryStack(environment={}) as stack:
        os.environ.update(stack.urls)
        os.environ["DJANGO_SETTINGS_MODULE"] = "backend.config.settings.test"
        import django
        from django.core.management import call_command
        from django.db import connection

        django.setup()
        call_command("migrate", verbosity=0)
        try:
            yield
        finally:
            connection.close()


def _pages(report: Report) -> None:
    """Whole pages as a visitor gets them: middleware, queries, template. Nobody is logged in."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    import backend.config.wsgi  # noqa: F401  # what it loads and freezes, as the server has it

    client = Client()
    kinds = {name: list(make(random.Random(7))) for name, make in KINDS.items()}
    for asked in kinds.values():
        client.get(asked[0])
    every: list[float] = []
    for name, asked in kinds.items():
        timing = _each(client, asked)
        every += timing.runs
        note = f"p95 {timing.percentile(0.95) * 1e3:.0f} ms, {len(asked)} pages"
        report.row(SECTION, f"search page, {name}, p50", "ours", seconds=timing.median, note=note)
    whole = Timing(tuple(every))
    report.bar("search page over 100k places, p95", whole.percentile(0.95) * 1e3, at_most=100, unit="ms")
    numbers = set()
    for address in [asked[0] for asked in kinds.values()]:
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        numbers.add(len(queries))
    report.bar("queries of a search page, most", max(numbers), at_most=13, unit="queries")


def _each(client: object, asked: Sequence[str]) -> Timing:
    runs = []
    for address in asked:
        started = time.perf_counter()
        response = client.get(address)
        runs.append(time.perf_counter() - started)
        if response.status_code != 200:
            raise AssertionError(f"{address} answered {response.status_code}")
    return Timing(tuple(runs))


def _address(**query: str) -> str:
    return f"/platser/?{urlencode(query)}"


def _words(dice: random.Random) -> Iterator[str]:
    for _ in range(REQUESTS * 35 // 100):
        yield _address(q=dice.choice(WORDS))


def _misspelt(dice: random.Random) -> Iterator[str]:
    for _ in range(REQUESTS * 5 // 100):
        yield _address(q=dice.choice(MISSPELT))


def _near(dice: random.Random) -> Iterator[str]:
    for _ in range(REQUESTS * 25 // 100):
        yield _address(where=dice.choice(TOWNS), km=dice.choice(("20", "40", "80")))


def _near_words(dice: random.Random) -> Iterator[str]:
    for _ in range(REQUESTS * 15 // 100):
        yield _address(q=dice.choice(WORDS), where=dice.choice(TOWNS), km="80", form=dice.choice(FORMS))


def _everything(dice: random.Random) -> Iterator[str]:
    for _ in range(REQUESTS * 20 // 100):
        form = {"form": dice.choice(FORMS)} if dice.random() < 0.5 else {}
        yield _address(**form, **({"order": "closing"} if dice.random() < 0.3 else {}))


KINDS: dict[str, Callable[[random.Random], Iterator[str]]] = {
    "words": _words,
    "misspelt words": _misspelt,
    "near a town": _near,
    "words near a town, one form": _near_words,
    "everything or one form": _everything,
}


def _beside_naive(report: Report) -> None:
    """The same question and counters with ILIKE, each at its best of three."""
    from django.db import connection

    from backend.common import clock
    from backend.offers.search import Search, find_page
    from backend.offers.search_facets import count_facets

    work = "words: 20 places and the counters, queries alone"
    ours_sum = naive_sum = 0.0
    for word in WORDS:

        def ours(word: str = word) -> None:
            search = Search(text=word)
            count_facets(search)
            find_page(search)

        def naive(word: str = word) -> None:
            values = {"today": clock.today(), "like": f"%{word}%"}
            with connection.cursor() as cursor:
                cursor.execute("SET max_parallel_workers_per_gather = 2")  # as PostgreSQL comes
                cursor.execute(NAIVE.format(what="offer.id", rest="ORDER BY offer.published_at DESC LIMIT 20"), values)
                cursor.fetchall()
                for column in NAIVE_COUNTERS:
                    cursor.execute(NAIVE.format(what=f"{column}, count(*)", rest=f"GROUP BY {column}"), values)
                    cursor.fetchall()
                cursor.execute("RESET max_parallel_workers_per_gather")

        best_ours, best_naive = _best(ours), _best(naive)
        ours_sum, naive_sum = ours_sum + best_ours, naive_sum + best_naive
    report.row(SECTION, work, "ours", seconds=ours_sum / len(WORDS), note="all counters, all ways of writing a word")
    report.row(SECTION, work, "ILIKE over joined tables", seconds=naive_sum / len(WORDS), note="three of six counters")
    report.bar("words: times faster than ILIKE over joined tables", naive_sum / ours_sum, at_least=5, unit="x")


def _best(work: Callable[[], None]) -> float:
    runs = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        runs.append(time.perf_counter() - started)
    return min(runs)
