"""Nobody without a grant can tell a world with a protected student in it from one without.

Every address there is, ours and the libraries', pages, files, feeds and the API, is asked by everybody, with the ids of
what they may see and with the ids of everything that is the hidden student's. It is asked in two worlds that differ in
that student alone, and the answers must be the same: status, headers (length and ETag included) and every byte of the
body. Where somebody may meet the student by an alias, the answers are searched for everything but the alias.
"""

import io
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from backend.api.throttling import RateThrottle
from backend.offers.models import OfferPeriod
from backend.rounds.models import Round
from tests.factories.lasting import lasting
from tests.security import hidden as somebody
from tests.security.hidden import ALIAS, CANARIES, Employer, Hidden
from tests.security.house import House, build, every_route, fill

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# Drawn anew for each answer.
DRAWN = re.compile(rb'(name="csrfmiddlewaretoken" value|"X-CSRFToken"|data-csrf)[=:] ?"[^"]*"')

# Of the rate limit, by the clock on the wall; the length is the body's.
COUNTED = {"RateLimit", "Retry-After", "Content-Length"}


@dataclass
class World:
    house: House
    employer: Employer
    group: Any
    open_round: Round
    published: Round
    alone: dict[str, Client] = field(default_factory=dict)

    def appear(self) -> Hidden:
        return somebody.hide_somebody(self.employer, self.group, self.open_round, self.published)


def build_world() -> World:
    house = build()
    assert house.people["KO"] is not None
    return World(
        house,
        somebody.make_employer(house.people["KO"]),
        somebody.make_group(),
        Round.objects.filter(state="open").order_by("-pk")[0],
        Round.objects.filter(state="published").order_by("-pk")[0],
    )


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with lasting(build_world, django_db_blocker) as made:
        yield made


@dataclass(frozen=True)
class Ask:
    """One request by somebody. is_unnamed: the answers may differ, but hold nothing of the student's."""

    who: str
    method: str
    where: str
    data: tuple[tuple[str, str], ...] = ()
    is_unnamed: bool = False


# Who is asked behind which kind of door, see doors.py: behind a closed one there is nothing to compare. The suite asks one
# of each kind; `CRAWL=everybody` asks their neighbours too.
EVERYBODY = os.environ.get("CRAWL") == "everybody"
BEHIND = {
    "public": ("AN", "ST", "KC") if EVERYBODY else ("AN",),
    "logged_in": ("NB", "SC", "GU", "CO", "KC", "NA") if EVERYBODY else ("KC", "NA"),
    "student": ("ST", "SC") if EVERYBODY else ("SC",),
    "guardian": ("GU", "G2") if EVERYBODY else ("GU",),
    "employer": ("CO", "C2") if EVERYBODY else ("CO",),
    "coordinator": ("KC", "K2") if EVERYBODY else ("KC",),
    "network": ("NA",),
    "coordinator_or_network": ("KC", "K2", "NA") if EVERYBODY else ("KC", "NA"),
    "employer_or_coordinator": ("CO", "KC", "K2") if EVERYBODY else ("CO", "KC"),
}
OF_THE_API = ("AN", "TK", "ST", "SC", "GU", "CO", "C2", "KC", "K2", "NA") if EVERYBODY else ("AN", "CO", "KC", "NA")
# What the network office sees of every message that did not arrive, whoever it was for: neither whom nor what it was
# about, see docs/adr/0013. So many messages are not so many people, and somebody has to send them again.
# The checks of the data count our own doing: in the world without, seats are taken that nobody took.
UNNAMED = {
    "network_invariants",
    "network_home",
    "network_undelivered",
    "network_undelivered_csv",
    "network_undelivered_xlsx",
    "network_resend",
}
# They show a key or a challenge that is drawn anew each time, and nothing of anybody else.
DRAWN_ANEW = {"second_factor_app", "second_factor_passkey"}
# Searches and filters that would find the student, by the route they belong to.
LOOKED_FOR = {
    "coordinator_students": ("q=Kvasthilda", "q=QXZW", "q=hemlig.example", "state=unplaced", "class=IN3"),
    "coordinator_students_csv": ("q=Zornvinge", "state=placed"),
    "coordinator_matches": ("q=Kvasthilda",),
    "coordinator_placements": ("q=Kvasthilda", "q=QXZW"),
    "round_participants": ("q=Kvasthilda", "show=silent"),
    "search": ("q=Snöflinga", "q=Kvasthilda"),
    "network_undelivered": ("state=dead",),
    "applications": ("limit=1", "state=submitted", "state=waitlisted"),
    "matches": ("limit=1", "state=proposed"),
    "placements": ("limit=1", "state=upcoming"),
}


