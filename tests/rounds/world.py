"""A small round in Finspång, as little said as possible."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from backend.accounts.models import User
from backend.common import clock
from backend.common.clock import DbNow
from backend.offers.models import OfferPeriod
from backend.rounds import runner, services
from backend.rounds.models import Participant, Publication, Round, RoundSeat, Run
from backend.rounds.services import RoundDetails, SeatDetails
from tests.conftest import NOW
from tests.factories import CoordinatorFactory, PeriodFactory, StudentFactory
from tests.factories.rows import END, FINSPANG, START

CLOSES = NOW + timedelta(days=7)
ACCEPT_BY = NOW + timedelta(days=30)


def details(**changes: Any) -> RoundDetails:
    return RoundDetails(
        **{
            "name": "APL i vår",
            "lead_code": FINSPANG,
            "form": "apl",
            "start": START,
            "end": END,
            "opens_at": NOW,
            "closes_at": CLOSES,
            "publish_on": NOW.date() + timedelta(days=17),
            "accept_by": ACCEPT_BY,
        }
        | changes
    )


class World:
    """An open round with a coordinator. `places(2, 1)` are rows with so many seats, `student(a, b)` wishes for rows."""

    def __init__(self, *seats: int, **changes: Any) -> None:
        self.coordinator = cast(User, CoordinatorFactory())
        self.round: Round = services.create_round(actor=self.coordinator, details=details(**changes))
        self.rows: list[RoundSeat] = []
        if seats:
            self.places(*seats)

    def places(self, *seats: int, **changes: Any) -> list[RoundSeat]:
        periods = [PeriodFactory(capacity=number) for number in seats]
        wanted = [SeatDetails(period.pk, period.capacity, **changes) for period in periods]
        services.set_seats(actor=self.coordinator, round_id=self.round.pk, seats=wanted)
        self.rows = list(RoundSeat.objects.filter(round=self.round).select_related("period__offer").order_by("pk"))
        return self.rows

    def open(self) -> "World":
        self.round = services.open_round(actor=self.coordinator, round_id=self.round.pk)
        return self

    def student(self, *rows: int, **fields: Any) -> Participant:
        """Joins and wishes, best first; `rows` are numbers of places."""
        student = StudentFactory(**fields)
        participant = services.join_round(actor=student.user, round_id=self.round.pk)
        if rows:
            self.wish(participant, *rows)
        return participant

    def wish(self, participant: Participant, *rows: int) -> None:
        services.set_wishes(
            actor=participant.student.user, participant_id=participant.pk, seat_ids=[self.rows[i].pk for i in rows]
        )

    def close(self) -> "World":
        self.round = services.close_round(actor=self.coordinator, round_id=self.round.pk)
        return self

    def run(self, method: str = "") -> Run:
        run = services.start_run(actor=self.coordinator, round_id=self.round.pk, method=method)
        assert runner.run_once(run.pk)
        run.refresh_from_db()
        return run

    def publish(self, run: Run | None = None, reason: str = "") -> Publication:
        publication = services.publish_round(actor=self.coordinator, run_id=(run or self.run()).pk, reason=reason)
        self.round.refresh_from_db()
        return publication

    def taken(self) -> list[int]:
        return [OfferPeriod.objects.get(pk=row.period_id).taken for row in self.rows]


def seats_of(run: Run) -> dict[int, int | None]:
    return dict(run.outcomes.values_list("participant", "seat"))


def make_due(run: Run, seconds: int = 1) -> None:
    """The lease of a worker that is gone has run out, by the database's clock."""
    Run.objects.filter(pk=run.pk).update(lease_until=DbNow() - timedelta(seconds=seconds))


def in_days(days: int) -> datetime:
    return clock.now() + timedelta(days=days)


def one_each(results: Sequence[Any]) -> bool:
    return len(set(results)) == len(results)
