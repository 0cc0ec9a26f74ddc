"""A round in Finspång for the journeys of rounds in the browser, as little said as possible."""

from datetime import timedelta
from typing import Any

from backend.common import clock
from backend.rounds import runner, services
from backend.rounds.models import Participant, Round, RoundSeat, Run
from backend.rounds.services import RoundDetails, SeatDetails
from tests.factories import CoordinatorFactory, OfferFactory, StudentFactory, UserFactory
from tests.factories.rows import FINSPANG

TITLES = ("Svetsare", "Svarvare", "Kock", "Snickare")


class Town:
    """A round in Finspång that is open for wishes, with a place for each of TITLES."""

    def __init__(self, *, seats: int = 1, **changes: Any) -> None:
        now = clock.now()
        self.coordinator: Any = CoordinatorFactory(name="Annika Strand")
        start = clock.today() + timedelta(days=60)
        end = start + timedelta(days=25)
        details = {
            "name": "APL i vår",
            "lead_code": FINSPANG,
            "form": "apl",
            "start": start,
            "end": end,
            "opens_at": now,
            "closes_at": now + timedelta(days=10),
            "publish_on": (now + timedelta(days=20)).date(),
            "accept_by": now + timedelta(days=30),
            "max_wishes": 3,
        }
        self.round: Round = services.create_round(actor=self.coordinator, details=RoundDetails(**(details | changes)))
        self.offers: list[Any] = [OfferFactory(title=title, period__start=start, period__end=end) for title in TITLES]
        services.set_seats(
            actor=self.coordinator,
            round_id=self.round.pk,
            seats=[SeatDetails(offer.periods.get().pk, seats) for offer in self.offers],
        )
        services.open_round(actor=self.coordinator, round_id=self.round.pk)
        self.seats = {row.period.offer.title: row for row in RoundSeat.objects.filter(round=self.round)}

    def student(self, *titles: str, name: str = "Elin Dahlqvist") -> Participant:
        student = StudentFactory(user=UserFactory(name=name))
        participant = services.join_round(actor=student.user, round_id=self.round.pk)
        services.set_wishes(
            actor=student.user, participant_id=participant.pk, seat_ids=[self.seats[title].pk for title in titles]
        )
        return participant

    def close(self) -> "Town":
        services.close_round(actor=self.coordinator, round_id=self.round.pk)
        return self

    def run(self, method: str = "stable") -> Run:
        run = services.start_run(actor=self.coordinator, round_id=self.round.pk, method=method)
        assert runner.run_once(run.pk)
        return run
