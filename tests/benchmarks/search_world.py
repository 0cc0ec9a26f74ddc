"""A made-up country of published places for the search benchmark: seeded, skewed as real choices are, loaded by COPY."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection

from backend.offers.search_seats import settle_seats

FIRST_DAY = date(2027, 1, 4)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
BEGINNINGS = (
    "mät",
    "svets",
    "maskin",
    "lager",
    "robot",
    "ritnings",
    "verktygs",
    "el",
    "plåt",
    "kvalitets",
    "rör",
    "fordons",
)
ENDINGS = (
    "arbete",
    "teknik",
    "montering",
    "service",
    "hantering",
    "program",
    "kontroll",
    "operatör",
    "bord",
    "material",
)
VERBS = (
    "läser",
    "monterar",
    "mäter",
    "svetsar",
    "programmerar",
    "kontrollerar",
    "packar",
    "planerar",
    "reparerar",
    "ritar",
)
COMPANIES = ("Precision", "Smide", "Mekaniska", "Stål", "Turbin", "Automation", "Trä", "Plast", "Bygg", "Energi")
WEIGHTS_OF_FORMS = (30, 22, 14, 10, 8, 6, 4, 3, 2, 1)


class World:
    """`offers` published places at a third as many sites. The same seed makes the same rows."""

    def __init__(self, offers: int, seed: int = 1) -> None:
        self.offers, self.sites = offers, max(1, offers // 3)
        self.dice = random.Random(seed)
        with connection.cursor() as cursor:
            self.forms = self._column(cursor, "SELECT code FROM reference_placementform ORDER BY position, code")
            self.towns = self._column(
                cursor,
                "SELECT code || '|' || name || '|' || lat || '|' || lon FROM reference_municipality ORDER BY code",
            )
            self.occupations = self._column(
                cursor,
                "SELECT ssyk4 || '|' || name_sv FROM reference_occupationgroup WHERE NOT deprecated ORDER BY ssyk4",
            )
            self.programmes = self._column(cursor, "SELECT code FROM reference_programme ORDER BY code")
        # Compounds with a made-up first part, as names of products and places are: the long tail of a vocabulary.
        syllables = [a + b for a in "bdfghklmnprstv" for b in ("a", "e", "i", "o", "å", "ö")]
        made = ["".join(self.dice.choices(syllables, k=3)) for _ in range(4000)]
        self.words = [a + b for a in BEGINNINGS for b in ENDINGS] + [a + b for a in made[:2000] for b in ENDINGS[:3]]
        self.names = made[2000:]

    @staticmethod
    def _column(cursor: Any, query: str) -> list[str]:
        cursor.execute(query)
        return [row[0] for row in cursor.fetchall()]

    def load(self) -> None:
        """Fills organisations, workplaces, offers and periods; the triggers fill what the search reads."""
        with connection.cursor() as cursor:
            self._copy(
                cursor,
                "organisations_organisation",
                "id created_at updated_at name kind about website source source_ref",
                self._organisations(),
            )
            self._copy(
                cursor,
                "organisations_workplace",
                "id created_at updated_at organisation_id name address postcode city municipality_id lat lon",
                self._workplaces(),
            )
            offers = list(self._offers())
            columns = (
                "id created_at updated_at organisation_id workplace_id form_id occupation_id state title tasks requirements"
                " skills languages apply_by supervisor_name supervisor_email supervisor_phone is_remote published_at"
                " close_reason sent_back_reason source source_ref"
            )
            for start in range(0, len(offers), 10_000):
                self._copy(cursor, "offers_offer", columns, offers[start : start + 10_000])
            self._copy(cursor, "offers_offer_programmes", "offer_id programme_id", self._programmes())
            self._copy(cursor, "offers_offerperiod", 'offer_id start "end" capacity taken', self._periods())
            cursor.execute("UPDATE offers_offer SET state = 'published'")
            for table in ("organisations_organisation", "organisations_workplace", "offers_offer"):
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
            settle_seats()  # as the scheduler does every minute
            cursor.execute("VACUUM ANALYZE")

    def _copy(self, cursor: Any, table: str, columns: str, rows: Iterator[Sequence[Any]] | list[Sequence[Any]]) -> None:
        with cursor.copy(f"COPY {table} ({', '.join(columns.split())}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def _organisations(self) -> Iterator[Sequence[Any]]:
        for number in range(1, self.sites + 1):
            name = f"{self.dice.choice(self.names).capitalize()} {self.dice.choice(COMPANIES)} AB"
            yield number, NOW, NOW, name, "company", "", "", "", ""

    def _workplaces(self) -> Iterator[Sequence[Any]]:
        # A fifth of the towns have most of the places.
        weights = [1 / (rank + 3) for rank in range(len(self.towns))]
        order = self.dice.sample(self.towns, len(self.towns))
        for number, town in enumerate(self.dice.choices(order, weights, k=self.sites), start=1):
            code, name, lat, lon = town.split("|")
            at = min(69.0, float(lat) + self.dice.gauss(0, 0.05)), float(lon) + self.dice.gauss(0, 0.1)
            yield number, NOW, NOW, number, "Verkstaden", "", "", name, code, *at

    def _offers(self) -> Iterator[Sequence[Any]]:
        weights = [1 / (rank + 5) for rank in range(len(self.occupations))]
        forms = self.dice.choices(
            self.forms, [*WEIGHTS_OF_FORMS, *([1] * len(self.forms))][: len(self.forms)], k=self.offers
        )
        for number, occupation in enumerate(self.dice.choices(self.occupations, weights, k=self.offers), start=1):
            code, name = occupation.split("|")
            site = self.dice.randint(1, self.sites)
            title = f"{name.split(',')[0]}: {self.dice.choice(self.words)}"[:120]
            apply_by = FIRST_DAY + timedelta(days=self.dice.randint(-30, 200)) if self.dice.random() < 0.6 else None
            published = NOW - timedelta(minutes=self.dice.randint(1, 300_000))
            yield (
                *(
                    number,
                    NOW,
                    NOW,
                    site,
                    site,
                    forms[number - 1],
                    code,
                    "published",
                    title,
                    self._text(40),
                    self._text(12),
                ),
                *([self.dice.choice(self.words)[:40]], [], apply_by, "", "", "", False, published, "", "", "", ""),
            )

    def _text(self, words: int) -> str:
        return " ".join(f"Du {self._verb()} {self.dice.choice(self.words)}." for _ in range(words // 3))

    def _verb(self) -> str:
        return self.dice.choice(VERBS) if self.dice.random() < 0.05 else "ser till"

    def _programmes(self) -> Iterator[Sequence[Any]]:
        for offer in range(1, self.offers + 1):
            if self.dice.random() < 0.5:
                for programme in self.dice.sample(self.programmes[:20], self.dice.randint(1, 3)):
                    yield offer, programme

    def _periods(self) -> Iterator[Sequence[Any]]:
        for offer in range(1, self.offers + 1):
            week = self.dice.randint(0, 40)
            for _number in range(self.dice.choice((1, 1, 2))):
                weeks, seats = self.dice.choice((2, 4, 5, 10)), self.dice.randint(1, 4)
                start = FIRST_DAY + timedelta(weeks=week)
                taken = self.dice.choice((0, 0, 0, seats))
                yield offer, start, start + timedelta(weeks=weeks, days=-3), seats, taken
                week += weeks + 1
