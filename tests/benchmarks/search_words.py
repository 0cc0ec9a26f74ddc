"""Everyday words on the demo's places: what the search finds beside what a plain reader of the texts would find.

Two lists of words, written down before the search was built: `seen` was looked at while building, `unseen` was not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.benchmarks.report import Report
from tests.benchmarks.words.plain_reading import Asked, Text, read_list, says, text_of

SECTION = "Words of the search"
LISTS = ("seen", "unseen")
LEAST_RECALL, LEAST_PRECISION = 0.95, 0.9


@dataclass(frozen=True)
class Measured:
    """A word: places that a reader says, places found, and both. taken_for: what the page says it looked for instead."""

    word: str
    taken_for: str
    said: int
    found: int
    both: int

    @property
    def recall(self) -> float:
        return self.both / self.said if self.said else 1.0

    @property
    def precision(self) -> float:
        return self.both / self.found if self.found else 1.0


@dataclass(frozen=True)
class Figures:
    """Means over the words that some place says or that find something: every word counts alike. named: words that no place
    says, for which the page names what it looked for instead; they count for neither.
    """

    words: int
    empty: int
    named: int
    recall: float
    precision: float

    @classmethod
    def of(cls, rows: list[Measured]) -> Figures:
        named = [row for row in rows if not row.said and row.found and row.taken_for]
        told = [row for row in rows if (row.said or row.found) and row not in named]
        recalls = [row.recall for row in told if row.said]
        precisions = [row.precision for row in told if row.found]
        return cls(
            words=len(rows),
            empty=len(rows) - len(told) - len(named),
            named=len(named),
            recall=sum(recalls) / len(recalls),
            precision=sum(precisions) / len(precisions),
        )


def run(report: Report) -> None:
    from tests.benchmarks.search import django_on_throw_away_servers

    with django_on_throw_away_servers():
        from backend.ops.seed import seed

        seed()
        texts = texts_of_open_places()
        report.note(SECTION, f"{len(texts)} open places of the demo. Recall and precision are means over words.")
        for name in LISTS:
            rows = measure(read_list(name), texts)
            figures = Figures.of(rows)
            report.bar(f"{name} words: recall", figures.recall, at_least=LEAST_RECALL, unit="")
            report.bar(f"{name} words: precision", figures.precision, at_least=LEAST_PRECISION, unit="")
            report.note(SECTION, table_of(name, rows, figures))


def texts_of_open_places() -> dict[int, Text]:
    """By id what the page of a place says: the texts of the organisation, of the lists it chose from, and its periods."""
    from backend.common import clock
    from backend.offers.search import open_offers

    found = {}
    for offer in open_offers().for_lists():
        written: list[Any] = [offer.title, offer.tasks, offer.requirements, *offer.skills, offer.organisation.name]
        written += [offer.occupation.name_sv if offer.occupation else "", offer.form.name_sv]
        written += [programme.name_sv for programme in offer.programmes.all()]
        today = clock.today()
        periods = [(max(each.start, today), each.end) for each in offer.periods.all() if each.end >= today]
        found[offer.pk] = text_of(" ".join(written), [(start, min(end, _a_year_on(today))) for start, end in periods])
    return found


def _a_year_on(today: date) -> date:
    """A week or month is looked for the next time it comes."""
    return date.fromordinal(today.toordinal() + 364)


def measure(asked: list[Asked], texts: dict[int, Text]) -> list[Measured]:
    from backend.offers.search import Search, matching_entries

    rows = []
    for each in asked:
        said = {pk for pk, text in texts.items() if says(text, each)}
        search = Search(text=each.word)
        found = set(matching_entries(search).values_list("pk", flat=True))
        taken = ", ".join(meant for _typed, meant in search.reading.replaced)
        rows.append(Measured(each.word, taken, len(said), len(found), len(said & found)))
    return rows


def table_of(name: str, rows: list[Measured], figures: Figures) -> str:
    told = (
        f"{name}: {figures.words} words, of which {figures.empty} that no place has and {figures.named} that no place has and"
        f" that were taken for something else by name; recall {figures.recall:.3f}, precision {figures.precision:.3f}."
        " Words below 1 and guesses:"
    )
    lines = [
        told,
        "",
        "| word | said | found | both | recall | precision | taken for |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    lines += [
        f"| {row.word} | {row.said} | {row.found} | {row.both} | {row.recall:.2f} | {row.precision:.2f} | {row.taken_for} |"
        for row in rows
        if row.recall < 1 or row.precision < 1 or row.taken_for
    ]
    return "\n".join(lines)
