"""A round with as many students, places and wishes as asked for, inserted in bulk; seeded, skewed as real wishes are."""

import random
from datetime import date, timedelta

import numpy as np
from django.db import connection

from backend.accounts.models import User
from backend.common import clock
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferPeriod
from backend.organisations.models import Organisation, Workplace
from backend.rounds import services
from backend.rounds.models import Participant, Round, RoundSeat
from backend.rounds.services import RoundDetails, SeatDetails
from backend.students.models import Student

BATCH = 5_000
SCHOOLS = ("Bergska", "Nyhem", "Viggestorp", "Lotorp", "Kungsgård")


def make_round(
    coordinator: User, code: str, *, students: int, places: int, seats: int, wishes: int, seed: int
) -> Round:
    """An open round whose students have all wished. The same seed gives the same wishes."""
    rng = random.Random(seed)
    start = clock.today() + timedelta(days=60)
    end = start + timedelta(days=25)
    rows = _places(rng, code, places, seats, start, end)
    now = clock.now()
    the_round = services.create_round(
        actor=coordinator,
        details=RoundDetails(
            name="Hela kommunen",
            lead_code=code,
            form="apl",
            start=start,
            end=end,
            opens_at=now,
            closes_at=now + timedelta(days=10),
            publish_on=(now + timedelta(days=20)).date(),
            accept_by=now + timedelta(days=30),
            max_wishes=wishes,
        ),
    )
    services.set_seats(
        actor=coordinator, round_id=the_round.pk, seats=[SeatDetails(row.pk, row.capacity) for row in rows]
    )
    people = _students(rng, code, students)
    Participant.objects.bulk_create(
        (Participant(round=the_round, student=each, start=start, end=end, wished_at=now) for each in people),
        batch_size=BATCH,
    )
    the_round = services.open_round(actor=coordinator, round_id=the_round.pk)
    _wishes(the_round, wishes, seed)
    return the_round


def _places(rng: random.Random, code: str, number: int, seats: int, start: date, end: date) -> list[OfferPeriod]:
    organisation = Organisation.objects.create(name="Industrin", municipality_id=code)
    sites = Workplace.objects.bulk_create(
        Workplace(
            organisation=organisation,
            name=f"Verkstad {i}",
            municipality_id=code,
            lat=58.7 + rng.uniform(-0.2, 0.2),
            lon=15.8 + rng.uniform(-0.3, 0.3),
        )
        for i in range(number)
    )
    offers = Offer.objects.bulk_create(
        (
            Offer(
                organisation=organisation,
                workplace=site,
                form_id="apl",
                title=site.name,
                tasks="Arbeta i verkstaden.",
                state=OfferState.PUBLISHED,
                published_at=clock.now(),
            )
            for site in sites
        ),
        batch_size=BATCH,
    )
    return OfferPeriod.objects.bulk_create(
        (OfferPeriod(offer=offer, start=start, end=end, capacity=seats) for offer in offers), batch_size=BATCH
    )


def _students(rng: random.Random, code: str, number: int) -> list[Student]:
    users = User.objects.bulk_create(
        (User(email=f"crowd{i}@school.example", name=f"Elev {i}", password="!") for i in range(number)),
        batch_size=BATCH,
    )
    return Student.objects.bulk_create(
        (
            Student(
                user=user,
                municipality_id=code,
                school=SCHOOLS[i % len(SCHOOLS)],
                has_finished_compulsory_school=True,
                birth_date=date(2008 + i % 3, 1 + i % 12, 1 + i % 28),
                lat=58.7 + rng.uniform(-0.2, 0.2),
                lon=15.8 + rng.uniform(-0.3, 0.3),
            )
            for i, user in enumerate(users)
        ),
        batch_size=BATCH,
    )


def _wishes(the_round: Round, number: int, seed: int) -> None:
    """Distinct wishes for each; a few places are wanted by very many."""
    people = np.array(list(Participant.objects.filter(round=the_round).order_by("pk").values_list("pk", flat=True)))
    rows = np.array(list(RoundSeat.objects.filter(round=the_round).order_by("pk").values_list("pk", flat=True)))
    draw = np.random.default_rng(seed)
    popular = np.sort(draw.random((len(people), number * 3)) ** 2, axis=1) * len(rows)
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy("COPY rounds_wish (participant_id, seat_id, rank) FROM STDIN") as copy,
    ):
        for pk, drawn in zip(people.tolist(), popular.astype(np.int64), strict=True):
            chosen = np.unique(drawn)
            for rank, at in enumerate(draw.permutation(chosen)[:number].tolist(), start=1):
                copy.write_row((pk, int(rows[at]), rank))
