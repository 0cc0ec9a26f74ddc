"""Requests to the API and the same rows by hand, in turns: ``contender_api.py OFFERS REQUESTS`` prints JSON last.

``{name: {"ours": seconds of each request, "raw": seconds of each answer by hand}}``
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

ROWS = """
SELECT offer.id, offer.state, offer.title, organisation.id, organisation.name, site.id, site.name, site.city,
    town.code, town.name, form.code, form.name_sv, occupation.ssyk4, occupation.name_sv, offer.skills, offer.languages,
    offer.apply_by, offer.is_remote
FROM offers_offer offer
JOIN organisations_organisation organisation ON organisation.id = offer.organisation_id
JOIN organisations_workplace site ON site.id = offer.workplace_id
LEFT JOIN reference_municipality town ON town.code = site.municipality_id
JOIN reference_placementform form ON form.code = offer.form_id
LEFT JOIN reference_occupationgroup occupation ON occupation.ssyk4 = offer.occupation_id
WHERE offer.id = ANY(%s)
"""
PROGRAMMES = """
SELECT chosen.offer_id, programme.code, programme.name_sv FROM offers_offer_programmes chosen
JOIN reference_programme programme ON programme.code = chosen.programme_id WHERE chosen.offer_id = ANY(%s)
ORDER BY programme.name_sv, programme.code
"""
PERIODS = """
SELECT offer_id, id, start, "end", capacity, capacity - taken FROM offers_offerperiod
WHERE offer_id = ANY(%s) ORDER BY start, "end", id
"""
WORDS = ("svets", "elektriker", "lager", "robot", "mätteknik", "kock")


def main(offers: int, requests: int) -> dict[str, dict[str, list[float]]]:
    from backend.ops.embedded.temporary import TemporaryStack

    with TemporaryStack(environment={}) as stack:
        os.environ.update(stack.urls)
        os.environ["DJANGO_SETTINGS_MODULE"] = "backend.config.settings.test"
        import django
        import time_machine
        from django.core.management import call_command
        from django.db import connection

        django.setup()
        call_command("migrate", verbosity=0)
        from tests.benchmarks.search_world import NOW, World

        World(offers).load()
        with time_machine.travel(NOW, tick=True):
            found = measure(requests)
        connection.close()
        return found


def measure(requests: int) -> dict[str, dict[str, list[float]]]:
    from django.test import Client

    from backend.api.throttling import AnonymousThrottle
    from backend.offers.search_words import read_text

    AnonymousThrottle.rate = "1000000/min"  # counted as ever, and never reached
    client = Client(headers={"Accept-Language": "sv"})
    dice = random.Random(3)
    found: dict[str, dict[str, list[float]]] = {}
    kinds: dict[str, Callable[[], str]] = {"list": lambda: "", "search": lambda: dice.choice(WORDS)}
    for name, choose in kinds.items():
        ours: list[float] = []
        raw: list[float] = []
        for number in range(requests + 10):
            word = choose()
            began = time.perf_counter()
            response = client.get("/api/v1/offers/", {"q": word} if word else {})
            answered = time.perf_counter()
            statement = the_same_condition(word)
            bare = time.perf_counter()
            if word:  # which words of places it means is part of the question: a statement written by hand as well
                read_text(word)
            by_hand = answer_by_hand(*statement)
            ended = time.perf_counter()
            compare(response.json()["results"], json.loads(by_hand))
            if number >= 10:
                ours.append(answered - began)
                raw.append(ended - bare)
        found[name] = {"ours": ours, "raw": raw}
    return found


def the_same_condition(word: str) -> tuple[str, tuple[Any, ...]]:
    """The statement for the ids of the page, as the search asks it."""
    from backend.offers.search import Search, matching_entries

    entries = matching_entries(Search(text=word)).order_by("-published_at", "-offer_id").values_list("pk")[:26]
    return entries.query.sql_with_params()


def answer_by_hand(statement: str, parameters: tuple[Any, ...]) -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        ids = [row[0] for row in cursor.fetchall()][:25]
        cursor.execute(ROWS, [ids])
        rows = {row[0]: row for row in cursor.fetchall()}
        programmes, periods = defaultdict(list), defaultdict(list)
        cursor.execute(PROGRAMMES, [ids])
        for offer, code, name in cursor.fetchall():
            programmes[offer].append({"code": code, "name": name})
        cursor.execute(PERIODS, [ids])
        for offer, pk, start, end, seats, free in cursor.fetchall():
            periods[offer].append({"id": pk, "start": str(start), "end": str(end), "seats": seats, "free": free})
    answer = []
    for pk in ids:
        row = rows[pk]
        answer.append(
            {
                "id": row[0],
                "state": row[1],
                "title": row[2],
                "organisation": {"id": row[3], "name": row[4]},
                "workplace": {
                    "id": row[5],
                    "name": row[6],
                    "city": row[7],
                    "municipality": {"code": row[8], "name": row[9]} if row[8] else None,
                },
                "form": {"code": row[10], "name": row[11]},
                "occupation": {"code": row[12], "name": row[13]} if row[12] else None,
                "programmes": programmes[pk],
                "skills": row[14],
                "languages": row[15],
                "apply_by": str(row[16]) if row[16] else None,
                "is_remote": row[17],
                "periods": periods[pk],
            }
        )
    return json.dumps(answer)


def compare(ours: list[dict[str, Any]], by_hand: list[dict[str, Any]]) -> None:
    """Both must say the same, or the comparison says nothing."""
    if [offer["id"] for offer in ours] != [offer["id"] for offer in by_hand]:
        raise AssertionError("the two found different places")
    for one, other in zip(ours, by_hand, strict=True):
        for key, value in other.items():
            if one[key] != value:
                raise AssertionError(f"{key}: {one[key]!r} is not {value!r}")


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))))
