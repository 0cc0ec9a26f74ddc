"""Two rounds of the demo's home municipality, led there by the commands: one open for wishes, one published."""

from datetime import date, timedelta
from importlib.util import find_spec

from backend.accounts.models import User
from backend.common import clock
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferPeriod, OfferQuerySet
from backend.ops.seed.plan import HOME, Plan, World
from backend.rounds import runner, services
from backend.rounds.eligibility import problems_for
from backend.rounds.enums import ResultState
from backend.rounds.models import Participant, Result, Round, RoundSeat
from backend.rounds.services import RoundDetails, SeatDetails
from backend.students.models import Student

FORM = "apl"
PLACES, SEATS, WISHES = 12, 4, 5
OPEN_STUDENTS, PUBLISHED_STUDENTS = 24, 56
# Of those with a result, one in so many has not answered yet.
ONE_SILENT_IN = 6
FEWEST_STUDENTS = 6
# Before the round was made, so that they are not the newest in the search: they can only be wished for.
PUBLISHED_BEFORE = timedelta(days=21)


class Rounds:
    """Students of the home municipality who are in no other story; each is in one of the two rounds."""

    def __init__(self, plan: Plan, world: World, coordinator: User) -> None:
        self.plan, self.world, self.coordinator = plan, world, coordinator
        self.random = plan.random("rounds")

    def plant(self) -> None:
        """Nothing where the demo is too small to have students and workplaces for it."""
        students = list(
            Student.objects.unprotected()
            .filter(municipality=HOME, forms=FORM, applications=None, matches=None)
            .select_related("user")
            .order_by("pk")[: OPEN_STUDENTS + PUBLISHED_STUDENTS]
        )
        if len(students) < FEWEST_STUDENTS or not self._models().exists():
            return
        half = len(students) * PUBLISHED_STUDENTS // (OPEN_STUDENTS + PUBLISHED_STUDENTS)
        self._published(students[:half])
        self._open(students[half:])

    def _round(self, name: str, dates: tuple[date, date], students: list[Student]) -> Round:
        start, end = dates
        now = clock.now()
        the_round = services.create_round(
            actor=self.coordinator,
            details=RoundDetails(
                name=name,
                lead_code=HOME,
                form=FORM,
                start=start,
                end=end,
                opens_at=now,
                closes_at=now + timedelta(days=14),
                publish_on=clock.today() + timedelta(days=21),
                accept_by=now + timedelta(days=35),
                max_wishes=WISHES,
            ),
        )
        periods = self._places(start, end)
        services.set_seats(
            actor=self.coordinator,
            round_id=the_round.pk,
            seats=[SeatDetails(period.pk, period.capacity) for period in periods],
        )
        services.add_participants(
            actor=self.coordinator, round_id=the_round.pk, student_ids=[student.pk for student in students]
        )
        return services.open_round(actor=self.coordinator, round_id=the_round.pk)

    def _models(self) -> OfferQuerySet:
        """Places of the municipality's companies that everybody may have."""
        return Offer.objects.filter(
            state=OfferState.PUBLISHED, form=FORM, workplace__municipality=HOME, source="", hazards=None
        ).select_related("organisation", "workplace", "occupation")

    def _places(self, start: date, end: date) -> list[OfferPeriod]:
        """Places like those the companies have, in the round's weeks and for the round alone."""
        periods = []
        for like in list(self._models().order_by("pk")[:PLACES]):
            offer = Offer.objects.create(
                organisation=like.organisation,
                workplace=like.workplace,
                form_id=FORM,
                occupation=like.occupation,
                state=OfferState.PUBLISHED,
                published_at=clock.now() - PUBLISHED_BEFORE,
                title=like.title,
                tasks=like.tasks,
                supervisor_name=like.supervisor_name,
                risk_assessed_on=self.plan.today,
            )
            periods.append(OfferPeriod.objects.create(offer=offer, start=start, end=end, capacity=SEATS))
        return periods

    def _wish(self, the_round: Round) -> None:
        """The first places of the list are the popular ones."""
        rows = list(
            RoundSeat.objects.filter(round=the_round)
            .select_related("period__offer__workplace", "period__offer__form")
            .order_by("pk")
        )
        for participant in Participant.objects.filter(round=the_round).select_related("student__user").order_by("pk"):
            problems = problems_for(participant.student, rows, the_round)
            possible = [row for row in rows if not problems[row.pk]]
            drawn = sorted(possible, key=lambda row: self.random.random() * (1 + rows.index(row)))
            services.set_wishes(
                actor=participant.student.user,
                participant_id=participant.pk,
                seat_ids=[row.pk for row in drawn[: self.random.randint(2, WISHES)]],
            )

    def _open(self, students: list[Student]) -> None:
        the_round = self._round("APL till sommaren", self.plan.weeks_from(26, 4), students)
        self._wish(the_round)

    def _published(self, students: list[Student]) -> None:
        the_round = self._round("APL i vår", self.plan.weeks_from(14, 4), students)
        self._wish(the_round)
        services.close_round(actor=self.coordinator, round_id=the_round.pk)
        runs = []
        # The optimal method needs an extra that a service may lack; the demo compares two where it is there.
        for method in ("stable", *(("optimal",) if find_spec("ortools") else ())):
            run = services.start_run(actor=self.coordinator, round_id=the_round.pk, method=method)
            runner.run_once(run.pk)
            runs.append(run)
        services.publish_round(actor=self.coordinator, run_id=runs[0].pk)
        offered = Result.objects.filter(participant__round=the_round, state=ResultState.OFFERED)
        for number, result in enumerate(offered.select_related("participant__student__user").order_by("pk")):
            if number % ONE_SILENT_IN:
                services.accept_result(actor=result.participant.student.user, result_id=result.pk)
