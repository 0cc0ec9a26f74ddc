"""Applications in every state, each brought there by the commands that the interface uses."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from django.db.models import F

from backend.accounts.models import User
from backend.applications.enums import DeclineReason
from backend.applications.models import Application
from backend.applications.services import (
    accept_seat,
    decline_application,
    lapse_hold,
    offer_seat,
    submit_application,
    turn_down_seat,
    waitlist_application,
    withdraw_application,
)
from backend.common import clock
from backend.common.database_roles import history_open
from backend.common.models import LogEntry
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferPeriod
from backend.offers.services import close_offer
from backend.offers.work import WorkRules
from backend.ops.seed.plan import Plan, World
from backend.placements.models import Match, Placement
from backend.placements.services import advance_placement, approve_match, end_placement, reject_match
from backend.students.models import Student
from backend.students.policies import is_minor
from backend.students.services import add_guardian, give_consent

MOTIVATIONS = (
    "Jag vill lära mig yrket på riktigt och bor nära.",
    "Min lärare tipsade om er. Jag är noggrann och kommer alltid i tid.",
    "Jag har provat i skolan och vill se hur det går till hos er.",
    "Jag söker en plats där jag får ta ansvar. Jag pratar svenska och engelska.",
    "Min kusin var hos er förra året och trivdes.",
    "",
)
Pair = tuple[Student, OfferPeriod]


class Stories:
    """Finds who can apply where, and tells one story per state. Each student appears in one story only."""

    def __init__(self, plan: Plan, world: World) -> None:
        self.plan, self.world = plan, world
        self.random = plan.random("stories")
        self._pairs = self._find_pairs()
        self._skipped: list[Pair] = []

    def _find_pairs(self) -> Iterator[Pair]:
        """Students with a period that fits: form, age, near home; the programme's own places first."""
        periods = list(
            OfferPeriod.objects.filter(offer__state=OfferState.PUBLISHED, offer__source="")
            .select_related("offer__workplace", "offer__form")
            .prefetch_related("offer__programmes")
            .order_by("pk")
        )
        forms = {student.pk: set[str]() for student in self.world.students}
        Forms = Student.forms.through  # noqa: N806 - a model
        for student_id, form in Forms.objects.filter(student__in=list(forms)).values_list("student", "placementform"):
            forms[student_id].add(form)
        rules = WorkRules({period.offer_id: period.offer for period in periods}.values())
        students = [student for student in self.world.students if not student.is_protected]
        self.random.shuffle(students)
        load: dict[int, int] = {}
        for student in students:
            best = max(
                (period for period in periods if period.offer.form_id in forms[student.pk]),
                key=lambda period: (
                    not rules.judge(student, period.offer, period.start).is_forbidden,
                    period.offer.workplace.municipality_id == student.municipality_id,
                    student.programme_id in {programme.pk for programme in period.offer.programmes.all()},
                    -load.get(period.pk, 0),
                ),
                default=None,
            )
            if best is not None and not rules.judge(student, best.offer, best.start).is_forbidden:
                load[best.pk] = load.get(best.pk, 0) + 1
                yield student, best

    def apply(self, number: int, *, fits: Callable[[Pair], bool] = lambda pair: True) -> list[Application]:
        """The next students apply where they fit; those who do not fit now are kept for a later story."""
        chosen = [pair for pair in self._skipped if fits(pair)][:number]
        used = {student.pk for student, _period in chosen}
        self._skipped = [pair for pair in self._skipped if pair[0].pk not in used]
        while len(chosen) < number and (pair := next(self._pairs, None)):
            (chosen if fits(pair) else self._skipped).append(pair)
        return [
            submit_application(actor=student.user, period_id=period.pk, motivation=self.random.choice(MOTIVATIONS))
            for student, period in chosen
        ]

    def tell_all(self) -> None:
        """A few of each; the numbers grow with the scale of the demo."""
        few = self.plan.scaled(10, 2)
        for application in self.apply(self.plan.scaled(60, 4)):
            self._age(application, self.random.randint(0, 4))
        for application in self.apply(few):
            waitlist_application(actor=self._owner(application), application_id=application.pk)
        for application in self._offered(few):
            self._age(application, 1)
        for application in self.apply(few):
            decline_application(
                actor=self._owner(application),
                application_id=application.pk,
                reason=self.random.choice(
                    [*DeclineReason.values[:1] * 3, DeclineReason.DATES, DeclineReason.NO_SUPERVISOR]
                ),
            )
        for application in self.apply(few):
            withdraw_application(actor=application.student.user, application_id=application.pk)
        for application in self._offered(max(1, few // 3)):
            turn_down_seat(
                actor=application.student.user, application_id=application.pk, reason="Jag har fått en annan."
            )
        for application in self._offered(few):
            Application.objects.filter(pk=application.pk).update(hold_expires_at=clock.now() - timedelta(hours=2))
            lapse_hold(application_id=application.pk)
        self._matches(few)
        self._close_offers(max(1, few // 5))  # last: nobody can apply there any more

    def _offered(self, number: int, fits: Callable[[Pair], bool] = lambda pair: True) -> list[Application]:
        offered = []
        for _story in range(number):  # one at a time: the next must see the seat that this one takes
            for each in self.apply(1, fits=lambda pair: _has_seat(pair[1]) and fits(pair)):
                owner = self._owner(each)
                offered.append(offer_seat(actor=owner, application_id=each.pk, message="Välkommen till oss!"))
        return offered

    def accepted(self, number: int, *, decidable: bool = True, home: str = "") -> list[Application]:
        """Seats that were offered and taken; each has a match that waits.

        decidable: an adult, so that no gate is closed. home: only students of this municipality.
        """
        adult = self.plan.today - timedelta(days=19 * 366)
        found = self._offered(
            number,
            fits=lambda pair: (
                (not decidable or pair[0].birth_date < adult) and (not home or pair[0].municipality_id == home)
            ),
        )
        return [accept_seat(actor=each.student.user, application_id=each.pk) for each in found]

    def _close_offers(self, number: int) -> None:
        applications = self.apply(number, fits=lambda pair: not _has_holders(pair[1].offer_id))
        for pk in sorted({application.period.offer_id for application in applications}):
            offer = Offer.objects.get(pk=pk)
            close_offer(actor=self.world.owners[offer.organisation_id], offer_id=pk)

    def _matches(self, few: int) -> None:
        self.accepted(few, decidable=False)
        for application in self.accepted(max(1, few // 3)):
            withdraw_application(actor=application.student.user, application_id=application.pk)
        for application in self.accepted(max(1, few // 3)):
            match = _match(application)
            reject_match(
                actor=self._decider(match), match_id=match.pk, reason="Skolan har redan ordnat en annan plats."
            )
        self._placements(few)

    def _placements(self, few: int) -> None:
        """Placements of every state. A past is made by moving the dates of what was approved, then letting time act."""
        for days, number in ((0, few), (-100, few // 2), (-600, few // 2)):
            for application in self.accepted(max(1, number)):
                placement = self._approve(application, days)
                if days:
                    advance_placement(placement_id=placement.pk)
        for days, why in ((0, "Företaget har fått ändrade förutsättningar."), (-100, "Eleven har bytt utbildning.")):
            for application in self.accepted(max(1, few // 4)):
                placement = self._approve(application, days)
                if days:
                    advance_placement(placement_id=placement.pk)
                end_placement(actor=self._decider(placement.match), placement_id=placement.pk, reason=why)

    def _approve(self, application: Application, days: int) -> Placement:
        match = _match(application)
        placement = approve_match(actor=self._decider(match), match_id=match.pk)
        if days:
            start, end = self._past(days)
            Match.objects.filter(pk=match.pk).update(start=start, end=end)
            Placement.objects.filter(pk=placement.pk).update(start=start, end=end)
            self._age(application, 30 if days > -200 else 160)
        return placement

    def _past(self, days: int) -> tuple[date, date]:
        """-100: under way today; otherwise over since some weeks."""
        if days == -100:
            return self.plan.monday - timedelta(weeks=2), self.plan.monday + timedelta(weeks=3, days=4)
        return self.plan.monday - timedelta(weeks=16), self.plan.monday - timedelta(weeks=11, days=3)

    def _age(self, application: Application, days: int) -> None:
        """Moves the application's story into the past, log and all, so that lists and timers look lived in."""
        back = timedelta(days=days)
        Application.objects.filter(pk=application.pk).update(
            submitted_at=F("submitted_at") - back, answer_due_at=F("answer_due_at") - back
        )
        with history_open():
            LogEntry.objects.filter(subject_type="application", subject_id=application.pk).update(at=F("at") - back)

    def _owner(self, application: Application) -> User:
        return self.world.owners[application.period.offer.organisation_id]

    def _decider(self, match: Match) -> User:
        return self.world.coordinators[match.deciding_municipality_id or ""]

    def guardians(self) -> None:
        """Some minors have guardians; most of these have given consent."""
        minors = [row for row in self.world.students if is_minor(row) and not row.is_protected]
        for number, student in enumerate(self.random.sample(minors, min(len(minors), self.plan.scaled(30, 3)))):
            family = student.user.name.split(" ")[-1]
            # The school names most of them; whom a student names waits for a coordinator to confirm.
            school = self.world.coordinators.get(student.municipality_id or "")
            guardianship = add_guardian(
                actor=school if school and number % 5 else student.user,
                student_id=student.pk,
                email=f"vardnadshavare{number + 1}@demo.example",
                name=f"Anna {family}" if number % 2 else f"Johan {family}",
            )
            if number % 3:
                give_consent(actor=guardianship.guardian, guardianship_id=guardianship.pk)


def _has_seat(period: OfferPeriod) -> bool:
    return OfferPeriod.objects.filter(pk=period.pk, taken__lt=F("capacity")).exists()


def _has_holders(offer_id: int) -> bool:
    return OfferPeriod.objects.filter(offer=offer_id, taken__gt=0).exists()


def _match(application: Application) -> Match:
    assert application.match is not None
    return application.match