def asks(world: World, of: Hidden) -> Iterator[Ask]:
    """Everything by everybody, with their own ids and with the hidden student's."""
    fields = tuple(sorted({name: str(pk) for name, pk in of.ids.items()}.items()))
    short = tuple((name.removesuffix("_id"), pk) for name, pk in fields)
    data = (*fields, *short, ("reason", "Av ett skäl."), ("text", "Ord."), ("answer", "Ja."), ("decision", "approve"))
    for route, pattern in every_route():
        if pattern.name in DRAWN_ANEW:
            continue
        view = pattern.callback
        is_api = route.startswith("/api/v1/") and pattern.name != "api_docs"
        people = OF_THE_API if is_api else BEHIND[getattr(view, "access", "public")]
        own = fill(route, world.house.ids_for(pattern, route))
        ids = {**world.house.ids_for(pattern, route), **{k: v for k, v in of.ids.items() if f":{k}>" in route}}
        theirs = fill(route, ids)
        for who in people:
            yield Ask(who, "GET", own, is_unnamed=pattern.name in UNNAMED)
            for query in LOOKED_FOR.get(pattern.name or "", ()):
                yield Ask(who, "GET", f"{own}?{query}", is_unnamed=pattern.name in UNNAMED)
            if theirs != own:
                yield Ask(who, "GET", theirs)
                yield Ask(who, "POST", theirs, data, is_unnamed=pattern.name in UNNAMED)
    for kind in ("student", "user", "application", "match", "placement", "result", "appeal", "guardianship", "task"):
        for who in ("NB", "SC", "CO", "KC", "K2", "NA"):
            yield Ask(who, "GET", f"/till/{kind}/{of.ids[f'{kind}_id']}/")
    for who in ("KC", "K2", "NA"):
        for decision in ("approve", "reject"):
            yield Ask(who, "GET", f"/samordnare/matchningar/besluta/?decision={decision}&match={of.ids['match_id']}")
        yield Ask(who, "GET", f"/till/ownfoundplace/{of.ids['own_place_id']}/")
        yield Ask(who, "GET", f"/samordnare/utskick/application/{of.ids['application_id']}/")
        yield Ask(who, "GET", f"/samordnare/utskick/match/{of.ids['match_id']}/")


def answer(world: World, ask: Ask) -> tuple[int, dict[str, str], bytes]:
    client = world.house.clients[ask.who]
    client.cookies.pop("messages", None)
    headers = {"authorization": world.house.bearer} if ask.who == "TK" else {}
    with transaction.atomic():
        send = client.get if ask.method == "GET" else client.post
        response: Any = send(ask.where, dict(ask.data), headers=headers)
        transaction.set_rollback(True)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    kept = {name: value for name, value in response.items() if name not in COUNTED}
    kept["what it says next"] = str(response.cookies.get("messages", ""))
    return response.status_code, kept, unpacked(DRAWN.sub(b"", body))


def unpacked(body: bytes) -> bytes:
    """A workbook's parts, without the moments that a zip file notes."""
    if not body.startswith(b"PK"):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as parts:
        return b"".join(name.encode() + parts.read(name) for name in sorted(parts.namelist()))


def test_the_two_worlds_answer_alike(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RateThrottle, "prefix", f"api-rate:{uuid4().hex}")
    seats = OfferPeriod.objects.filter(pk__in=[period.pk for period in world.employer.periods])
    with transaction.atomic():
        of = world.appear()
        everything = list(asks(world, of))
        taken = dict(seats.values_list("pk", "taken"))
        present = [answer(world, ask) for ask in everything]
        transaction.set_rollback(True)
    monkeypatch.setattr(RateThrottle, "prefix", f"api-rate:{uuid4().hex}")
    # That a seat is taken is true of the place, whoever sits there.
    for pk, number in taken.items():
        OfferPeriod.objects.filter(pk=pk).update(taken=number)
    wrong = []
    for ask, found in zip(everything, present, strict=True):
        name = f"{ask.who} {ask.method} {ask.where}"
        expected = found if ask.is_unnamed else answer(world, ask)
        if found != expected:
            wrong.append(f"{name}: {difference(found, expected)}")
        elif "?q=" not in ask.where:
            wrong += [f"{name} holds {word}" for word in (*CANARIES, ALIAS) if word.encode() in found[2]]
    assert sum(taken.values()) == 2
    assert len(everything) > 500
    assert not wrong, "\n".join(wrong)


def difference(found: tuple[int, dict[str, str], bytes], expected: tuple[int, dict[str, str], bytes]) -> str:
    """Where the two part, short enough to read."""
    if found[0] != expected[0]:
        return f"answers {found[0]}, without the student {expected[0]}"
    lines = [line.decode(errors="replace").strip() for line in found[2].splitlines()]
    others = [line.decode(errors="replace").strip() for line in expected[2].splitlines()]
    more = [line for line in lines if line not in others][:3]
    fewer = [line for line in others if line not in lines][:3]
    headers = {name: value for name, value in found[1].items() if expected[1].get(name) != value}
    return f"{headers if not (more or fewer) else ''} {more} instead of {fewer}"[:700]
